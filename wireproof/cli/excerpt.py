"""The part of a transcript that a terminal has room for: what is accused, and what led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wireproof.report import evidence
from wireproof.transcript import is_aside

LINES = 8
_BEHIND = 2  # of these
_OWN = 4  # of these, at least, where there are so many


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The places of the entries to show; ``marked`` is that of the one that shows what is accused.

    ``hidden`` are all others, and ``dull`` tells whether these are but signs of life and housekeeping.
    """

    shown: tuple[int, ...]
    marked: int | None
    hidden: int
    dull: bool

    @property
    def rest(self) -> str:
        """What is not shown, in words; empty when there is nothing."""
        if not self.hidden:
            return ""
        return f"… {self.hidden} more{', pings and the like' if self.dull else ''}: in --html and --json"


def excerpt(case: Mapping[str, Any]) -> Excerpt:
    """What to show of the transcript of *case*: all of it where that is short."""
    entries: Sequence[Mapping[str, Any]] = case["transcript"]
    marked = next((at for at in evidence(case) if at < len(entries)), None)
    telling = [at for at, entry in enumerate(entries) if not is_aside(entry["text"])]
    if len(entries) <= LINES:
        shown = list(range(len(entries)))
    elif marked is None:
        shown = (telling or list(range(len(entries))))[-LINES:]
    else:
        shown = _around(marked, telling, entries)
    hidden = len(entries) - len(shown)
    return Excerpt(tuple(shown), marked, hidden, not set(telling) - set(shown))


def _around(marked: int, telling: Sequence[int], entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """What led to the one that is marked, above all on its own connection, and a little of what followed."""
    own = (0, entries[marked]["peer"])
    behind = [at for at in telling if at > marked and entries[at]["peer"] in own][:_BEHIND]
    room = LINES - 1 - len(behind)
    before = [at for at in telling if at < marked]
    first = [at for at in before if entries[at]["peer"] in own][-_OWN:]
    others = [at for at in before if at not in first]
    return sorted([*others[max(0, len(others) + len(first) - room) :], *first, marked, *behind])
