"""What went over the wire in one attempt of a case, with times: the evidence under every verdict."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


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
