"""The verdicts in the order and the words in which a page tells them, and the sentence at its top."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from wireproof.report import by_blame, spread

from .shown import number, plural, visible

# Worst first: what a reader has to see before anything else.
ORDER: Final = ("fail", "error", "inconclusive", "warn", "info", "pass", "not-applicable")
# In the order of a bar that is read from left to right.
BAR: Final = ("pass", "info", "warn", "fail", "inconclusive", "error", "not-applicable")
KEYS: Final = {
    "pass": "p",
    "fail": "f",
    "warn": "w",
    "info": "i",
    "not-applicable": "n",
    "inconclusive": "q",
    "error": "e",
}
WORDS: Final = {
    "pass": "pass",
    "fail": "fail",
    "warn": "warn",
    "info": "info",
    "not-applicable": "n/a",
    "inconclusive": "unclear",
    "error": "error",
}
MEANINGS: Final = {
    "pass": "the target does what is asked",
    "fail": "the target breaks what it must keep",
    "warn": "the target breaks what it should keep, or a duty that is only inferred",
    "info": "the text leaves it open; this is what was seen",
    "not-applicable": "the target lacks what the case needs",
    "inconclusive": "the target or the route was not healthy enough to judge",
    "error": "the harness itself went wrong; no fault of the target",
}


def worst(verdicts: list[str]) -> str:
    """The verdict that stands for several."""
    return min(verdicts, key=ORDER.index)


def tone(report: Mapping[str, Any]) -> str:
    """The verdict that stands for the whole report."""
    summary = report["summary"]
    if summary["fail"] > summary["known"]:
        return "fail"
    if not report["complete"] or summary["error"] or summary["inconclusive"]:
        return "inconclusive"
    if not any(summary[v] for v in ("pass", "fail", "warn", "info")):
        return "not-applicable"
    return "warn" if summary["warn"] or summary["fail"] else "pass"


def sentence(report: Mapping[str, Any]) -> str:
    """The verdict on the target in one sentence; the target itself is its subject and stands before it."""
    summary, cases = report["summary"], report["cases"]
    done = len({case["id"] for case in cases})
    so_far = "" if report["complete"] else f"; the run was cut off after {done} of {report['selected']} cases"
    new = [case for case in cases if case["verdict"] == "fail" and not case["known"]]
    if new:
        return _accusation(new) + so_far + "."
    if so_far:
        return f"showed no new failure{so_far}."
    return _acquittal(summary, cases)


def _acquittal(summary: Mapping[str, int], cases: Sequence[Mapping[str, Any]]) -> str:
    if not any(summary[v] for v in ("pass", "fail", "warn", "info")):
        return "could not be judged: no case applies to this target."
    if unclear := _distinct(cases, "error", "inconclusive"):
        return f"showed no new failure, but {plural(unclear, 'case')} could not be judged."
    if known := _distinct(cases, "fail"):
        return f"shows {plural(known, 'failed case')}, all known, and keeps the rest of what was tested."
    if warned := _distinct(cases, "warn"):
        return f"keeps what it must, with {plural(warned, 'warning')}."
    return "keeps everything that was tested."


def _distinct(cases: Sequence[Mapping[str, Any]], *verdicts: str) -> int:
    """How many cases have one of *verdicts*, through whichever route."""
    return len({case["id"] for case in cases if case["verdict"] in verdicts})


def _accusation(new: Sequence[Mapping[str, Any]]) -> str:
    # What fails only through a route is that route's fault, not that of the target.
    own, routed, anybody = by_blame(new)
    told = "keeps what it must by itself" if routed else "may break what it must keep"
    if own:
        broken = {name for case in own for name in case["broken"]}
        what = plural(len(broken), "requirement") if broken else "what it must keep"
        count = plural(len({case["id"] for case in own}), "failed case shows", "failed cases show")
        told = f"breaks {what}, as {count}{spread(own)}"
    for cases, only in ((routed, "only "), (anybody, "that could not be tried directly, ")):
        if cases:
            count = plural(len({case["id"] for case in cases}), "case fails", "cases fail")
            ways = ", ".join(sorted({visible(case["route"]) for case in cases}))
            told += f"{';' if own else ', but'} {count} {only}through {ways}"
    return told


def detail(report: Mapping[str, Any]) -> str:
    """The second sentence: how much was looked at, and how much was not."""
    statuses = Counter(one["status"] for one in report["requirements"])
    tested = number(statuses["met"] + statuses["broken"])
    told = [
        f"{plural(len(report['cases']), 'result')} on {tested} of {plural(statuses.total(), 'requirement')}"
    ]
    if count := statuses["not-tested"]:
        told.append(f"{number(count)} {'was' if count == 1 else 'were'} not tested")
    if count := statuses["not-testable"]:
        told.append(f"{number(count)} can’t be seen from outside")
    return "; ".join(told) + "."


def subject(report: Mapping[str, Any]) -> str:
    """The target, as the verdict names it."""
    nodes = report["target"]["nodes"]
    more = f" and {plural(len(nodes) - 1, 'further node')}" if len(nodes) > 1 else ""
    return visible(report["target"]["url"]) + more
