"""The part of HTTP/1.1 that an opening handshake needs (RFC 6455 section 4, RFC 9112).

Requests are built from parts that are never checked, so that they can be wrong in any way.
Responses are read strictly and within bounds, so that a hostile server can't fill the memory.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from wireproof.wire.text import printable, shorten

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Header = tuple[bytes, bytes]
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_STATUS_LINE = re.compile(rb"(HTTP/\d\.\d) (\d{3})(?: (.*))?", re.DOTALL)


class HttpViolation(Exception):
    """What the server sent is no HTTP/1.1 response that can be read on."""


def is_token(value: bytes) -> bool:
    """Whether *value* is a token in the sense of RFC 9110 section 5.6.2."""
    return _TOKEN.fullmatch(value) is not None


def accept_for(key: bytes) -> bytes:
    """The Sec-WebSocket-Accept value that answers *key* (RFC 6455 section 4.2.2, item 5.4)."""
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is to be written, right or wrong: nothing is checked or normalised.

    ``separator`` stands between a header's name and its value. An empty ``version`` is left out.
    """

    target: bytes
    headers: tuple[Header, ...] = ()
    method: bytes = b"GET"
    version: bytes = b"HTTP/1.1"
    separator: bytes = b": "
    line_end: bytes = b"\r\n"

    def get(self, name: bytes) -> bytes | None:
        """The value of the first header line called *name* in any letter case."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def with_header(self, name: bytes, *values: bytes) -> Request:
        """Replace all lines called *name* by one line for each of *values*, at the first one's place."""
        lines = [(name, value) for value in values]
        at = next(
            (i for i, (n, _) in enumerate(self.headers) if n.lower() == name.lower()), len(self.headers)
        )
        rest = [(i, header) for i, header in enumerate(self.headers) if header[0].lower() != name.lower()]
        before = [header for i, header in rest if i < at]
        after = [header for i, header in rest if i > at]
        return replace(self, headers=(*before, *lines, *after))

    def without(self, name: bytes) -> Request:
        """Leave out every line called *name*."""
        return self.with_header(name)

    def adding(self, *headers: Header) -> Request:
        """Append header lines, whatever is there already."""
        return replace(self, headers=(*self.headers, *headers))

    def renaming(self, rename: Callable[[bytes], bytes]) -> Request:
        """Change the letters of every header name, as with ``bytes.upper``."""
        return replace(self, headers=tuple((rename(name), value) for name, value in self.headers))

    def encode(self) -> bytes:
        """The bytes of the request head, with the empty line that ends it."""
        lines = [b" ".join((self.method, self.target, *([self.version] if self.version else [])))]
        lines += [name + self.separator + value for name, value in self.headers]
        return self.line_end.join((*lines, b"", b""))


def upgrade_request(
    target: bytes,
    host: bytes,
    key: bytes,
    headers: Iterable[Header] = (),
) -> Request:
    """An opening handshake as RFC 6455 section 4.1 wants it, followed by *headers*."""
    return Request(
        target,
        (
            (b"Host", host),
            (b"Upgrade", b"websocket"),
            (b"Connection", b"Upgrade"),
            (b"Sec-WebSocket-Key", key),
            (b"Sec-WebSocket-Version", b"13"),
            *headers,
        ),
    )


@dataclass(frozen=True, slots=True)
class Response:
    """The head of a response as it was received."""

    version: bytes
    status: int
    reason: bytes
    headers: tuple[Header, ...]

    def get_all(self, name: bytes) -> list[bytes]:
        """The values of all header lines called *name* in any letter case."""
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name: bytes) -> bytes | None:
        """The value of the first header line called *name*, if there is one."""
        return next(iter(self.get_all(name)), None)

    def items(self, name: bytes) -> list[bytes]:
        """The elements of a comma-separated header over all its lines, in lower case."""
        joined = b",".join(self.get_all(name)).lower()
        return [item.strip() for item in joined.split(b",") if item.strip()]

    def describe(self) -> str:
        """Status line in one short text."""
        return f"{self.status} {printable(self.reason[:100].decode('latin-1'))}".strip()


@dataclass(slots=True)
class ResponseReader:
    """Reads one response incrementally; bytes that belong to what follows stay in ``rest``.

    ``head_limit`` and ``body_limit`` are in bytes. A body beyond its limit is cut, not refused:
    only its start is ever shown. A 101 has no body: all that follows it is ``rest``.
    """

    head_limit: int = 65536
    body_limit: int = 65536
    interim_limit: int = 16
    response: Response | None = None
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False
    _buffer: bytearray = field(default_factory=bytearray)
    _interim: int = 0
    _remaining: int | None = 0  # bytes of body to come; None: until the connection ends
    _chunked: bool = False
    _searched: int = 0

    @property
    def answer(self) -> Response | None:
        """The response once all has come that is worth waiting for: a body of untold length may never end."""
        return self.response if self.complete or self._remaining is None else None

    @property
    def rest(self) -> bytes:
        """What was received behind this response."""
        return bytes(self._buffer) if self.complete else b""

    def receive_data(self, data: bytes) -> None:
        """Take *data*; raise `HttpViolation` when it can't be part of a response."""
        self._buffer += data
        while self.response is None and self._take_head():
            pass
        if self.response is not None and not self.complete:
            self._take_body()

    def receive_eof(self) -> None:
        """The connection has ended; raise `HttpViolation` when that was in the middle of the head."""
        if self.response is None and self._buffer:
            raise HttpViolation("the connection ended inside the head of the response")
        if self.response is not None:
            self.complete = True

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", max(0, self._searched - 3))
        self._searched = len(self._buffer)
        if self._buffer and not b"HTTP/".startswith(bytes(self._buffer[:5])):
            raise HttpViolation("the answer does not start with HTTP/")
        if (len(self._buffer) if end < 0 else end) > self.head_limit:
            raise HttpViolation(f"the head of the response is longer than {self.head_limit} bytes")
        if end < 0:
            if b"\n\n" in self._buffer:
                raise HttpViolation("the head of the response ends its lines with LF alone")
            return False
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        self._searched = 0
        response = parse_head(head)
        # RFC 9110 section 15.2: a client must be able to parse one or more 1xx responses; not endless ones.
        if 100 <= response.status < 200 and response.status != 101:
            self._interim += 1
            if self._interim > self.interim_limit:
                raise HttpViolation(
                    f"more than {self.interim_limit} interim responses ({response.describe()})"
                )
            return True
        self.response = response
        self._plan_body(response)
        return False

    def _plan_body(self, response: Response) -> None:
        length = response.get(b"Content-Length")
        if response.status in (101, 204, 304):
            self.complete = True
        elif b"chunked" in response.items(b"Transfer-Encoding"):
            self._chunked = True
        elif length is None:
            self._remaining = None
        elif re.fullmatch(rb"\d{1,18}", length):
            self._remaining = int(length)
        else:
            raise HttpViolation(f"Content-Length is {shorten(length, 40)}")

    def _take_body(self) -> None:
        if self._chunked:
            self._take_chunks()
            return
        taken = len(self._buffer) if self._remaining is None else min(self._remaining, len(self._buffer))
        self._keep(self._buffer[:taken])
        del self._buffer[:taken]
        if self._remaining is not None:
            self._remaining -= taken
            self.complete = self._remaining == 0

    def _take_chunks(self) -> None:
        while True:
            line_end = self._buffer.find(b"\r\n")
            if line_end < 0:
                if len(self._buffer) > self.head_limit:
                    raise HttpViolation("a chunk's size line does not end")
                return
            size_text = bytes(self._buffer[:line_end]).split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size_text):
                raise HttpViolation(f"a chunk's size is {shorten(size_text, 40)}")
            size = int(size_text, 16)
            start = line_end + 2
            # RFC 9112 section 7.1.2: behind the last chunk, lines may come before the empty one.
            end = start + size if size else self._buffer.find(b"\r\n\r\n", line_end) + 2
            if end < start or len(self._buffer) < end + 2:
                if len(self._buffer) > self.head_limit + self.body_limit:
                    self.complete = True
                    self._buffer.clear()
                return
            self._keep(self._buffer[start:end] if size else b"")
            del self._buffer[: end + 2]
            if size == 0:
                self.complete = True
                return

    def _keep(self, data: bytes | bytearray) -> None:
        self.body += data[: max(0, self.body_limit - len(self.body))]


def parse_head(head: bytes) -> Response:
    """Parse a response head without its final empty line; raise `HttpViolation` when it is malformed."""
    first, *lines = head.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise HttpViolation(f"the status line is {shorten(first, 80)}")
    headers: list[Header] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not is_token(name):
            raise HttpViolation(f"a header line is {shorten(line, 80)}")
        headers.append((name, value.strip(b" \t")))
    return Response(match[1], int(match[2]), match[3] or b"", tuple(headers))
