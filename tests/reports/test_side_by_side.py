"""Several reports on one page: what it says, that it is one file, that hostile texts stay texts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reports.side_by_side import columns_of, duties_of, html, lines_of, markdown
from tests.reports.made import FAILING, PASSING, case, report
from tests.reports.test_as_html import NASTY, Outline
from wireproof.compare import Matrix, join

BITS = "websocket/s5_2_base_framing/bits"


@pytest.fixture
def matrix() -> Matrix:
    good = report([case(FAILING), case(PASSING), *(case(f"{BITS}[{n}]") for n in range(10, 0, -1))])
    bad = report(
        [case(FAILING, "fail"), case(PASSING), *(case(f"{BITS}[{n}]", "warn") for n in range(10, 0, -1))]
    )
    return join([good, bad], ["good", "bad"])


def nasty() -> Matrix:
    told = report(
        [
            case(FAILING, verdict, route=route, **dict.fromkeys(("title", "observed", "reason"), NASTY))
            for verdict, route in (("fail", "direct"), ("warn", NASTY))
        ]
    )
    told["target"] |= {"server": NASTY, "url": NASTY}
    return join([told])


def test_totals_of_each_column(matrix: Matrix) -> None:
    good, bad = columns_of(matrix)
    assert (good.name, good.counts) == ("good", {"pass": 12})
    assert (bad.name, bad.counts) == ("bad", {"pass": 1, "fail": 1, "warn": 10})


def test_alike_cases_of_a_function_share_a_line(matrix: Matrix) -> None:
    lines = {line.function: line for line in lines_of(matrix) if "bits" in line.function}
    (line,) = lines.values()
    assert line.verdicts == ("pass", "warn")
    assert line.names == ", ".join(map(str, range(1, 11)))
    assert line.seen(1) == ["the connection lives on: pings behind it were answered"]


def test_requirements_that_somebody_breaks(matrix: Matrix) -> None:
    (duty,) = duties_of(matrix)
    assert (duty.requirement["id"], duty.statuses) == ("rfc6455/5.1/unmasked-frame", ["met", "broken"])


def test_markdown_leaves_out_what_is_clean(matrix: Matrix) -> None:
    text = markdown(matrix)
    assert "1 case is clean everywhere; these are not:" in text
    assert "| **fail** |" in text
    assert "ping" not in text


def test_nothing_but_clean_cases() -> None:
    clean = join([report([case(PASSING)])])
    assert markdown(clean).endswith("1 case is clean everywhere.\n")
    assert "Every case is clean everywhere." in html(clean)


def test_a_case_that_did_not_run_everywhere() -> None:
    page = html(join([report([case(FAILING, "fail")]), report([case(PASSING)])], ["one", "two"]))
    assert '<span class="vh">not run</span>' in page


def test_the_page_tells_what_each_target_did(matrix: Matrix) -> None:
    page = html(matrix)
    assert "2 targets side by side" in page
    assert "the connection lives on: pings behind it were answered" in page
    assert "1 case is clean everywhere; 1 requirement is broken by at least one." in page


def test_the_page_needs_no_other_file(matrix: Matrix) -> None:
    page = html(matrix)
    outline = Outline(page)
    assert not [tag for tag, _ in outline.elements if tag in ("script", "link", "img", "iframe")]
    policy = next(a["content"] for t, a in outline.elements if t == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in str(policy)
    assert "script-src 'none'" in str(policy)
    assert not [a for _, a in outline.elements if "style" in a]
    assert {"totals", "broken", "cases", "main"} <= set(outline.ids)


def test_hostile_texts_stay_text_on_the_page() -> None:
    page = html(nasty())
    outside = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert not re.search(r"<script|<img|<!--", outside)
    assert not re.search("[\x00-\x09\x0b-\x1f\u2028\u202e\ud800-\udfff]", outside)
    assert "‹U+202E›gnp.exe‹U+001B›[2J" in page


def test_hostile_texts_stay_text_in_markdown() -> None:
    text = markdown(nasty())
    assert not re.search(r"<(?!br>)", text)
    assert not re.search("[\x00-\x09\x0b-\x1f\u2028\u202e]", text)
    assert len({line.count("|") for line in text.splitlines() if line.startswith("| ")}) == 1


@pytest.fixture
def routes() -> dict[str, Any]:
    return report([case(PASSING), case(PASSING, "fail", route="nginx")])


def test_each_route_is_a_column(routes: dict[str, Any]) -> None:
    assert [column.name for column in columns_of(join([routes], ["mine"]))] == ["mine", "mine via nginx"]
