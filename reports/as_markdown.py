"""The report in Markdown, for a pipeline's summary or a comment on a change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wireproof.report import sentence
from wireproof.wire.text import printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&@!])")
_SHOWN = ("fail", "error", "inconclusive", "warn")
MOST = 50  # accusations told in full


def render(report: Mapping[str, Any]) -> str:
    """The report as Markdown: a sentence, counts, every accusation with its evidence, coverage."""
    return "\n".join(_lines(report)) + "\n"


def escape(text: str) -> str:
    """*text* as Markdown that shows it as it is, on one line."""
    return _SPECIAL.sub(_entity, printable(text))


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[1])};"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    summary = report["summary"]
    yield f"## {escape(sentence(report))}"
    yield ""
    told = [verdict for verdict in summary if summary[verdict]]
    yield "| " + " | ".join(told) + " |"
    yield "|" + "---:|" * len(told)
    yield "| " + " | ".join(str(summary[verdict]) for verdict in told) + " |"
    for name, cause in report["causes"].items():
        yield ""
        yield f"**{escape(name)}:** {escape(cause)}"
    accused = [case for verdict in _SHOWN for case in report["cases"] if case["verdict"] == verdict]
    for case in accused[:MOST]:
        yield ""
        yield from _case(case, report)
    if len(accused) > MOST:
        yield ""
        yield f"… and {len(accused) - MOST} more in the report."
    yield ""
    yield from _coverage(report)


def _case(case: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[str]:
    asked = {requirement["id"]: requirement for requirement in report["requirements"]}
    known = " (known)" if case["known"] else ""
    yield f"<details><summary><b>{case['verdict']}</b>{known} {escape(case['title'])}</summary>"
    yield ""
    yield f"`{case['id']}`" + ("" if case["route"] == "direct" else f" via {escape(case['route'])}")
    yield ""
    for name in case["broken"]:
        if name in asked:
            one = asked[name]
            asked_of = f"{one['level']} ({one['basis']}), [{name}]({one['url']})"
            yield f"- demanded: {asked_of}: {escape(one['asks'])}"
    if case["expected"]:
        yield f"- expected: {escape(' or '.join(case['expected']))}"
    if case["observed"]:
        yield f"- observed: {escape(case['observed'])}"
    if case["reason"]:
        yield f"- reason: {escape(case['reason'])}"
    yield f"- again: <code>{escape(case['reproduce'])}</code>"
    yield ""
    yield "</details>"


def _coverage(report: Mapping[str, Any]) -> Iterator[str]:
    specs: dict[str, dict[str, int]] = {}
    for requirement in report["requirements"]:
        counts = specs.setdefault(requirement["spec"], {})
        counts[requirement["status"]] = counts.get(requirement["status"], 0) + 1
    yield "| specification | met | broken | not tested | not testable |"
    yield "|---|---:|---:|---:|---:|"
    for spec, counts in specs.items():
        cells = [str(counts.get(status, 0)) for status in ("met", "broken", "not-tested", "not-testable")]
        yield f"| {spec} | " + " | ".join(cells) + " |"
