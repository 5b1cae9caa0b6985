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
    RunOption(
        "header",
        "Send this header with every request; as VALUE, @FILE reads a file. Repeatable.",
        Shape.TEXTS,
        _T,
        "'NAME: VALUE'",
    ),
    RunOption("cookie", "Send this cookie; @FILE reads a file. Repeatable.", Shape.TEXTS, _T, "NAME=VALUE"),
    RunOption("origin", "Send this Origin, as browsers do.", metavar="ORIGIN"),
    RunOption("subprotocol", "Offer this subprotocol. Repeatable.", Shape.TEXTS, _T, "NAME"),
    RunOption("ca", "Trust the authorities in this PEM file alone [default: the system's].", metavar="FILE"),
    RunOption("client-cert", "Show this certificate (PEM) to a server that asks for one.", metavar="FILE"),
    RunOption("client-key", "The key of --client-cert (PEM), where it has its own file.", metavar="FILE"),
    RunOption("insecure", "Accept any certificate.", Shape.FLAG),
    RunOption("sni", "Ask for this name in TLS [default: the URL's host].", metavar="NAME"),
    RunOption(
        "profile",
        "Read what is particular about the server here (TOML) [default: ./wireproof.toml, if there is one].",
        metavar="FILE",
    ),
    RunOption(
        "assume",
        "Take it that the server can do this, without probing. Repeatable.",
        Shape.TEXTS,
        _T,
        "CAPABILITY",
    ),
    RunOption(
        "without",
        "Take it that the server can't do this, without probing. Repeatable.",
        Shape.TEXTS,
        _T,
        "CAPABILITY",
    ),
    RunOption(
        "node", "Another node of the same service, as a further URL is. Repeatable.", Shape.TEXTS, _T, "URL"
    ),
    RunOption(
        "via",
        "Start this proxy and run all cases through it as well, as in nginx, haproxy:cookie or "
        "nginx+haproxy; `wireproof routes` shows them. Repeatable.",
        Shape.TEXTS,
        _T,
        "NAME[:SETTING,…][+NAME…]",
    ),
    RunOption(
        "direct", "The server itself, where a proxy of your own stands at the target's URL.", metavar="URL"
    ),
    RunOption(
        "program",
        "The program of a proxy for --via; NAME=path takes the one on PATH. Repeatable.",
        Shape.TEXTS,
        _T,
        "NAME=PATH",
    ),
    RunOption(
        "socketio-path", "Where Engine.IO and Socket.IO are served [default: /socket.io/].", metavar="PATH"
    ),
    RunOption("start", "Start the target, and again when a case ends it.", metavar="COMMAND"),
    RunOption(
        "ready",
        "With --start: the target is ready when this answers (http://…, tcp://…, unix:…), or when it prints "
        "this (line:REGEX) [default: when its URL accepts connections].",
        metavar="URL",
    ),
    RunOption(
        "case",
        "Run this case, or those that a glob means (brackets are literal); `wireproof list` shows all. "
        "Repeatable.",
        Shape.TEXTS,
        _S,
        "ID",
    ),
    RunOption(
        "protocol",
        "Judge only this protocol [default: all that the target speaks]. Repeatable.",
        Shape.TEXTS,
        _S,
        choices=PROTOCOLS,
    ),
    RunOption(
        "intensity",
        "How hard to be on the target [default: normal on this machine, gentle elsewhere].",
        group=_S,
        choices=tuple(str(intensity) for intensity in Intensity),
    ),
    RunOption(
        "rerun-failed",
        "Run only what did not pass in this JSON report (fail, warn, inconclusive, error).",
        group=_S,
        metavar="REPORT",
    ),
    RunOption(
        "continue",
        "Keep the verdicts in this journal of a run that was cut off, and run what is missing.",
        group=_S,
        metavar="JOURNAL",
    ),
    RunOption("shard", "Run the K-th of N parts of the cases, as in 1/4.", group=_S, metavar="K/N"),
    RunOption(
        "concurrency",
        "Cases in flight at once, at most [default: 96, or 4 when gentle].",
        Shape.COUNT,
        _P,
        "N",
        least=1,
    ),
    RunOption(
        "case-timeout", "Deadline of each case, in seconds.", Shape.NUMBER, _P, "SECONDS", (), 0.1, 10.0
    ),
    RunOption(
        "patience",
        "Measure the server's time-outs too; wait at most so many seconds [default: none is measured, 120].",
        Shape.NUMBER,
        _P,
        "SECONDS",
        least=0.1,
    ),
    RunOption(
        "rate",
        "New connections a second, at most [default: 20 when gentle, else no limit].",
        Shape.NUMBER,
        _P,
        "N",
        least=0.1,
    ),
    RunOption(
        "seed", "Seed of all that is random [default: a new one, which reports tell].", Shape.COUNT, _P, "N"
    ),
    RunOption(
        "fail-on", "Exit 1 on warnings too, but for those that are known.", group=_V, choices=("warn",)
    ),
    RunOption(
        "known",
        "Failures to live with (TOML); `wireproof baseline` writes such a file. Repeatable.",
        Shape.TEXTS,
        _V,
        "FILE",
    ),
    RunOption(
        "journal",
        "Write the run's events here as they come [default: below ~/.cache].",
        group=_V,
        metavar="FILE",
    ),
)
