"""The report formats as options: whatever reports/ offers, the command line has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from wireproof.cli.completing import files
from wireproof.content import prepare_content
from wireproof.errors import UsageError
from wireproof.report import Report

F = TypeVar("F", bound=Callable[..., Any])
prepare_content()


def _formats() -> tuple[Any, ...]:
    return tuple(import_module("wireproof.bundle.reports").FORMATS)


def format_options(function: F) -> F:
    """Add an option for each format."""
    for fmt in reversed(_formats()):
        function = click.option(
            f"--{fmt.option}", metavar="FILE", help=f"Write {fmt.help}.", shell_complete=files
        )(function)
    return function


def write_reports(report: Report, options: Mapping[str, Any]) -> None:
    """Write every format that was asked for; raise `UsageError` when a file can't be written."""
    for fmt in _formats():
        if not options.get(fmt.option):
            continue
        module = import_module(f"wireproof.bundle.reports.{fmt.module}")
        content = module.render(report)
        path = Path(options[fmt.option])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        except OSError as exc:
            raise UsageError(f"--{fmt.option} {path}: {exc.strerror}") from exc
