"""Thousands of compressed messages, echoed and verified, at `--intensity harsh`.

Each measurement is a whole `wireproof run` of the volume cases: the full size takes one set of parameters,
the whole one all twelve, which are 11 GB each way.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import cpu_seconds, measured
from benchmarks.table import Cell, Size, Table
from fixtures.servers import running

SERVERS = ("ws-deflate", "websockets")
_CASES = "websocket/rfc7692_volume_runs/"
_TIMEOUT = 1800.0  # seconds for one server
_GB = 0.906576  # of messages each way in one case, were none of them refused


@dataclass(frozen=True, slots=True)
class _Effort:
    servers: tuple[str, ...]
    pattern: str


_EFFORTS = {
    Size.QUICK: _Effort(SERVERS[:1], "thousands*[repeated]"),
    Size.FULL: _Effort(SERVERS, "thousands*[json]"),
    Size.WHOLE: _Effort(SERVERS, "*"),
}


def measure(size: Size) -> Sequence[Table]:
    """Run the volume cases against one server after another."""
    return [asyncio.run(_measure(_EFFORTS[size]))]


async def _measure(effort: _Effort) -> Table:
    rows: list[dict[str, Cell]] = []
    notes: list[str] = []
    with TemporaryDirectory() as place:
        for name in effort.servers:
            async with running(name) as (url, server):
                # In a thread: the event loop has to go on reading what the server prints.
                row, told = await asyncio.to_thread(_run, name, url, server.pid, effort.pattern, Path(place))
            rows.append(row)
            notes += told
    return Table("verified echoes, one run each", tuple(rows), tuple(notes))


def _run(name: str, url: str, server: int, pattern: str, folder: Path) -> tuple[dict[str, Cell], list[str]]:
    report = folder / "report.json"
    words = ["run", url, "--quiet", "--intensity", "harsh", "--case", _CASES + pattern]
    files = ["--json", str(report), "--journal", str(folder / "journal.ndjson")]
    before = cpu_seconds(server)
    usage = measured([sys.executable, "-m", "wireproof", *words, *files], folder, timeout=_TIMEOUT)
    used = cpu_seconds(server) - before
    cases = json.loads(report.read_text("utf-8"))["cases"]
    ran = [case for case in cases if case["verdict"] != "not-applicable"]
    size = _GB * len(ran)
    row: dict[str, Cell] = {
        "": name,
        "cases": len(ran),
        "GB each way": size,
        "wall s": usage.wall_s,
        "client CPU s": usage.cpu_s,
        "server CPU s": used,
        "peak MiB": usage.peak_bytes / 2**20,
        "MB/s": 1000 * size / usage.wall_s,
    }
    odd = [case for case in cases if case["verdict"] != "pass"]
    return row, [f"{name}: {case['verdict']} in {case['id']}: {_why(case)}" for case in odd]


def _why(case: dict[str, str]) -> str:
    return case["observed"] or case["reason"]
