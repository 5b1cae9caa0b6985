"""The options of a run, in groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from wireproof.cli.formats import format_options

F = TypeVar("F", bound=Callable[..., Any])

_TARGET = (
    click.option(
        "--header",
        "-H",
        multiple=True,
        metavar="'NAME: VALUE'",
        help="Add a header; VALUE @FILE reads a file.",
    ),
    click.option("--cookie", multiple=True, metavar="NAME=VALUE", help="Add a cookie (or @FILE)."),
    click.option("--origin", help="Send this Origin."),
    click.option("--subprotocol", multiple=True, help="Offer this subprotocol."),
    click.option("--ca", metavar="FILE", help="Trust the authorities in this PEM file."),
    click.option("--client-cert", metavar="FILE", help="Show this certificate (PEM)."),
    click.option("--client-key", metavar="FILE", help="The certificate's key, where it has its own file."),
    click.option("--insecure", is_flag=True, help="Accept any certificate."),
    click.option("--sni", metavar="NAME", help="Ask for this name in TLS."),
    click.option("--profile", metavar="FILE", help="What is to be known of the server [./wireproof.toml]."),
    click.option("--assume", multiple=True, metavar="CAPABILITY", help="The server can: do not probe."),
    click.option("--without", multiple=True, metavar="CAPABILITY", help="The server can't: do not probe."),
    click.option("--start", metavar="COMMAND", help="Start the target, and again when a case kills it."),
    click.option(
        "--ready",
        metavar="URL",
        help="With --start: ready when this answers (http://…, tcp://…, unix:…, line:REGEX).",
    ),
)
_SELECTION = (
    click.option("--case", multiple=True, metavar="ID", help="Run this case (a glob; brackets are literal)."),
    click.option("-k", "keyword", metavar="EXPRESSION", help="Run what pytest's -k selects."),
    click.option(
        "--protocol", multiple=True, type=click.Choice(["websocket"]), help="Judge only this protocol."
    ),
    click.option(
        "--intensity",
        type=click.Choice(["gentle", "normal", "harsh"]),
        help="How hard to be [normal on this machine, gentle elsewhere].",
    ),
    click.option("--rerun-failed", metavar="REPORT", help="Run only what did not pass in this JSON report."),
    click.option("--shard", metavar="K/N", help="Run the K-th of N parts."),
)
_PACE = (
    click.option("--concurrency", type=click.IntRange(1, 1000), help="Cases in flight at once."),
    click.option(
        "--case-timeout",
        type=click.FloatRange(0.1, 3600),
        default=10.0,
        show_default=True,
        metavar="SECONDS",
        help="Deadline of each case.",
    ),
    click.option(
        "--rate", type=click.FloatRange(0.1), metavar="N", help="New connections a second, at most."
    ),
    click.option("--seed", type=int, help="For everything that is random."),
)
_VERDICT = (
    click.option("--fail-on", type=click.Choice(["warn"]), help="Exit 1 on warnings too."),
    click.option("--known", multiple=True, metavar="FILE", help="Failures that are known (TOML)."),
    click.option(
        "--strict-known", is_flag=True, help="Exit 1 when a known failure is no longer as described."
    ),
    click.option("--journal", metavar="FILE", help="Write the journal here."),
    click.option("--verbose", "-v", is_flag=True, help="Show every verdict as it comes."),
    click.option("--quiet", "-q", is_flag=True, help="Show only the closing lines."),
)


def run_options(function: F) -> F:
    """Add the options of a run, but for its URL."""
    for option in reversed((*_TARGET, *_SELECTION, *_PACE, *_VERDICT)):
        function = option(function)
    return format_options(function)
