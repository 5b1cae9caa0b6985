"""``wireproof list`` and ``wireproof explain``: look at cases and requirements; nothing is run."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import click
import pytest

from wireproof.catalogue.requirement import load_catalogue
from wireproof.cli.session import pytest_session
from wireproof.errors import UsageError
from wireproof.pytest_plugin import case_item
from wireproof.run.select import CaseItem, match_ids
from wireproof.verdict import verdict_when_broken


class _Collector:
    def __init__(self) -> None:
        self.cases: list[CaseItem] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.cases = [case for item in session.items if (case := case_item(item))]


def collect_cases() -> list[CaseItem]:
    """Every bundled case, in order."""
    collector = _Collector()
    pytest_session([collector], "--collect-only")
    if not collector.cases:
        raise UsageError("the bundled suites could not be collected")
    return collector.cases


@click.command("list")
@click.option("--requirements", is_flag=True, help="List requirements instead of cases.")
@click.argument("pattern", required=False)
def list_command(pattern: str | None, requirements: bool) -> None:
    """List the cases (or requirements) whose id matches PATTERN."""
    if requirements:
        catalogue = load_catalogue()
        chosen = match_ids(pattern, list(catalogue)) if pattern else set(catalogue)
        for name, requirement in catalogue.items():
            if name in chosen:
                click.echo(f"{name:55} {requirement.level:6} {requirement.basis:8} {requirement.title}")
    else:
        cases = collect_cases()
        chosen = match_ids(pattern, [case.id for case in cases]) if pattern else {case.id for case in cases}
        for case in cases:
            if case.id in chosen:
                click.echo(f"{case.id}\n    {case.title}")
    if not chosen:
        raise UsageError(f"nothing matches {pattern!r}")


@click.command("explain")
@click.argument("case")
def explain_command(case: str) -> None:
    """Explain CASE (an id or a glob), or a requirement given by its id."""
    catalogue = load_catalogue()
    if case in catalogue:
        _show_requirements([case])
        return
    cases = collect_cases()
    chosen = match_ids(case, [one.id for one in cases])
    if not chosen:
        raise UsageError(f"no case or requirement matches {case!r}; `wireproof list` shows all")
    for one in cases:
        if one.id in chosen:
            click.echo(f"{one.id}\n  {one.title}")
            if one.spec.needs:
                click.echo(f"  needs {', '.join(one.spec.needs)}")
            click.echo(f"  runs from intensity {one.spec.intensity} on")
            _show_requirements(one.spec.requirements)


def _show_requirements(names: Sequence[str]) -> None:
    for name in names:
        asked = load_catalogue()[name]
        click.echo(f"\n  {name}  {asked.level} ({asked.basis}); broken, it is: {verdict_when_broken(asked)}")
        click.echo(textwrap.fill(asked.asks, 76, initial_indent="    ", subsequent_indent="    "))
        if asked.not_testable:
            click.echo(
                textwrap.fill(
                    f"Not testable: {asked.not_testable}", 76, initial_indent="    ", subsequent_indent="    "
                )
            )
        click.echo(f"    {asked.url}")
