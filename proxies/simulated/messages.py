"""HTTP/1.1 messages as they pass through: heads read whole, contents piece by piece (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from http import HTTPStatus

from wireproof.wire.http1 import Header, HttpViolation, Request, Response, is_token
from wireproof.wire.text import shorten

from .conduct import Drop, Rewrite, Side
from .link import End, Gone, Link

HEAD_LIMIT = 64 * 1024
"""Bytes of a head, and of all trailers."""
LINE_LIMIT = 4096
"""Bytes of a chunk's size line."""
PSEUDONYM = b"wireproof"
"""What stands in Via."""

_REQUEST_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) (HTTP/[0-9]\.[0-9])")
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(.*)", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_LENGTH = re.compile(rb"[0-9]{1,18}")

# RFC 9110 section 7.6.1: these are for one connection, also where Connection does not name them.
_HOP_BY_HOP = frozenset(
    (b"connection", b"proxy-connection", b"keep-alive", b"te", b"transfer-encoding", b"upgrade", b"trailer")
)
# The same section: Connection is not to name what is meant for the end; to obey would change the message.
_END_TO_END = frozenset((b"host", b"content-length", b"cookie", b"set-cookie", b"via"))


class Rejected(Exception):
    """A request that the proxy itself answers; it closes the connection behind the answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Framing(Enum):
    """How the end of a message's content is known (RFC 9112 section 6.3)."""

    NONE = "no content"
    LENGTH = "Content-Length"
    CHUNKED = "chunked"
    UNTIL_END = "until the connection ends"


@dataclass(frozen=True, slots=True)
class Content:
    """How much content follows a head."""

    framing: Framing
    length: int = 0


NO_CONTENT = Content(Framing.NONE)


def elements(headers: Iterable[Header], name: bytes) -> list[bytes]:
    """The elements of a list field over all its lines, in lower case."""
    joined = b",".join(value for field, value in headers if field.lower() == name)
    return [part.strip(b" \t").lower() for part in joined.split(b",") if part.strip(b" \t")]


async def read_head(link: Link, prefix: bytes = b"") -> bytes | None:
    """The next head, without its empty line; None when the connection ends before it begins.

    ``prefix`` is how it must start. Raises `HttpViolation`, and `Gone` when the head is cut off.
    """
    searched = 0
    while True:
        # RFC 9112 section 2.2: an empty line ahead of a request is ignored.
        while not prefix and link.buffer.startswith(b"\r\n"):
            link.take(2)
        start = bytes(link.buffer[: len(prefix)])
        if not prefix.startswith(start):
            raise HttpViolation(f"it starts with {shorten(start)}")
        end = link.buffer.find(b"\r\n\r\n", max(0, searched - 3))
        if (len(link.buffer) if end < 0 else end) > HEAD_LIMIT:
            raise HttpViolation(f"its head is longer than {HEAD_LIMIT} bytes")
        if end >= 0:
            return link.take(end + 4)[:-4]
        searched = len(link.buffer)
        if not await link.more():
            if link.buffer:
                raise Gone("the connection ended inside a head")
            return None


def parse_request(head: bytes) -> Request:
    """Make a request of a head. Raises `Rejected` when it does not follow RFC 9112."""
    first, *lines = head.split(b"\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise Rejected(400, "The request line is malformed.")
    method, target, version = match.groups()
    if not version.startswith(b"HTTP/1."):
        raise Rejected(505, "Only HTTP/1 is spoken here.")
    if method == b"CONNECT":
        raise Rejected(501, "CONNECT is not spoken here.")
    request = Request(target, tuple(map(_field, lines)), method, version)
    hosts = [value for name, value in request.headers if name.lower() == b"host"]
    # RFC 9112 section 3.2: 400 for HTTP/1.1 without Host, and for more than one.
    if len(hosts) > 1 or (version != b"HTTP/1.0" and not hosts):
        raise Rejected(400, "One Host field is needed.")
    # RFC 9112 section 3.2.2: the authority of an absolute target takes the place of Host.
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute:
        path = absolute[2] if absolute[2].startswith(b"/") else b"/" + absolute[2]
        request = replace(request.with_header(b"Host", absolute[1]), target=path)
    return request


def _field(line: bytes) -> Header:
    name, colon, value = line.partition(b":")
    # RFC 9112 section 5: no white space before the colon, no folding; RFC 9110 section 5.5: no CR, LF, NUL.
    if not colon or not is_token(name) or re.search(rb"[\0\r\n]", value):
        raise Rejected(400, "A header line is malformed.")
    return name, value.strip(b" \t")


def request_content(request: Request) -> Content:
    """What follows a request's head. Raises `Rejected` where two proxies might disagree on that."""
    codings = elements(request.headers, b"transfer-encoding")
    lengths = set(elements(request.headers, b"content-length"))
    if codings:
        # RFC 9112 section 6.1: both at once may be an attack; section 7: an unknown coding is answered 501.
        if lengths or request.version == b"HTTP/1.0":
            raise Rejected(400, "Transfer-Encoding does not fit to the rest of the request.")
        if codings != [b"chunked"]:
            raise Rejected(501, "Only the transfer coding chunked is understood.")
        return Content(Framing.CHUNKED)
    if not lengths:
        return NO_CONTENT
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise Rejected(400, "Content-Length is malformed.")
    return Content(Framing.LENGTH, int(length))


def response_content(method: bytes, response: Response) -> Content:
    """What follows a response's head (RFC 9112 section 6.3). Raises `HttpViolation`."""
    if method == b"HEAD" or response.status in (204, 304) or response.status < 200:
        return NO_CONTENT
    codings = response.items(b"Transfer-Encoding")
    if codings:
        # Without TE in the request, chunked is the only coding allowed (RFC 9112 section 7.4).
        if codings != [b"chunked"]:
            raise HttpViolation(f"Transfer-Encoding is {shorten(b', '.join(codings), 40)}")
        return Content(Framing.CHUNKED)
    lengths = set(response.items(b"Content-Length"))
    if not lengths:
        return Content(Framing.UNTIL_END)
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        raise HttpViolation(f"Content-Length is {shorten(length, 40)}")
    return Content(Framing.LENGTH, int(length))


async def read_content(link: Link, content: Content) -> AsyncIterator[bytes]:
    """The content, piece by piece, as it comes. Raises `Gone` when it is cut off, and `HttpViolation`."""
    match content.framing:
        case Framing.LENGTH:
            async for piece in _counted(link, content.length):
                yield piece
        case Framing.UNTIL_END:
            while piece := await link.receive():
                yield piece
            if link.end is not End.FIN:
                raise Gone("the connection was reset inside the content")
        case Framing.CHUNKED:
            while size := await _chunk_size(link):
                async for piece in _counted(link, size):
                    yield piece
                if await _line(link, 2):
                    raise HttpViolation("a chunk is longer than it says")
            # RFC 9112 section 7.1.2: who forwards may discard trailers.
            left = HEAD_LIMIT
            while line := await _line(link, left):
                left -= len(line)
        case Framing.NONE:
            pass


async def _counted(link: Link, size: int) -> AsyncIterator[bytes]:
    while size:
        if not link.buffer and not await link.more():
            raise Gone("the connection ended inside the content")
        piece = link.take(min(size, len(link.buffer)))
        size -= len(piece)
        yield piece


async def _chunk_size(link: Link) -> int:
    line = await _line(link, LINE_LIMIT)
    match = _CHUNK_SIZE.fullmatch(line)
    if match is None:
        raise HttpViolation(f"a chunk's size is {shorten(line, 40)}")
    return int(match[1], 16)


async def _line(link: Link, limit: int) -> bytes:
    while (end := link.buffer.find(b"\r\n")) < 0 and len(link.buffer) <= limit:
        if not await link.more():
            raise Gone("the connection ended inside the content")
    if end < 0 or end > limit:
        raise HttpViolation("a line of a chunked content is too long")
    return link.take(end + 2)[:-2]


def chunk(data: bytes) -> bytes:
    """One chunk; of nothing, the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def end_to_end(headers: Iterable[Header]) -> list[Header]:
    """The fields that are meant for the other end (RFC 9110 section 7.6.1)."""
    fields = list(headers)
    for_us = (_HOP_BY_HOP | set(elements(fields, b"connection"))) - _END_TO_END
    return [(name, value) for name, value in fields if name.lower() not in for_us]


def changed(headers: Iterable[Header], changes: Iterable[Drop | Rewrite], towards: Side) -> list[Header]:
    """The fields after all *changes* for this direction."""
    fields = list(headers)
    for change in changes:
        if change.towards is not towards:
            continue
        name = change.field.lower().encode()
        if isinstance(change, Drop):
            fields = [field for field in fields if field[0].lower() != name]
        else:
            pattern, by = change.pattern.encode(), change.replacement.encode()
            fields = [(n, re.sub(pattern, by, v) if n.lower() == name else v) for n, v in fields]
    return fields


def head_of(status: int, reason: bytes, headers: Iterable[Header]) -> bytes:
    """The bytes of a response's head."""
    lines = [b"HTTP/1.1 %d %b" % (status, reason), *(b"%b: %b" % field for field in headers), b"", b""]
    return b"\r\n".join(lines)


def own_answer(status: int, why: str, method: bytes, headers: Iterable[Header] = ()) -> bytes:
    """A whole response that the proxy itself gives."""
    body = f"{why}\n".encode()
    fields = (
        *headers,
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", b"%d" % len(body)),
    )
    head = head_of(status, HTTPStatus(status).phrase.encode(), fields)
    return head if method == b"HEAD" else head + body
