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
_ALIKE = 20  # letters at the beginning by which entries are taken for repetitions


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
    else:
        shown = _around(marked, telling or range(len(entries)), entries)
    hidden = len(entries) - len(shown)
    return Excerpt(tuple(shown), marked, hidden, not set(telling) - set(shown))


def _around(marked: int | None, telling: Sequence[int], entries: Sequence[Mapping[str, Any]]) -> list[int]:
    """What led to the one that is marked, or to the end, and a little of what followed.

    First of all what was sent last; then what came on its own connection, then on others. What repeats goes
    last: a server that sends much by itself would leave no room for anything else.
    """
    end = len(entries) if marked is None else marked
    own = {entry["peer"] for entry in entries} if marked is None else {0, entries[marked]["peer"]}
    near = {at for at in telling if entries[at]["peer"] in own}
    behind = [at for at in telling if at > end and at in near][:_BEHIND]
    before = [at for at in reversed(telling) if at < end]
    seen = set() if marked is None else {_likeness(entries[marked])}
    again = set[int]()
    for at in before:
        if (like := _likeness(entries[at])) in seen:
            again.add(at)
        seen.add(like)
    sent = [at for at in before if entries[at]["dir"] == "out"]
    ranked = ([at for at in sent if at in near] or sent)[:1]
    for alike in (set(before) - again, again):
        those = [at for at in before if at in alike]
        ranked += [*[at for at in those if at in near][:_OWN], *those]
    kept = list(dict.fromkeys(ranked))[: LINES - len(behind) - (marked is not None)]
    return sorted([*kept, *behind, *([] if marked is None else [marked])])


def _likeness(entry: Mapping[str, Any]) -> tuple[object, ...]:
    """What repetitions have in common."""
    return entry["peer"], entry["dir"], entry["text"][:_ALIKE]
