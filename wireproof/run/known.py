"""Known failures: whether a failure is exactly one that is known, and which entries have had their day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wireproof.catalogue.requirement import load_catalogue
from wireproof.profile import Known
from wireproof.run.judge import Result
from wireproof.run.select import matches
from wireproof.verdict import Finding, Ground, Verdict, verdict_when_broken

# What differs from run to run: the peer's own words, counts of bytes, times and places in a payload.
_VARIABLE = re.compile(
    r"""(?s:".*")(?:\ and\ \d+\ bytes\ more)?   # quoted data, from the first quote to the last
    | [+-]?\d+(?:\.\d+)?(?=\ (?:bytes?|s|ms)\b)
    | (?<=\bbyte\ )\d+""",
    re.VERBOSE,
)


def stable(observed: str) -> str:
    """The part of an observation that is the same whenever the same behaviour is seen."""
    return _VARIABLE.sub("#", observed)


def covers(known: Known, requirement: str, observed: str, ground: str) -> bool:
    """Whether *known* speaks of this very behaviour. A server that is gone is never known by the way."""
    if known.requirement not in (None, requirement):
        return False
    if known.observed is None:
        return ground != Ground.GONE
    return matches(stable(known.observed), stable(observed))


def known_failure(known: Sequence[Known], case: str, route: str, result: Result) -> Known | None:
    """The entry for the finding that weighs most, provided that every finding as grave as it is known too.

    Exact ids come before globs.
    """
    accused = result.accused
    if accused is None:
        return None
    entries = [one for one in known if _speaks_of(one, case, route) and not one.has_expired()]
    entries.sort(key=lambda one: one.case != case)
    catalogue = load_catalogue()
    grave = [f for f in result.findings if verdict_when_broken(catalogue[f.requirement]) is result.verdict]
    if not all(_first(entries, finding) for finding in grave):
        return None
    return _first(entries, accused)


def unmatched(known: Iterable[Known], records: Iterable[Mapping[str, Any]]) -> list[str]:
    """One sentence for each entry that has expired, or that no failure among the *records* of cases matches.

    Cases that did not run, or whose verdict says nothing of the target, leave an entry alone.
    """
    kept = [record for record in records if record["verdict"] in _TELLING]
    return [text for one in known if (text := _complaint(one, kept)) is not None]


_TELLING = {Verdict.PASS, Verdict.INFO, Verdict.WARN, Verdict.FAIL}


def _complaint(known: Known, records: Sequence[Mapping[str, Any]]) -> str | None:
    head = f"{known.where}: " if known.where else ""
    if known.has_expired():
        return f"{head}the known failure of {known.case} expired on {known.expires} ({known.reason})"
    mine = [record for record in records if _speaks_of(known, record["id"], record["route"])]
    broken = [record for record in mine if record["verdict"] in (Verdict.FAIL, Verdict.WARN)]
    if not mine or any(_matches_record(known, record) for record in broken):
        return None
    if not broken:
        return f"{head}{known.case} does not fail any more ({known.reason})"
    other = broken[0]
    return f"{head}{other['id']} fails, but not as it is known to ({known.reason}): {other['observed']}"


def _matches_record(known: Known, record: Mapping[str, Any]) -> bool:
    return any(covers(known, f["requirement"], f["observed"], f["ground"]) for f in record["findings"])


def _speaks_of(known: Known, case: str, route: str) -> bool:
    return matches(known.case, case) and known.route in (None, route)


def _first(entries: Iterable[Known], finding: Finding) -> Known | None:
    found = (one for one in entries if covers(one, finding.requirement, finding.observed, finding.ground))
    return next(found, None)
