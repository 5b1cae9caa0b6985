"""When a started command counts as ready: a line of its output, or an address that answers."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wireproof.errors import UsageError

_ATTEMPT = 5.0  # seconds for one try
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2
_LOOKS_FOR_PREDECESSOR = 5


@dataclass(frozen=True, slots=True)
class ReadyLine:
    """A line of the output, standard output or error, in which *pattern* is found."""

    pattern: re.Pattern[str]

    def __str__(self) -> str:
        return f"a line matching {self.pattern.pattern!r}"


@dataclass(frozen=True, slots=True)
class ReadyHttp:
    """A URL that answers a GET, with any status unless one is told. Certificates are not checked."""

    url: str
    status: int | None = None

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class ReadyTcp:
    """An address that accepts connections."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ReadyUnix:
    """A Unix socket that accepts connections."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


Answering = ReadyHttp | ReadyTcp | ReadyUnix
Ready = ReadyLine | Answering


def parse_ready(text: str) -> Ready:
    """Read `http://…` (also https, ws, wss), `tcp://HOST:PORT`, `unix:PATH` or `line:REGEX`.

    Raises `UsageError` when it is none of them.
    """
    scheme, _, rest = text.partition(":")
    try:
        if scheme == "line":
            return ReadyLine(re.compile(rest))
        if scheme == "unix" and rest:
            return ReadyUnix(Path(rest.removeprefix("//")))
        url = urlsplit(text)
        if scheme in ("http", "https", "ws", "wss") and url.hostname and url.port != 0:
            return ReadyHttp(text)
        if scheme == "tcp" and url.hostname and url.port:
            return ReadyTcp(url.hostname, url.port)
    except (ValueError, re.error) as exc:
        raise UsageError(f"can't tell readiness by {text!r}: {exc}") from exc
    raise UsageError(
        f"can't tell readiness by {text!r}: expected http://…, tcp://HOST:PORT, unix:PATH or line:REGEX"
    )


async def until_it_answers(ready: Answering) -> None:
    """Try until *ready* answers; the caller sets the deadline."""
    pause = _FIRST_PAUSE
    while not await _answers(ready):
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def is_free(ready: Ready) -> bool:
    """Whether nobody else answers already, who would be taken for the command.

    A predecessor that has just ended gets a moment to vanish.
    """
    if isinstance(ready, ReadyLine):
        return True
    for _ in range(_LOOKS_FOR_PREDECESSOR):
        if not await _accepts(ready):
            return True
        await asyncio.sleep(_LONGEST_PAUSE)
    return False


async def _accepts(ready: Answering) -> bool:
    try:
        async with asyncio.timeout(_ATTEMPT):
            _, writer = await _connect(ready)
    except OSError:  # refused, or this try's time is up
        return False
    writer.transport.abort()
    return True


async def _answers(ready: Answering) -> bool:
    if not isinstance(ready, ReadyHttp):
        return await _accepts(ready)
    url = urlsplit(ready.url)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    host = url.netloc.rpartition("@")[2]
    try:
        async with asyncio.timeout(_ATTEMPT):
            reader, writer = await _connect(ready)
            try:
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                if ready.status is None:
                    return await reader.readexactly(5) == b"HTTP/"
                line = await reader.readline()
                return line.startswith(b"HTTP/") and line.split()[1:2] == [b"%d" % ready.status]
            finally:
                writer.transport.abort()
    except (OSError, EOFError):  # refused, reset, TLS trouble, or this try's time is up
        return False


async def _connect(ready: Answering) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    match ready:
        case ReadyTcp(host, port):
            return await asyncio.open_connection(host, port)
        case ReadyUnix(path):
            return await asyncio.open_unix_connection(path)
        case ReadyHttp(address):
            url = urlsplit(address)
            secure = url.scheme in ("https", "wss")
            return await asyncio.open_connection(
                url.hostname, url.port or (443 if secure else 80), ssl=_unchecked() if secure else None
            )


def _unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
