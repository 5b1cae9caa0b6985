"""The client that Socket.IO cases drive: namespaces, events, acknowledgements over an Engine.IO session."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from wireproof.attempt import Attempt, Expectation, Inconclusive
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.session import SessionEnd
from wireproof.transcript import Direction
from wireproof.verdict import Ground
from wireproof.wire import engineio
from wireproof.wire.socketio import ABSENT, Decoder, Packet, PacketError, PacketType, encode
from wireproof.wire.text import printable

SHOWN = 160  # letters of a packet's payload in the transcript


@dataclass(slots=True)
class SocketIOPeer:
    """One client; it may be in several namespaces at once. ``sids`` holds its id in each of them.

    ``connected`` is what the server sent with each CONNECT, ``offsets`` the last offset of each namespace,
    which a server appends to events where it can recover the session. Packets passed over are kept.
    """

    session: SessionPeer
    sids: dict[str, str] = field(default_factory=dict)
    connected: dict[str, Any] = field(default_factory=dict)
    offsets: dict[str, str] = field(default_factory=dict)
    kept: deque[Packet] = field(default_factory=deque)
    _decoder: Decoder = field(default_factory=Decoder)
    _next_id: int = 1  # 0 is for cases about just that: some servers take it for none

    @property
    def attempt(self) -> Attempt:
        """The attempt that the client belongs to."""
        return self.session.attempt

    @attempt.setter
    def attempt(self, attempt: Attempt) -> None:
        self.session.attempt = attempt

    # Opening --------------------------------------------------------------------------------------

    async def open(self, way: Way | None = None, auth: Any = ABSENT) -> None:
        """Make a working session and join the application's namespace; else raise `Inconclusive`."""
        await self.start(way)
        with self.attempt.preparing():
            await self.join(auth=auth)

    async def start(self, way: Way | None = None) -> None:
        """Make a session and join nothing yet; raise `Inconclusive` when that fails.

        Without *way* it goes over WebSocket where the server offers that.
        """
        usual = Way.WEBSOCKET if self.session.dialect.websocket else Way.POLLING
        await self.session.begin_way(way or usual)

    async def join(self, namespace: str | None = None, auth: Any = ABSENT) -> Any:
        """Join *namespace* (the application's by default), return what CONNECT brought, or raise."""
        name = self.session.dialect.namespace if namespace is None else namespace
        packet = await self.connect(name, auth)
        if isinstance(packet, SessionEnd) or packet.type is not PacketType.CONNECT:
            raise Inconclusive(f"an ordinary CONNECT to {name} was answered with {describe(packet)}")
        return packet.data

    async def connect(self, namespace: str = "/", auth: Any = ABSENT) -> Packet | SessionEnd:
        """Send CONNECT and return what answers it: CONNECT, CONNECT_ERROR or the end of the session."""
        told = self.session.dialect.auth if auth is ABSENT else auth
        await self.send(Packet.connect(namespace, told))
        with self.attempt.expecting(f"an answer to CONNECT for {namespace}"):
            return await self._find(
                lambda p: (
                    p.namespace == namespace and p.type in (PacketType.CONNECT, PacketType.CONNECT_ERROR)
                )
            )

    async def resume(self, lost: SocketIOPeer, **changes: Any) -> Packet | SessionEnd:
        """Send CONNECT with the private id and the last offset of *lost*, and return what answers it.

        *changes* are other values for ``pid`` and ``offset``, None to leave one out. Events that were missed
        may come before the answer; they are kept.
        """
        name = self.session.dialect.namespace
        told = {"pid": lost.private_id(name), "offset": lost.offsets.get(name)} | changes
        user = self.session.dialect.auth
        # Such events have offsets already, and in a session without a private id nothing would be taken off.
        self.connected[name] = {"pid": lost.private_id(name)}
        auth = {**user, **told} if isinstance(user, dict) else told
        return await self.connect(name, {key: one for key, one in auth.items() if one is not None})

    # Sending --------------------------------------------------------------------------------------

    async def send(self, *packets: Packet | str | bytes) -> None:
        """Send *packets*; raw strings and bytes are the data of Engine.IO messages and go out as they are."""
        messages: list[engineio.Packet] = []
        for packet in packets:
            parts = encode(packet) if isinstance(packet, Packet) else [packet]
            if isinstance(packet, Packet):
                self.session.note(Direction.OUT, f"Socket.IO {describe(packet)}")
            messages += [engineio.Packet.message(part) for part in parts]
        await self.session.send(*messages)

    async def emit(self, event: str, *args: Any, namespace: str | None = None, id: int | None = None) -> None:
        """Emit an event; *id* asks for an acknowledgement."""
        await self.send(Packet.event(event, *args, namespace=self._namespace(namespace), id=id))

    def new_id(self) -> int:
        """An acknowledgement id that the client has not used."""
        self._next_id += 1
        return self._next_id - 1

    def _namespace(self, name: str | None) -> str:
        return self.session.dialect.namespace if name is None else name

    # Receiving ------------------------------------------------------------------------------------

    async def event(self) -> Packet | SessionEnd:
        """The next packet of the server's, or the end of the session; what breaks the protocol is noted."""
        return self.kept.popleft() if self.kept else await self._from_wire()

    async def _from_wire(self) -> Packet | SessionEnd:
        while True:
            message = await self.session.message_or_end()
            if isinstance(message, SessionEnd):
                return message
            if (packet := self._decode(message.data)) is not None:
                return packet

    def _decode(self, data: str | bytes) -> Packet | None:
        """The packet that a message completes; what breaks the protocol is noted."""
        try:
            packet = self._decoder.feed(data)
        except PacketError as exc:
            self.session.accuse(exc.violations)
            packet = exc.packet
        return None if packet is None else self._take(packet)

    def _take(self, packet: Packet) -> Packet:
        """Note *packet*; where the session can be recovered, its offset is no argument of the event's."""
        self.session.note(Direction.IN, f"Socket.IO {describe(packet)}")
        if packet.type is PacketType.CONNECT:
            self.connected[packet.namespace] = packet.data
            if isinstance(packet.data, dict) and isinstance(packet.data.get("sid"), str):
                self.sids[packet.namespace] = packet.data["sid"]
        args = packet.data[1:] if packet.is_event and isinstance(packet.data, list) else []
        if packet.id is not None or not args or self.private_id(packet.namespace) is None:
            return packet
        if not isinstance(args[-1], str):
            return packet
        self.offsets[packet.namespace] = args[-1]
        return replace(packet, data=packet.data[:-1])

    def private_id(self, namespace: str) -> str | None:
        """What recovers the session later, where the server has told it with CONNECT."""
        told = self.connected.get(namespace)
        pid = told.get("pid") if isinstance(told, dict) else None
        return pid if isinstance(pid, str) else None

    async def _find(self, wanted: Callable[[Packet], bool]) -> Packet | SessionEnd:
        """The first packet, of those kept and those to come, that is *wanted*; all others are kept."""
        for packet in self.kept:
            if wanted(packet):
                self.kept.remove(packet)
                return packet
        while True:
            packet_or_end = await self._from_wire()
            if isinstance(packet_or_end, SessionEnd) or wanted(packet_or_end):
                return packet_or_end
            self.kept.append(packet_or_end)

    async def _demand(self, expecting: Expectation, wanted: Callable[[Packet], bool]) -> Packet:
        found = await self._find(wanted)
        if isinstance(found, SessionEnd):
            expecting.broken(f"the session ended: {found}", Ground.MISSING)
        return found

    @property
    def is_over(self) -> bool:
        """Whether its session has ended."""
        return self.session.is_over

    # Expectations ---------------------------------------------------------------------------------

    async def expect_connected(
        self, namespace: str = "/", auth: Any = ABSENT, requirement: str | None = None
    ) -> Packet:
        """Send CONNECT and demand that it is answered with CONNECT."""
        return await self._expect_reply(PacketType.CONNECT, namespace, auth, requirement)

    async def expect_connect_error(
        self, namespace: str, auth: Any = ABSENT, requirement: str | None = None
    ) -> Packet:
        """Send CONNECT and demand that it is answered with CONNECT_ERROR."""
        return await self._expect_reply(PacketType.CONNECT_ERROR, namespace, auth, requirement)

    async def _expect_reply(
        self, kind: PacketType, namespace: str, auth: Any, requirement: str | None
    ) -> Packet:
        with self.attempt.expecting(f"{kind.name} for {namespace}", requirement=requirement) as expecting:
            answer = await self.connect(namespace, auth)
            if isinstance(answer, SessionEnd) or answer.type is not kind:
                expecting.broken(describe(answer), ground_of(answer))
        return answer

    async def expect_event(
        self, event: str, namespace: str | None = None, requirement: str | None = None
    ) -> Packet:
        """Demand an event called *event* in the namespace; what comes before it is kept."""
        name = self._namespace(namespace)
        with self.attempt.expecting(f"the event {event!r} in {name}", requirement=requirement) as expecting:
            return await self._demand(
                expecting, lambda p: p.is_event and p.namespace == name and event_name(p) == event
            )

    async def expect_ack(
        self, id: int, namespace: str | None = None, requirement: str | None = None
    ) -> Packet:
        """Demand the acknowledgement *id* in the namespace; what comes before it is kept."""
        name = self._namespace(namespace)
        with self.attempt.expecting(
            f"the acknowledgement {id} in {name}", requirement=requirement
        ) as expecting:
            return await self._demand(expecting, lambda p: p.is_ack and p.namespace == name and p.id == id)

    async def call(
        self, event: str, *args: Any, namespace: str | None = None, requirement: str | None = None
    ) -> list[Any]:
        """Emit an event that asks for an acknowledgement, and return what the server acknowledges with."""
        number = self.new_id()
        await self.emit(event, *args, namespace=namespace, id=number)
        packet = await self.expect_ack(number, namespace, requirement)
        return packet.data if isinstance(packet.data, list) else []

    async def expect_disconnected(self, namespace: str | None = None, requirement: str | None = None) -> None:
        """Demand that the server disconnects the namespace; the end of the session does that too."""
        name = self._namespace(namespace)
        with self.attempt.expecting(
            f"DISCONNECT for {name}", "the end of the session", requirement=requirement
        ):
            await self._find(lambda p: p.type is PacketType.DISCONNECT and p.namespace == name)

    async def expect_nothing(self, *wanted: Callable[[Packet], bool], requirement: str | None = None) -> None:
        """Demand that no packet, or none that is *wanted*, comes before answers to what is asked now."""
        with self.attempt.expecting("no such packet", requirement=requirement) as expecting:
            await self.expect_alive(requirement)
            for packet in self.kept:
                if not wanted or any(one(packet) for one in wanted):
                    expecting.broken(describe(packet), seen=f"Socket.IO {describe(packet)}")

    async def expect_alive(self, requirement: str | None = None) -> None:
        """Demand that the session lives on; what comes before its sign of life is kept."""
        await self.session.expect_alive(requirement)
        self._keep_messages()

    async def settle(self) -> SessionEnd | None:
        """Wait until the server has dealt with what was sent; the end of the session, if that came of it.

        Packets that come first are kept.
        """
        try:
            return await self.session.settle()
        finally:
            self._keep_messages()

    async def expect_failure(self, requirement: str | None = None) -> SessionEnd:
        """Demand that the server ends the session because of what was just sent."""
        try:
            return await self.session.expect_failure(requirement)
        finally:
            self._keep_messages()

    def _keep_messages(self) -> None:
        while self.session.kept:
            message = self.session.kept.popleft()
            if (packet := self._decode(message.data)) is not None:
                self.kept.append(packet)

    def discard(self) -> None:
        """Give up everything, without waiting for anything."""
        self.session.discard()


def event_name(packet: Packet) -> str | None:
    """The name of an event packet."""
    name = packet.data[0] if isinstance(packet.data, list) and packet.data else None
    return name if isinstance(name, str) else None


def describe(packet: Packet | SessionEnd) -> str:
    """A packet in one short line: type, namespace, id, payload."""
    if isinstance(packet, SessionEnd):
        return f"the end of the session: {packet}"
    where = "" if packet.namespace == "/" else f" {printable(packet.namespace)}"
    number = "" if packet.id is None else f" id {packet.id}"
    data = "" if packet.data is ABSENT else json.dumps(packet.data, default=_binary)
    shown = f" {printable(data[:SHOWN])}{'…' if len(data) > SHOWN else ''}" if data else ""
    return f"{packet.type.name}{where}{number}{shown}"


def _binary(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else repr(value)


def ground_of(answer: Packet | SessionEnd) -> Ground:
    """What an accusation that tells of *answer* rests on: the end of a session is to be seen again alone."""
    return Ground.MISSING if isinstance(answer, SessionEnd) else Ground.SEEN
