"""Finds out whether a target speaks Engine.IO and Socket.IO, and what its application does."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast

from wireproof.attempt import Attempt, Broken, Inconclusive, NotApplicable
from wireproof.peer.concurrent import all_of
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import Application, EventForm, SessionDialect
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.pacing import TimeLimit
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer, describe
from wireproof.run.mistakes import OTHER_ROOM, unmatched
from wireproof.run.settings import Settings
from wireproof.target import capabilities_of
from wireproof.wire.engineio import Packet
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.socketio import PacketType

ANSWER_WITHIN = 3.0  # seconds for each probe of a server that is near
LONGEST = 10.0  # seconds for each probe of one that is far
ROUNDS = 10  # handshakes that take about as long as the longest probe
QUIET_PINGS = 10  # answered pings after which a server that said nothing is taken to be silent
_SAMPLE = "wireproof probe"
_ECHO = ["message-back", _SAMPLE]
_ROOM = "wireproof-probe"
_CUSTOM = "/custom"


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What was found: the protocols spoken (none, or engineio, or both), and what the server can do."""

    protocols: tuple[str, ...]
    capabilities: dict[str, bool]
    reasons: dict[str, str]
    dialect: SessionDialect
    server: str | None
    detail: str = ""  # how the handshake was answered
    shared: bool = False  # whether an event that is echoed comes to others, too


@dataclass(slots=True)
class SessionProbe:
    """Probes one target for Engine.IO, and for Socket.IO above it. ``spoken`` is set once that is seen."""

    settings: Settings
    dialer: Dialer
    dialect: SessionDialect
    way: Way = Way.WEBSOCKET
    refusal: str = ""  # how the namespace was refused, and what may help
    within: float = ANSWER_WITHIN
    spoken: asyncio.Event = field(default_factory=asyncio.Event)
    mistakes: dict[str, str] = field(default_factory=dict)  # of the profile, by capability

    def session(self) -> SessionPeer:
        """A session outside any case."""
        return SessionPeer(self.dialer, Attempt(("probe",)), self.dialect)

    async def run(self) -> SessionFacts:
        """Probe the target; no protocol is spoken where no handshake succeeds."""
        polling = self.session()
        server, detail = None, ""
        can: dict[str, bool] = {}
        began, limit = time.monotonic(), TimeLimit(self.within)
        try:
            answer = await self._in_time(polling.handshake_with(polling.request()), limit)
            detail = str(answer) if answer is not None else f"no answer within {ANSWER_WITHIN:g} s"
            server = answer.header(b"Server") or None if answer is not None else None
        except Inconclusive:
            return SessionFacts((), {}, {}, self.dialect, None)
        finally:
            polling.discard()
        took = time.monotonic() - began - limit.queued
        self.within = min(LONGEST, ANSWER_WITHIN + ROUNDS * took)
        can["polling"] = polling.handshake is not None
        speaks_first = self._opens_socket if can["polling"] else self._opens_socket_at_once
        can["websocket-transport"] = await self._holds(speaks_first)
        if not any(can.values()):
            return SessionFacts((), {}, {}, self.dialect, server, detail)
        self.spoken.set()
        self.way = Way.WEBSOCKET if can["websocket-transport"] else Way.POLLING
        self.dialect = replace(self.dialect, websocket=can["websocket-transport"])
        can["upgrade"] = all(can.values()) and "websocket" in polling.timers.upgrades
        speaks = await self._holds(self._joins)
        if not speaks:
            echoes = await self._holds(self._echoes)
            self.dialect = replace(
                self.dialect, application=Application.ECHO if echoes else Application.UNKNOWN
            )
        can["messages"] = self.dialect.application is not Application.UNKNOWN
        if speaks:
            can |= await self._socketio()
        shared = can.get("events", False) and await self._capable(self._is_shared)
        protocols = ("engineio", "socketio") if speaks else ("engineio",)
        reasons = dict.fromkeys(capabilities_of(("socketio",)), self.refusal) if self.refusal else {}
        return SessionFacts(protocols, can, self.mistakes | reasons, self.dialect, server, detail, shared)

    async def _in_time(self, made: Awaitable[Any], limit: TimeLimit | None = None) -> Any:
        """What *made* gives; None when its time is up."""
        try:
            async with limit or TimeLimit(self.within):
                return await made
        except TimeoutError:
            return None

    async def _told(self, probe: Callable[[], Awaitable[bool]]) -> bool | None:
        """What *probe* finds; None when it was cut short, which tells little of what the server can do."""
        try:
            return cast("bool | None", await self._in_time(probe()))
        except (Broken, Inconclusive, NotApplicable):
            return None

    async def _holds(self, probe: Callable[[], Awaitable[bool]]) -> bool:
        # Where we were late ourselves, the server may have given us up: it has a second hearing.
        told = await self._told(probe)
        return bool(await self._told(probe) if told is None else told)

    async def _opens_socket_at_once(self) -> bool:
        """The same of a server that may know nothing of Engine.IO: one that is silent costs no time."""
        return await self._opens_socket(QUIET_PINGS)

    async def _opens_socket(self, turns: int | None = None) -> bool:
        """Whether the server speaks first on a WebSocket there, as Engine.IO does and hardly anybody else.

        It may answer *turns* pings before that, any number by default.
        """
        session = self.session()
        try:
            peer = await session.connect_socket()
            if isinstance(peer, Refusal):
                return False
            for _ in range(turns) if turns else count():
                peer.send(peer.ping())
                while not isinstance(event := await peer.event(), Pong):
                    if isinstance(event, Message):
                        return event.data.startswith(b"0{")
                    if isinstance(event, Close | Ended):
                        return False
        finally:
            session.discard()
        return False

    async def _joins(self) -> bool:
        """Whether CONNECT is answered as only Socket.IO does; a refusal is an answer too."""
        client = SocketIOPeer(self.session())
        try:
            await client.start(self.way)
            answer = await client.connect(self.dialect.namespace)
        finally:
            client.discard()
        if isinstance(answer, SessionEnd):
            return False
        if answer.type is PacketType.CONNECT_ERROR:
            name, told = self.dialect.namespace, describe(answer)
            self.refusal = (
                f"CONNECT to {name} is refused ({told}): [socketio] auth in a profile tells credentials"
            )
        return True

    async def _echoes(self) -> bool:
        session = self.session()
        try:
            await session.begin_way(self.way)
            await session.send(Packet.message(_SAMPLE))
            answer = await session.event()
        finally:
            session.discard()
        return isinstance(answer, Packet) and answer.data == _SAMPLE

    # What the test contract asks of a Socket.IO server, one probe for each capability ---------------

    async def _socketio(self) -> dict[str, bool]:
        probes: dict[str, Callable[[SocketIOPeer], Awaitable[bool]]] = {
            "events": self._events,
            "acks": self._acks,
            "auth": self._auth,
            "server-acks": self._server_acks,
            "rooms": self._rooms,
            "event-broadcast": self._broadcasts,
            "event-broadcast-all": self._broadcasts_all,
            "whoami": self._whoami,
            "ticks": self._ticks,
            "disconnect-me": self._disconnects,
            "custom-namespace": self._custom,
            "custom-echo": self._custom_echo,
            "forbidden-namespace": self._forbidden,
            "recovery": self._recovery,
        }
        told = self.settings.assume | self.settings.without
        wanted = {name: probe for name, probe in probes.items() if name not in told}
        found = await all_of(*(self._capable(probe) for probe in wanted.values()))
        return dict(zip(wanted, found, strict=True))

    async def _capable(self, probe: Callable[[SocketIOPeer], Awaitable[bool]]) -> bool:
        async def tried() -> bool:
            client = SocketIOPeer(self.session())
            try:
                await client.start(self.way)
                return await probe(client)
            finally:
                client.discard()
                client.session.packets.clear()  # a failure that is kept would keep megabytes with it
                client.session.kept.clear()

        return await self._holds(tried)

    async def _quiet_answer(self, client: SocketIOPeer, name: str, *args: Any) -> list[Any] | None:
        """What an event is acknowledged with; None when the server goes on without an acknowledgement."""
        number = client.new_id()
        await client.emit(name, *args, id=number)
        await client.expect_alive()
        await client.expect_alive()  # an acknowledgement made by a task of its own may come a little later
        for packet in client.kept:
            if packet.is_ack and packet.id == number and isinstance(packet.data, list):
                return packet.data
        return None

    async def _events(self, client: SocketIOPeer) -> bool:
        await client.join()
        form = self.dialect.echo
        if form:
            self._note_mistake("events", form, _SAMPLE)
        came = await self._answers(client, self.dialect.namespace)
        if form:
            return self._note_mistake("events", form, _SAMPLE, came)
        return _ECHO in came

    async def _answers(self, client: SocketIOPeer, namespace: str) -> list[Any]:
        """The events that come in a namespace behind one that asks for an echo."""
        form = self.dialect.echo
        event = form.spoken(_SAMPLE) if form else ["message", _SAMPLE]
        await client.emit(event[0], *event[1:], namespace=namespace)
        await client.expect_alive()
        await client.expect_alive()
        return [packet.data for packet in client.kept if packet.is_event and packet.namespace == namespace]

    def _note_mistake(self, capability: str, form: EventForm, sample: str, came: Sequence[Any] = ()) -> bool:
        """Whether *came* brings *sample* as the profile tells; where not, that is noted for reports."""
        self.mistakes.pop(capability, None)
        if any(form.heard(event) == sample for event in came):
            return True
        key = "socketio.echo" if form is self.dialect.echo else "socketio.broadcast"
        told, heard = json.dumps(form.spoken(sample)), [json.dumps(event, default=str) for event in came]
        self.mistakes[capability] = unmatched(key, self.settings.profile, told, heard)
        return False

    async def _acks(self, client: SocketIOPeer) -> bool:
        await client.join()
        return await self._quiet_answer(client, "message-with-ack", _SAMPLE) == [_SAMPLE]

    async def _auth(self, client: SocketIOPeer) -> bool:
        await client.join(auth={"wireproof": 1})
        await client.expect_alive()
        await client.expect_alive()
        return any(packet.data == ["auth", {"wireproof": 1}] for packet in client.kept)

    async def _server_acks(self, client: SocketIOPeer) -> bool:
        await client.join()
        await client.emit("request-ack", _SAMPLE)
        await client.expect_alive()
        await client.expect_alive()
        return any(p.is_event and p.id is not None and p.data[:1] == ["ack-me"] for p in client.kept)

    async def _rooms(self, client: SocketIOPeer) -> bool:
        await client.join()
        return await self._quiet_answer(client, "join", _ROOM) == [True]

    async def _broadcasts(self, client: SocketIOPeer) -> bool:
        form = self.dialect.room
        if form is not None and form.includes_sender:
            self.mistakes["event-broadcast"] = OTHER_ROOM
            return False
        return await self._relays(client, "broadcast")

    async def _broadcasts_all(self, client: SocketIOPeer) -> bool:
        form = self.dialect.room
        if form is not None and not form.includes_sender:
            self.mistakes["event-broadcast-all"] = OTHER_ROOM
            return False
        return await self._relays(client, "broadcast-all")

    async def _relays(self, client: SocketIOPeer, name: str) -> bool:
        # A text of its own: the listener hears what other probes say, too.
        sample, form = f"{_SAMPLE} of {name}", self.dialect.room
        event = form.spoken(sample) if form else [name, sample]
        if form:
            self._note_mistake(f"event-{name}", form, sample)
        came = await self._overheard(client, event)
        if form:
            return self._note_mistake(f"event-{name}", form, sample, came)
        return ["broadcast", sample] in came

    async def _is_shared(self, client: SocketIOPeer) -> bool:
        """Whether the echo that a profile tells comes to other clients as well, as in a chat."""
        sample, form = secrets.token_hex(8), self.dialect.echo
        if form is None:  # what the test contract calls an answer is for its asker alone: cases tell
            return False
        came = await self._overheard(client, form.spoken(sample))
        return any(form.heard(data) == sample for data in came)

    async def _overheard(self, client: SocketIOPeer, event: Sequence[Any]) -> list[Any]:
        """The events that come to another client when *client* emits *event*."""
        listener = SocketIOPeer(self.session())
        try:
            await listener.start(self.way)
            await listener.join()
            await client.join()
            await client.emit(event[0], *event[1:])
            for _ in range(3):
                await client.expect_alive()
                await listener.expect_alive()
            return [packet.data for packet in listener.kept if packet.is_event]
        finally:
            listener.discard()

    async def _whoami(self, client: SocketIOPeer) -> bool:
        await client.join()
        answer = await self._quiet_answer(client, "whoami")
        told = answer[0] if answer else None
        return isinstance(told, dict) and "sid" in told

    async def _ticks(self, client: SocketIOPeer) -> bool:
        await client.join()
        await client.call("ticks", 1, 1)  # events of that name may come from an application by itself, too
        return bool(await client.expect_event("tick"))

    async def _disconnects(self, client: SocketIOPeer) -> bool:
        await client.join()
        await client.emit("disconnect-me", False)
        await client.expect_alive()
        await client.expect_alive()
        return any(packet.type is PacketType.DISCONNECT for packet in client.kept)

    async def _custom(self, client: SocketIOPeer) -> bool:
        if self.dialect.namespace == _CUSTOM:
            return False  # cases want it beside the application's own
        answer = await client.connect(_CUSTOM)
        return not isinstance(answer, SessionEnd) and answer.type is PacketType.CONNECT

    async def _custom_echo(self, client: SocketIOPeer) -> bool:
        # A server may take clients to any namespace, and have nothing to say there.
        await client.join()
        await client.join(_CUSTOM)
        came, form = await self._answers(client, _CUSTOM), self.dialect.echo
        return any(form.heard(event) == _SAMPLE for event in came) if form else _ECHO in came

    async def _forbidden(self, client: SocketIOPeer) -> bool:
        answer = await client.connect("/forbidden")
        refused = not isinstance(answer, SessionEnd) and answer.type is PacketType.CONNECT_ERROR
        told = answer.data if refused and not isinstance(answer, SessionEnd) else None
        return isinstance(told, dict) and told.get("data") == {"code": 403}

    async def _recovery(self, client: SocketIOPeer) -> bool:
        told = await client.join()
        return isinstance(told, dict) and isinstance(told.get("pid"), str)
