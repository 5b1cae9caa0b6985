"""What an attempt expects and finds while its case runs."""

from __future__ import annotations

import pytest

from wireproof.attempt import NOBODYS, Attempt, Broken, Inconclusive
from wireproof.verdict import Finding, Ground


@pytest.fixture
def attempt() -> Attempt:
    return Attempt(("first", "second"))


def test_the_innermost_expectation_is_what_is_waited_for(attempt: Attempt) -> None:
    with attempt.expecting("outer"), attempt.expecting("inner", "other", requirement="second") as inner:
        assert attempt.waiting == inner
        assert (inner.requirement, inner.expected) == ("second", ("inner", "other"))


def test_an_expectation_ends_when_it_is_met(attempt: Attempt) -> None:
    with attempt.expecting("outer") as outer:
        with attempt.expecting("inner"):
            pass
        assert attempt.waiting == outer
    assert attempt.waiting is None


def test_an_expectation_stays_behind_an_exception(attempt: Attempt) -> None:
    with pytest.raises(TimeoutError), attempt.expecting("a pong"):
        raise TimeoutError
    assert attempt.waiting is not None
    assert attempt.waiting.expected == ("a pong",)


def test_silence_while_a_case_makes_ready_accuses_nobody(attempt: Attempt) -> None:
    with attempt.preparing(), attempt.expecting("a greeting") as expecting:
        assert expecting.requirement == NOBODYS
        with attempt.expecting("a pong", requirement="second") as inner:
            assert inner.requirement == "second"
    with attempt.expecting("a pong") as expecting:
        assert expecting.requirement == "first"


def test_silence_accuses_whoever_expects_more_around_it(attempt: Attempt) -> None:
    around = attempt.expecting("an upgrade", requirement="second")
    with around, attempt.preparing(), attempt.expecting("3probe") as expecting:
        assert expecting.requirement == "second"


def test_what_is_seen_while_a_case_makes_ready_accuses(attempt: Attempt) -> None:
    with pytest.raises(Broken) as caught, attempt.preparing(), attempt.expecting("a") as expecting:
        expecting.broken("b")
    assert caught.value.finding.requirement == "first"


def test_what_comes_instead_accuses_the_first_requirement(attempt: Attempt) -> None:
    with pytest.raises(Broken) as caught, attempt.expecting("a pong") as expecting:
        expecting.broken("a close", Ground.MISSING)
    assert caught.value.finding == Finding("first", ("a pong",), "a close", Ground.MISSING)


def test_a_broken_requirement_in_words(attempt: Attempt) -> None:
    with pytest.raises(Broken, match=r"^second: expected a or b; saw c$"):
        attempt.broken("saw c", "a", "b", requirement="second")


def test_a_finding_is_noted_and_the_case_goes_on(attempt: Attempt) -> None:
    attempt.found("saw c", "a")
    attempt.found("saw d", "b", requirement="second")
    assert attempt.findings == [Finding("first", ("a",), "saw c"), Finding("second", ("b",), "saw d")]


def test_a_row_names_what_broke(attempt: Attempt) -> None:
    with pytest.raises(Broken) as caught, attempt.row("rsv1"):
        attempt.broken("saw c", "a")
    assert caught.value.finding == Finding("first", ("a",), "rsv1: saw c")


def test_a_row_names_what_was_waited_for(attempt: Attempt) -> None:
    with pytest.raises(TimeoutError), attempt.row("rsv1"), attempt.expecting("a", "b"):
        raise TimeoutError
    assert attempt.waiting is not None
    assert attempt.waiting.expected == ("rsv1: a", "rsv1: b")


def test_a_row_that_is_inconclusive(attempt: Attempt) -> None:
    with pytest.raises(Inconclusive), attempt.row("rsv1"):
        raise Inconclusive("no connection")
