"""Comparing reports, and making the list of what is known."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.reports.made import FAILING, PASSING, case, report
from wireproof.compare import Change, baseline, compare, join

FINDING = {"requirement": "rfc6455/5.1/unmasked-frame", "observed": 'answered "x"', "ground": "seen"}


def changes(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[tuple[Change, bool]]:
    return [(one.change, one.is_regression) for one in compare(report(old), report(new))]


@pytest.mark.parametrize(
    ("before", "after", "change", "regression"),
    [
        ("pass", "fail", Change.BROKE, True),
        ("info", "warn", Change.BROKE, True),
        ("warn", "fail", Change.BROKE, True),
        ("pass", "inconclusive", Change.BROKE, True),
        ("fail", "pass", Change.MENDED, False),
        ("fail", "warn", Change.MENDED, False),
        ("pass", "info", Change.VERDICT, False),
        ("pass", "not-applicable", Change.UNTESTED, False),
        ("fail", "not-applicable", Change.UNTESTED, False),
    ],
)
def test_verdict_changes(before: str, after: str, change: Change, regression: bool) -> None:
    assert changes([case(FAILING, before)], [case(FAILING, after)]) == [(change, regression)]


def test_same_reports_do_not_differ() -> None:
    assert changes([case(FAILING, "fail"), case(PASSING)], [case(FAILING, "fail"), case(PASSING)]) == []


def test_new_and_gone_cases_are_no_regressions() -> None:
    assert changes([case(PASSING)], [case(FAILING, "fail")]) == [(Change.NEW, False), (Change.GONE, False)]


def test_known_failure_is_no_regression() -> None:
    known = {"reason": "told upstream", "link": None, "expires": None}
    assert changes([case(FAILING)], [case(FAILING, "fail", known=known)]) == [(Change.BROKE, False)]


def test_failing_differently_is_a_regression() -> None:
    other = {**FINDING, "observed": "a Close frame with 1000"}
    found = changes([case(FAILING, "fail", findings=[FINDING])], [case(FAILING, "fail", findings=[other])])
    assert found == [(Change.OTHERWISE, True)]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (0.1, 1.9, []),
        (3.0, 9.0, []),
        (0.5, 3.0, [(Change.SLOWER, False)]),
        (3.0, 0.5, [(Change.FASTER, False)]),
    ],
)
def test_only_a_large_change_of_duration_counts(before: float, after: float, found: list[Any]) -> None:
    assert changes([case(PASSING, duration_s=before)], [case(PASSING, duration_s=after)]) == found


def test_other_bytes_are_the_same_failure() -> None:
    other = {**FINDING, "observed": 'answered "y"'}
    assert (
        changes([case(FAILING, "fail", findings=[FINDING])], [case(FAILING, "fail", findings=[other])]) == []
    )


def test_baseline_names_each_failure() -> None:
    odd = {**FINDING, "observed": 'quoted "x" \\ \x1b'}
    text = "\n".join(baseline(report([case(FAILING, "fail", findings=[odd]), case(PASSING)])))
    (known,) = tomllib.loads(text)["known"]
    assert (known["case"], known["requirement"]) == (FAILING, odd["requirement"])
    assert known["observed"] == odd["observed"]


def test_matrix_has_a_column_for_each_report_and_route() -> None:
    one = report([case(PASSING), case(PASSING, route="nginx")])
    other = report([case(FAILING, "fail")])
    matrix = join([one, other])
    assert len(matrix.columns) == 3
    assert {row.case: row.verdicts for row in matrix.rows} == {
        FAILING: (None, None, "fail"),
        PASSING: ("pass", "pass", None),
    }
