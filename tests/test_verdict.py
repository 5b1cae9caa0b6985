"""The table that says which verdict a broken requirement earns."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from wireproof.catalogue.requirement import Basis, Level, Requirement, load_catalogue
from wireproof.verdict import Verdict, highest, verdict_when_broken, worst

ANY = next(iter(load_catalogue().values()))


def requirement(level: Level, basis: Basis = Basis.EXPLICIT, *, agreed: bool = False) -> Requirement:
    return replace(ANY, id=f"{level}/{basis}", level=level, basis=basis, agreed=agreed)


@pytest.mark.parametrize(
    ("broken", "verdict"),
    [
        (requirement(Level.MUST), Verdict.FAIL),
        (requirement(Level.MUST, Basis.DERIVED, agreed=True), Verdict.FAIL),
        (requirement(Level.MUST, Basis.DERIVED), Verdict.WARN),
        (requirement(Level.SHOULD), Verdict.WARN),
        (requirement(Level.SHOULD, Basis.DERIVED, agreed=True), Verdict.WARN),
        (requirement(Level.MAY), Verdict.INFO),
        (requirement(Level.REFERENCE), Verdict.INFO),
        (requirement(Level.CONTRACT), Verdict.FAIL),
    ],
    ids=["must", "derived-agreed", "derived", "should", "should-derived", "may", "reference", "contract"],
)
def test_the_verdict_when_it_is_broken(broken: Requirement, verdict: Verdict) -> None:
    assert verdict_when_broken(broken) is verdict


@pytest.mark.parametrize(
    ("verdicts", "gravest"),
    [
        ([], Verdict.PASS),
        ([Verdict.INFO, Verdict.WARN, Verdict.INFO], Verdict.WARN),
        ([Verdict.WARN, Verdict.FAIL], Verdict.FAIL),
    ],
    ids=["none", "warn", "fail"],
)
def test_the_gravest_of_some_verdicts(verdicts: list[Verdict], gravest: Verdict) -> None:
    assert worst(verdicts) is gravest


def test_the_highest_level_counts() -> None:
    levels = [Level.REFERENCE, Level.MAY, Level.SHOULD, Level.CONTRACT, Level.MUST]
    for lower, higher in pairwise(levels):
        assert highest([requirement(lower), requirement(higher)]) == requirement(higher)


def test_of_two_alike_the_explicit_one_counts() -> None:
    derived, explicit = requirement(Level.MUST, Basis.DERIVED), requirement(Level.MUST)
    assert highest([derived, explicit]) == explicit


def test_nothing_has_no_highest() -> None:
    assert highest([]) is None
