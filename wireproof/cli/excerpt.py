"""The part of a transcript that a terminal has room for: what is accused, and what led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wireproof.transcript import is_aside

LINES = 8
_BEHIND = 2  # of these


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
    told = (finding.get("at") for finding in case["findings"])
    marked = next((at for at in told if at is not None and at < len(entries)), None)
    telling = [at for at, entry in enumerate(entries) if not is_aside(entry["text"])]
    if len(entries) <= LINES:
        shown = list(range(len(entries)))
    elif marked is None:
        shown = (telling or list(range(len(entries))))[-LINES:]
    else:
        behind = [at for at in telling if at > marked][:_BEHIND]
        before = [at for at in telling if at < marked][len(behind) + 1 - LINES :]
        shown = [*before, marked, *behind]
    hidden = len(entries) - len(shown)
    return Excerpt(tuple(shown), marked, hidden, not set(telling) - set(shown))
