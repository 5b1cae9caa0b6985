"""The options of a run as the command line has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from wireproof.cli.completing import completer
from wireproof.cli.formats import format_options
from wireproof.run.options import RUN_OPTIONS, RunOption, Shape

F = TypeVar("F", bound=Callable[..., Any])

_SHORT = {"header": ["-H"]}
_HERE_ONLY = (
    click.option(
        "-k",
        "keyword",
        metavar="EXPRESSION",
        help="Run the cases whose names fit, as in 'close and not reason' (pytest's -k).",
    ),
    click.option(
        "--strict-known", is_flag=True, help="Exit 1 when a known failure is no longer as described."
    ),
    click.option("--verbose", "-v", is_flag=True, help="Show every verdict as it comes."),
    click.option("--quiet", "-q", is_flag=True, help="Show only the closing lines."),
)


def run_options(function: F) -> F:
    """Add the options of a run, but for its URL."""
    for option in reversed((*map(_option, RUN_OPTIONS), *_HERE_ONLY)):
        function = option(function)
    return format_options(function)


def default_options() -> dict[str, Any]:
    """The options of a run when none is given."""
    return {
        "url": None,
        **{option.key: option.empty for option in RUN_OPTIONS},
        "keyword": None,
        "strict_known": False,
        "verbose": False,
        "quiet": False,
    }


def _option(option: RunOption) -> Callable[[F], F]:
    kind: click.ParamType[Any] | None = None
    if option.choices:
        kind = click.Choice(option.choices)
    elif option.shape is Shape.COUNT:
        kind = click.INT if option.least is None else click.IntRange(min=int(option.least))
    elif option.shape is Shape.NUMBER:
        kind = click.FloatRange(min=option.least)
    return click.option(
        f"--{option.name}",
        *_SHORT.get(option.name, []),
        help=option.help,
        type=kind,
        metavar=option.metavar,
        multiple=option.shape is Shape.TEXTS,
        is_flag=option.shape is Shape.FLAG,
        default=option.empty,
        show_default=option.default is not None,
        shell_complete=completer(option.name, option.metavar),
    )
