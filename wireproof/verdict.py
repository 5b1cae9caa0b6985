"""Verdicts, and the one table that says which verdict a broken requirement earns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from wireproof.catalogue.requirement import Basis, Level, Requirement
from wireproof.transcript import Entry


class Verdict(StrEnum):
    """The outcome of one attempt of a case."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    NOT_APPLICABLE = "not-applicable"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


_SEVERITY = (Verdict.PASS, Verdict.INFO, Verdict.WARN, Verdict.FAIL)
_LEVELS = (Level.REFERENCE, Level.MAY, Level.SHOULD, Level.CONTRACT, Level.MUST)


class Ground(StrEnum):
    """What a finding rests on."""

    SEEN = "seen"  # the peer did something it must not do
    MISSING = "missing"  # something did not come, or the connection was lost: it must happen alone too
    GONE = "gone"  # the whole server was gone afterwards


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement, broken: what would have conformed (alternatives) and what came instead.

    ``entry`` is the one of the transcript in which that was seen, where there is one.
    """

    requirement: str
    expected: tuple[str, ...]
    observed: str
    ground: Ground = Ground.SEEN
    entry: Entry | None = field(default=None, compare=False)


def verdict_when_broken(requirement: Requirement) -> Verdict:
    """The verdict that breaking *requirement* earns.

    A derived MUST is a failure only where every established suite agrees; else it is a warning.
    """
    match requirement.level:
        case Level.MUST if requirement.basis is Basis.EXPLICIT or requirement.agreed:
            return Verdict.FAIL
        case Level.CONTRACT:
            return Verdict.FAIL
        case Level.MUST | Level.SHOULD:
            return Verdict.WARN
        case Level.MAY | Level.REFERENCE:
            return Verdict.INFO


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of some verdicts about the peer; `Verdict.PASS` when there is none."""
    return max(verdicts, key=_SEVERITY.index, default=Verdict.PASS)


def highest(requirements: Iterable[Requirement]) -> Requirement | None:
    """The requirement with the highest level; of two alike, the one the text states explicitly."""
    return max(requirements, key=lambda r: (_LEVELS.index(r.level), r.basis is Basis.EXPLICIT), default=None)
