"""From what an attempt found to its verdict."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, Broken, Inconclusive, NotApplicable, TargetGone
from wireproof.run.judge import judge, judge_deadline, judge_gone
from wireproof.verdict import Finding, Ground, Verdict

MUST = "rfc6455/5.2/reserved-bits"
SHOULD = "rfc6455/4.2.1/error-response"


@pytest.fixture
def attempt() -> Attempt:
    return Attempt((MUST, SHOULD))


def broken(requirement: str = MUST, ground: Ground = Ground.SEEN) -> Broken:
    return Broken(Finding(requirement, ("a",), "b", ground))


def test_a_case_that_ends_passes(attempt: Attempt) -> None:
    assert judge(attempt, None).verdict is Verdict.PASS


def test_a_case_that_only_reports_is_info(attempt: Attempt) -> None:
    attempt.report("7 bytes")
    assert judge(attempt, None).verdict is Verdict.INFO


def test_a_broken_must_fails(attempt: Attempt) -> None:
    assert judge(attempt, broken()).verdict is Verdict.FAIL


def test_a_broken_should_warns(attempt: Attempt) -> None:
    assert judge(attempt, broken(SHOULD)).verdict is Verdict.WARN


def test_findings_count_like_what_ended_the_case(attempt: Attempt) -> None:
    attempt.found("saw", "a", requirement=SHOULD)
    assert judge(attempt, None).verdict is Verdict.WARN


def test_the_gravest_finding_decides_and_is_accused(attempt: Attempt) -> None:
    attempt.found("saw", "a", requirement=SHOULD)
    result = judge(attempt, broken())
    assert (result.verdict, len(result.findings)) == (Verdict.FAIL, 2)
    assert result.accused is not None
    assert result.accused.requirement == MUST


def test_what_the_target_lacks_is_not_applicable(attempt: Attempt) -> None:
    result = judge(attempt, NotApplicable("no echo"))
    assert (result.verdict, result.reason) == (Verdict.NOT_APPLICABLE, "no echo")


def test_a_finding_outweighs_what_could_not_be_tried(attempt: Attempt) -> None:
    attempt.found("saw", "a")
    result = judge(attempt, NotApplicable("no echo"))
    assert (result.verdict, result.reason) == (Verdict.FAIL, "no echo")


def test_an_unhealthy_target_accuses_nobody(attempt: Attempt) -> None:
    attempt.found("saw", "a")
    result = judge(attempt, Inconclusive("no route"))
    assert (result.verdict, result.findings, result.gone) == (Verdict.INCONCLUSIVE, (), False)


def test_a_target_that_is_gone_is_told_apart(attempt: Attempt) -> None:
    assert judge(attempt, TargetGone("refused")).gone


@pytest.mark.parametrize("outcome", [ValueError("oops"), TimeoutError("mine"), AssertionError()])
def test_a_defect_of_ours_is_an_error(attempt: Attempt, outcome: Exception) -> None:
    result = judge(attempt, outcome)
    assert (result.verdict, result.error) == (Verdict.ERROR, outcome)
    assert type(outcome).__name__ in result.reason


# Deadlines --------------------------------------------------------------------------------------------


def test_silence_fails_when_a_witness_was_answered(attempt: Attempt) -> None:
    with pytest.raises(TimeoutError), attempt.expecting("a pong"):
        raise TimeoutError
    result = judge_deadline(attempt, 3.0, 2.0, None)
    assert (result.verdict, result.deadline) == (Verdict.FAIL, True)
    told = "nothing within 2.0 s, while a second connection was served"
    assert result.accused == Finding(MUST, ("a pong",), told, Ground.MISSING)


def test_silence_at_the_end_of_a_slow_attempt_accuses_nobody(attempt: Attempt) -> None:
    with pytest.raises(TimeoutError), attempt.expecting("a pong"):
        raise TimeoutError
    result = judge_deadline(attempt, 3.0, 1.0, None)
    assert (result.verdict, result.deadline) == (Verdict.INCONCLUSIVE, True)


def test_silence_accuses_nobody_when_the_witness_was_not_answered(attempt: Attempt) -> None:
    with pytest.raises(TimeoutError), attempt.expecting("a pong"):
        raise TimeoutError
    result = judge_deadline(attempt, 3.0, 2.0, "refused")
    assert (result.verdict, result.findings) == (Verdict.INCONCLUSIVE, ())
    assert "refused" in result.reason


def test_silence_accuses_nobody_when_nothing_was_expected(attempt: Attempt) -> None:
    assert judge_deadline(attempt, 3.0, 2.0, None).verdict is Verdict.INCONCLUSIVE


def test_silence_accuses_nobody_before_the_case_was_ready(attempt: Attempt) -> None:
    with pytest.raises(TimeoutError), attempt.preparing(), attempt.expecting("a greeting"):
        raise TimeoutError
    result = judge_deadline(attempt, 3.0, 2.0, None)
    told = "no end within 3 s; it was not ready yet: it waited for a greeting"
    assert (result.verdict, result.reason) == (Verdict.INCONCLUSIVE, told)


def test_silence_counts_beside_what_was_found(attempt: Attempt) -> None:
    attempt.found("saw", "a")
    with pytest.raises(TimeoutError), attempt.expecting("a response", requirement=SHOULD):
        raise TimeoutError
    result = judge_deadline(attempt, 3.0, 2.0, None)
    assert [finding.requirement for finding in result.findings] == [MUST, SHOULD]
    assert result.verdict is Verdict.FAIL


def test_a_server_that_is_gone_fails(attempt: Attempt) -> None:
    result = judge_gone(attempt, "exit status 1")
    assert (result.verdict, result.reason) == (Verdict.FAIL, "server gone: exit status 1")
    assert [finding.ground for finding in result.findings] == [Ground.GONE]


# Doubt ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "doubtful"),
    [
        (None, False),
        (broken(), False),
        (broken(ground=Ground.MISSING), True),
        (broken(SHOULD, Ground.MISSING), True),
        (Inconclusive("?"), True),
        (NotApplicable("no echo"), False),
        (ValueError(), False),
    ],
    ids=["pass", "seen", "missing", "missing-should", "inconclusive", "not-applicable", "error"],
)
def test_what_has_to_be_seen_alone_too(attempt: Attempt, outcome: Exception | None, doubtful: bool) -> None:
    assert judge(attempt, outcome).doubtful is doubtful
