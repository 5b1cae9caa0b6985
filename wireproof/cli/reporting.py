"""``wireproof report``: make reports of a journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from wireproof.cli.completing import files
from wireproof.cli.formats import format_options, write_reports
from wireproof.report import exit_status, fold, sentence
from wireproof.run.journal import read_journal


@click.command("report", short_help="Make reports of a run's journal.")
@click.argument("journal", shell_complete=files)
@format_options
@click.option("--quiet", "-q", is_flag=True, help="Show only the closing lines.")
def report_command(journal: str, quiet: bool, **options: Any) -> int:
    """Make reports of the journal of a run, whole or cut off."""
    from wireproof.cli.terminal import show, show_briefly  # noqa: PLC0415

    report = fold(read_journal(Path(journal)))
    write_reports(report, options)
    (show_briefly if quiet else show)(report, sentence(report))
    return exit_status(report)
