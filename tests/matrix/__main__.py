"""``python -m tests.matrix``: all cases × all twins; writes docs/matrix.md, exits 1 when there is a hole.

``--family`` flies one family only, and writes that part of the page anew.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from fnmatch import filter as matching
from pathlib import Path

from fixtures.faulty import Defect, load

from .family import FAMILIES, Family, family_of
from .fleet import Fleet, fleet
from .flight import Flown
from .judgement import Row, bearable, is_heavy, is_long, judge, unproved, worthwhile
from .page import Part, page

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"


def main() -> int:
    """Fly everything, or the twins named; only the whole matrix is written down."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument(
        "twin", nargs="*", help="judge only these twins (or globs of them), and write no page"
    )
    parser.add_argument("--family", choices=[str(family) for family in FAMILIES])
    parser.add_argument("--all", action="store_true", help="leave no case out: it takes long")
    parser.add_argument("--slow", type=float, default=15.0, help="tell of twins that took more seconds")
    options = parser.parse_args()
    began = time.monotonic()
    twins = load()
    chosen = [name for glob in options.twin or ["*"] for name in _named(glob, twins, parser)]
    parts = []
    with fleet() as workers:
        for family in FAMILIES:
            mine = {name: twins[name] for name in chosen if family_of(twins[name].server) is family}
            if mine and options.family in (None, str(family)):
                parts.append(_part(family, mine, workers, options))
    for part in parts:
        _tell(part, options)
    holes = sum(len(part.holes) for part in parts)
    print(f"{sum(len(part.rows) for part in parts)} twins in {time.monotonic() - began:.0f} s: {holes} holes")
    if not options.twin:
        PAGE.write_text(page(parts, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 1 if holes else 0


def _named(glob: str, twins: Mapping[str, Defect], parser: argparse.ArgumentParser) -> list[str]:
    found = matching(twins, glob)
    if not found:
        parser.error(f"no twin is called {glob}")
    return found


def _part(family: Family, twins: dict[str, Defect], workers: Fleet, options: argparse.Namespace) -> Part:
    cases = workers.cases(family)
    ids = [case.id for case in cases]
    names = sorted(twins, key=lambda name: not twins[name].also)  # those that many cases wait for come first
    whole = workers.judge(family.strict, [case.id for case in cases if not is_long(case)])
    flights = {
        name: workers.judge(name, (bearable if options.all else worthwhile)(twins[name], cases))
        for name in names
    }
    strict = {one.case: one for one in whole.result().seen}
    flown: dict[str, Flown] = {}
    for name, flight in flights.items():
        flown[name] = landed = flight.result()
        if landed.seconds > options.slow:
            print(f"{name} took {landed.seconds:.0f} s", flush=True)
    rows = [judge(name, twins[name], one, strict, ids) for name, one in flown.items()]
    holes = [f"strict: {one.verdict} in {one.case}: {one.why}" for one in strict.values() if not one.clean]
    holes += [hole for row in rows for hole in row.holes()]
    lonely = unproved(rows, [seen for one in flown.values() for seen in one.seen], strict, cases)
    return Part(family, rows, list(strict.values()), sum(map(is_heavy, cases)), lonely, holes)


def _tell(part: Part, options: argparse.Namespace) -> None:
    for line in part.holes:
        print(line)
    if options.twin:
        for row in part.rows:
            _show(row)
        return
    for case in part.unproved:
        print(f"no twin fails {case}")


def _show(row: Row) -> None:
    for glob in row.globs:
        for one in glob.noticed:
            print(f"{row.name}: {one.verdict} in {one.case}: {', '.join(one.broken)}: {one.why}")
    for one in row.also:
        print(f"{row.name}: also {one.verdict} in {one.case}")


if __name__ == "__main__":
    sys.exit(main())
