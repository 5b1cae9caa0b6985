"""The outcome of a run in a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from wireproof.report import Report, sentence
from wireproof.wire.text import printable

_STYLES = {
    "fail": "bold red",
    "warn": "yellow",
    "info": "cyan",
    "inconclusive": "magenta",
    "error": "bold magenta",
}
_SHOWN = ("error", "inconclusive", "fail", "warn")


def show(report: Report, fail_on_warn: bool, quiet: bool) -> None:
    """Print what a person has to know: accusations and their evidence, coverage, counts, one sentence."""
    console = Console(highlight=False, soft_wrap=True)
    cases = report["cases"]
    if not quiet:
        for verdict in reversed(_SHOWN):
            for case in cases:
                if case["verdict"] == verdict:
                    _show_case(console, case, report)
        _show_coverage(console, report)
    _show_summary(console, report)
    console.print(Text(printable(sentence(report, fail_on_warn=fail_on_warn)), style="bold"))


def _show_case(console: Console, case: Mapping[str, Any], report: Report) -> None:
    label = f"{case['verdict'].upper():<5}" + (" (known)" if case["known"] else "")
    console.print(Text.assemble((label, _STYLES[case["verdict"]]), f" {printable(case['id'])}"))
    for line in _lines(case, report):
        console.print(Text(f"      {printable(line)}"))
    console.print()


def _lines(case: Mapping[str, Any], report: Report) -> Iterator[str]:
    yield case["title"]
    asked = {requirement["id"]: requirement for requirement in report["requirements"]}
    for name in case["broken"]:
        if name in asked:
            one = asked[name]
            derived = ", derived" if one["basis"] == "derived" else ""
            yield f"{one['level']}{derived}, {one['spec'].upper()} section {one['section']}: {one['asks']}"
    if case["expected"]:
        yield f"expected  {' or '.join(case['expected'])}"
    if case["observed"]:
        yield f"observed  {case['observed']}"
    if case["reason"]:
        yield f"reason    {case['reason']}"
    for entry in case["transcript"][-8:]:
        yield f"{entry['t']:8.4f}  {entry['dir']:<4} {entry['text']}"
    yield f"again     {case['reproduce']}"


def _show_coverage(console: Console, report: Report) -> None:
    for spec in dict.fromkeys(requirement["spec"] for requirement in report["requirements"]):
        counts: dict[str, int] = {}
        for requirement in report["requirements"]:
            if requirement["spec"] == spec:
                counts[requirement["status"]] = counts.get(requirement["status"], 0) + 1
        told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        console.print(Text(f"{spec}: {told}"))


def _show_summary(console: Console, report: Report) -> None:
    summary = report["summary"]
    parts = [f"{summary[v]} {v}" for v in summary if summary[v] and v != "known"]
    if summary["known"]:
        parts.append(f"{summary['known']} of the failures known")
    console.print(Text(f"{', '.join(parts)} in {report['duration_s']:.1f} s"))
