"""The whole suite against Node's ws, one case at a time and all at once.

Each measurement is a whole `wireproof run`: start of the interpreter, probe, cases, JSON report.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from tempfile import TemporaryDirectory

from benchmarks.measuring import Usage, cpu_seconds, interleaved, measured
from benchmarks.table import Cell, Size, Table
from fixtures.servers import running
from wireproof.run.settings import Settings

SERVER = "ws"
ONE_BY_ONE, AT_ONCE = "one at a time", "concurrent"


@dataclass(frozen=True, slots=True)
class _Effort:
    selection: tuple[str, ...]
    warm_ups: int
    repetitions: int


_EFFORTS = {
    Size.QUICK: _Effort(("--case", "websocket/s5_2*"), 1, 2),
    Size.FULL: _Effort((), 1, 5),
    Size.WHOLE: _Effort((), 1, 5),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What one whole run used, and what it said."""

    usage: Usage
    server_cpu_s: float
    verdicts: Mapping[str, int]

    @property
    def items(self) -> int:
        """How many cases it judged."""
        return sum(self.verdicts.values())


def measure(size: Size) -> Sequence[Table]:
    """Run the suite both ways, interleaved, against one server."""
    return [asyncio.run(_measure(_EFFORTS[size]))]


async def _measure(effort: _Effort) -> Table:
    runs: dict[str, list[Run]] = {ONE_BY_ONE: [], AT_ONCE: []}
    with TemporaryDirectory() as place:
        async with running(SERVER) as (url, server):
            full = str(Settings(url).concurrency)
            ways = {ONE_BY_ONE: ("--concurrency", "1"), AT_ONCE: ("--concurrency", full)}
            for name, counts in interleaved(ways, effort.warm_ups, effort.repetitions):
                options = (*effort.selection, *ways[name])
                # In a thread: the event loop has to go on reading what the server prints.
                run = await asyncio.to_thread(run_once, url, server.pid, Path(place), options)
                if counts:
                    runs[name].append(run)
    rows = [row_of(name, runs[name]) for name in runs]
    title = f"{SERVER}, {effort.repetitions} runs each; medians, but server CPU: mean"
    return Table(title, (*rows, _ratios(*rows)), _notes(runs, full))


def run_once(url: str, server: int, folder: Path, options: Sequence[str]) -> Run:
    """Judge *url*, which the process *server* serves, from the start of the interpreter to the report."""
    report = folder / "report.json"
    files = ("--json", str(report), "--journal", str(folder / "journal.ndjson"))
    before = cpu_seconds(server)
    usage = measured([sys.executable, "-m", "wireproof", "run", url, "--quiet", *files, *options], folder)
    used = cpu_seconds(server) - before
    summary = json.loads(report.read_text("utf-8"))["summary"]
    return Run(usage, used, {verdict: n for verdict, n in summary.items() if n and verdict != "known"})


def row_of(name: str, runs: Sequence[Run]) -> dict[str, Cell]:
    """The numbers of some runs of the same kind."""
    wall = median(run.usage.wall_s for run in runs)
    return {
        "": name,
        "items": runs[0].items,
        "wall s": wall,
        "fastest s": min(run.usage.wall_s for run in runs),
        "client CPU s": median(run.usage.cpu_s for run in runs),
        "server CPU s": fmean(run.server_cpu_s for run in runs),
        "peak MiB": max(run.usage.peak_bytes for run in runs) / 2**20,
        "items/s": runs[0].items / wall,
    }


def _ratios(slow: Mapping[str, Cell], fast: Mapping[str, Cell]) -> dict[str, Cell]:
    row: dict[str, Cell] = {**dict.fromkeys(slow), "": "ratio"}
    for key, one in slow.items():
        other = fast[key]
        # How many items a second is the inverse of the wall time: its ratio would tell nothing new.
        if isinstance(one, float) and isinstance(other, float) and other and key != "items/s":
            row[key] = one / other
    return row


def _notes(runs: Mapping[str, Sequence[Run]], full: str) -> tuple[str, ...]:
    seen = verdicts_seen(run for several in runs.values() for run in several)
    return (f"{AT_ONCE}: up to {full} cases in flight", *seen)


def verdicts_seen(runs: Iterable[Run]) -> list[str]:
    """One sentence for all runs with the same verdicts."""
    notes = []
    for verdicts, times in Counter(tuple(run.verdicts.items()) for run in runs).most_common():
        told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts)
        notes.append(f"verdicts of {times} runs: {told}")
    return notes
