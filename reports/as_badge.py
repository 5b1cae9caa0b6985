"""A badge (SVG) that tells the outcome in two words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

_GREEN, _YELLOW, _RED, _GREY = "#2a7d46", "#9a6700", "#b3261e", "#5c6370"
_LETTER = 6.6  # mean width of a letter of the badge's font, in pixels
_LABEL = "wireproof"


def render(report: Mapping[str, Any]) -> str:
    """The badge for *report*."""
    text, colour = outcome(report)
    left, right = (int(len(word) * _LETTER) + 12 for word in (_LABEL, text))
    title = escape(f"{_LABEL}: {text}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#30363d"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14">{_LABEL}</text>'
        f'<text x="{left + right / 2:g}" y="14">{escape(text)}</text></g></svg>\n'
    )


def outcome(report: Mapping[str, Any]) -> tuple[str, str]:
    """What the badge says, and its colour."""
    summary = report["summary"]
    new = summary["fail"] - summary["known"]
    if not report["complete"]:
        return "cut off", _GREY
    if new:
        return f"{new} failed", _RED
    if summary["error"] or summary["inconclusive"]:
        return "inconclusive", _GREY
    passed = summary["pass"] + summary["info"]
    if not passed:
        return "nothing told", _GREY
    return (
        (f"{passed} passed, {summary['warn']} warned", _YELLOW)
        if summary["warn"]
        else (f"{passed} passed", _GREEN)
    )
