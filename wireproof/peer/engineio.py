"""The session that Engine.IO cases drive: verbs that hold the tolerance of the protocol once, for all."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from wireproof.attempt import Expectation, Unopened
from wireproof.peer.dialect import Application
from wireproof.peer.exchange import Answer
from wireproof.peer.heartbeat import too_long
from wireproof.peer.raw import Refusal
from wireproof.peer.session import RawSession, SessionEnd, Transport, receive_packet
from wireproof.peer.websocket import WebSocketPeer, excuse_rate, excuse_status, ground_of
from wireproof.verdict import Ground
from wireproof.wire.engineio import Handshake, Packet, PacketType
from wireproof.wire.http1 import Request
from wireproof.wire.session import Violation
from wireproof.wire.text import shorten
from wireproof.wire.websocket import Frame

ROUNDS = 2  # answers that show that a session lives on: the first may have overtaken its end
HEARTBEATS = 3  # pings without an answer meanwhile that show that none is to come
SLACK = 1.0  # seconds that a timer of the server's may be late
_SOCKETIO = re.compile(r"(?:[0-9]+-)?(?:/[^,]*,|[0-9]*\[)")  # what stands behind the type of its packets


class Way(Enum):
    """How a session comes to its transport."""

    POLLING = "long-polling alone"
    WEBSOCKET = "WebSocket from the start"
    UPGRADED = "long-polling, then upgraded to WebSocket"


@dataclass(slots=True)
class SessionPeer(RawSession):
    """A raw session with expectations."""

    kept: deque[Packet] = field(default_factory=deque)  # messages that a verb passed over
    _questions: int = 0

    def __post_init__(self) -> None:
        RawSession.__post_init__(self)  # super() needs a cell that slots take away
        self.attempt.excuses.append(self.excuse)

    def excuse(self) -> str:
        """Why nobody is to blame for the end of the session, or for a refusal; empty where nothing is known.

        A harness, or a network, that is held up delivers pongs too late, and the server is right to end it.
        """
        heart = self.heartbeat
        if self.handshake is None or heart.lost is None:
            return ""
        gaps = [heart.between_pings()]
        if self.answers_pings:
            gaps.append(heart.between_pongs())
        if self._may_miss_pings:
            gaps.append(heart.since_ping())
        if self._may_miss_pings and self.answers_pings:
            gaps.append(heart.since_pong())
        if max(gaps) <= too_long(self.handshake):
            return ""
        told = f": {self.ended}" if self.ended else ""
        return f"it ended when no ping had come or been answered for {max(gaps):.2f} s{told}"

    @property
    def _may_miss_pings(self) -> bool:
        """Whether a ping may wait unread: by nobody at all, or until the next GET."""
        if self._listening is None:
            return True
        return self.transport is Transport.POLLING and self.heartbeat.has_paused

    # Opening --------------------------------------------------------------------------------------

    async def open(self, way: Way = Way.POLLING) -> Handshake:
        """Make a working session, read and answer its pings, and let the application know that we are here.

        Raise `Unopened` when an ordinary handshake does not do it.
        """
        handshake = await self.begin_way(way)
        await self.introduce()
        return handshake

    async def begin_way(self, way: Way) -> Handshake:
        """Make a session that is read and whose pings are answered; raise `Unopened` when that fails."""
        handshake = await self.begin(Transport.WEBSOCKET if way is Way.WEBSOCKET else Transport.POLLING)
        self.listen()
        if way is Way.UPGRADED:
            with self.attempt.preparing():
                await self.upgrade()
        return handshake

    async def introduce(self) -> None:
        """Join the application's namespace where it is Socket.IO: it closes sessions that join none."""
        if self.dialect.application is not Application.SOCKETIO:
            return
        await self.send(Packet.message(self.dialect.joining))
        what = "an answer to the request to join the namespace"
        with self.attempt.preparing(), self.attempt.expecting(what):
            packet = await self.message_or_end()
        if isinstance(packet, SessionEnd):
            raise Unopened(f"the session ended when it joined the namespace: {packet}")

    async def upgrade(self) -> WebSocketPeer:
        """Upgrade to WebSocket as a client should; raise `Unopened` when the server does not join in."""
        return await self.complete_upgrade(await self.probe())

    async def probe(self) -> WebSocketPeer:
        """Open the WebSocket of an upgrade and have a probe answered; else raise `Unopened`."""
        found = await self.connect_socket()
        if isinstance(found, Refusal):
            raise Unopened(f"the WebSocket of an upgrade was refused: {found.detail}", found.status)
        found.send(Frame.text("2probe"))
        with self.attempt.expecting("the answer to the probe: 3probe"):
            answer = await receive_packet(found, self)
        if answer != Packet.pong("probe"):
            raise Unopened(f"the probe of an upgrade was answered with {answer or found.ended}")
        return found

    async def complete_upgrade(self, socket: WebSocketPeer) -> WebSocketPeer:
        """Let the pending poll end, complete the upgrade that *socket* has probed for, and use it.

        No POST may be under way. Raise `Unopened` when the session ends instead.
        """
        with self.attempt.expecting("the end of the pending poll, so that the upgrade can go on"):
            await self.stop_polling()
        if self.ended is not None:
            raise Unopened(f"the session ended during its upgrade: {self.ended}")
        socket.send(Frame.text("5"))
        self.switch_to(socket)
        self.listen()
        return socket

    async def expect_open(self, request: Request, requirement: str | None = None) -> Handshake:
        """Send *request* and demand that it opens a session."""
        with self.attempt.expecting("200 with an open packet", requirement=requirement) as expecting:
            answer = await self.handshake_with(request)
            if self.handshake is None:
                excuse_answer(answer)
                expecting.broken(str(answer), ground_of(answer.status))
            return self.handshake

    async def expect_status(self, answer: Answer, *wanted: int, requirement: str | None = None) -> Answer:
        """Demand that *answer* has one of the statuses in *wanted*."""
        if answer.status not in wanted:
            excuse_answer(answer)
            names = " or ".join(str(status) for status in wanted)
            self.attempt.broken(
                str(answer),
                f"a response with {names}",
                requirement=requirement,
                ground=ground_of(answer.status),
            )
        return answer

    async def expect_bad_request(
        self, request: Request, body: bytes = b"", requirement: str | None = None
    ) -> Answer:
        """Send *request* and demand that it is refused with a status of the 400s.

        A limit on how often one may ask says nothing of what was asked.
        """
        with self.attempt.expecting("an error status (4xx)", requirement=requirement) as expecting:
            answer = await self.fetch(request, body)
            if answer.status is None or not 400 <= answer.status < 500:
                excuse_answer(answer)
                expecting.broken(str(answer), ground_of(answer.status))
            excuse_rate(answer.status, answer.detail)
        return answer

    @property
    def is_over(self) -> bool:
        """Whether the session has ended."""
        return self.heartbeat.lost is not None

    # Liveness -------------------------------------------------------------------------------------

    async def expect_alive(self, requirement: str | None = None) -> None:
        """Demand an answer from the application: whatever was sent before has been accepted.

        Messages that come first are kept for `expect_message`.
        """
        for _ in range(ROUNDS):
            await self.ask()
            with self.attempt.expecting(self._wanted(), requirement=requirement) as expecting:
                if isinstance(end := await self._answer(), SessionEnd):
                    expecting.broken(f"the session ended: {end}", Ground.MISSING)

    async def settle(self) -> SessionEnd | None:
        """Wait until the server has dealt with what was sent; the end of the session, if that came of it.

        Messages that come first are kept.
        """
        for _ in range(ROUNDS):
            await self.ask()
            with self.attempt.expecting(self._wanted(), "the end of the session"):
                if isinstance(end := await self._answer_or_heartbeat(), SessionEnd):
                    return end
        return None

    async def expect_failure(self, requirement: str | None = None) -> SessionEnd:
        """Demand that the server ends the session because of what was just sent.

        Pings are answered meanwhile, so that no time-out does it. An answer of the application does not
        conform; a first one may have overtaken the end.
        """
        with self.attempt.expecting("the end of the session", requirement=requirement) as expecting:
            answers = 0
            while True:
                await self.ask()
                answer = await self._answer_or_heartbeat()
                if isinstance(answer, SessionEnd):
                    return answer
                if answer is None:
                    expecting.broken(
                        "the session lives on: it is pinged, though nothing is answered any more"
                    )
                answers += 1
                if answers == ROUNDS:
                    expecting.broken("the session lives on: the application answered behind it")

    async def outlook(self) -> SessionEnd | None:
        """The end of the session, or None when the application answers behind all that was sent before."""
        with self.attempt.expecting(self._wanted(), "the end of the session"):
            for _ in range(ROUNDS):
                await self.ask()
                if isinstance(end := await self._answer(), SessionEnd):
                    return end
        return None

    async def expect_end(self, requirement: str | None = None) -> SessionEnd:
        """Demand the end of the session; messages may come before it."""
        with self.attempt.expecting("the end of the session", requirement=requirement):
            while True:
                packet = await self._from_wire()
                if isinstance(packet, SessionEnd):
                    return packet
                self.kept.append(packet)

    async def ask(self) -> None:
        """Send what any application of this kind answers."""
        self._questions += 1
        if self.ended is not None:
            return
        if (said := self.dialect.question(self._question)) is not None:
            await self.send(Packet.message(said))
        else:
            self.attempt.last(self.timers.ping_interval + SLACK, "a heartbeat, which alone shows life here,")

    @property
    def _question(self) -> str:
        return f"wireproof-{self._questions}"

    def _wanted(self) -> str:
        return {
            Application.SOCKETIO: "an answer to a request to join a namespace",
            Application.ECHO: "the echo of a message",
            Application.UNKNOWN: "a ping of the server's",
        }[self.dialect.application]

    async def _answer(self) -> Packet | SessionEnd:
        """What answers the last question, or the end of the session."""
        if self.dialect.application is Application.UNKNOWN:
            return await self.next_ping(len(self.heartbeat.pings)) or Packet.ping()
        answer = re.compile(rf"(?:[04]/)?{self._question}(,.*)?", re.DOTALL)
        while True:
            packet = await self._from_wire()
            if isinstance(packet, SessionEnd):
                return packet
            if isinstance(packet.data, str) and answer.fullmatch(packet.data):
                return packet
            self.kept.append(packet)

    async def _answer_or_heartbeat(self) -> Packet | SessionEnd | None:
        """What answers the last question, or the end; None for a session that only goes on with its pings."""
        if self.dialect.application is Application.UNKNOWN:
            return await self._answer()
        answer = asyncio.ensure_future(self._answer())
        pinged = asyncio.ensure_future(self.next_ping(len(self.heartbeat.pings) + HEARTBEATS - 1))
        try:
            await asyncio.wait((answer, pinged), return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else pinged.result()
        finally:
            answer.cancel()
            pinged.cancel()

    # Messages -------------------------------------------------------------------------------------

    async def _take(self, packet: Packet) -> None:
        # Without the type of a message, that of the Socket.IO packet is read in its place.
        is_message = packet.type is PacketType.MESSAGE or self.dialect.application is not Application.SOCKETIO
        if not is_message and _SOCKETIO.match(str(packet.data)):
            told = f"a packet of Socket.IO in none of the type message: {packet}"
            self.accuse([Violation("socketio/packet-encoding/message-packet-sent", told)])
        await RawSession._take(self, packet)

    async def _from_wire(self) -> Packet | SessionEnd:
        while True:
            packet = await self.event()
            if isinstance(packet, SessionEnd):
                # An end by the server's time-out says nothing of what was sent.
                self.attempt.excuse()
                return packet
            if packet.type is PacketType.MESSAGE:
                return packet

    async def message_or_end(self) -> Packet | SessionEnd:
        """The next message, of those kept and those to come, or the end of the session."""
        return self.kept.popleft() if self.kept else await self._from_wire()

    async def next_message(self, expecting: Expectation) -> Packet:
        """The next message of a session that has no reason to end."""
        packet = await self.message_or_end()
        if isinstance(packet, SessionEnd):
            expecting.broken(f"the session ended: {packet}", Ground.MISSING)
        return packet

    async def expect_message(self, data: str | bytes | None = None, requirement: str | None = None) -> Packet:
        """Demand a message, with *data* where that is given; other messages may not come before it."""
        what = "a message" if data is None else f"the message {_shown(data)}"
        with self.attempt.expecting(what, requirement=requirement) as expecting:
            packet = await self.next_message(expecting)
            if data is not None and packet.data != data:
                expecting.broken(f"the message {_shown(packet.data)}")
        return packet

    async def expect_no_message(self, requirement: str | None = None) -> None:
        """Demand that no message comes before the application's answers to questions that are sent now."""
        with self.attempt.expecting("no message", requirement=requirement) as expecting:
            await self.expect_alive(requirement)
            if self.kept:
                expecting.broken(f"the message {_shown(self.kept[0].data)}", seen=str(self.kept[0]))

    async def expect_ping(self, requirement: str | None = None) -> float:
        """Demand the server's next ping and return when it came, on the monotonic clock."""
        timers = self.timers
        self.attempt.last(timers.ping_interval + SLACK, "the server's ping")
        seen = len(self.heartbeat.pings)
        with self.attempt.expecting("a ping packet", requirement=requirement) as expecting:
            if end := await self.next_ping(seen):
                expecting.broken(f"the session ended: {end}", Ground.MISSING)
        return self.heartbeat.pings[seen]

    def expect_no_violation(self, requirement: str | None = None) -> None:
        """Demand that nothing which came so far broke *requirement* (the case's first by default)."""
        wanted = requirement or self.attempt.requirements[0]
        for violation in self.violations:
            if violation.requirement == wanted:
                self.attempt.broken(
                    violation.text,
                    "none of it in the server's packets",
                    requirement=wanted,
                    seen=f"breaks {wanted}: ",
                )


def excuse_answer(answer: Answer) -> None:
    """Raise when a request was refused for the server's own limits or for want of room."""
    excuse_status(answer.status, answer.detail)


def _shown(data: str | bytes) -> str:
    return shorten(data.encode("utf-8", "replace") if isinstance(data, str) else data)
