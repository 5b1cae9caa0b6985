"""The mechanics of an Engine.IO client: a session over long-polling or WebSocket, with no opinion on either.

From `listen` on, a task of its own reads what comes and answers the server's pings, whatever the case awaits
meanwhile: a session never ends just because nobody looked at it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from wireproof.attempt import Attempt, Inconclusive, Outcome, Unopened
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import Dialect, SessionDialect
from wireproof.peer.exchange import Answer, HttpClient, with_body
from wireproof.peer.heartbeat import Heartbeat
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.transcript import Direction, Kind
from wireproof.wire.engineio import (
    MOST_VIOLATIONS,
    Handshake,
    HandshakeError,
    Packet,
    PacketError,
    PacketType,
    decode_packet,
    encode_packet,
    encode_payload,
    parse_handshake,
    read_payload,
)
from wireproof.wire.http1 import Request
from wireproof.wire.session import Close, Message, Violation
from wireproof.wire.text import percent_encoded, printable
from wireproof.wire.websocket import Frame

REVISION = "4"
POLL_TYPE = b"text/plain;charset=UTF-8"
RECEIVE_LIMIT = 8 << 20  # bytes of one WebSocket message
ARRIVALS_LIMIT = 16 << 20  # bytes of all packets of a session, each with what it costs to keep it
PACKET_OVERHEAD = 200


class Transport(StrEnum):
    """How packets travel."""

    POLLING = "polling"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """A session is over, and how it showed."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(slots=True)
class RawSession:
    """One Engine.IO session, which records everything. ``answers_pings`` may be unset at any time.

    What came before the upgrade and what came behind it stand in ``packets`` in order.
    """

    dialer: Dialer
    attempt: Attempt
    dialect: SessionDialect = field(default_factory=SessionDialect)
    answers_pings: bool = True
    handshake: Handshake | None = None
    transport: Transport = Transport.POLLING
    packets: deque[Packet] = field(default_factory=deque)
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    violations: list[Violation] = field(default_factory=list)
    ended: SessionEnd | None = None
    socket: WebSocketPeer | None = None  # the connection below, where the transport is WebSocket
    posting: asyncio.Lock = field(default_factory=asyncio.Lock)  # held while a POST request is under way
    http: HttpClient = field(init=False)
    _sockets: list[WebSocketPeer] = field(default_factory=list)
    _arrived: int = 0
    _listening: asyncio.Task[None] | None = None
    _failure: BaseException | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _stop_polling: bool = False

    def __post_init__(self) -> None:
        self.http = HttpClient(self.dialer, self.attempt)

    # Requests -----------------------------------------------------------------------------------

    @property
    def sid(self) -> str | None:
        """The session's id, once the server has told it."""
        return self.handshake.sid if self.handshake else None

    @property
    def timers(self) -> Handshake:
        """What the handshake told; raise RuntimeError before it."""
        if self.handshake is None:
            raise RuntimeError("the session has not been opened")
        return self.handshake

    def resource(self, transport: Transport, query: Mapping[str, str | None] | None = None) -> str:
        """The path and the query of a correct request; *query* changes, adds or (None) leaves out parameters.

        Values go out as they are, so that they can be wrong in any way but for spaces and line ends.
        """
        told: dict[str, str | None] = {"EIO": REVISION, "transport": str(transport), "sid": self.sid}
        told |= query or {}
        pairs = [f"{name}={percent_encoded(value)}" for name, value in told.items() if value is not None]
        return self.dialect.path + (f"?{'&'.join(pairs)}" if pairs else "")

    def request(self, query: Mapping[str, str | None] | None = None, method: bytes = b"GET") -> Request:
        """A correct long-polling request with the user's headers."""
        there = self.dialer.endpoint
        target = self.resource(Transport.POLLING, query).encode()
        return Request(target, ((b"Host", there.authority), *there.request_headers), method)

    async def fetch(self, request: Request, body: bytes = b"") -> Answer:
        """Send any request on a connection of the session's and await its whole answer."""
        answer = await self.http.fetch(request, body)
        if self.sid and percent_encoded(self.sid).encode() in request.target:
            (self.heartbeat.hear if answer.status == 200 else self.heartbeat.lose)()
        return answer

    async def poll(self) -> Answer:
        """One GET for what the server has to say."""
        with self.heartbeat.polling(self.handshake):
            return await self.fetch(self.request())

    async def post(self, *packets: Packet | str) -> Answer:
        """One POST with *packets*; raw strings stand among them as they are."""
        for packet in packets:
            self._note_out(packet)
        body = encode_payload(packets).encode("utf-8", "surrogateescape")
        return await self.post_body(body)

    async def post_body(self, body: bytes, content_type: bytes = POLL_TYPE) -> Answer:
        """One POST with any body."""
        return await self.fetch(with_body(self.request(method=b"POST"), body, content_type), body)

    # Opening --------------------------------------------------------------------------------------

    async def handshake_with(self, request: Request) -> Answer:
        """Send *request* as the one that opens the session, and read the handshake where one comes."""
        answer = await self.fetch(request)
        if answer.status == 200:
            for packet in self.read_answer(answer):
                self.open_with(packet)
        return answer

    async def connect_socket(self, query: Mapping[str, str | None] | None = None) -> WebSocketPeer | Refusal:
        """A WebSocket on the server's path: a session's first one, or of an open session, for the upgrade."""
        peer = WebSocketPeer(self.dialer, self.attempt, Dialect(), receive_limit=RECEIVE_LIMIT)
        self._sockets.append(peer)
        request = self.http.with_cookies(peer.request(self.resource(Transport.WEBSOCKET, query)))
        answer = await peer.handshake(request)
        self.http.note_cookies(answer.response if isinstance(answer, Refusal) else answer)
        if isinstance(answer, Refusal):
            self.heartbeat.lose()
        return answer if isinstance(answer, Refusal) else peer

    async def begin(self, transport: Transport = Transport.POLLING) -> Handshake:
        """Make a session and read nothing more; raise `Unopened` when an ordinary handshake fails."""
        self.transport = transport
        if transport is Transport.POLLING:
            answer = await self.handshake_with(self.request())
            if self.handshake is None:
                raise Unopened(f"an ordinary handshake over polling failed: {answer}", answer.status)
            return self.handshake
        found = await self.connect_socket()
        if isinstance(found, Refusal):
            raise Unopened(f"an ordinary handshake over WebSocket was refused: {found.detail}", found.status)
        self.socket = found
        packet = await receive_packet(found, self)
        if packet is None:
            raise Unopened(f"the WebSocket ended before the handshake: {found.ended or found.close_received}")
        self.open_with(packet)
        if self.handshake is None:
            raise Unopened(f"the first packet over WebSocket is no handshake: {packet}")
        return self.handshake

    def open_with(self, packet: Packet) -> None:
        """Take the first packet of a session, which tells of it."""
        if packet.type is not PacketType.OPEN or self.handshake is not None:
            self._arrive(packet)
            return
        self.heartbeat.begin()
        try:
            self.handshake = parse_handshake(str(packet.data))
        except HandshakeError as exc:
            self.accuse(exc.violations)
            self.handshake = exc.handshake

    # Sending --------------------------------------------------------------------------------------

    async def send(self, *packets: Packet | str) -> None:
        """Send *packets* over the current transport, in order; a session that refuses them has ended."""
        async with self.posting:
            if self.socket is not None and self.transport is Transport.WEBSOCKET:
                for packet in packets:
                    self._note_out(packet)
                    data = encode_packet(packet)
                    self.socket.send(Frame.text(data) if isinstance(data, str) else Frame.binary(data))
                return
            answer = await self.post(*packets)
            if answer.status != 200:
                self._end(f"a POST was answered with {answer}")

    # Receiving ------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Read what comes from now on, and answer pings."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    async def event(self) -> Packet | SessionEnd:
        """The next packet but pings, which are answered; once the session has ended, always that."""
        return await self._until(lambda: bool(self.packets)) or self.packets.popleft()

    async def next_ping(self, behind: int) -> SessionEnd | None:
        """Wait until more than *behind* pings have come; the end of the session if that comes first."""
        return await self._until(lambda: len(self.heartbeat.pings) > behind)

    async def _until(self, ready: Callable[[], bool]) -> SessionEnd | None:
        self.listen()
        while not ready():
            if self._failure is not None:
                raise self._failure
            if self.ended is not None:
                return self.ended
            self._news.clear()
            await self._news.wait()
        return None

    async def _listen(self) -> None:
        try:
            while self.ended is None and not self._stop_polling:
                if self.transport is Transport.POLLING:
                    await self._poll_once()
                else:
                    await self._read_socket()
        except Exception as exc:  # noqa: BLE001  # whoever awaits an event is told
            self._failure = exc
        finally:
            self._news.set()

    async def _poll_once(self) -> None:
        answer = await self.poll()
        if answer.status != 200:
            self._end(f"a GET was answered with {answer}")
            return
        for packet in self.read_answer(answer):
            await self._take(packet)

    async def _read_socket(self) -> None:
        if self.socket is None:
            raise RuntimeError("no WebSocket is open")
        packet = await receive_packet(self.socket, self)
        if packet is None:
            self._end(str(self.socket.close_received or self.socket.ended))
        else:
            await self._take(packet)

    async def _take(self, packet: Packet) -> None:
        self.heartbeat.hear()
        match packet.type:
            case PacketType.PING:
                self.heartbeat.ping()
                self._news.set()
                if self.answers_pings:
                    await self.send(Packet(PacketType.PONG, packet.data))
            case PacketType.CLOSE:
                self._end("a close packet")
            case PacketType.NOOP:
                pass
            case _:
                self._arrive(packet)

    def _arrive(self, packet: Packet) -> None:
        self._arrived += len(packet.data) + PACKET_OVERHEAD
        if self._arrived > ARRIVALS_LIMIT:
            raise Inconclusive(f"the server sent more than {ARRIVALS_LIMIT >> 20} MiB in one session")
        self.packets.append(packet)
        self._news.set()

    def _end(self, detail: str) -> None:
        if self.ended is None:
            self.ended = SessionEnd(detail)
            self.heartbeat.end()
        self._news.set()

    def read_answer(self, answer: Answer) -> tuple[Packet, ...]:
        """The packets in the body of a response; what breaks the protocol is noted."""
        try:
            text = answer.body.decode("utf-8")
        except UnicodeDecodeError:
            text = answer.body.decode("utf-8", "replace")
            self.accuse([Violation("engineio/packet-encoding/utf-8-sent", "a body that is not UTF-8")])
        reading = read_payload(text)
        self.accuse(reading.violations)
        for packet in reading.packets:
            self.note(Direction.IN, packet)
        return reading.packets

    def read_message(self, message: Message) -> Packet | None:
        """The packet that a WebSocket message carries; None, and noted, for one that breaks the protocol."""
        is_text = message.opcode == 1
        try:
            packet = decode_packet(message.data.decode("utf-8", "replace") if is_text else message.data)
        except PacketError as exc:
            self.accuse(exc.violations)
            return None
        self.note(Direction.IN, packet)
        return packet

    def accuse(self, violations: Iterable[Violation]) -> None:
        """Note rules that the server's output broke."""
        for violation in violations:
            if violation not in self.violations and len(self.violations) < MOST_VIOLATIONS:
                self.violations.append(violation)
                self.attempt.passing.append(violation)
                self.note(Direction.NOTE, f"breaks {violation.requirement}: {violation.text}")

    def note(self, direction: Direction, packet: Packet | str) -> None:
        """Put a packet, or words about one, into the transcript; its bytes stand with what carries it."""
        self.attempt.transcript.add(0, direction, Kind.PACKET, str(packet))

    def _note_out(self, packet: Packet | str) -> None:
        if isinstance(packet, str):
            packet = f"raw {printable(packet[:80])}{'…' * (len(packet) > 80)}"
        elif packet.type is PacketType.PONG:
            self.heartbeat.pong()
        self.note(Direction.OUT, packet)

    # Upgrading ------------------------------------------------------------------------------------

    async def stop_polling(self) -> None:
        """Send no further GET once the pending one is answered, and wait for that."""
        if self._listening is not None:
            self._stop_polling = True
            await self._listening
            self._listening, self._stop_polling = None, False
            if self._failure is not None:
                raise self._failure

    def switch_to(self, socket: WebSocketPeer) -> None:
        """Use *socket* from now on."""
        self.socket, self.transport = socket, Transport.WEBSOCKET

    # Ending -----------------------------------------------------------------------------------------

    def fall_silent(self) -> None:
        """Read nothing more and send nothing more, with every connection left open."""
        if self._listening is not None:
            self._listening.cancel()
        if self.socket is not None:
            self.socket.stop_reading()

    def vanish(self) -> None:
        """End every connection with an RST and without a word."""
        for exchange in self.http.made:
            if exchange.connection.end is None:
                exchange.connection.reset()
        if self.socket is not None:
            self.socket.reset()
        self.discard()

    def discard(self) -> None:
        """Give up everything, without waiting for anything."""
        if self._listening is not None:
            self._listening.cancel()
        self.http.discard()
        for peer in self._sockets:
            peer.discard()


async def receive_packet(peer: WebSocketPeer, session: RawSession) -> Packet | None:
    """The next packet on *peer*, recorded in *session*; None once the connection has ended."""
    while True:
        match await peer.event():
            case Message() as message:
                if (packet := session.read_message(message)) is not None:
                    return packet
            case Close() | Ended():
                with suppress(Outcome):
                    if not peer.close_sent and peer.close_received is not None:
                        peer.send(Frame.close(peer.close_received.code))
                session.heartbeat.lose()
                return None
            case _:
                pass
