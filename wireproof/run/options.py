"""The options of a run, as data: the command line and the pytest plugin make theirs from one table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from wireproof.case import Intensity
from wireproof.target import PROTOCOLS


class Group(Enum):
    """What an option is about."""

    TARGET = "target"
    SELECTION = "selection"
    PACE = "pace"
    VERDICT = "verdict"


class Shape(Enum):
    """What an option takes."""

    TEXT = "one text"
    TEXTS = "a text each time it is given"
    COUNT = "a whole number"
    NUMBER = "a number"
    FLAG = "nothing"


@dataclass(frozen=True, slots=True)
class RunOption:
    """One option; ``name`` is its long name without dashes, ``least`` the smallest number it takes."""

    name: str
    help: str
    shape: Shape = Shape.TEXT
    group: Group = Group.TARGET
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    least: float | None = None
    default: Any = None

    @property
    def key(self) -> str:
        """The name as Python writes it."""
        return self.name.replace("-", "_")

    @property
    def empty(self) -> Any:
        """The value when it is not given."""
        return {Shape.TEXTS: (), Shape.FLAG: False}.get(self.shape, self.default)


_T, _S, _P, _V = Group.TARGET, Group.SELECTION, Group.PACE, Group.VERDICT

RUN_OPTIONS = (
    RunOption("header", "Add a header; VALUE @FILE reads a file.", Shape.TEXTS, _T, "'NAME: VALUE'"),
    RunOption("cookie", "Add a cookie (or @FILE).", Shape.TEXTS, _T, "NAME=VALUE"),
    RunOption("origin", "Send this Origin."),
    RunOption("subprotocol", "Offer this subprotocol.", Shape.TEXTS),
    RunOption("ca", "Trust the authorities in this PEM file.", metavar="FILE"),
    RunOption("client-cert", "Show this certificate (PEM).", metavar="FILE"),
    RunOption("client-key", "The certificate's key, where it has its own file.", metavar="FILE"),
    RunOption("insecure", "Accept any certificate.", Shape.FLAG),
    RunOption("sni", "Ask for this name in TLS.", metavar="NAME"),
    RunOption("profile", "What is to be known of the server [./wireproof.toml].", metavar="FILE"),
    RunOption("assume", "The server can: do not probe.", Shape.TEXTS, _T, "CAPABILITY"),
    RunOption("without", "The server can't: do not probe.", Shape.TEXTS, _T, "CAPABILITY"),
    RunOption("node", "Another node of the same service.", Shape.TEXTS, _T, "URL"),
    RunOption("via", "Run through this too: NAME[:SETTING,…][+NAME…].", Shape.TEXTS, _T, "ROUTE"),
    RunOption("direct", "What lies behind the URL, where something stands between.", metavar="URL"),
    RunOption("program", "Where a proxy's program is; NAME=path: on PATH.", Shape.TEXTS, _T, "NAME=PATH"),
    RunOption("socketio-path", "Where Engine.IO is served [/socket.io/].", metavar="PATH"),
    RunOption("start", "Start the target, and again when a case kills it.", metavar="COMMAND"),
    RunOption(
        "ready",
        "With --start: ready when this answers (http://…, tcp://…, unix:…, line:REGEX).",
        metavar="URL",
    ),
    RunOption("case", "Run this case (a glob; brackets are literal).", Shape.TEXTS, _S, "ID"),
    RunOption("protocol", "Judge only this protocol.", Shape.TEXTS, _S, choices=PROTOCOLS),
    RunOption(
        "intensity",
        "How hard to be [normal on this machine, gentle elsewhere].",
        group=_S,
        choices=tuple(str(intensity) for intensity in Intensity),
    ),
    RunOption("rerun-failed", "Run only what did not pass in this JSON report.", group=_S, metavar="REPORT"),
    RunOption(
        "continue",
        "Take the verdicts from this journal of a run that was cut off, and run what is missing.",
        group=_S,
        metavar="JOURNAL",
    ),
    RunOption("shard", "Run the K-th of N parts.", group=_S, metavar="K/N"),
    RunOption("concurrency", "Cases in flight at once.", Shape.COUNT, _P, least=1),
    RunOption(
        "case-timeout", "Deadline of each case, in seconds.", Shape.NUMBER, _P, least=0.1, default=10.0
    ),
    RunOption(
        "patience",
        "Measure time-outs too, and wait so many seconds for each.",
        Shape.NUMBER,
        _P,
        "SECONDS",
        least=0.1,
    ),
    RunOption("rate", "New connections a second, at most.", Shape.NUMBER, _P, least=0.1),
    RunOption("seed", "For everything that is random.", Shape.COUNT, _P),
    RunOption("fail-on", "Exit 1 on warnings too.", group=_V, choices=("warn",)),
    RunOption("known", "Failures that are known (TOML).", Shape.TEXTS, _V, "FILE"),
    RunOption("journal", "Write the journal here.", group=_V, metavar="FILE"),
)
