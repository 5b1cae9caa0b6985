"""Workflow commands of GitHub Actions: each accusation becomes an annotation of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireproof.wire.text import printable

MOST = 10  # of each kind: GitHub shows no more
_COMMANDS = {"fail": "error", "error": "error", "inconclusive": "error", "warn": "warning"}


def render(report: Mapping[str, Any]) -> str:
    """The commands, one a line."""
    lines: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for case in report["cases"]:
        command = _COMMANDS.get(case["verdict"])
        if case["known"]:
            command = "notice"
        if command is not None:
            lines[command].append(f"::{command} title={_property(case['title'])}::{_message(case)}")
    return "".join(f"{line}\n" for some in lines.values() for line in some[:MOST])


def _message(case: Mapping[str, Any]) -> str:
    demanded = ", ".join(case["broken"] or case["requirements"])
    seen = case["observed"] or case["reason"]
    text = [
        f"{case['verdict']}: {printable(seen)}",
        f"demanded by {demanded}",
        f"again: {printable(case['reproduce'])}",
    ]
    return "%0A".join(part.replace("%", "%25") for part in text)


def _property(text: str) -> str:
    escaped = printable(text).replace("%", "%25")
    return escaped.replace(":", "%3A").replace(",", "%2C")
