"""``python -m tests.matrix``: all cases × all twins; writes docs/matrix.md, exits 1 when there is a hole."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from fixtures.faulty import load
from fixtures.strict.serving import STRICT

from .fleet import Fleet, fleet
from .flight import Flown, Seen
from .judgement import Row, bearable, is_heavy, is_long, judge, unproved, worthwhile
from .page import page

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"


def main() -> int:
    """Fly everything, or the twins named; only the whole matrix is written down."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("twin", nargs="*", help="judge only these twins, and write no page")
    parser.add_argument("--all", action="store_true", help="leave no case out: it takes long")
    parser.add_argument("--slow", type=float, default=15.0, help="tell of twins that took more seconds")
    options = parser.parse_args()
    began = time.monotonic()
    twins = load()
    with fleet() as workers:
        strict, flown = _fly(workers, options)
        cases = [case.id for case in workers.cases]
        rows = [judge(name, twins[name], one, strict, cases) for name, one in flown.items()]
        holes = [
            f"strict: {one.verdict} in {one.case}: {one.why}" for one in strict.values() if not one.clean
        ]
        holes += [hole for row in rows for hole in row.holes()]
        lonely = unproved(rows, [seen for one in flown.values() for seen in one.seen], strict, workers.cases)
    for line in holes:
        print(line)
    told = f"{len(flown)} twins × {len(cases)} cases in {time.monotonic() - began:.0f} s: {len(holes)} holes"
    if options.twin:
        _show(rows)
        print(told)
        return 1 if holes else 0
    for case in lonely:
        print(f"no twin fails {case}")
    print(f"{told}, {len(lonely)} cases that no twin fails")
    heavy = sum(map(is_heavy, workers.cases))
    PAGE.write_text(page(rows, list(strict.values()), heavy, lonely, holes), encoding="utf-8")
    return 1 if holes else 0


def _fly(workers: Fleet, options: argparse.Namespace) -> tuple[dict[str, Seen], dict[str, Flown]]:
    cases = [case.id for case in workers.cases if not is_long(case)]
    twins = {name: load()[name] for name in options.twin or load()}
    names = sorted(twins, key=lambda name: not twins[name].also)  # those that many cases wait for come first
    whole = workers.judge(STRICT, cases)
    flights = {
        name: workers.judge(name, (bearable if options.all else worthwhile)(twins[name], workers.cases))
        for name in names
    }
    strict = {one.case: one for one in whole.result().seen}
    flown: dict[str, Flown] = {}
    for name, flight in flights.items():
        landed = flight.result()
        flown[name] = landed
        if landed.seconds > options.slow:
            print(f"{name} took {landed.seconds:.0f} s")
    return strict, flown


def _show(rows: list[Row]) -> None:
    for row in rows:
        for glob in row.globs:
            for one in glob.noticed:
                print(f"{row.name}: {one.verdict} in {one.case}: {', '.join(one.broken)}: {one.why}")
        for one in row.also:
            print(f"{row.name}: also {one.verdict} in {one.case}")


if __name__ == "__main__":
    sys.exit(main())
