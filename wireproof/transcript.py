"""What went over the wire in one attempt of a case, with times: the evidence under every verdict."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain


class Direction(StrEnum):
    """Seen from the harness."""

    OUT = "out"
    IN = "in"
    NOTE = "note"


class Kind(StrEnum):
    """The layer that an entry speaks of."""

    TCP = "tcp"
    HTTP = "http"
    FRAME = "frame"
    PACKET = "packet"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. ``t`` is in seconds since the transcript began; ``size`` counts bytes before any cut."""

    t: float
    peer: int
    direction: Direction
    kind: Kind
    text: str
    data: bytes | None = None
    size: int = 0


_QUESTION = r'"4?([04]/)?wireproof-\d+(,((?!\\x1e).)*)?"'  # to the application, and its answer
_ASIDE = re.compile(
    r'(ping|pong) \[\d+\] "wireproof-\d+"'
    rf"|(text \[\d+\]|message) {_QUESTION}( and \d+ bytes more)?"
    rf'|("POST .* with|200 OK) \d+ bytes {_QUESTION}'
    r'|ping|pong|(text \[1\]|"POST .* with 1 bytes|200 OK 1 bytes) "[23]"'  # Engine.IO's heartbeat
    r'|"GET \S*transport=polling\S*sid=\S* HTTP/1\.1"|200 OK 2 bytes "ok"',  # and what long-polling needs
    re.DOTALL,
)


def is_aside(text: str) -> bool:
    """Whether the *text* of an entry tells of a sign of life or of housekeeping, and of nothing else."""
    return _ASIDE.fullmatch(text) is not None


@dataclass(slots=True)
class Transcript:
    """Entries in order, within bounds: long data keeps its start, long transcripts their start and end.

    ``data_limit`` is in bytes for each entry, ``head_limit`` and ``tail_limit`` count entries.
    """

    data_limit: int = 4096
    head_limit: int = 1000
    tail_limit: int = 200
    clock: Callable[[], float] = time.monotonic
    dropped: int = 0
    _began: float = 0.0
    _head: list[Entry] = field(default_factory=list)
    _tail: deque[Entry] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def add(self, peer: int, direction: Direction, kind: Kind, text: str, data: bytes | None = None) -> None:
        """Record one event that happens now."""
        kept = None if data is None else bytes(data[: self.data_limit])
        entry = Entry(self.clock() - self._began, peer, direction, kind, text, kept, len(data or b""))
        if len(self._head) < self.head_limit:
            self._head.append(entry)
            return
        self._tail.append(entry)
        if len(self._tail) > self.tail_limit:
            self._tail.popleft()
            self.dropped += 1

    def entries(self) -> Iterator[Entry]:
        """What was recorded, with a note where entries were left out."""
        yield from self._head
        if self.dropped:
            text = f"{self.dropped} entries left out"
            yield Entry(self._tail[0].t, 0, Direction.NOTE, Kind.TCP, text)
        yield from self._tail

    def came_last(self, told: str | None = None) -> Entry | None:
        """The entry that shows what was just judged: the last one that did not go out and has *told* in it.

        Without *told*, or where no entry has it, that is the last one that came behind what was last sent,
        rather than a sign of life. The empty text stands for nothing at all.
        """
        if told == "":
            return None
        recorded = list(chain(self._head, self._tail))[::-1]
        if told is not None:
            for entry in recorded:
                if entry.direction is not Direction.OUT and told in entry.text:
                    return entry
        return _last_answer(recorded)


def _last_answer(latest_first: list[Entry]) -> Entry | None:
    sign: Entry | None = None
    sent = False
    for entry in latest_first:
        if entry.direction is Direction.IN:
            if sent or not is_aside(entry.text):
                return entry
            sign = sign or entry
        elif entry.direction is Direction.OUT and not is_aside(entry.text):
            if sign is not None:
                break
            sent = True
    return sign
