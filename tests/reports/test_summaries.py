"""Markdown, badge, annotations and JUnit: short outputs, in which a server's words stay words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from reports import as_annotations, as_badge, as_junit, as_markdown
from tests.reports.made import FAILING, PASSING, TAKING, case, report

EVIL = "\x1b[2J::error::x\r\n# big | <b>*bold*</b> `code` %0A" + TAKING


def test_markdown_keeps_hostile_text_on_one_line() -> None:
    text = as_markdown.render(report([case(FAILING, "fail", observed=EVIL)]))
    (line,) = [line for line in text.splitlines() if line.startswith("- observed")]
    assert "\x1b" not in text
    assert not re.search(r"[<>*`|#]", line.replace("&#", ""))


def test_markdown_tells_counts_and_the_requirement() -> None:
    text = as_markdown.render(report([case(FAILING, "fail"), case(PASSING)]))
    assert "1 failed case" in text.splitlines()[0]
    assert "| pass | fail |" in text
    assert "section-5.1" in text


def test_markdown_of_many_failures_is_bounded() -> None:
    many = [case(f"websocket/s5_1_masking/unmasked[{n}]", "fail") for n in range(500)]
    assert "and 450 more" in as_markdown.render(report(many))


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        (["pass", "pass"], "2 passed"),
        (["pass", "warn"], "1 passed, 1 warned"),
        (["pass", "fail"], "1 failed"),
        (["inconclusive", "pass"], "inconclusive"),
        (["not-applicable"], "nothing told"),
    ],
)
def test_badge_says_the_outcome(verdicts: list[str], words: str) -> None:
    made = report([case(f"websocket/s5_1_masking/one[{n}]", v) for n, v in enumerate(verdicts)])
    root = ET.fromstring(as_badge.render(made))
    assert root.attrib["aria-label"] == f"wireproof: {words}"


def test_annotations_can_not_be_forged() -> None:
    text = as_annotations.render(report([case(FAILING, "fail", observed=EVIL)]))
    (line,) = text.splitlines()
    assert line.startswith("::error title=")
    assert "\x1b" not in line
    assert "%250A" in line


def test_known_failure_is_only_a_notice() -> None:
    known = {"reason": "told upstream", "link": None, "expires": None}
    text = as_annotations.render(report([case(FAILING, "fail", known=known)]))
    assert text.startswith("::notice ")


def test_junit_counts_and_keeps_hostile_text_legal() -> None:
    cases = [case(FAILING, "fail", observed=EVIL), case(PASSING), case(f"{PASSING[:-1]}2]", "inconclusive")]
    (suite,) = ET.fromstring(as_junit.render(report(cases)).encode())
    assert [suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "0"]
    (failure,) = suite.iter("failure")
    assert "\\x1b" in failure.attrib["message"]
