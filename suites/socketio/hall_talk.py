"""What the members of a namespace and its rooms say and hear: each event bears a mark, for a history."""

from __future__ import annotations

import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from itertools import cycle
from typing import Any

from wireproof.attempt import Attempt, NotApplicable
from wireproof.model.history import (
    History,
    Joined,
    Joining,
    Leaving,
    Left,
    Received,
    SenderRule,
    Sent,
)
from wireproof.peer.concurrent import all_of
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer, describe, event_name
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire import engineio
from wireproof.wire.socketio import ABSENT, Packet, PacketType
from wireproof.wire.websocket import Frame

from .hall_rules import listed
from .talk import need, payload, same, shown


class Audience(Enum):
    """To whom events go; the value is the capability."""

    OTHERS = "event-broadcast"
    ALL = "event-broadcast-all"
    ROOMS = "rooms"


class Exit(Enum):
    """How a client leaves."""

    DISCONNECT = "DISCONNECT packet"
    CLOSE = "close packet"
    FRAME = "Close frame, or a close packet over polling"
    RST = "RST"


class Mix(Enum):
    """How the clients of one case come: all alike, or in turns."""

    POLLING = (Way.POLLING,)
    WEBSOCKET = (Way.WEBSOCKET,)
    MIXED = (Way.WEBSOCKET, Way.POLLING, Way.UPGRADED)


class Talk:
    """The clients of one attempt, and all that they said and heard.

    Without an *audience* it is that of the others if the server has one, else that of all. A member of the
    history is a client in a namespace, called as the client is in the application's own. The sender rule is
    for the cases about senders; others leave it open. Raises `NotApplicable`.
    """

    def __init__(
        self,
        clients: Clients,
        target: Target,
        audience: Audience | None = None,
        rule: SenderRule = SenderRule.EITHER,
        mix: Mix | None = None,
    ) -> None:
        if audience is None:
            both = (Audience.OTHERS, Audience.ALL)
            audience = next((one for one in both if target.can(one.value)), Audience.OTHERS)
        target.require(audience.value)
        for way in mix.value if mix else ():
            need(target, way)
        self.audience = audience
        self.spread = target.spread
        self.attempt: Attempt = clients.attempt
        self.home = target.session.namespace
        self.form = None if audience is Audience.ROOMS else target.session.room
        self.history = History(rule)
        self.members: dict[str, SocketIOPeer] = {}
        self.present: list[str] = []
        self.mark = secrets.token_hex(4)
        self.acked: defaultdict[str, Counter[int]] = defaultdict(Counter)
        self.asked: defaultdict[str, set[int]] = defaultdict(set)
        self.heard: defaultdict[str, set[str]] = defaultdict(set)
        self._clients = clients
        self._ways = cycle(mix.value if mix else usual(target))
        self._key = re.compile(re.escape(self.mark) + r":([^;]+);")
        self._said: dict[str, Any] = {}
        self._numbers: Counter[str] = Counter()
        self._spoken: defaultdict[str, dict[tuple[str, tuple[str, ...]], None]] = defaultdict(dict)

    # Members ----------------------------------------------------------------------------------------

    async def enter(
        self, *names: str, way: Way | None = None, make: Callable[[], SocketIOPeer] | None = None
    ) -> None:
        """Let a client for each of *names* join the application's namespace; *make* makes other clients."""
        made = make or self._clients
        await all_of(*(self._enter(name, made(), way or next(self._ways)) for name in names))
        self.present += names

    async def _enter(self, name: str, client: SocketIOPeer, way: Way) -> None:
        self.members[name] = client
        await client.start(way)
        await self.connect(name)

    async def connect(self, name: str, namespace: str | None = None) -> None:
        """Let a client join a namespace."""
        where = namespace or self.home
        self.history.take(Joining(self.member(name, where), where))
        await self.members[name].join(where)
        self.history.take(Joined(self.member(name, where), where))

    def member(self, name: str, namespace: str | None = None) -> str:
        """What a client is called in the history."""
        return name if namespace in {None, self.home} else f"{name}{namespace}"

    def room(self, name: str) -> str:
        """The name of a room that no other case knows."""
        return f"{self.mark}-{name}"

    async def join(self, name: str, *rooms: str, namespace: str | None = None) -> None:
        """Let a client join *rooms*."""
        for room in rooms:
            self.history.take(Joining(self.member(name, namespace), self._label(namespace, room)))
            await self._move("join", name, room, namespace)
            self.history.take(Joined(self.member(name, namespace), self._label(namespace, room)))

    async def leave(self, name: str, *rooms: str, namespace: str | None = None) -> None:
        """Let a client leave *rooms*."""
        for room in rooms:
            self.history.take(Leaving(self.member(name, namespace), self._label(namespace, room)))
            await self._move("leave", name, room, namespace)
            self.history.take(Left(self.member(name, namespace), self._label(namespace, room)))

    async def _move(self, event: str, name: str, room: str, namespace: str | None) -> None:
        requirement = listed(self.attempt, "rooms/joining")
        told = await self.members[name].call(
            event, self.room(room), namespace=namespace, requirement=requirement
        )
        if told != [True] and requirement.endswith("joining"):
            self.attempt.found(f"{event}: acknowledged with {shown(told)}", "true", requirement=requirement)

    def _label(self, namespace: str | None, room: str = "") -> str:
        return f"{namespace or self.home} {room}" if room else namespace or self.home

    async def go(self, name: str, how: Exit) -> None:
        """Let a client leave for good; what it misses from now on is nobody's fault."""
        self.excuse(name)
        client = self.members[name]
        socket = client.session.socket
        match how:
            case Exit.DISCONNECT:
                await client.send(Packet.disconnect(self.home))
            case Exit.FRAME if socket is not None:
                socket.send(Frame.close())
            case Exit.CLOSE | Exit.FRAME:
                await client.session.send(engineio.Packet.close())
            case Exit.RST:
                client.session.vanish()

    def excuse(self, name: str) -> None:
        """Demand no more that the client hears anything."""
        for member, label in self._standing(name):
            self.history.take(Leaving(member, label))
        self.present.remove(name)

    def forget(self, name: str) -> None:
        """A client is known to be out of everything: nothing may come to it from now on."""
        for member, label in self._standing(name):
            self.history.take(Left(member, label))

    def _standing(self, name: str) -> list[tuple[str, str]]:
        namespaces = {self.home, *self.members[name].connected}
        members = {self.member(name, one) for one in namespaces}
        return [(member, label) for member, label in self.history.standing() if member in members]

    # Saying ---------------------------------------------------------------------------------------

    async def say(self, sender: str, *rooms: str, value: Any = ABSENT, namespace: str | None = None) -> str:
        """Emit an event to *rooms*, or to the namespace; its key in the history. *value* goes with it."""
        member = self.member(sender, namespace)
        if (end := self.members[sender].session.ended) is not None:
            self._take(sender, end)  # what it says now would go nowhere, and be missed by all others
        self._numbers[member] += 1
        key = f"{member}.{self._numbers[member]}"
        mark = f"{self.mark}:{key};"
        said = self._said[key] = mark if value is ABSENT else {"mark": mark, "value": value}
        labels = [self._label(namespace, room) for room in rooms] or [self._label(namespace)]
        self._spoken[sender][namespace or self.home, rooms] = None
        self.history.take(Sent(member, key, frozenset(labels)))
        if self.form is not None:
            name, *args = self.form.spoken(mark)
            await self.members[sender].emit(name, *args, namespace=namespace)
            return key
        number = self.members[sender].new_id()
        self.asked[sender].add(number)
        names: list[Any] = [self.room(room) for room in rooms]
        where = [names] if len(names) > 1 else names
        everyone = "broadcast-all" if self.audience is Audience.ALL else "broadcast"
        event = "room-broadcast" if rooms else everyone
        await self.members[sender].emit(event, *where, said, namespace=namespace, id=number)
        return key

    # Hearing --------------------------------------------------------------------------------------

    async def hear(self, name: str) -> Packet | SessionEnd:
        """The next packet of a client, written down; what cuts it off from the history breaks the case.

        Other namespaces, asked for only to see that the server answers, may open to it and close again.
        """
        packet = await self.members[name].event()
        self._take(name, packet)
        return packet

    def _take(self, name: str, packet: Packet | SessionEnd) -> None:
        if isinstance(packet, SessionEnd) or packet.type is PacketType.DISCONNECT:
            if name in self.present and self._concerns(name, packet):
                what = f"{name}: {describe(packet)}"
                self.attempt.broken(what, "a connection that lasts", ground=Ground.MISSING)
            return
        if packet.is_ack and packet.id is not None:
            self.acked[name][packet.id] += 1
        text, args = self._read(packet)
        found = self._key.search(text)
        if found is None:
            return
        member, key = self.member(name, packet.namespace), found[1]
        said = self._said.get(key)
        if self.form is None and not (len(args) == 1 and same(args[0], said)):
            self._spoilt(f"{member} got {shown(args)} for {key!r}, which is {shown(said)}")
        self.history.take(Received(member, key))
        self.heard[member].add(key)

    def _concerns(self, name: str, end: Packet | SessionEnd) -> bool:
        """Whether *end* takes a client from where the history has it."""
        if isinstance(end, SessionEnd):
            return True
        return (self.member(name, end.namespace), end.namespace) in self.history.standing()

    def _read(self, packet: Packet) -> tuple[str, list[Any]]:
        """The text of an event that bears the mark, and its arguments."""
        if not packet.is_event:
            return "", []
        if self.form is not None:
            return self.form.heard(packet.data) or "", []
        if event_name(packet) not in {"broadcast", "room-broadcast"}:
            return "", []
        args = payload(packet)
        first = args[0] if args else None
        text = first.get("mark") if isinstance(first, dict) else first
        return (text if isinstance(text, str) else ""), args

    def _spoilt(self, observed: str) -> None:
        requirement = listed(self.attempt, "rooms/unchanged", "broadcast/unchanged")
        if requirement.endswith("unchanged"):
            self.attempt.found(observed, "every event as it was sent", requirement=requirement)

    async def acknowledged(self, name: str) -> None:
        """Wait until all that a client has said is acknowledged."""
        requirement = listed(self.attempt, "broadcast/acknowledged")
        with self.attempt.expecting(f"acknowledgements of all that {name} said", requirement=requirement):
            while self.form is None and not self.asked[name] <= set(self.acked[name]):
                await self.hear(name)

    async def answered(self, *names: str) -> None:
        """Let each of *names* ask the server something, and listen until it is answered."""
        await all_of(*map(self._answered, names))

    async def _answered(self, name: str) -> None:
        client = self.members[name]
        end = await client.settle()
        while client.kept:
            self._take(name, client.kept.popleft())
        if end is not None:
            self._take(name, end)


def usual(target: Target) -> tuple[Way, ...]:
    """How clients come, in turns, where a case does not say."""
    ways: list[Way] = []
    for way in (Way.WEBSOCKET, Way.POLLING):
        with suppress(NotApplicable):
            need(target, way)
            ways.append(way)
    return tuple(ways)
