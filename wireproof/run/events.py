"""What happens in a run, as it happens. Every report is a fold over these.

As JSON, each has its name under ``event``, and under ``at`` the time at which it was told (RFC 3339, UTC).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins: ``tool`` and ``command`` as in the report, ``cases`` counts what was selected.

    ``seconds`` is about how long all of it takes with a quick server.
    """

    name: ClassVar[str] = "run-started"
    started: str
    tool: Mapping[str, str]
    command: tuple[str, ...]
    seed: int
    cases: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TargetProbed:
    """The target is known: ``target`` as in the report, ``causes`` why some way takes some of it away."""

    name: ClassVar[str] = "target-probed"
    target: Mapping[str, Any]
    routes: tuple[Mapping[str, Any], ...]
    causes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseStarted:
    """A case takes off; ``seconds`` is about how long it takes with a quick server."""

    name: ClassVar[str] = "case-started"
    id: str
    route: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CaseAdvanced:
    """A case that takes long has come so far: ``done`` is a part of the whole, from 0 to 1."""

    name: ClassVar[str] = "case-advanced"
    id: str
    route: str
    done: float


@dataclass(frozen=True, slots=True)
class CaseFinished:
    """A case is settled: ``case`` is its record as in the report."""

    name: ClassVar[str] = "case-finished"
    case: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TargetLost:
    """The target stopped accepting connections; ``suspects`` are the cases that were in the air."""

    name: ClassVar[str] = "target-lost"
    suspects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetBack:
    """The target accepts connections again."""

    name: ClassVar[str] = "target-back"


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over; ``complete`` tells whether every selected case has its verdict."""

    name: ClassVar[str] = "run-finished"
    finished: str
    duration_s: float
    complete: bool


Event = (
    RunStarted
    | TargetProbed
    | CaseStarted
    | CaseAdvanced
    | CaseFinished
    | TargetLost
    | TargetBack
    | RunFinished
)


def as_json(event: Event) -> dict[str, Any]:
    """The event as one JSON object, its name under ``event``."""
    return {"event": event.name, **{one.name: getattr(event, one.name) for one in fields(event)}}


class Reporter(Protocol):
    """Something that follows a run. It is given events as JSON objects in which no secret is left."""

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event; called from the lab's thread and from the main one, never from both at once."""
