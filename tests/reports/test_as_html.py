"""The page: what it says, that it is one file, that hostile texts stay texts, that it stays small."""

from __future__ import annotations

import base64
import json
import random
import re
import zlib
from html.parser import HTMLParser
from typing import Any

import pytest

from reports.as_html import render
from reports.shown import visible
from reports.verdict_words import sentence
from tests.reports.made import FAILING, PASSING, case, entry, many, report, transcript

FIVE_MB = 5_000_000


def fragments(page: str) -> list[str]:
    """What the page keeps compressed."""
    found: list[str] = []
    for text in re.findall(r'<script type="text/plain" data-bundle="\d+">([^<]*)</script>', page):
        found += json.loads(zlib.decompress(base64.b64decode(text), -15))
    return found


class Outline(HTMLParser):
    """The ids, links and elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.elements.append((tag, told))
        if told.get("id"):
            self.ids.append(str(told["id"]))


@pytest.fixture(scope="module")
def page() -> str:
    return render(report([case(FAILING, "fail"), case(PASSING)]))


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    return many(10_000)


@pytest.fixture(scope="module")
def ten_thousand(told: dict[str, Any]) -> str:
    return render(told)


class TestPage:
    def test_every_case_has_its_fragment_once(self, page: str) -> None:
        ids = Outline(page).ids
        assert len(ids) == len(set(ids))
        assert {FAILING, PASSING} <= set(ids)

    def test_it_needs_no_other_file(self, page: str) -> None:
        for tag, attributes in Outline(page).elements:
            assert tag not in ("link", "iframe", "object", "embed", "img", "base")
            assert "src" not in attributes

    def test_it_has_no_inline_handlers_and_no_inline_style(self, page: str) -> None:
        for _, attributes in Outline(page + "".join(fragments(page))).elements:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]

    def test_a_policy_allows_its_own_style_and_script_only(self, page: str) -> None:
        (policy,) = (
            str(attributes["content"])
            for tag, attributes in Outline(page).elements
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        )
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert policy.count("'sha256-") == 2

    def test_a_finding_stands_on_the_page_with_its_evidence(self, page: str) -> None:
        for text in (
            "a Close frame (1002)",
            "the connection lives on",
            "Close the connection when a frame",
            "§5.1",
        ):
            assert text in page
        assert 'href="https://www.rfc-editor.org/rfc/rfc6455.html#section-5.1"' in page

    def test_what_passed_is_kept_compressed(self, page: str) -> None:
        (kept,) = fragments(page)
        assert "unmasked[ping]" in kept
        assert "Masking key" in kept

    def test_it_tells_what_ran(self, page: str) -> None:
        for text in (
            "wireproof run ws://127.0.0.1:9 -H &#39;X: y z&#39;",
            "Example/1.0",
            "1,048,576",
            "2026.11",
        ):
            assert text in page

    @pytest.mark.parametrize("peers", [1, 3, 12])
    def test_each_peer_has_a_lifeline_as_far_as_there_is_room(self, peers: int) -> None:
        drawn = render(report([case(FAILING, "fail", transcript=transcript(random.Random(1), peers))]))
        assert f'class="seq l{min(peers, 8)}"' in drawn

    def test_an_empty_cut_off_run_makes_a_page(self) -> None:
        drawn = render(report([], complete=False, selected=9))
        assert "cut off after 0 of 9 cases" in drawn


class TestRoutes:
    def test_each_route_is_a_column_with_fragments_of_its_own(self) -> None:
        cases = [case(FAILING, route="direct"), case(FAILING, "fail", route="nginx")]
        routes = [
            {"name": "direct", "kind": "direct", "software": None, "version": None},
            {"name": "nginx", "kind": "real", "software": "nginx", "version": "1.22"},
        ]
        told = report(cases, routes=routes)
        page = render(told)
        ids = Outline(page).ids
        assert {FAILING, f"{FAILING}@nginx"} <= set(ids)
        assert len(ids) == len(set(ids))
        assert "what breaks it is the route nginx" in page
        assert sentence(told) == "keeps what it must by itself, but 1 case fails only through nginx."

    def test_each_node_is_a_column(self) -> None:
        page = render(report([case(PASSING, node="a"), case(PASSING, node="b")]))
        assert "direct · a</th>" in page
        assert "direct · b</th>" in page


NASTY = (
    "</script><script>alert(1)</script><!--\u2028\u202egnp.exe\x1b[2J\x00\ud800"
    " \"'><img src=x onerror=alert(2)>"
)


class TestHostileTexts:
    @pytest.mark.parametrize("verdict", ["fail", "pass", "info", "inconclusive", "error", "not-applicable"])
    def test_they_stay_text_wherever_they_come(self, verdict: str) -> None:
        lines = [
            entry(0.1, "in", kind, NASTY, b"</script>\r\n<!--\x1b\xff")
            for kind in ("http", "frame", "packet")
        ]
        told = report(
            [
                case(
                    FAILING,
                    verdict,
                    **dict.fromkeys(("title", "observed", "reason", "reproduce"), NASTY),
                    expected=[NASTY],
                    in_passing=[NASTY],
                    transcript=lines,
                    known={"reason": NASTY, "link": "javascript:alert(3)", "expires": NASTY},
                )
            ],
            command=["run", NASTY],
        )
        told["target"] |= {
            "server": NASTY,
            "url": NASTY,
            "limits": {NASTY: NASTY},
            "capabilities": {NASTY: True},
        }
        page = render(told)
        page.encode()
        outside = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
        for text in (outside, *fragments(page)):
            assert not re.search(r"<script|<img|<!--|</script", text)
            assert not re.search("[\x00-\x09\x0b-\x1f\u2028\u202e\ud800-\udfff]", text)
            assert 'href="javascript:' not in text
        assert "‹U+202E›gnp.exe‹U+001B›[2J" in page + "".join(fragments(page))

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain — grüße 日本", "plain — grüße 日本"),
            ("a\u202eb", "a‹U+202E›b"),
            ("\x1b\x00\x7f", "‹U+001B›‹U+0000›‹U+007F›"),
            ("a\u00a0b\ufeff\ud800", "a‹U+00A0›b‹U+FEFF›‹U+D800›"),
            ("e" + "\u0301" * 40, "e" + "\u0301" * 3 + "‹…›"),
        ],
    )
    def test_what_can_not_be_seen_is_written_out(self, text: str, shown: str) -> None:
        assert visible(text) == shown


class TestTenThousandResults:
    def test_the_page_stays_below_five_megabytes(self, ten_thousand: str) -> None:
        assert len(ten_thousand.encode()) < FIVE_MB

    def test_so_it_does_when_most_fail(self) -> None:
        page = render(many(10_000, share_of_failures=0.8))
        assert len(page.encode()) < FIVE_MB
        assert "left to the JSON report" in page

    def test_every_result_can_be_reached(self, told: dict[str, Any], ten_thousand: str) -> None:
        outline = Outline(ten_thousand)
        ids = set(outline.ids)
        assert all(one["id"] in ids for one in told["cases"])
        places = {str(a["data-f"]) for _, a in outline.elements if a.get("data-f")}
        assert len(places) == len(fragments(ten_thousand))

    def test_some_findings_have_their_transcripts(self, ten_thousand: str) -> None:
        assert ten_thousand.count('class="seq ') >= 50
