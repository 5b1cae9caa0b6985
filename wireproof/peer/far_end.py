"""Both ends of a WebSocket in the harness's hands, so that what stands between them shows.

The far end is a server of our own that judges nothing: it takes what comes and says what a case tells it to.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from wireproof.attempt import Attempt
from wireproof.peer.connection import Connection, Dialer, End
from wireproof.transcript import Direction, Kind
from wireproof.wire.http1 import (
    Header,
    HttpViolation,
    Request,
    Response,
    ResponseReader,
    accept_for,
    parse_head,
    upgrade_request,
)
from wireproof.wire.text import describe_frame, shorten
from wireproof.wire.websocket import Frame, FrameReader, FrameTooLargeError, Masking, ReceivedFrame

FRAME_LIMIT = 16 << 20  # bytes of one frame
HEAD_LIMIT = 128 << 10  # bytes of a request head
_HOST = "127.0.0.1"
_REFUSAL = b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n"
_ENDS = {
    End.FIN: "TCP was closed there",
    End.RESET: "TCP was reset there",
    End.BROKEN: "the connection broke there",
    End.ABANDONED: "the harness gave it up",
}


@dataclass(slots=True)
class Wire:
    """One end of a WebSocket, which says and hears frames as they are. ``received`` counts bytes."""

    connection: Connection
    masking: Masking
    received: int = 0
    _reader: FrameReader = field(default_factory=lambda: FrameReader(FRAME_LIMIT))
    _ready: deque[ReceivedFrame] = field(default_factory=deque)

    def take(self, data: bytes) -> None:
        """Treat *data* as what came first."""
        self.received += len(data)
        self._reader.receive_data(data)

    def send(self, *frames: Frame) -> bytes:
        """Send *frames* in one segment, as far as the system allows; return their bytes."""
        attempt, number = self.connection.attempt, self.connection.number
        whole = bytearray()
        for frame in frames:
            # RFC 6455 section 5.1: a client masks, a server does not.
            said = frame.but(mask=Masking.NONE) if self.masking is Masking.NONE else frame
            data = said.encode(attempt.random.randbytes(4))
            attempt.transcript.add(number, Direction.OUT, Kind.FRAME, describe_frame(said), data)
            whole += data
        self.connection.write(bytes(whole))
        return bytes(whole)

    async def frame(self) -> ReceivedFrame | End:
        """The next frame as it stands on the wire, or how the connection ended."""
        while True:
            try:
                self._ready.extend(self._reader.frames())
            except FrameTooLargeError as exc:
                self.connection.note(str(exc))
                self.connection.discard()
                return End.BROKEN
            if self._ready:
                break
            data = await self.connection.receive()
            if not data:
                return self.connection.end or End.BROKEN
            self.take(data)
        frame = self._ready.popleft()
        self.connection.attempt.transcript.add(
            self.connection.number, Direction.IN, Kind.FRAME, describe_frame(frame), frame.encode()
        )
        return frame

    async def end(self) -> End:
        """Wait for the end of the connection; frames that come before it are passed over."""
        while not isinstance(found := await self.frame(), End):
            pass
        return found


@dataclass(slots=True)
class Tunnel:
    """A WebSocket with its two ends: ``request`` as it arrived, ``response`` as it came back."""

    near: Wire
    far: Wire
    asked: Request
    request: Request
    response: Response

    def discard(self) -> None:
        """Give up both ends."""
        self.near.connection.discard()
        self.far.connection.discard()


@dataclass(frozen=True, slots=True)
class Blocked:
    """No WebSocket came about: what the client saw, and the request that arrived, if one did."""

    seen: str
    arrived: Request | None = None

    def __str__(self) -> str:
        there = "the request arrived" if self.arrived else "the request did not arrive"
        return f"{self.seen}; {there}"


class _Arrival(Connection):
    """A connection that a proxy made to us."""

    def __init__(self, server: FarEnd) -> None:
        super().__init__(Attempt(("arrival",)), 0)
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        super().connection_made(transport)
        self._server.arrived(self)

    def note(self, text: str, *, direction: Direction = Direction.NOTE) -> None:
        """Record something that happened to the connection."""
        for end, words in _ENDS.items():
            text = words if text == end.value else text
        super().note(f"at the far end: {text}", direction=direction)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        super().connection_lost(exc)
        self._server.forget(self)


_Arriving = tuple[_Arrival, Request, bytes]
"""A connection, the request that came over it, and what came behind that."""


class FarEnd:
    """A WebSocket server in the harness's own loop; any other request gets a short page.

    Each opening handshake is told from all others by its target: `tunnel` makes one through whatever a
    dialer leads to, and returns both ends.
    """

    def __init__(self) -> None:
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._awaited: dict[bytes, asyncio.Future[_Arriving]] = {}
        self._all: set[_Arrival] = set()

    async def start(self) -> None:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Arrival(self), _HOST, 0, backlog=256)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no more, and give up all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for arrival in list(self._all):
            arrival.discard()
        if self._listener is not None:
            self._listener.close()
            await self._listener.wait_closed()

    def arrived(self, arrival: _Arrival) -> None:
        """Somebody has connected."""
        self._all.add(arrival)
        task = asyncio.get_running_loop().create_task(self._greet(arrival))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self, arrival: _Arrival) -> None:
        """A connection is over."""
        self._all.discard(arrival)

    async def _greet(self, arrival: _Arrival) -> None:
        buffer = bytearray()
        while True:
            while b"\r\n\r\n" not in buffer:
                data = await arrival.receive()
                buffer += data
                if not data or len(buffer) > HEAD_LIMIT:
                    arrival.discard()
                    return
            head, _, rest = bytes(buffer).partition(b"\r\n\r\n")
            try:
                request = read_request(head)
            except HttpViolation:
                arrival.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                arrival.half_close()
                return
            waiting = self._awaited.pop(request.target.partition(b"?")[0].rpartition(b"/")[2], None)
            if waiting is not None and not waiting.done():
                waiting.set_result((arrival, request, rest))
                return
            # Proxies are asked for a page to see whether they serve.
            arrival.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            buffer = bytearray(rest)

    async def tunnel(
        self,
        dialer: Dialer,
        attempt: Attempt,
        headers: Sequence[Header] = (),
        answer: Sequence[Header] = (),
    ) -> Tunnel | Blocked:
        """A WebSocket from here, through whatever *dialer* leads to, back to here.

        *headers* go into the request, *answer* into the response. Raises what dialling raises.
        """
        token = attempt.random.randbytes(12).hex().encode()
        key = base64.b64encode(attempt.random.randbytes(16))
        there = dialer.endpoint
        asked = upgrade_request(
            b"/far-end/" + token, there.authority, key, (*there.request_headers, *headers)
        )
        arriving = self._awaited[token] = asyncio.get_running_loop().create_future()
        near: Connection | None = None
        made: Tunnel | Blocked | None = None
        try:
            near = await dialer.dial(attempt)
            made = await self._meet(near, asked, arriving, answer)
        finally:
            self._awaited.pop(token, None)
            if not isinstance(made, Tunnel):
                for end in (near, arriving.result()[0] if arriving.done() else None):
                    if end is not None:
                        end.discard()
        return made

    async def _meet(
        self, near: Connection, asked: Request, arriving: asyncio.Future[_Arriving], answer: Sequence[Header]
    ) -> Tunnel | Blocked:
        attempt, head = near.attempt, asked.encode()
        attempt.transcript.add(near.number, Direction.OUT, Kind.HTTP, shorten(head.split(b"\r\n")[0]), head)
        near.write(head)
        reading = asyncio.ensure_future(_read_response(near))
        try:
            await asyncio.wait((arriving, reading), return_when=asyncio.FIRST_COMPLETED)
            if not arriving.done():
                return Blocked(_described(await reading))
            arrival, request, rest = arriving.result()
            self._adopt(arrival, attempt, request)
            if (request.get(b"Upgrade") or b"").lower() != b"websocket":
                arrival.write(_REFUSAL)
                return Blocked(_described(await reading), request)
            sent = _accepting(request.get(b"Sec-WebSocket-Key") or b"", answer)
            attempt.transcript.add(arrival.number, Direction.OUT, Kind.HTTP, "101 at the far end", sent)
            arrival.write(sent)
            came = await reading
        finally:
            reading.cancel()
        response, behind = came
        if not isinstance(response, Response) or response.status != 101:
            return Blocked(_described(came), request)
        made = Tunnel(Wire(near, Masking.FRESH), Wire(arrival, Masking.NONE), asked, request, response)
        made.near.take(behind)
        made.far.take(rest)
        return made

    def _adopt(self, arrival: _Arrival, attempt: Attempt, request: Request) -> None:
        attempt.peers += 1
        arrival.attempt, arrival.number = attempt, attempt.peers
        line = shorten(request.encode().split(b"\r\n")[0])
        attempt.transcript.add(
            arrival.number, Direction.IN, Kind.HTTP, f"at the far end: {line}", request.encode()
        )


async def _read_response(near: Connection) -> tuple[Response | str, bytes]:
    reader = ResponseReader()
    while reader.answer is None:
        data = await near.receive()
        try:
            reader.receive_data(data) if data else reader.receive_eof()
        except HttpViolation as exc:
            return f"no HTTP response: {exc}", b""
        if not data and reader.response is None:
            return str((near.end or End.BROKEN).value), b""
    response = reader.answer
    near.attempt.transcript.add(near.number, Direction.IN, Kind.HTTP, response.describe())
    return response, reader.rest


def _described(came: tuple[Response | str, bytes]) -> str:
    answer, _ = came
    return answer.describe() if isinstance(answer, Response) else answer


def _accepting(key: bytes, headers: Sequence[Header]) -> bytes:
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + accept_for(key),
        *(name + b": " + value for name, value in headers),
    ]
    return b"\r\n".join([*lines, b"", b""])


def read_request(head: bytes) -> Request:
    """A request from the bytes of its head, without the empty line; raise `HttpViolation` for no request."""
    first, _, fields = head.partition(b"\r\n")
    parts = first.split(b" ")
    if len(parts) != 3:
        raise HttpViolation(f"the request line is {shorten(first, 80)}")
    # The fields of a request and of a response have the same form (RFC 9112 section 5).
    read = parse_head(b"HTTP/1.1 200 OK" + (b"\r\n" + fields if fields else b""))
    return Request(parts[1], read.headers, parts[0], parts[2])
