"""Whether nodes of one service hear each other: what is said at one is to reach the clients of all."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, permutations
from typing import Any, Protocol, TypeVar

from wireproof.attempt import Broken, Inconclusive
from wireproof.peer.concurrent import all_of
from wireproof.peer.dialect import ROOMS, Room
from wireproof.peer.socketio import SocketIOPeer, describe, event_name
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target
from wireproof.wire.socketio import Packet
from wireproof.wire.websocket import Frame

T = TypeVar("T")
PATIENCE = 3.0  # seconds for which things are said, since brokers may take their time …
ROUNDS = 10  # … and questions that each node answers behind the last of them: a busy machine is slow at both
SAID_ANEW = 0.5  # seconds after which all is said once more: what was said before may have been lost
PAUSE = 0.03  # seconds between two questions

EVENTS = ("event-broadcast", "event-broadcast-all", "rooms")
"""The capabilities of a Socket.IO server that its nodes have to share."""
SOCKETS = ("broadcast", "broadcast-all")
"""The capabilities of a WebSocket server that its nodes may share."""
CURES = {
    "socketio": "all nodes need the same adapter with a broker between them, such as Redis (in Python: the "
    "same client manager)",
    "websocket": "what one node is told has to reach the others too, over a broker such as Redis",
}
"""What helps, by protocol."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is said at the node *speaker*, by means of *capability*, is not heard at the node *listener*."""

    capability: str
    speaker: int
    listener: int


class Member(Protocol):
    """A client of one node."""

    async def enter(self) -> None:
        """Connect and join in."""

    async def say(self, capability: str, text: str) -> None:
        """Say *text* to the others by means of *capability*."""

    async def hear(self) -> Iterable[str]:
        """Have a question answered; what has been heard until then."""


@dataclass(slots=True)
class EventMember:
    """A Socket.IO client; *room* is what all of them join where they can."""

    client: SocketIOPeer
    capabilities: Sequence[str]
    room: str

    async def enter(self) -> None:
        """See `Member`."""
        await self.client.open()
        if "rooms" in self.capabilities:
            await self.client.call("join", self.room)

    async def say(self, capability: str, text: str) -> None:
        """See `Member`."""
        form = self.client.session.dialect.room
        if form is not None and capability != "rooms":
            name, *args = form.spoken(text)
            await self.client.emit(name, *args)
            return
        event = {"rooms": "room-broadcast", "event-broadcast": "broadcast"}.get(capability, "broadcast-all")
        where = (self.room,) if capability == "rooms" else ()
        await self.client.emit(event, *where, text, id=self.client.new_id())

    async def hear(self) -> Iterable[str]:
        """See `Member`."""
        if (end := await self.client.settle()) is not None:
            raise Inconclusive(describe(end))
        came = list(self.client.kept)
        self.client.kept.clear()
        return [text for packet in came if (text := self._text(packet)) is not None]

    def _text(self, packet: Packet) -> str | None:
        form = self.client.session.dialect.room
        if not packet.is_event:
            return None
        if form is not None and (text := form.heard(packet.data)) is not None:
            return text
        if event_name(packet) not in ("broadcast", "room-broadcast"):
            return None
        return next((one for one in packet.data[1:] if isinstance(one, str)), None)


@dataclass(slots=True)
class SocketMember:
    """A WebSocket client in one room."""

    peer: WebSocketPeer
    room: Room

    async def enter(self) -> None:
        """See `Member`."""
        await self.peer.open(self.peer.request(self.room.path))

    async def say(self, capability: str, text: str) -> None:
        """See `Member`."""
        del capability
        self.peer.send(Frame.text(self.room.spoken(text.encode())))

    async def hear(self) -> Iterable[str]:
        """See `Member`."""
        await self.peer.expect_alive()
        came = [self.room.heard(message) for message in self.peer.messages]
        self.peer.messages.clear()
        return [data.decode("utf-8", "replace") for data in came if data is not None]


@dataclass(slots=True)
class Round:
    """The members of one round, each at a node of its own, and what is due to be heard by whom."""

    members: Sequence[Member]
    capabilities: Sequence[str]
    mark: str = field(default_factory=lambda: secrets.token_hex(4))

    async def gaps(self) -> frozenset[Gap]:
        """What is not heard though all of them answer; raise `Inconclusive` where they don't."""
        await _served(member.enter() for member in self.members)
        numbers = range(len(self.members))
        due = {Gap(name, *pair) for name in self.capabilities for pair in permutations(numbers, 2)}
        began = time.monotonic()
        said, behind = began - SAID_ANEW, 0
        for asked in count():
            now = time.monotonic()
            if not due or (now - began > PATIENCE and asked - behind > ROUNDS):
                break
            if now - said >= SAID_ANEW and (now - began <= PATIENCE or not asked):
                said, behind = now, asked
                for name, number in {(gap.capability, gap.speaker) for gap in due}:
                    await self.members[number].say(name, self._text(name, number))
            elif asked > 1:
                # An answer tells that a node lives, not that a broker has delivered everything.
                await asyncio.sleep(PAUSE)
            heard = await _served(member.hear() for member in self.members)
            due = {gap for gap in due if self._text(gap.capability, gap.speaker) not in heard[gap.listener]}
        return frozenset(due)

    def _text(self, capability: str, speaker: int) -> str:
        return f"wireproof {self.mark} {capability} {speaker}"


async def _served(parts: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each of *parts* gives; `Inconclusive` where a client is not served: other cases judge that."""
    try:
        return await all_of(*parts)
    except Broken as exc:
        raise Inconclusive(f"a client of one of the nodes: {exc.finding.observed}") from exc


def rounds(
    target: Target,
    nodes: int,
    client: Callable[[int], SocketIOPeer],
    peer: Callable[[int], WebSocketPeer],
) -> dict[str, list[Round]]:
    """The rounds that show whether so many nodes share what *target* can, by protocol.

    *client* and *peer* make a client of the node with a number.
    """
    events = [name for name in EVENTS if target.can(name)]
    room = f"wireproof-{secrets.token_hex(4)}"
    made: dict[str, list[Round]] = {}
    if events:
        talkers = [EventMember(client(number), events, room) for number in range(nodes)]
        made["socketio"] = [Round(talkers, events)]
    for name in SOCKETS:
        if target.can(name):
            where = target.dialect.rooms.get(name) or ROOMS[name]
            members = [SocketMember(peer(number), where) for number in range(nodes)]
            made.setdefault("websocket", []).append(Round(members, [name]))
    return made


def told(gaps: Iterable[Gap], nodes: Sequence[str]) -> str:
    """*gaps* between nodes of these names, in one sentence without an end."""
    pairs = sorted({(gap.speaker, gap.listener) for gap in gaps})
    kinds = sorted({gap.capability for gap in gaps})
    how = " or ".join(dict.fromkeys("to a room" if kind == "rooms" else "to all" for kind in kinds))
    if len(pairs) == len(nodes) * (len(nodes) - 1):
        return f"the nodes share nothing: what is said {how} at one is heard at no other, though all answer"
    listed = ", ".join(f"at {nodes[one]} is not heard at {nodes[other]}" for one, other in pairs)
    return f"what is said {how} {listed}, though all answer"
