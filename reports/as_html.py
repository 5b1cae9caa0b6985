"""The report as one HTML page that needs nothing else: no network, no fonts, no script for its essentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from . import charts, coverage, findings, matrix
from .findings import Group
from .held import Held
from .matrix import Result
from .sequence import Diagram, sequence_of
from .templating import asset, environment, policy

PAGE: Final = 4_500_000  # characters that the whole page is meant to stay below
INLINE: Final = 1_200_000  # of them for evidence that stands open on the page
FRAME: Final = 160_000  # style, script and what does not grow with the number of cases
ROW: Final = 345  # for each result: its row, and its essentials in a bundle
PACKED: Final = 0.2  # what compression leaves of a transcript, about
SLOWEST: Final = 12


@dataclass(frozen=True, slots=True)
class Page:
    """All that the templates show."""

    report: Mapping[str, Any]
    requirements: Mapping[str, Mapping[str, Any]]
    columns: Sequence[matrix.Column]
    results: Sequence[Result]
    modules: Sequence[matrix.Module]
    findings: Sequence[Group]
    observations: Sequence[Result]
    absences: Sequence[Group]
    passing: Sequence[tuple[str, list[Result]]]
    articles: dict[str, Markup] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def anchors(self) -> Mapping[str, Sequence[Result]]:
        """The results of each case."""
        by_case: dict[str, list[Result]] = {}
        for result in self.results:
            by_case.setdefault(result.record["id"], []).append(result)
        return by_case

    @property
    def slowest(self) -> Sequence[Result]:
        """The results that took longest."""
        return sorted(self.results, key=lambda result: -result.record["duration_s"])[:SLOWEST]


def render(report: Mapping[str, Any]) -> str:
    """The report as an HTML page."""
    page, templates = _page(report), environment()
    held = _fill(page, templates)
    style, script = asset("style.css"), asset("script.js")
    html = templates.get_template("page.html").render(
        page=page,
        report=report,
        held=held,
        style=Markup(style),  # noqa: S704  # our own files
        script=Markup(script),  # noqa: S704
        policy=policy(style, script),
        coverage=coverage.coverage(report["requirements"]),
        histogram=charts.histogram((case["duration_s"], case["verdict"]) for case in report["cases"]),
    )
    return str(html)


def _page(report: Mapping[str, Any]) -> Page:
    requirements = {one["id"]: one for one in report["requirements"]}
    columns = matrix.columns_of(report)
    results = matrix.results_of(report, columns)
    return Page(
        report=report,
        requirements=requirements,
        columns=columns,
        results=results,
        modules=matrix.modules_of(results, columns),
        findings=findings.findings_of(results, requirements),
        observations=findings.observations_of(results),
        absences=findings.absences_of(results),
        passing=findings.passing_of(results),
    )


def _fill(page: Page, templates: Environment) -> Held:
    """Render the evidence, as far as budgets go: of what did not pass on the page, of the rest in bundles."""
    article = templates.get_template("case.html").module.article  # type: ignore[attr-defined]
    held = Held()
    inline, budget = 0, PAGE - FRAME - ROW * len(page.results)
    first = [*findings.in_turn(page.findings), *page.observations]
    for result in first:
        if inline < min(INLINE, budget):
            html = article(page, result, sequence_of(result.record), _beside(result))
            inline += len(html)
            result.inline = True
            page.articles[result.anchor] = html
    budget -= inline
    there = {id(result) for result in first}
    rest = [result for result in first if not result.inline]
    rest += [result for result in page.results if id(result) not in there]
    for result in rest:
        sequence = sequence_of(result.record) if budget > 0 else None
        html = article(page, result, sequence, _beside(result) if sequence is not None else None)
        if sequence is None and result.record["transcript"]:
            page.left_out.append(result.anchor)
        elif sequence is not None:
            budget -= int(len(html) * PACKED)
        result.held = held.add(html)
    held.flush()
    return held


def _beside(result: Result) -> Diagram | None:
    """What the same case looks like on the direct route, where only this one breaks it."""
    return sequence_of(result.direct) if result.direct else None
