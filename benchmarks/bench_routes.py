"""How soon real proxies are up, together and alone, and what a run through them costs.

The runs are whole: start of the interpreter, proxies, probe, cases, JSON report. Their cases are those of
the WebSocket suite; at the largest size also those that look at the routes themselves.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.measuring import Usage, interleaved, measured
from benchmarks.table import Cell, Size, Table
from fixtures.strict import serve
from proxies import load
from wireproof.proxy.driver import Missing, Upstream
from wireproof.proxy.route import open_route
from wireproof.proxy.via import parse_upstream, parse_via

FAST = ("nginx", "haproxy", "envoy", "caddy", "traefik")
SLOW = ("mitmproxy",)
DIRECT, ALL = "direct", "direct and all fast"


@dataclass(frozen=True, slots=True)
class _Effort:
    selection: tuple[str, ...]
    starts: int
    runs: int


_EFFORTS = {
    Size.QUICK: _Effort(("--case", "websocket/s5_2_base*"), 1, 1),
    Size.FULL: _Effort(("--case", "websocket/*"), 5, 3),
    Size.WHOLE: _Effort((), 5, 5),
}


def measure(size: Size) -> Sequence[Table]:
    """Start each proxy and all fast ones, then run the suite through them."""
    return asyncio.run(_measure(_EFFORTS[size]))


async def _measure(effort: _Effort) -> Sequence[Table]:
    drivers = load()
    here = [name for name in (*FAST, *SLOW) if not isinstance(drivers[name].find(None), Missing)]
    fast = [name for name in FAST if name in here]
    async with serve() as site:
        upstream = parse_upstream(site.url)
        groups = {**{name: [name] for name in here}, "all fast": fast}
        starts = {
            key: [await _start(names, upstream) for _ in range(effort.starts)]
            for key, names in groups.items()
        }
        ways = {DIRECT: [], ALL: fast, **{name: [name] for name in here if name in SLOW}}
        usages: dict[str, list[Usage]] = {key: [] for key in ways}
        with TemporaryDirectory() as place:
            for key, counts in interleaved(ways, 0, effort.runs):
                options = [*effort.selection, *(word for name in ways[key] for word in ("--via", name))]
                # In a thread: the server is in this event loop.
                usage = await asyncio.to_thread(_run, site.url, Path(place), options)
                if counts:
                    usages[key].append(usage)
    up = tuple(_start_row(key, times) for key, times in starts.items())
    direct = median(one.wall_s for one in usages[DIRECT])
    ran = tuple(_run_row(key, several, direct) for key, several in usages.items())
    note = "the server runs in the benchmark's own process"
    return [
        Table(f"Until it serves and until it is gone, {effort.starts} times each; medians", up),
        Table(f"Whole runs, {effort.runs} each; medians", ran, (note,)),
    ]


async def _start(names: Sequence[str], upstream: Upstream) -> tuple[float, float]:
    """Seconds until all of *names* serve, and until none is left."""
    drivers = load()
    with TemporaryDirectory() as place:
        async with AsyncExitStack() as stack:
            begun = time.perf_counter()
            routes = [open_route(parse_via(n, drivers), [upstream], Path(place, n), drivers) for n in names]
            await asyncio.gather(*map(stack.enter_async_context, routes))
            ready = time.perf_counter()
        return ready - begun, time.perf_counter() - ready


def _run(url: str, folder: Path, options: Sequence[str]) -> Usage:
    files = ("--json", str(folder / "report.json"), "--journal", str(folder / "journal.ndjson"))
    return measured([sys.executable, "-m", "wireproof", "run", url, "--quiet", *files, *options], folder)


def _start_row(name: str, times: Sequence[tuple[float, float]]) -> dict[str, Cell]:
    up, down = zip(*times, strict=True)
    return {"": name, "up s": median(up), "slowest s": max(up), "gone s": median(down)}


def _run_row(name: str, usages: Sequence[Usage], direct: float) -> dict[str, Cell]:
    wall = median(one.wall_s for one in usages)
    return {
        "": name,
        "wall s": wall,
        "client CPU s": median(one.cpu_s for one in usages),
        "times direct": wall / direct,
    }
