"""A run that was cut off, as its journal tells it: what a new run may take over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wireproof import SUITES_VERSION
from wireproof.errors import UsageError
from wireproof.run.journal import read_journal
from wireproof.verdict import Verdict

_AGAIN = (Verdict.INCONCLUSIVE, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Begun:
    """The verdicts and the seed of a run that was begun; by default of none."""

    seed: int | None = None
    cases: tuple[Mapping[str, Any], ...] = ()


def read_begun(path: Path, url: str) -> Begun:
    """What *path*, the journal of a run against *url* (its secrets hidden), has settled.

    Cases that could not be judged are left out: these fly again. Raise `JournalError` for what is no
    journal, and `UsageError` for one of another target or of other suites.
    """
    events = list(read_journal(path))
    started = next((event for event in events if event["event"] == "run-started"), None)
    if started is None:
        raise UsageError(f"--continue {path}: nothing had begun")
    if (suites := started["tool"]["suites"]) != SUITES_VERSION:
        raise UsageError(f"--continue {path}: it is of the suites {suites}, and these are {SUITES_VERSION}")
    targets = {event["target"]["url"] for event in events if event["event"] == "target-probed"}
    if targets - {url}:
        raise UsageError(f"--continue {path}: it is about {', '.join(sorted(targets))}")
    cases = [event["case"] for event in events if event["event"] == "case-finished"]
    return Begun(started["seed"], tuple(case for case in cases if case["verdict"] not in _AGAIN))


def settled_events(path: Path, cases: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The events of the run in the journal *path*, as if *cases*, which are settled, had been all of it."""
    events = list(read_journal(path))
    for event in events:
        if event["event"] == "run-started":
            yield event | {"cases": len(cases)}
        elif event["event"] == "target-probed":
            yield event
    yield from ({"event": "case-finished", "case": dict(case)} for case in cases)
    end = {"event": "run-finished", "finished": events[-1].get("at", events[0].get("started", ""))}
    told = next((event for event in reversed(events) if event["event"] == "run-finished"), None)
    seconds = sum(case["duration_s"] for case in cases)
    yield (told or end | {"duration_s": seconds}) | {"complete": True}
