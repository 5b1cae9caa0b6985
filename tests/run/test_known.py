"""A known failure must be that very failure, and entries that have had their day are told."""

from __future__ import annotations

from typing import Any

import pytest

from wireproof.attempt import Attempt
from wireproof.profile import Known
from wireproof.run.judge import Result, judge_gone
from wireproof.run.known import known_failure, stable, unmatched
from wireproof.verdict import Finding, Ground, Verdict

CASE = "websocket/s5_2/bits[rsv1]"
BITS = "rfc6455/5.2/reserved-bits"
OPCODE = "rfc6455/5.2/unknown-opcode"
WARNING = "rfc6455/5.2/length-minimal-received"


def failure(*findings: tuple[str, str]) -> Result:
    made = tuple(Finding(requirement, ("a Close frame",), observed) for requirement, observed in findings)
    return Result(Verdict.FAIL, Attempt((BITS,)), made)


def known(**more: Any) -> Known:
    return Known(**{"case": CASE, "reason": "why", **more})


def record(verdict: str = "fail", observed: str = "it lives on", **more: Any) -> dict[str, Any]:
    findings = (
        [{"requirement": BITS, "observed": observed, "ground": "seen"}] if verdict in ("fail", "warn") else []
    )
    return {
        "id": CASE,
        "route": "direct",
        "verdict": verdict,
        "observed": observed,
        "findings": findings,
        **more,
    }


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(known(), True, id="case"),
        pytest.param(known(case="websocket/*"), True, id="glob"),
        pytest.param(known(case="websocket/s5_2/bits[rs]"), False, id="brackets-are-literal"),
        pytest.param(known(requirement=BITS), True, id="requirement"),
        pytest.param(known(requirement=OPCODE), False, id="other-requirement"),
        pytest.param(known(route="direct"), True, id="route"),
        pytest.param(known(route="nginx"), False, id="other-route"),
        pytest.param(known(observed='a Close frame with 1002 "another reason"'), True, id="other-bytes"),
        pytest.param(known(observed="a Close frame with*"), True, id="glob-of-the-observation"),
        pytest.param(known(observed='a Close frame with 1011 "bad"'), False, id="other-code"),
        pytest.param(known(observed="the server closed TCP"), False, id="other-behaviour"),
        pytest.param(known(expires="2001-01-01"), False, id="expired"),
        pytest.param(known(expires="2999-01-01"), True, id="not-yet-expired"),
    ],
)
def test_an_entry_speaks_of_one_behaviour(entry: Known, expected: bool) -> None:
    result = failure((BITS, 'a Close frame with 1002 "bad frame"'))
    assert (known_failure([entry], CASE, "direct", result) is entry) is expected


def test_exact_ids_come_before_globs() -> None:
    entries = [known(case="*"), known()]
    assert known_failure(entries, CASE, "direct", failure((BITS, "x"))) is entries[1]


def test_a_second_failure_in_the_same_case_is_not_known_by_the_way() -> None:
    both = failure((BITS, "x"), (OPCODE, "y"))
    assert known_failure([known(requirement=BITS)], CASE, "direct", both) is None
    entries = [known(requirement=BITS), known(requirement=OPCODE)]
    assert known_failure(entries, CASE, "direct", both) is not None


def test_a_warning_beside_a_failure_needs_no_entry() -> None:
    assert known_failure([known(requirement=BITS)], CASE, "direct", failure((BITS, "x"), (WARNING, "y")))


def test_a_crash_is_known_only_where_it_is_named() -> None:
    crash = judge_gone(Attempt((BITS,)), "")
    assert crash.findings[0].ground is Ground.GONE
    assert known_failure([known(requirement=BITS)], CASE, "direct", crash) is None
    assert known_failure([known(observed="the server was gone*")], CASE, "direct", crash)


def test_what_passes_is_not_known_to_fail() -> None:
    assert known_failure([known()], CASE, "direct", Result(Verdict.PASS, Attempt((BITS,)))) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nothing within 2 s, while", "nothing within 10.5 s, while"),
        ('a text message of 5 bytes "he"llo"', 'a text message of 60 bytes "x" and 28 bytes more'),
        ("different from byte 3 on", "different from byte 17 on"),
        (", +3 bytes", ", -1 bytes"),
    ],
)
def test_bytes_and_times_make_no_difference(one: str, other: str) -> None:
    assert stable(one) == stable(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("a Close frame with 1002", "a Close frame with 1003"), ("refused: 400", "refused: 500")],
)
def test_codes_make_a_difference(one: str, other: str) -> None:
    assert stable(one) != stable(other)


def test_entries_that_still_match_are_not_told() -> None:
    assert unmatched([known(), known(case="*", observed="it lives*")], [record()]) == []


@pytest.mark.parametrize("verdict", ["inconclusive", "error", "not-applicable"])
def test_what_says_nothing_of_the_target_leaves_an_entry_alone(verdict: str) -> None:
    assert unmatched([known()], [record(verdict)]) == []


def test_cases_that_did_not_run_leave_an_entry_alone() -> None:
    assert unmatched([known(), known(route="nginx")], [record(id="other")]) == []


def test_entries_that_have_had_their_day_are_told() -> None:
    assert unmatched([known(where="k.toml:3", expires="2001-01-01")], [record()]) == [
        f"k.toml:3: the known failure of {CASE} expired on 2001-01-01 (why)"
    ]
    assert unmatched([known()], [record("pass")]) == [f"{CASE} does not fail any more (why)"]
    assert unmatched([known(observed="no answer")], [record()]) == [
        f"{CASE} fails, but not as it is known to (why): it lives on"
    ]
