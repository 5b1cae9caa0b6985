"""Measures whole processes: time, CPU and memory of a client that ends, CPU of a server that goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from wireproof.errors import WireproofError

ROOT = Path(__file__).parents[1]
_LAUNCHER = Path(__file__).with_name("rusage.py")


class MeasuringError(WireproofError):
    """What was to be measured did not run as it should, so that its numbers would mean nothing."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process used, with the children that it waited for."""

    status: int
    wall_s: float
    cpu_s: float
    peak_bytes: int


def measured(command: Sequence[str], folder: Path, *, timeout: float = 600.0) -> Usage:
    """Run *command* in *folder* and measure it from its start to its end.

    ``timeout`` is in seconds. Raises `MeasuringError` when it takes longer, or ends with another status than
    0 or 1.
    """
    with TemporaryDirectory() as place:
        result = Path(place, "usage.json")
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(result), *command]
        output = Path(place, "output.txt")
        with output.open("wb") as log:
            _end_in_time(launcher, folder, log.fileno(), timeout)
        told = json.loads(result.read_text("utf-8")) if result.exists() else {}
        if not told or told["status"] not in (0, 1):
            raise MeasuringError(f"{' '.join(command)} failed:\n{output.read_text('utf-8', 'replace')}")
    return Usage(told["status"], told["wall_s"], told["cpu_s"], told["peak_bytes"])


def _end_in_time(launcher: Sequence[str], folder: Path, log: int, timeout: float) -> None:
    # The tree that holds this file is what is measured, installed or not.
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        launcher,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        raise MeasuringError(f"{launcher[5]} did not end within {timeout:g} s") from None
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def cpu_seconds(pid: int) -> float:
    """CPU time that the process and its living descendants have used so far, in steps of some 10 ms."""
    server = psutil.Process(pid)
    total = 0.0
    for process in (server, *server.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def interleaved(
    ways: Mapping[str, Sequence[str]], warm_ups: int, repetitions: int
) -> Iterator[tuple[str, bool]]:
    """Each way in turn, again and again, and whether it counts: what drifts meets all of them alike."""
    for turn in range(warm_ups + repetitions):
        names = list(ways) if turn % 2 == 0 else list(ways)[::-1]
        yield from ((name, turn >= warm_ups) for name in names)
