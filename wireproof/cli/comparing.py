"""``wireproof compare``, ``baseline`` and ``matrix``: work on reports that are there already."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from wireproof.cli.completing import files
from wireproof.compare import SLOWER_BY, SLOWER_FROM, Change, Difference, baseline, compare, join
from wireproof.content import prepare_content
from wireproof.errors import JournalError, UsageError
from wireproof.report import SCHEMA, Report
from wireproof.verdict import Verdict
from wireproof.wire.text import printable


def read_report(path: str) -> Report:
    """The report in the file *path*; raise `JournalError` when it is none."""
    try:
        report = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise JournalError(f"{path} can't be read: {exc}") from exc
    if not isinstance(report, dict) or report.get("schema") != SCHEMA:
        raise JournalError(f"{path} is no report of wireproof ({SCHEMA} is expected)")
    return report


WIDTH = 80
MOST = 20  # changes of one kind that are told one by one
_DURATIONS = (Change.SLOWER, Change.FASTER)


@click.command("compare", short_help="Tell what changed from one report to another.")
@click.argument("old", shell_complete=files)
@click.argument("new", shell_complete=files)
def compare_command(old: str, new: str) -> int:
    """Tell what changed from the JSON report OLD to NEW; exit 1 on a regression."""
    before, after = read_report(old), read_report(new)
    if before["tool"]["suites"] != after["tool"]["suites"]:
        click.echo(f"The suites changed from {before['tool']['suites']} to {after['tool']['suites']}.")
    found = compare(before, after)
    for change in (one for one in Change if one not in _DURATIONS):
        some = [difference for difference in found if difference.change is change]
        if some:
            click.echo(f"{change} ({len(some)})")
            _show(some[:MOST])
        if len(some) > MOST:
            click.echo(f"    … and {len(some) - MOST} more")
    if timed := [difference for difference in found if difference.change in _DURATIONS]:
        click.echo(textwrap.fill(printable(_durations(timed)), WIDTH, break_long_words=False))
    regressions = sum(difference.is_regression for difference in found)
    counted = f"{regressions or 'No'} regression{'' if regressions == 1 else 's'}"
    click.echo(f"{counted} in {len(after['cases'])} cases." if found else "Nothing changed.")
    return 1 if regressions else 0


def _durations(differences: Sequence[Difference]) -> str:
    """One sentence on what takes another time than before, which may be the load of either moment."""
    slower = sum(difference.change is Change.SLOWER for difference in differences)
    told = [f"{count} {word}" for count, word in ((slower, "slower"), (len(differences) - slower, "faster"))]
    _, name, before, after = max(
        (abs(after["duration_s"] - before["duration_s"]), one.case, before["duration_s"], after["duration_s"])
        for one in differences
        if (before := one.before) is not None and (after := one.after) is not None
    )
    counted = " and ".join(text for text in told if not text.startswith("0 "))
    much = f"{SLOWER_BY:g} times and {SLOWER_FROM:g} s or more"
    return f"By {much}: {counted}, above all {name}, {before:.2f} s, now {after:.2f} s."


def _show(differences: Sequence[Difference]) -> None:
    """Those to which the same happened, together."""
    groups: dict[str, list[str]] = {}
    for one in differences:
        name = one.case + ("" if one.route == "direct" else f" via {one.route}")
        groups.setdefault(_what(one), []).append(name)
    for what, names in groups.items():
        click.echo(textwrap.fill(printable(what), WIDTH, initial_indent="  ", subsequent_indent="    "))
        for name in names:
            click.echo(f"    {printable(name)}")


def _what(difference: Difference) -> str:
    before, after = difference.before, difference.after
    if before is None or after is None:
        return str((after or before or {})["verdict"])
    seen = after["observed"] or after["reason"].partition("\n")[0]
    return f"{before['verdict']}, now {after['verdict']}" + (f": {seen}" if seen else "")


@click.command("baseline", short_help="Write a report's failures as a file for --known.")
@click.argument("report", shell_complete=files)
@click.option("--fail-on", type=click.Choice(["warn"]), help="Write warnings down, too.")
def baseline_command(report: str, fail_on: str | None) -> None:
    """Write the failures in the JSON REPORT as a file for --known (to standard output)."""
    verdicts = (Verdict.FAIL, Verdict.WARN) if fail_on == "warn" else (Verdict.FAIL,)
    for line in baseline(read_report(report), verdicts):
        click.echo(line)


@click.command("matrix", short_help="Join the reports of several servers into one page.")
@click.argument("reports", nargs=-1, required=True, metavar="[NAME=]REPORT...", shell_complete=files)
@click.option("--html", metavar="FILE", help="Write an HTML page here.", shell_complete=files)
@click.option("--markdown", metavar="FILE", help="Write a Markdown page here.", shell_complete=files)
def matrix_command(reports: tuple[str, ...], html: str | None, markdown: str | None) -> None:
    """Join several JSON reports (servers, routes) into one page; NAME stands for its target there.

    Without a file to write, the Markdown page goes to standard output.
    """
    prepare_content()
    named = [_named(word) for word in reports]
    joined = join([read_report(path) for _, path in named], [name for name, _ in named])
    renderer = import_module("wireproof.bundle.reports.side_by_side")
    for path, render in ((html, renderer.html), (markdown, renderer.markdown)):
        if path:
            try:
                Path(path).write_text(render(joined), encoding="utf-8")
            except OSError as exc:
                raise UsageError(f"{path}: {exc.strerror}") from exc
    if not html and not markdown:
        click.echo(renderer.markdown(joined), nl=False)


def _named(word: str) -> tuple[str, str]:
    """The name and the path in ``NAME=REPORT``; a file that is called so keeps its ``=``."""
    name, sign, path = word.partition("=")
    return (name, path) if sign and not Path(word).exists() else ("", word)
