"""What changed between two reports, and what is to be called known from now on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wireproof.report import Report
from wireproof.run.known import stable
from wireproof.verdict import Verdict

SLOWER_BY = 5.0  # times the old duration, since cases that fly together slow each other down …
SLOWER_FROM = 2.0  # … and at least so many seconds more


class Change(StrEnum):
    """What became of a case."""

    BROKE = "broke"
    MENDED = "mended"
    OTHERWISE = "fails differently"
    UNTESTED = "no longer tested"
    VERDICT = "changed"
    NEW = "new"
    GONE = "gone"
    SLOWER = "slower"
    FASTER = "faster"


@dataclass(frozen=True, slots=True)
class Difference:
    """One case that is not as it was; ``before`` and ``after`` are its records, None where it has none."""

    change: Change
    case: str
    route: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def is_regression(self) -> bool:
        """Whether a case that was there has become worse, other than by a failure that is known."""
        if self.change is Change.BROKE or self.change is Change.OTHERWISE:
            return self.after is not None and self.after["known"] is None
        return False


# From what nobody minds to what stops a pipeline; what could not be told is worse than a clean verdict.
_BADNESS = {
    Verdict.PASS: 0,
    Verdict.INFO: 0,
    Verdict.NOT_APPLICABLE: 0,
    Verdict.WARN: 1,
    Verdict.INCONCLUSIVE: 2,
    Verdict.ERROR: 2,
    Verdict.FAIL: 3,
}


def compare(old: Report, new: Report) -> list[Difference]:
    """Every case that is not as it was, the gravest changes first; a report's order otherwise."""
    before, after = _by_key(old), _by_key(new)
    found = [
        Difference(change, *key, before.get(key), after.get(key))
        for key in dict.fromkeys((*after, *before))
        if (change := _change(before.get(key), after.get(key))) is not None
    ]
    order = list(Change)
    return sorted(found, key=lambda difference: order.index(difference.change))


def _by_key(report: Report) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(case["id"], case["route"]): case for case in report["cases"]}


def _change(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Change | None:
    if before is None or after is None:
        return Change.NEW if before is None else Change.GONE
    was, now = Verdict(before["verdict"]), Verdict(after["verdict"])
    if now is Verdict.NOT_APPLICABLE and was is not now:
        return Change.UNTESTED
    if _BADNESS[now] != _BADNESS[was]:
        return Change.BROKE if _BADNESS[now] > _BADNESS[was] else Change.MENDED
    if was is not now:
        return Change.VERDICT
    if now is Verdict.FAIL and not same_behaviour(before, after):
        return Change.OTHERWISE
    return _timing(before["duration_s"], after["duration_s"])


def same_behaviour(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records of a case tell of the same kind of failure."""
    return _kind(one) == _kind(other)


def _kind(case: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What kind of failure a case is: requirements and behaviour, never bytes or times."""
    return {(finding["requirement"], stable(finding["observed"])) for finding in case["findings"]}


def _timing(before: float, after: float) -> Change | None:
    if abs(after - before) < SLOWER_FROM:
        return None
    if after > before * SLOWER_BY:
        return Change.SLOWER
    return Change.FASTER if before > after * SLOWER_BY else None


def baseline(report: Report, verdicts: Collection[Verdict] = (Verdict.FAIL,)) -> Iterator[str]:
    """The lines of a TOML file for ``--known``: one entry for each finding of *verdicts* not known yet."""
    yield f"# Failures of {_comment(report['target']['url'])} on {report['started'][:10]},"
    yield f"# found by the suites {report['tool']['suites']}. Say in each reason why it is to be lived with."
    for case in report["cases"]:
        if case["verdict"] not in verdicts or case["known"] is not None:
            continue
        for finding in case["findings"]:
            yield ""
            yield "[[known]]"
            yield f"case = {_toml(case['id'])}"
            if case["route"] != "direct":
                yield f"route = {_toml(case['route'])}"
            yield f"requirement = {_toml(finding['requirement'])}"
            yield f"observed = {_toml(finding['observed'])}"
            yield f"reason = {_toml('baseline: ' + case['title'])}"


def _comment(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _toml(text: str) -> str:
    """*text* as a basic string of TOML."""
    made = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04X}" for c in made) + '"'


@dataclass(frozen=True, slots=True)
class Row:
    """One case over several reports: in each column its verdict (None: it did not run) and what was seen."""

    case: str
    title: str
    verdicts: tuple[str | None, ...]
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Several reports side by side: a column for each target and route, a name for each report."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    reports: tuple[Report, ...]
    names: tuple[str, ...]


def join(reports: Iterable[Report], names: Iterable[str] = ()) -> Matrix:
    """Put reports side by side, case by case.

    *names* are those of the targets, one for each report; without, or where one is empty, the target's own
    words stand for it.
    """
    given = tuple(reports)
    called = tuple(names) or ("",) * len(given)
    columns: list[str] = []
    cells: dict[str, dict[int, Mapping[str, Any]]] = {}
    titles: dict[str, str] = {}
    for report, name in zip(given, called, strict=True):
        places: dict[str, int] = {}
        for case in report["cases"]:
            if case["route"] not in places:
                places[case["route"]] = len(columns)
                columns.append(_column(name or _name(report), case["route"]))
            cells.setdefault(case["id"], {})[places[case["route"]]] = case
            titles.setdefault(case["id"], case["title"])
    rows = tuple(
        Row(
            case,
            titles[case],
            tuple(found[i]["verdict"] if i in found else None for i in range(len(columns))),
            tuple(
                found[i]["observed"] or found[i]["reason"] if i in found else "" for i in range(len(columns))
            ),
        )
        for case, found in sorted(cells.items())
    )
    return Matrix(
        tuple(columns),
        rows,
        given,
        tuple(name or _name(one) for one, name in zip(given, called, strict=True)),
    )


def _column(name: str, route: str) -> str:
    return name if route == "direct" else f"{name} via {route}"


def _name(report: Report) -> str:
    target = report["target"]
    return f"{target['server']} at {target['url']}" if target["server"] else str(target["url"])
