"""``wireproof run``: judge a target."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest

from wireproof.cli.formats import write_reports
from wireproof.cli.options import run_options
from wireproof.cli.progress import follow
from wireproof.cli.session import fly
from wireproof.cli.stopping import INTERRUPTED, JournalNote, stoppable, tell_cut_off, told
from wireproof.content import load_drivers
from wireproof.errors import InternalError, JournalError, UsageError
from wireproof.report import Fold, Report, exit_status, sentence
from wireproof.run.campaign import Campaign
from wireproof.run.choosing import settings_from
from wireproof.run.continuing import settled_events
from wireproof.run.journal import JournalWriter, new_journal
from wireproof.run.known import unmatched
from wireproof.run.settings import Settings
from wireproof.wire.text import printable


@click.command("run", short_help="Judge the server at a URL.")
@click.argument("urls", nargs=-1, metavar="[URL]...")
@run_options
def run_command(urls: tuple[str, ...], **options: Any) -> int:
    """Judge the server at URL (ws://, wss://, http://, https:// or unix:/path/of.sock).

    Several URLs are nodes of one service.

    \b
    Exit status: 0 all that was tested is kept      3 the target can't be reached
                 1 it fails, in ways not known yet  4 something could not be judged
                 2 a mistake in the command         130 interrupted, also by SIGTERM
    """  # noqa: D301  # \b is what click takes for "leave these lines as they are"
    first, *others = urls or (None,)
    return run({**options, "url": first, "node": (*others, *options["node"])}, sys.argv[1:])


@dataclass(frozen=True, slots=True)
class Performance:
    """A run that has taken place: its report, whether it was interrupted, its settings and its journal."""

    report: Report
    interrupted: bool
    settings: Settings
    journal: Path


def run(options: Mapping[str, Any], argv: Sequence[str], again: str | None = None) -> int:
    """Run with *options*, write the reports, show the outcome and return the exit status.

    *again* is the command that shows one case again, with ``{case}`` and ``{seed}`` in it.
    """
    with stoppable():
        done = perform(options, argv, again)
        with told(done.journal):
            _tell(done, options)
    report = done.report
    if done.interrupted or not report["complete"]:
        tell_cut_off(done.journal)
    if done.interrupted:
        return INTERRUPTED
    stale = unmatched(done.settings.known, report["cases"])
    for line in stale:
        click.echo(printable(line), err=True)
    status = exit_status(report, fail_on_warn=done.settings.fail_on_warn)
    return 1 if stale and options["strict_known"] else status


def _tell(done: Performance, options: Mapping[str, Any]) -> None:
    # rich takes long to load: not before the run
    from wireproof.cli.terminal import show, show_briefly  # noqa: PLC0415

    write_reports(done.report, options)
    tell = show_briefly if options["quiet"] else show
    tell(done.report, sentence(done.report, fail_on_warn=done.settings.fail_on_warn))


def perform(options: Mapping[str, Any], argv: Sequence[str], again: str | None = None) -> Performance:
    """Run with *options*, from the probe to the last verdict; nothing is shown but progress.

    Raise `UsageError` or `TargetError` when nothing could run, and `click.Abort` when it was interrupted
    before there was anything to report.
    """
    settings = settings_from(options, argv)
    if again is not None:
        settings = replace(settings, reproduce=again)
    begun = [Path(options["continue"])] if options["continue"] else []
    path = Path(options["journal"]) if options["journal"] else new_journal(begun)
    journal, state = JournalWriter(path), _Following()
    keyword = ("-k", options["keyword"]) if options["keyword"] else ()
    # Where nobody watches, the run may end in a way that leaves no time to tell.
    note = () if options["quiet"] or options["journal"] or sys.stdout.isatty() else (JournalNote(path),)
    with told(path), closing(journal), follow(options) as shown:
        campaign = Campaign(settings, (journal, state, *shown, *note), load_drivers)
        with closing(campaign):
            status = fly(campaign, *keyword)
        nothing_left = bool(campaign.kept and not campaign.expected)
        if nothing_left:
            for event in settled_events(Path(options["continue"]), campaign.kept):
                journal.handle(event)
                state.handle(event)
    interrupted = status == pytest.ExitCode.INTERRUPTED
    if nothing_left:
        click.echo(f"Nothing is left to run: these are the verdicts in {options['continue']}.", err=True)
        return Performance(state.fold.report(), interrupted, settings, path)
    if campaign.problem is not None:
        raise type(campaign.problem)(campaign.redactor.text(str(campaign.problem)))
    if status == pytest.ExitCode.INTERNAL_ERROR:
        raise InternalError(f"this is a defect of wireproof itself; what there is of the run is in {path}")
    if status == pytest.ExitCode.USAGE_ERROR and options["keyword"]:
        raise UsageError(f"-k {options['keyword']!r} is no expression that pytest understands")
    if not campaign.expected and not interrupted:
        raise UsageError(
            "nothing selected: no case fits --case, -k, --protocol, --shard, --intensity and --rerun-failed "
            "together"
        )
    try:
        return Performance(state.fold.report(), interrupted, settings, path)
    except JournalError as exc:
        click.echo("The run was cut off before its first case.", err=True)
        raise click.Abort from exc


class _Following:
    """Folds the run's events into its report as they come."""

    def __init__(self) -> None:
        self.fold = Fold()

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        self.fold.take(event)
