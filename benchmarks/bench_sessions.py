"""All Engine.IO and Socket.IO cases, against Node's socket.io and against python-socketio.

Each measurement is a whole `wireproof run` at full concurrency: start of the interpreter, probe, cases, JSON
report. The servers ping at the intervals of the test contract, for which some cases must wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench_suite import Run, row_of, run_once, verdicts_seen
from benchmarks.table import Cell, Size, Table
from fixtures.servers import running

REACH = {"socket.io": 6.0, "python-socketio-asgi": 12.0}
"""Seconds that a run may take against each server."""
_TIMERS = {"socket.io": "300/200", "python-socketio-asgi": "1000/1000"}
_PROTOCOLS = ("--protocol", "engineio", "--protocol", "socketio")


@dataclass(frozen=True, slots=True)
class _Effort:
    selection: tuple[str, ...]
    warm_ups: int
    repetitions: int


_EFFORTS = {
    Size.QUICK: _Effort((*_PROTOCOLS, "--case", "socketio/acknowledgements/*"), 0, 1),
    Size.FULL: _Effort(_PROTOCOLS, 1, 5),
    Size.WHOLE: _Effort(_PROTOCOLS, 1, 5),
}


def measure(size: Size) -> Sequence[Table]:
    """Run the cases against one server after another."""
    return [asyncio.run(_measure(_EFFORTS[size]))]


async def _measure(effort: _Effort) -> Table:
    rows: list[dict[str, Cell]] = []
    notes: list[str] = []
    for name, reach in REACH.items():
        runs = await _runs(name, effort)
        row = row_of(name, runs)
        told: dict[str, Cell] = {"": name, "timers ms": _TIMERS[name], "reach s": reach}
        wanted = ("items", "wall s", "client CPU s", "server CPU s", "peak MiB")
        rows.append(told | {key: row[key] for key in wanted})
        notes += [f"{name}: {note}" for note in verdicts_seen(runs)]
    title = f"{effort.repetitions} runs each; medians, but server CPU: mean"
    return Table(title, tuple(rows), tuple(notes))


async def _runs(name: str, effort: _Effort) -> list[Run]:
    with TemporaryDirectory() as place:
        async with running(name) as (url, server):
            # In a thread: the event loop has to go on reading what the server prints.
            runs = [
                await asyncio.to_thread(run_once, url, server.pid, Path(place), effort.selection)
                for _ in range(effort.warm_ups + effort.repetitions)
            ]
    return runs[effort.warm_ups :]
