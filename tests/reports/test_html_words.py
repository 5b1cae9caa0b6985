"""What the page says in sentences and numbers."""

from __future__ import annotations

from typing import Any

import pytest

from reports.coverage import coverage, section_order
from reports.shown import duration
from reports.verdict_words import detail, sentence, tone
from tests.reports.made import FAILING, PASSING, REQUIREMENTS, case, report


def told_by(*verdicts: str, **changes: Any) -> dict[str, Any]:
    cases = [case(f"websocket/s5_1_masking/x[{n}]", verdict) for n, verdict in enumerate(verdicts)]
    return report(cases, **changes)


class TestSentence:
    @pytest.mark.parametrize(
        ("told", "words", "colour"),
        [
            (told_by("pass", "info"), "keeps everything that was tested.", "pass"),
            (told_by("pass", "warn"), "keeps what it must, with 1 warning.", "warn"),
            (told_by("pass", "fail"), "breaks 1 requirement, as 1 failed case shows.", "fail"),
            (told_by("fail", "fail", "error"), "breaks 1 requirement, as 2 failed cases show.", "fail"),
            (
                told_by("pass", "error", "inconclusive"),
                "showed no new failure, but 2 cases could not be judged.",
                "inconclusive",
            ),
            (
                told_by("not-applicable"),
                "could not be judged: no case applies to this target.",
                "not-applicable",
            ),
            (
                told_by("pass", complete=False, selected=12),
                "showed no new failure; the run was cut off after 1 of 12 cases.",
                "inconclusive",
            ),
            (
                told_by("fail", complete=False, selected=2),
                "breaks 1 requirement, as 1 failed case shows; the run was cut off after 1 of 2 cases.",
                "fail",
            ),
        ],
    )
    def test_it_says_what_the_summary_says(self, told: dict[str, Any], words: str, colour: str) -> None:
        assert sentence(told) == words
        assert tone(told) == colour

    def test_a_known_failure_is_no_new_one(self) -> None:
        known = {"reason": "ours", "link": None, "expires": None}
        told = report([case(FAILING, "fail", known=known), case(PASSING)])
        assert sentence(told) == "shows 1 failed case, all known, and keeps the rest of what was tested."
        assert tone(told) == "warn"

    def test_a_case_that_fails_on_several_routes_counts_once(self) -> None:
        told = report([case(FAILING, "fail", route=route) for route in ("direct", "nginx")])
        assert sentence(told) == "breaks 1 requirement, as 1 failed case shows (2 results over 2 routes)."

    def test_the_second_sentence_counts_requirements(self) -> None:
        told = told_by("pass", "fail")
        count = len(told["requirements"])
        assert detail(told).startswith(f"2 results on 1 of {count} requirements; ")


class TestCoverage:
    def test_the_numbers_are_those_of_the_report(self) -> None:
        told = report(
            [
                case("websocket/a/x", "fail"),
                case("websocket/a/y", "pass", requirements=[REQUIREMENTS[1]]),
            ]
        )
        specs = coverage(told["requirements"])
        assert sum(spec.tally.total for spec in specs) == len(told["requirements"])
        assert sum(tally.total for spec in specs for _, tally in spec.levels) == len(told["requirements"])
        sections = {
            section.number: section for spec in specs if spec.key == "rfc6455" for section in spec.sections
        }
        assert sections["5.1"].tally.counts["broken"] == 1
        assert sections["5.2"].tally.counts["met"] == 1

    def test_sections_are_in_the_order_of_their_numbers(self) -> None:
        assert sorted(["5.10", "5.2", "10.1", "5", "connections"], key=section_order)[1:] == [
            "5",
            "5.2",
            "5.10",
            "10.1",
        ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0001, "0.10 ms"), (0.0123, "12.3 ms"), (0.25, "250 ms"), (2, "2.00 s"), (90, "1.5 min")],
)
def test_durations_are_told_in_their_unit(seconds: float, told: str) -> None:
    assert duration(seconds) == told
