"""HTTP requests and their whole answers, over connections that are kept alive: what long-polling rides on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from wireproof.attempt import Attempt
from wireproof.peer.connection import Connection, Dialer, End
from wireproof.transcript import Direction, Kind
from wireproof.wire.http1 import HttpViolation, Request, Response, ResponseReader
from wireproof.wire.text import shorten

BODY_LIMIT = 8 << 20  # bytes of one response
MOST_COOKIES = 100  # more than browsers keep for one site


@dataclass(frozen=True, slots=True)
class Answer:
    """What came in answer to a request: a whole response, or in ``detail`` why there is none."""

    response: Response | None
    body: bytes
    detail: str
    end: End | None = None

    @property
    def status(self) -> int | None:
        """The status code, if there is a response."""
        return self.response.status if self.response else None

    def header(self, name: bytes) -> str:
        """The value of a header as text, empty when it is missing."""
        return ((self.response.get(name) if self.response else None) or b"").decode("latin-1")

    def __str__(self) -> str:
        shown = f" with the body {shorten(self.body, 100)}" if self.body else ""
        return f"{self.detail}{shown}"


class Exchange:
    """One HTTP connection of a client: a request at a time, for as long as the server keeps it open."""

    def __init__(self, connection: Connection, dialer: Dialer) -> None:
        self.connection = connection
        self.dialer = dialer
        self.reusable = True
        self.answered = 0  # requests that had a response
        self._rest = b""

    def send(self, request: Request, body: bytes = b"") -> None:
        """Send *request* and *body* as they are."""
        head = request.encode()
        line = shorten(head.split(b"\r\n", 1)[0], 120)
        text = f"{line} with {len(body)} bytes {shorten(body, 60)}" if body else line
        self.record(Direction.OUT, text, head + body)
        self.connection.write(head + body)

    async def receive(self, *, method: bytes = b"GET") -> Answer:
        """The whole answer to a request with *method*; a body of untold length lasts to the end of TCP."""
        reader = ResponseReader(body_limit=BODY_LIMIT)
        raw = bytearray()
        data, self._rest = self._rest, b""
        while not _is_whole(reader, method):
            data = data or await self.connection.receive()
            raw += data[: max(0, BODY_LIMIT - len(raw))]
            try:
                reader.receive_data(data) if data else reader.receive_eof()
            except HttpViolation as exc:
                self.reusable = False
                self.record(Direction.IN, f"no HTTP response: {exc}", bytes(raw))
                return Answer(None, bytes(raw[:256]), f"no HTTP response: {exc}", self.connection.end)
            if not data and reader.response is None:
                self.reusable = False
                end = self.connection.end or End.BROKEN
                return Answer(None, b"", f"no answer: {end.value}", end)
            data = b""
        response = reader.response
        self.dialer.last_alive = time.monotonic()
        body = bytes(reader.body)
        shown = f" {len(body)} bytes {shorten(body, 60)}" if body else ""
        self.record(Direction.IN, (response.describe() if response else "") + shown, bytes(raw))
        self._rest = reader.rest
        self.answered += 1
        self.reusable = self.connection.end is None and _keeps_open(response)
        return Answer(response, body, response.describe() if response else "", self.connection.end)

    def record(self, direction: Direction, text: str, data: bytes) -> None:
        """Put what was sent or received into the transcript."""
        self.connection.attempt.transcript.add(self.connection.number, direction, Kind.HTTP, text, data)


def _is_whole(reader: ResponseReader, method: bytes) -> bool:
    # RFC 9110 section 9.3.2: the answer to HEAD has no content.
    return reader.complete or (method == b"HEAD" and reader.response is not None)


def _keeps_open(response: Response | None) -> bool:
    # RFC 9112 section 9.3
    return (
        response is not None
        and response.version == b"HTTP/1.1"
        and b"close" not in response.items(b"Connection")
        and response.status != 101
    )


@dataclass(slots=True)
class HttpClient:
    """Exchanges of one client: each request takes an idle connection, or opens another one.

    Cookies that come are sent back (``keeps_cookies``), by name and value alone: there is one origin.
    """

    dialer: Dialer
    attempt: Attempt
    keeps_cookies: bool = True
    cookies: dict[bytes, bytes] = field(default_factory=dict)
    made: list[Exchange] = field(default_factory=list)
    _idle: list[Exchange] = field(default_factory=list)

    async def open(self) -> Exchange:
        """A connection with nothing under way: an idle one, else a new one."""
        while self._idle:
            exchange = self._idle.pop()
            if exchange.connection.end is None:
                return exchange
        exchange = Exchange(await self.dialer.dial(self.attempt), self.dialer)
        self.made.append(exchange)
        return exchange

    async def fetch(self, request: Request, body: bytes = b"") -> Answer:
        """Send *request* and await its whole answer."""
        sent = self.with_cookies(request)
        while True:
            exchange = await self.open()
            kept = exchange.answered
            exchange.send(sent, body)
            answer = await exchange.receive(method=request.method)
            # RFC 9112 section 9.3.1: an idle connection may be closed at any time, also just now; only what
            # has no effect is sent again by itself.
            if answer.response is not None or not kept or request.method == b"POST":
                break
        self.release(exchange)
        self.note_cookies(answer.response)
        return answer

    def release(self, exchange: Exchange) -> None:
        """Keep a connection for the next request, where that is possible."""
        if exchange.reusable:
            self._idle.append(exchange)

    def with_cookies(self, request: Request) -> Request:
        """*request* with the cookies that are kept, behind the user's own."""
        if not (self.keeps_cookies and self.cookies):
            return request
        pairs = [
            request.get(b"Cookie") or b"",
            *(name + b"=" + value for name, value in self.cookies.items()),
        ]
        return request.with_header(b"Cookie", b"; ".join(pair for pair in pairs if pair))

    def note_cookies(self, response: Response | None) -> None:
        """Keep what *response* sets."""
        for line in response.get_all(b"Set-Cookie") if response else ():
            name, _, value = line.partition(b";")[0].partition(b"=")
            if len(self.cookies) < MOST_COOKIES or name.strip() in self.cookies:
                self.cookies[name.strip()] = value.strip()

    def discard(self) -> None:
        """Give up every connection."""
        for exchange in self.made:
            exchange.connection.discard()


def with_body(request: Request, body: bytes, content_type: bytes) -> Request:
    """*request* with the headers that announce *body*."""
    length = b"%d" % len(body)
    return request.with_header(b"Content-Type", content_type).with_header(b"Content-Length", length)
