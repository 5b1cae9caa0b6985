"""``python -m tests.matrix.routes``: real proxies × reference servers, all cases; writes docs/routes.md.

Exits 1 when something breaks through a proxy that is not known of it (proxies/NAME/deviations.toml).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fixtures.servers import missing
from proxies import load
from wireproof.proxy.driver import Missing
from wireproof.proxy.via import parse_programs

PAGE = Path(__file__).parents[2] / "docs" / "routes.md"
SERVERS = ("strict", "websockets", "ws", "socket.io", "python-socketio-asgi")
PROXIES = ("nginx", "haproxy", "envoy", "caddy", "traefik", "mitmproxy")
PARTS = 12
DEADLINE = 600.0  # seconds for one run
ACCUSING = ("fail", "warn")
VERDICTS = ("pass", "info", "not-applicable", "warn", "fail", "inconclusive", "error")

_HEAD = """# Real proxies and reference servers

Every case flies directly and through each proxy, which is configured to pass WebSocket on. What breaks
directly is the server's and stands in [servers.md](servers.md); here stands what breaks only through a proxy.
*Known* are the deviations of `proxies/NAME/deviations.toml`, which [proxies.md](proxies.md) lists with their
reasons; the rest is *unexplained*, but for what could not be told (*inconclusive*) on a busy machine. This
page is written by `python -m tests.matrix.routes`. Apache httpd and lighttpd, which no wheel brings, are not
in the table. Cases of the network that make routes of their own fly once, and count as direct.
"""


@dataclass(frozen=True, slots=True)
class Broken:
    """A case that a server keeps directly and that breaks, or can't be told, through one proxy."""

    server: str
    proxy: str
    case: str
    verdict: str
    observed: str
    reason: str | None
    """The deviation that explains it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One server through one proxy."""

    server: str
    proxy: str
    verdicts: Counter[str]
    broken: tuple[Broken, ...]

    @property
    def unexplained(self) -> tuple[Broken, ...]:
        """What no deviation speaks of."""
        return tuple(one for one in self.broken if one.reason is None)

    @property
    def accused(self) -> tuple[Broken, ...]:
        """What of it accuses somebody: with many routes on few processors, some cases can't be told."""
        return tuple(one for one in self.unexplained if one.verdict != "inconclusive")


def here() -> list[str]:
    """The proxies of the matrix that can run here."""
    drivers = load()
    programs = parse_programs((), os.environ, drivers)
    return [name for name in PROXIES if not isinstance(drivers[name].find(programs.get(name)), Missing)]


def fly(server: str, proxies: Sequence[str], options: Sequence[str] = ()) -> list[Cell]:
    """Run the cases against *server*, directly and through *proxies*. Raises RuntimeError for no report."""
    with TemporaryDirectory(prefix="wireproof-routes-") as folder:
        path = Path(folder, "report.json")
        words = ["demo", "--server", server, "--quiet", "--json", str(path), *options]
        words += ["--journal", str(path.with_suffix(".ndjson"))]
        for proxy in proxies:
            words += ["--via", proxy]
        done = subprocess.run(
            [sys.executable, "-m", "wireproof", *words],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        if not path.exists():
            raise RuntimeError(f"{server}: {done.stdout}{done.stderr}")
        report = json.loads(path.read_text(encoding="utf-8"))
    return [_cell(server, proxy, report["cases"]) for proxy in ("direct", *proxies)]


def _cell(server: str, proxy: str, cases: Sequence[Mapping[str, Any]]) -> Cell:
    mine = [case for case in cases if case["route"] == proxy]
    direct = {case["id"]: case["verdict"] for case in cases if case["route"] == "direct"}
    broken = [
        Broken(
            server,
            proxy,
            case["id"],
            case["verdict"],
            case["observed"] or case["reason"],
            case["known"]["reason"] if case["known"] else None,
        )
        for case in mine
        if proxy != "direct" and _is_new(case["verdict"], direct.get(case["id"], "pass"))
    ]
    return Cell(server, proxy, Counter(case["verdict"] for case in mine), tuple(broken))


def _is_new(verdict: str, direct: str) -> bool:
    """Whether a verdict through a proxy is worse than the direct one."""
    untold = ("inconclusive", "error")
    return (verdict in ACCUSING and direct not in ACCUSING) or (verdict in untold and direct not in untold)


def page(cells: Iterable[Cell]) -> str:
    """The page in Markdown."""
    rows = list(cells)
    return "\n".join([_HEAD, *_table(rows), *_deviations(rows), *_unexplained(rows)]) + "\n"


def _table(cells: Sequence[Cell]) -> Iterator[str]:
    yield f"| server | proxy | {' | '.join(VERDICTS)} | only through the proxy | unexplained |"
    yield f"| --- | --- |{' --- |' * (len(VERDICTS) + 2)}"
    for cell in cells:
        counts = " | ".join(str(cell.verdicts[verdict] or "") for verdict in VERDICTS)
        told = "" if cell.proxy == "direct" else f"{len(cell.broken)} | {len(cell.accused)}"
        yield f"| {cell.server} | {cell.proxy} | {counts} | {told or '|'} |"
    yield ""


def _deviations(cells: Sequence[Cell]) -> Iterator[str]:
    yield "## Known deviations, as they showed"
    yield ""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for cell in cells:
        for one in cell.broken:
            if one.reason is not None:
                found.setdefault((cell.proxy, one.reason), {})[cell.server] = None
    for (proxy, reason), servers in sorted(found.items()):
        yield f"- {reason if reason.startswith(proxy) else f'{proxy}: {reason}'} ({', '.join(servers)})"
    if not found:
        yield "None."
    yield ""


def _unexplained(cells: Sequence[Cell]) -> Iterator[str]:
    yield "## Unexplained"
    yield ""
    rows = [one for cell in cells for one in cell.unexplained]
    for one in rows:
        yield f"- {one.server} through {one.proxy}: {one.verdict} in `{one.case}`: {_short(one.observed)}"
    if not rows:
        yield "Nothing."


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."


def main() -> int:
    """Fly everything; only the whole matrix is written down."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix.routes", description=__doc__)
    parser.add_argument("server", nargs="*", help="only these servers, and no page")
    parser.add_argument("--via", action="append", help="only through these proxies, and no page")
    parser.add_argument("--sample", action="store_true", help="a part of the cases, and no page")
    options = parser.parse_args()
    proxies = options.via or here()
    words = ["--shard", f"1/{PARTS}"] if options.sample else []
    cells = []
    for server in options.server or SERVERS:
        if lack := None if server == "strict" else missing(server):
            print(f"{server}: {lack}")
            continue
        flown = fly(server, proxies, words)
        cells += flown
        for cell in flown:
            print(cell.server, cell.proxy, dict(cell.verdicts), len(cell.broken), "only there", flush=True)
            for one in cell.unexplained:
                print(f"  {one.verdict} {one.case}: {_short(one.observed)}", flush=True)
        if not (options.server or options.via or options.sample):
            PAGE.write_text(page(cells), encoding="utf-8")
    return 1 if any(cell.accused for cell in cells) else 0


if __name__ == "__main__":
    sys.exit(main())
