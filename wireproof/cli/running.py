"""``wireproof run``: judge a target."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from wireproof.cli.formats import write_reports
from wireproof.cli.options import run_options
from wireproof.cli.progress import follow
from wireproof.cli.session import fly
from wireproof.errors import JournalError, UsageError
from wireproof.report import Fold, Report, exit_status
from wireproof.run.campaign import Campaign
from wireproof.run.choosing import settings_from
from wireproof.run.journal import JournalWriter, new_journal
from wireproof.run.known import unmatched
from wireproof.run.settings import Settings

INTERRUPTED = 130


@click.command("run")
@click.argument("url", required=False)
@run_options
def run_command(**options: Any) -> int:
    """Judge the server at URL (ws://, wss://, http://, https:// or unix:/path/of.sock)."""
    return run(options, sys.argv[1:])


def run(options: Mapping[str, Any], argv: Sequence[str]) -> int:
    """Run with *options*, write the reports, show the outcome and return the exit status."""
    settings = settings_from(options, argv)
    path = Path(options["journal"]) if options["journal"] else new_journal()
    journal, state = JournalWriter(path), _Following()
    campaign = Campaign(settings, (journal, state, *follow(options)))
    keyword = ("-k", options["keyword"]) if options["keyword"] else ()
    interrupted = False
    try:
        interrupted = fly(campaign, *keyword) == 2
    finally:
        campaign.close()
        journal.close()
    return _conclude(campaign, state, options, path, interrupted)


class _Following:
    """Folds the run's events into its report as they come."""

    def __init__(self) -> None:
        self.fold = Fold()

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        self.fold.take(event)


def _conclude(
    campaign: Campaign, state: _Following, options: Mapping[str, Any], journal: Path, interrupted: bool
) -> int:
    if campaign.problem is not None:
        raise type(campaign.problem)(campaign.redactor.text(str(campaign.problem)))
    if not campaign.expected and not interrupted:
        raise UsageError(
            "nothing selected: no case fits --case, -k, --shard, --intensity and --rerun-failed together"
        )
    try:
        report = state.fold.report()
    except JournalError:
        return INTERRUPTED
    write_reports(report, options)
    _show(report, campaign.settings, options)
    if interrupted or not report["complete"]:
        click.echo(f"The run was cut off. Its journal: {journal}", err=True)
    if interrupted:
        return INTERRUPTED
    stale = _stale(campaign.settings, report)
    for line in stale:
        click.echo(line, err=True)
    status = exit_status(report, fail_on_warn=campaign.settings.fail_on_warn)
    return 1 if stale and options["strict_known"] else status


def _show(report: Report, settings: Settings, options: Mapping[str, Any]) -> None:
    from wireproof.cli.terminal import show  # noqa: PLC0415  # rich takes long to load: not before the run

    show(report, settings.fail_on_warn, options["quiet"])


def _stale(settings: Settings, report: Report) -> list[str]:
    return unmatched(settings.known, report["cases"])
