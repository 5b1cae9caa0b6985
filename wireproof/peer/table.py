"""Tables in one case: every row is tried, and what breaks is told with the names of its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeVar

from wireproof.attempt import Attempt, Broken, Expectation
from wireproof.peer.peers import Maker, Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.verdict import Finding
from wireproof.wire.websocket import Frame

T = TypeVar("T")


class Openable(Protocol):
    """What a table opens for each row: a peer of any kind."""

    attempt: Attempt

    @property
    def is_over(self) -> bool:
        """Whether the server can tell it nothing more."""

    def open(self) -> Coroutine[Any, Any, object]:
        """Open it as an ordinary client does."""

    def discard(self) -> None:
        """Give it up, without waiting for anything."""


P = TypeVar("P", bound=Openable)

WIDTH = 8  # connections that one table has under way at once
ENOUGH = 12  # broken rows after which no more are tried
NAMED = 4  # rows named in one sentence


async def each_row(
    attempt: Attempt,
    peers: Maker[P],
    rows: Mapping[str, T],
    check: Callable[[P, T], Awaitable[None]],
    *,
    opening: Callable[[P], Awaitable[object]] | None = None,
    width: int = WIDTH,
    enough: int = ENOUGH,
) -> None:
    """Await *check* for every row, each with an open peer of its own; note what breaks, by rows.

    *opening* opens a peer, `open` by default. At most *width* are under way at once, and no more rows are
    tried once *enough* are broken.
    """
    table = _Table(attempt, peers, check, iter(rows.items()), opening, enough)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(1 if peers.single else min(width, len(rows))):
                group.create_task(table.work())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    finally:
        table.conclude()


async def expect_all_accepted(peers: Peers, rows: Mapping[str, tuple[Frame, ...]]) -> None:
    """Demand that one connection takes the messages of all rows; name the first one that is refused."""
    peer = peers()
    await peer.open()
    peer.send(*(frame for frames in rows.values() for frame in frames))
    try:
        await _expect_steady(peer)
    except Broken:
        await _find_refused(peers(), rows)


async def expect_echoes(peer: WebSocketPeer, rows: Mapping[str, tuple[Frame, ...]]) -> None:
    """Demand the message of every row back, on one connection that is open."""
    peer.send(*(frame for frames in rows.values() for frame in frames))
    for name, frames in rows.items():
        with named(name):
            await peer.expect_echo(frames[0].opcode, b"".join(frame.payload for frame in frames))  # type: ignore[arg-type]


@contextmanager
def named(row: str) -> Iterator[None]:
    """Tell the row's name with what breaks inside."""
    try:
        yield
    except Broken as broken:
        raise Broken(_with_rows(broken.finding, row)) from None


async def _find_refused(peer: WebSocketPeer, rows: Mapping[str, tuple[Frame, ...]]) -> None:
    await peer.open()
    for name, frames in rows.items():
        with named(name):
            peer.send(*frames)
            await _expect_steady(peer)
    peer.attempt.report("the messages were refused in one go, and accepted one by one")


async def _expect_steady(peer: WebSocketPeer) -> None:
    # The first pong may overtake a failure in a server that reads ahead.
    await peer.expect_alive()
    await peer.expect_alive()


def _with_rows(finding: Finding, rows: str) -> Finding:
    return replace(finding, observed=f"{rows}: {finding.observed}")


@dataclass(slots=True)
class _Table(Generic[P, T]):
    """The state of one table. Every row has an attempt of its own, so that its expectations stay apart."""

    attempt: Attempt
    peers: Maker[P]
    check: Callable[[P, T], Awaitable[None]]
    rows: Iterator[tuple[str, T]]
    opening: Callable[[P], Awaitable[object]] | None
    enough: int
    under_way: dict[str, Attempt] = field(default_factory=dict)
    broken: list[tuple[str, Finding]] = field(default_factory=list)

    async def work(self) -> None:
        """Try one row after another until none is left."""
        for name, value in self.rows:
            if len({row for row, _ in self.broken}) >= self.enough:
                return
            attempt = replace(self.attempt, findings=[], waiting=None)
            self.attempt.peers += 1
            self.under_way[name] = attempt
            peer = self.peers()
            peer.attempt = attempt
            try:
                await (self.opening(peer) if self.opening else peer.open())
                await self.check(peer, value)
            except Broken as broken:
                attempt.findings.append(broken.finding)
            self.broken += [(name, finding) for finding in attempt.findings]
            peer.discard()
            del self.under_way[name]

    def conclude(self) -> None:
        """Sum up what broke; what a row still waits for becomes the case's expectation."""
        alike: dict[Finding, list[str]] = {}
        for name, finding in self.broken:
            alike.setdefault(finding, []).append(name)
        for finding, names in alike.items():
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            self.attempt.findings.append(_with_rows(finding, ", ".join(names[:NAMED]) + more))
        self.attempt.waiting = self._stuck()

    def _stuck(self) -> Expectation | None:
        """What the row has been waiting for that has waited longest."""
        waiting = {name: attempt.waiting for name, attempt in self.under_way.items() if attempt.waiting}
        if not waiting:
            return None
        name, longest = min(waiting.items(), key=lambda item: item[1].since)
        expected = tuple(f"{name}: {text}" for text in longest.expected)
        return replace(longest, attempt=self.attempt, expected=expected)
