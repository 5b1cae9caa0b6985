"""The mechanics of a WebSocket peer: everything it can do to a server, with no opinion on what comes back."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from wireproof.attempt import Attempt, Inconclusive
from wireproof.peer.agreeing import agreed
from wireproof.peer.connection import Connection, Dialer, End
from wireproof.peer.dialect import Act, Dialect
from wireproof.transcript import Direction, Kind
from wireproof.wire.deflate import Agreement, DeflateOffer, Deflater, Inflater, MessageTooLarge
from wireproof.wire.http1 import HttpViolation, Request, Response, ResponseReader, accept_for, upgrade_request
from wireproof.wire.session import Close, Message, Ping, Pong, ServerSession, Violation
from wireproof.wire.text import describe_frame, shorten
from wireproof.wire.websocket import (
    DATA_OPCODES,
    Frame,
    FrameReader,
    FrameTooLargeError,
    Opcode,
    ReceivedFrame,
)

PACE = 0.001  # seconds between the pieces of a request or frame that is sent in pieces
ECHO_LIMIT = 1 << 20
AT_A_TIME = 256  # frames and events taken before other cases have their turn
VIOLATIONS_KEPT = 200  # different ones, for each connection


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection has ended, and how."""

    how: End
    detail: str = ""

    def __str__(self) -> str:
        return self.detail or self.how.value


@dataclass(frozen=True, slots=True)
class Refusal:
    """A handshake that got something else than a 101: a response, a broken one, or none."""

    response: Response | None
    detail: str
    body: bytes = b""

    @property
    def status(self) -> int | None:
        """The status code, if there is a response."""
        return self.response.status if self.response else None


PeerEvent = Message | Ping | Pong | Close | Ended


@dataclass(slots=True)
class RawPeer:
    """One connection over the WebSocket codec. It records everything and hides nothing.

    It answers pings (unless ``answers_pings`` is unset), since a server may send them at any time.
    ``receive_limit`` bounds a frame and a message, in bytes.
    """

    dialer: Dialer
    attempt: Attempt
    dialect: Dialect = field(default_factory=Dialect)
    answers_pings: bool = True
    receive_limit: int = ECHO_LIMIT
    key: bytes = b""
    response: Response | None = None
    agreement: Agreement | None = None
    deflater: Deflater = field(default_factory=Deflater)
    violations: list[Violation] = field(default_factory=list)
    messages: deque[Message] = field(default_factory=deque)
    close_sent: bool = False
    close_received: Close | None = None
    ended: Ended | None = None
    leftover: bytes = b""  # what came last and made no whole frame; known once the connection has ended
    _connection: Connection | None = None
    _http: ResponseReader = field(default_factory=ResponseReader)
    _session: ServerSession | None = None
    _source: Iterator[object] | None = None
    _taken: int = 0
    _in_message: bool = False  # a message of ours has begun and not ended

    @property
    def connection(self) -> Connection:
        """The connection below; there is one once `connect` was awaited."""
        if self._connection is None:
            raise RuntimeError("the peer has not connected")
        return self._connection

    # Opening ----------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Open the connection and send nothing."""
        self._connection = await self.dialer.dial(self.attempt)

    def request(self, resource: str | None = None) -> Request:
        """A correct opening handshake for the target, with the user's headers and a fresh key."""
        there = self.dialer.endpoint
        key = base64.b64encode(self.attempt.random.randbytes(16))
        target = (there.resource if resource is None else resource).encode()
        return upgrade_request(target, there.authority, key, there.all_headers)

    def offering(self, *offers: DeflateOffer, resource: str | None = None) -> Request:
        """A correct opening handshake that offers permessage-deflate (RFC 7692 section 7)."""
        value = b", ".join(offer.encode() for offer in offers)
        return self.request(resource).with_header(b"Sec-WebSocket-Extensions", value)

    async def send_request(self, request: Request, *more: Frame, pieces: Sequence[int] = ()) -> None:
        """Send *request*, with the bytes of *more* frames right behind it; cut at the offsets in *pieces*."""
        self.key = request.get(b"Sec-WebSocket-Key") or b""
        head = request.encode()
        line = shorten(head.split(b"\r\n", 1)[0])
        cut = f" in {len(pieces) + 1} pieces" if pieces else ""
        self._record(Direction.OUT, Kind.HTTP, line + cut, head)
        behind = b"".join(self._encode(frame) for frame in more)
        await self._write(head + behind, pieces)

    async def receive_response(self) -> Response | Refusal:
        """The head of the answer to a handshake; anything that is no 101 is a `Refusal`."""
        http = self._http
        while (response := http.answer) is None:
            data = await self.connection.receive()
            try:
                http.receive_data(data) if data else http.receive_eof()
            except HttpViolation as exc:
                self._record(Direction.IN, Kind.HTTP, f"no HTTP response: {exc}", data)
                return Refusal(None, str(exc), data[:256])
            if not data and http.response is None:
                return Refusal(None, str(self._end()))
        self.dialer.last_alive = time.monotonic()
        self._record(Direction.IN, Kind.HTTP, response.describe(), _head_bytes(response))
        if response.status != 101:
            return Refusal(response, f"{response.describe()}", bytes(http.body[:256]))
        self.response = response
        self._start(http.rest)
        return response

    def next_response(self) -> None:
        """Get ready to read another response on the same connection, behind one that is complete."""
        rest = self._http.rest
        self._http = ResponseReader()
        if rest:
            self._http.receive_data(rest)

    async def handshake(
        self, request: Request | None = None, *more: Frame, pieces: Sequence[int] = ()
    ) -> Response | Refusal:
        """Connect, send *request* (a correct one by default) and return the answer."""
        await self.connect()
        await self.send_request(request or self.request(), *more, pieces=pieces)
        return await self.receive_response()

    async def open(self, request: Request | None = None) -> Response:
        """Make a working connection; raise `Inconclusive` when an ordinary handshake does not do it."""
        answer = await self.handshake(request)
        if isinstance(answer, Refusal):
            raise Inconclusive(f"an ordinary handshake was refused: {answer.detail}")
        await self.introduce()
        return answer

    async def introduce(self) -> None:
        """Play the preamble that the profile tells, with all that it sends and expects."""
        for step in self.dialect.preamble:
            if step.act is Act.SEND:
                self.send(Frame.text(step.text))
                continue
            with self.attempt.preparing(), self.attempt.expecting(f"a message that matches {step.text}"):
                while True:
                    message = await self._next_message()
                    if self.dialect.matches(step, message):
                        break

    async def _next_message(self) -> Message:
        while True:
            match await self.event():
                case Message() as message:
                    return message
                case Ended() | Close() as end:
                    raise Inconclusive(f"the connection ended inside the preamble: {end}")
                case _:
                    pass

    # Sending ----------------------------------------------------------------------------------

    def send(self, *frames: Frame) -> None:
        """Send *frames* in one segment, as far as the system allows."""
        self.connection.write(b"".join(self._encode(frame) for frame in frames))

    async def send_pieces(self, data: bytes, offsets: Sequence[int]) -> None:
        """Send raw bytes, cut at *offsets*, each piece in a segment of its own."""
        await self._write(data, offsets)

    def send_bytes(self, data: bytes, text: str = "raw bytes") -> None:
        """Send raw bytes that may be no frame at all."""
        self._record(Direction.OUT, Kind.FRAME, text, data)
        self.connection.write(data)

    def encode(self, *frames: Frame) -> bytes:
        """The bytes of *frames*, recorded as sent, for `send_pieces`."""
        return b"".join(self._encode(frame) for frame in frames)

    def stop_reading(self) -> None:
        """Read nothing more until the next event is asked for, so that the server's output piles up."""
        self.connection.stop_reading()

    def half_close(self) -> None:
        """Send a FIN and keep reading."""
        self.connection.half_close()

    def reset(self) -> None:
        """End the connection with an RST."""
        self.connection.reset()

    def discard(self) -> None:
        """Give the connection up, without waiting for anything."""
        if self._connection is not None:
            self._connection.discard()

    def _encode(self, frame: Frame) -> bytes:
        data = frame.encode(self.attempt.random.randbytes(4))
        self._record(Direction.OUT, Kind.FRAME, describe_frame(frame), data)
        self.close_sent = self.close_sent or frame.opcode == Opcode.CLOSE
        if frame.opcode in DATA_OPCODES:
            self._in_message = not frame.fin
        return data

    async def _write(self, data: bytes, offsets: Sequence[int]) -> None:
        if not offsets:
            self.connection.write(data)
            return
        bounds = [0, *offsets, len(data)]
        pieces = [data[a:b] for a, b in pairwise(bounds) if b > a]
        await self.connection.write_pieces(pieces, PACE)

    # Receiving --------------------------------------------------------------------------------

    async def event(self) -> PeerEvent:
        """The next thing that the server says, pings answered; once the connection has ended, always that."""
        while True:
            await self._give_way()
            for item in self._source or ():
                if (event := self._take(item)) is not None:
                    return event
            if self.ended is not None:
                return self.ended
            await self._fill()

    async def receive_frame(self) -> ReceivedFrame | Ended:
        """The next frame as it stands on the wire."""
        while True:
            await self._give_way()
            for item in self._source or ():
                self._take(item)
                if isinstance(item, ReceivedFrame):
                    return item
            if self.ended is not None:
                return self.ended
            await self._fill()

    def unread(self) -> bytes:
        """What has come and was not taken yet, for readers of their own; the peer forgets it."""
        self._source = None
        return self._frames().reader.hand_over()

    def read(self, data: bytes, history: bytes | None = None) -> Iterator[PeerEvent]:
        """What *data* says, which was received on the peer's connection by other means.

        *history* is the end of all messages that the server compressed before, if the peer has not seen it
        all. Data frames are not recorded.
        """
        self._frames().remember(history)
        for item in self._read(data):
            if isinstance(item, ReceivedFrame) and not item.is_control:
                continue
            if (event := self._take(item)) is not None:
                yield event

    def put_back(self, data: bytes, history: bytes | None = None) -> None:
        """Let *data* be what comes next; *history* as for `read`."""
        self._frames().remember(history)
        self._source = self._read(data)

    async def _give_way(self) -> None:
        # What has come may hold thousands of frames, and all other cases wait meanwhile.
        if self._taken >= AT_A_TIME:
            self._taken = 0
            await asyncio.sleep(0)

    async def _fill(self) -> None:
        data = await self.connection.receive()
        if not data:
            self.leftover = self._frames().reader.pending
            if self.leftover:
                text = f"{len(self.leftover)} bytes that make no frame"
                self._record(Direction.IN, Kind.FRAME, text, self.leftover)
            self.ended = self._end()
            return
        self._source = self._read(data)

    def _read(self, data: bytes) -> Iterator[object]:
        try:
            yield from self._frames().receive_data(data)
        except FrameTooLargeError as exc:
            # Section 5.2: such a length is wrong whatever the limit is.
            if exc.length >= 1 << 63:
                yield Violation("rfc6455/5.2/length-top-bit-sent", f"{exc.length} bytes announced")
            self._record(Direction.IN, Kind.FRAME, str(exc), exc.header)
            self.ended = Ended(End.ABANDONED, str(exc))
            self.connection.discard()
        except MessageTooLarge as exc:
            self.ended = Ended(End.ABANDONED, str(exc))
            self.connection.discard()

    def _take(self, item: object) -> PeerEvent | None:
        self._taken += 1
        match item:
            case ReceivedFrame() as frame:
                self._record(Direction.IN, Kind.FRAME, describe_frame(frame), frame.encode())
                return None
            case Violation() as violation:
                self._violated(violation)
                return None
            case Ping(payload):
                # Section 5.5.3: it is enough to answer the latest ping, so a flood of them may wait.
                if self.answers_pings and not self.close_sent and self.connection.is_writable:
                    self.send(Frame.pong(payload))
                return Ping(payload)
            case Message() as message if self.dialect.is_noise(message):
                self._reply(self.dialect.reply_to(message))
                return None
            case Close() as close:
                self.close_received = self.close_received or close
                return close
            case Message() | Pong() as event:
                return event
            case _:
                raise TypeError(f"no event: {item!r}")

    def _reply(self, text: str | None) -> None:
        # Section 5.4: nothing but control frames may come between the fragments of a message.
        if text is not None and not self._in_message and not self.close_sent:
            self.send(Frame.text(text))

    def _frames(self) -> ServerSession:
        if self._session is None:
            raise RuntimeError("the handshake has not succeeded")
        return self._session

    def _start(self, rest: bytes) -> None:
        self._session = ServerSession(FrameReader(self.receive_limit), self._agree())
        if rest:
            self._source = self._read(rest)

    def _agree(self) -> Inflater | None:
        """Compression as the response agreed on it; an answer that can't be read is a violation."""
        self.agreement, violation = agreed(self.response)
        if violation is not None:
            self._violated(violation)
        if self.agreement is None:
            return None
        told = self.agreement
        self.deflater = Deflater(told.client_max_window_bits, not told.client_no_context_takeover)
        return Inflater(not told.server_no_context_takeover, self.receive_limit)

    def _violated(self, violation: Violation) -> None:
        if violation in self.violations or len(self.violations) >= VIOLATIONS_KEPT:
            return
        self.violations.append(violation)
        self.attempt.passing.append(violation)
        self._record(Direction.NOTE, Kind.FRAME, f"breaks {violation.requirement}: {violation.text}")

    def _end(self) -> Ended:
        return Ended(self.connection.end or End.BROKEN)

    def _record(self, direction: Direction, kind: Kind, text: str, data: bytes | None = None) -> None:
        self.attempt.transcript.add(self.connection.number, direction, kind, text, data)

    def expected_accept(self) -> bytes:
        """The Sec-WebSocket-Accept value that answers the key that was sent."""
        return accept_for(self.key)


def _head_bytes(response: Response) -> bytes:
    line = b"%s %d %s" % (response.version, response.status, response.reason)
    return b"\r\n".join([line, *(name + b": " + value for name, value in response.headers)]) + b"\r\n\r\n"
