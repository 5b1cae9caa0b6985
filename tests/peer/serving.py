"""Tiny servers that say what a test tells them to, and the peers that connect to them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from wireproof.attempt import Attempt
from wireproof.peer.connection import Connection, Dialer
from wireproof.peer.dialect import Dialect
from wireproof.peer.endpoint import Endpoint, parse_endpoint
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import accept_for
from wireproof.wire.websocket import Frame, FrameReader, Masking, ReceivedFrame

FIRST, SECOND = "rfc6455/5.2/reserved-bits", "rfc6455/5.1/masked-frame-sent"


@dataclass(slots=True)
class Line:
    """The server's end of one connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: bytes = b""

    async def accept(self) -> None:
        """Read the request and answer it with a correct 101."""
        self.request = await self.reader.readuntil(b"\r\n\r\n")
        key = next(
            line.split(b": ")[1]
            for line in self.request.split(b"\r\n")
            if line.startswith(b"Sec-WebSocket-Key")
        )
        head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.writer.write(head + b"Sec-WebSocket-Accept: " + accept_for(key) + b"\r\n\r\n")

    def send(self, *frames: Frame) -> None:
        """Send *frames* as a server does: unmasked."""
        self.writer.write(b"".join(replace(frame, mask=Masking.NONE).encode() for frame in frames))

    async def frames(self) -> AsyncIterator[ReceivedFrame]:
        """What the client sends."""
        cutter = FrameReader()
        while data := await self.reader.read(65536):
            cutter.receive_data(data)
            for frame in cutter.frames():
                yield frame

    async def frame(self) -> ReceivedFrame:
        """The next frame; for clients that send one at a time."""
        async for frame in self.frames():
            return frame
        raise EOFError

    def reset(self) -> None:
        """End the connection with an RST."""
        self.writer.transport.abort()


Script = Callable[[Line], Awaitable[None]]


@asynccontextmanager
async def server(
    script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, unix: str | None = None
) -> AsyncIterator[Endpoint]:
    """A server that plays *script* on each connection; it ends with the context."""
    tasks: set[asyncio.Task[None]] = set()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await script(Line(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    if unix:
        listener = await asyncio.start_unix_server(play, unix)
        url = f"unix:{unix}"
    else:
        listener = await asyncio.start_server(play, host, 0, ssl=tls)
        port = listener.sockets[0].getsockname()[1]
        url = f"{'wss' if tls else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        yield parse_endpoint(url)
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def peer_of(script: Script, dialect: Dialect | None = None) -> AsyncIterator[WebSocketPeer]:
    """A peer, not yet connected, of a server that plays *script*."""
    async with server(script) as endpoint:
        peer = WebSocketPeer(Dialer(endpoint), Attempt((FIRST, SECOND)), dialect or Dialect())
        try:
            async with asyncio.timeout(20):
                yield peer
        finally:
            peer.discard()


@asynccontextmanager
async def opened(script: Script, dialect: Dialect | None = None) -> AsyncIterator[WebSocketPeer]:
    """A peer whose handshake has been accepted; *script* says what comes then."""

    async def accepted(line: Line) -> None:
        await line.accept()
        await script(line)

    async with peer_of(accepted, dialect) as peer:
        await peer.open()
        yield peer


async def says_hello(line: Line) -> None:
    """Say hello and leave."""
    line.writer.write(b"hello")


async def dial(url_or_dialer: str | Dialer) -> tuple[Connection, Attempt]:
    """A connection, and the attempt that records it."""
    attempt = Attempt(("rfc6455/5.2/reserved-bits",))
    dialer = Dialer(parse_endpoint(url_or_dialer)) if isinstance(url_or_dialer, str) else url_or_dialer
    return await dialer.dial(attempt), attempt


async def all_of(connection: Connection) -> bytes:
    """What comes until the end."""
    got = b""
    while data := await connection.receive():
        got += data
    return got
