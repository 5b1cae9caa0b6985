"""What happened in a simulated proxy: which request went to which node, and how that ended."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

KEPT = 10_000
"""Entries kept; older ones are only counted."""


@dataclass(slots=True)
class Entry:
    """One request, or one connection of a relay. It is filled in while it goes on."""

    number: int
    began: float
    """Seconds since the proxy started."""
    client: str
    asked: str
    """Method and target; empty in a relay."""
    node: str | None = None
    why: str = ""
    """What made the policy choose the node."""
    status: int | None = None
    """Of the response that the client was sent."""
    upgraded: bool = False
    to_client: int = 0
    to_node: int = 0
    """Bytes, without heads; in a tunnel, all that passed."""
    ended: float | None = None
    outcome: str = ""
    """How it ended, in words; empty while it goes on."""

    def __str__(self) -> str:
        """One line of evidence."""
        there = f"-> {self.node} ({self.why})" if self.node else "-> nobody"
        answer = [str(self.status)] if self.status else []
        passed = f"{self.to_node} B there, {self.to_client} B back"
        return " ".join(
            [
                f"{self.began:.3f}",
                f"#{self.number}",
                self.client,
                *filter(None, [self.asked]),
                there,
                *answer,
                f"[{passed}]",
                self.outcome or "still open",
            ]
        )


@dataclass(slots=True)
class Account:
    """All that went through one proxy since it started."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=KEPT))
    served: Counter[str] = field(default_factory=Counter)
    """How many requests (in a relay: connections) each node was given."""
    _count: int = 0
    _start: float = field(default_factory=time.monotonic)
    _waiting: list[tuple[Callable[[Account], object], asyncio.Future[None]]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self.entries))

    def __len__(self) -> int:
        return self._count

    def begin(self, client: str, asked: str = "") -> Entry:
        """Add an entry."""
        self._count += 1
        entry = Entry(self._count, self._now(), client, asked)
        self.entries.append(entry)
        self.changed()
        return entry

    def assign(self, entry: Entry, node: str, why: str) -> None:
        """Note which node was given the request."""
        entry.node, entry.why = node, why
        self.served[node] += 1
        self.changed()

    def take_back(self, entry: Entry) -> None:
        """Note that the node could not be reached."""
        if entry.node is not None:
            self.served[entry.node] -= 1
            entry.node, entry.why = None, ""
            self.changed()

    def end(self, entry: Entry, outcome: str) -> None:
        """Note how it ended; only the first word counts."""
        if entry.ended is None:
            entry.ended, entry.outcome = self._now(), outcome
            self.changed()

    def nodes(self) -> list[str | None]:
        """The node of each request, in order."""
        return [entry.node for entry in self.entries]

    def lines(self) -> list[str]:
        """All entries as text, to be shown as evidence."""
        return [str(entry) for entry in self.entries]

    async def until(self, holds: Callable[[Account], object]) -> None:
        """Wait until *holds* is true of this account. It is asked after each change."""
        if not holds(self):
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append((holds, waiter))
            await waiter

    def changed(self) -> None:
        """Wake up whoever waits for this."""
        if self._waiting:
            met = [one for one in self._waiting if one[1].done() or one[0](self)]
            self._waiting = [one for one in self._waiting if one not in met]
            for _, waiter in met:
                if not waiter.done():
                    waiter.set_result(None)

    def _now(self) -> float:
        return time.monotonic() - self._start
