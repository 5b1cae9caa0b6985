"""``wireproof list`` and ``wireproof explain``: look at cases and requirements; nothing is run."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

import click
import pytest

from wireproof.catalogue.requirement import load_catalogue
from wireproof.cli.completing import cases as case_names
from wireproof.cli.session import pytest_session
from wireproof.content import prepare_content
from wireproof.errors import InternalError, UsageError
from wireproof.pytest_plugin import case_item
from wireproof.run.select import CaseItem, match_ids, matches
from wireproof.toml_document import closest
from wireproof.verdict import verdict_when_broken
from wireproof.wire.text import printable

WIDTH = 80


class _Collector:
    def __init__(self) -> None:
        self.functions: dict[CaseItem, Callable[..., object]] = {}
        self.unread: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.unread.append(report.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if isinstance(item, pytest.Function) and (case := case_item(item)):
                self.functions[case] = item.function


def collect_cases() -> dict[CaseItem, Callable[..., object]]:
    """Every bundled case, in order, with its function; raise `InternalError` when some can't be read."""
    collector = _Collector()
    pytest_session([collector], "--collect-only")
    if collector.unread or not collector.functions:
        raise InternalError(f"the bundled suites can't be read: {', '.join(collector.unread)}")
    return collector.functions


def caught_by(case: str) -> list[tuple[str, str]]:
    """The faulty servers that *case* is meant to fail: their names and what is wrong with each."""
    prepare_content()
    defects = import_module("wireproof.bundle.fixtures.faulty").load()
    return [
        (name, defect.sentence.partition("\n")[0])
        for name, defect in defects.items()
        if any(matches(glob, case) for glob in defect.cases)
    ]


@click.command("list", short_help="List cases or requirements.")
@click.option("--requirements", is_flag=True, help="List requirements, whose ids PATTERN then is about.")
@click.argument("pattern", required=False, shell_complete=case_names)
def list_command(pattern: str | None, requirements: bool) -> None:
    """List the cases whose id matches PATTERN (an id, or a glob such as 'websocket/s5_2*').

    PATTERN may also match requirements, as 'rfc6455/5.2/*' does: then their cases are listed.
    """
    if requirements:
        _list_requirements(pattern)
        return
    cases = collect_cases()
    chosen = match_ids(pattern, [case.id for case in cases]) if pattern else {case.id for case in cases}
    chosen = chosen or _cases_of(pattern or "", list(cases))
    for case in cases:
        if case.id in chosen:
            click.echo(f"{case.id}\n    {case.title}")


def _list_requirements(pattern: str | None) -> None:
    catalogue = load_catalogue()
    chosen = match_ids(pattern, list(catalogue)) if pattern else set(catalogue)
    if not chosen:
        raise UsageError(f"no requirement matches {pattern!r}.{_like(pattern or '', catalogue)}")
    for name, requirement in catalogue.items():
        if name in chosen:
            click.echo(f"{name:55} {requirement.level:6} {requirement.basis:8} {requirement.title}")


def _cases_of(pattern: str, cases: Sequence[CaseItem]) -> set[str]:
    """The ids of the cases that look at the requirements that *pattern* means; say so, or why not."""
    asked = match_ids(pattern, list(load_catalogue()))
    if not asked:
        hint = _like(pattern, [*(case.id for case in cases), *load_catalogue()])
        raise UsageError(f"no case or requirement matches {pattern!r}.{hint}")
    chosen = {case.id for case in cases if asked.intersection(case.spec.requirements)}
    if not chosen:
        raise UsageError(f"no case looks at {', '.join(sorted(asked))}; `wireproof explain` tells why")
    many = f"{len(asked)} requirements, which" if len(asked) > 1 else "a requirement, which"
    click.echo(f"{pattern} means {many} these cases look at:", err=True)
    return chosen


def _like(pattern: str, known: Iterable[str]) -> str:
    return "" if set("*?") & set(pattern) else closest(pattern, known)


@click.command("explain", short_help="Explain a case or a requirement.")
@click.argument("case", shell_complete=case_names)
@click.option("--live", is_flag=True, help="Also show what goes over the wire with a faultless server.")
def explain_command(case: str, live: bool) -> None:
    """Explain CASE (an id or a glob): what it demands, what it does, and the defects it has caught.

    CASE may also be a requirement's id, or a glob of such ids.
    """
    if asked := match_ids(case, list(load_catalogue())):
        _show_requirements([name for name in load_catalogue() if name in asked])
        return
    cases = collect_cases()
    chosen = match_ids(case, [one.id for one in cases])
    if not chosen:
        hint = _like(case, [*(one.id for one in cases), *load_catalogue()])
        raise UsageError(f"no case or requirement matches {case!r}; `wireproof list` shows all.{hint}")
    functions: dict[Callable[..., object], list[CaseItem]] = {}
    for one, function in cases.items():
        if one.id in chosen:
            functions.setdefault(function, []).append(one)
    for function, some in functions.items():
        _show_cases(some, function)
        if live:
            _show_live(some[0])


def _show_cases(cases: Sequence[CaseItem], function: Callable[..., object]) -> None:
    """The cases of one function."""
    case, *more = cases
    click.echo(f"{case.id}\n  {case.title}")
    if more:
        others = " ".join(f"[{one.id.partition('[')[2]}" for one in more)
        _show_text(f"and {others}", "  ")
    if case.spec.needs:
        click.echo(f"  needs {', '.join(case.spec.needs)}")
    click.echo(f"  runs from intensity {case.spec.intensity} on")
    _show_requirements(case.spec.requirements)
    click.echo("\n  what it does\n")
    click.echo(textwrap.indent(textwrap.dedent(inspect.getsource(function)).rstrip(), "    "))
    if caught := dict.fromkeys(defect for one in cases for defect in caught_by(one.id)):
        click.echo("\n  the defects that it is proved on (`wireproof serve NAME` starts each)\n")
        for name, sentence in caught:
            _show_text(f"{name}: {sentence}", "    ", hanging="  ")
    click.echo()


def _show_live(case: CaseItem) -> None:
    """Fly the case against the strict server and show its transcript."""
    from wireproof.cli.serving import perform_bundled  # noqa: PLC0415  # the one command of the two that runs

    for record in perform_bundled("strict", case.id).report["cases"]:
        click.echo(f"  with a faultless server: {record['verdict']}\n")
        for entry in record["transcript"]:
            click.echo(f"    {entry['t']:8.4f} #{entry['peer']} {entry['dir']:<4} {printable(entry['text'])}")
        click.echo()


def _show_requirements(names: Sequence[str]) -> None:
    for name in names:
        asked = load_catalogue()[name]
        click.echo(f"\n  {name}  {asked.level} ({asked.basis}); broken, it is: {verdict_when_broken(asked)}")
        _show_text(asked.asks, "    ")
        if asked.not_testable:
            _show_text(f"Not testable: {asked.not_testable}", "    ")
        click.echo(f"    {asked.url}")


def _show_text(text: str, indent: str, hanging: str = "") -> None:
    click.echo(
        textwrap.fill(
            text,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent + hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
