"""One byte stream to a target: TCP, TLS or a Unix socket, with its ends told apart."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum
from typing import cast

from wireproof.attempt import Attempt, Inconclusive, TargetGone
from wireproof.peer.endpoint import Endpoint
from wireproof.peer.pacing import Pacer
from wireproof.transcript import Direction, Kind

ADDRESS_WITHIN = 3.0  # seconds for one of several addresses of a host: one that is dead must not keep us
REFUSED = "the target does not accept connections"
_HIGH_WATER = 256 * 1024  # bytes received and not yet read, at which the server has to wait


class End(Enum):
    """How a connection ended, seen from here."""

    FIN = "the server closed TCP"
    RESET = "the server reset TCP"
    BROKEN = "the connection broke"
    ABANDONED = "the harness gave it up"


class Connection(asyncio.Protocol):
    """A connection that records what happens to it. Made by a `Dialer`."""

    def __init__(self, attempt: Attempt, number: int) -> None:
        self.attempt = attempt
        self.number = number
        self.end: End | None = None
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._secure = False

    def note(self, text: str, *, direction: Direction = Direction.NOTE) -> None:
        """Record something that happened to the connection."""
        self.attempt.transcript.add(self.number, direction, Kind.TCP, text)

    @property
    def transport(self) -> asyncio.Transport:
        """The asyncio transport below."""
        if self._transport is None:
            raise RuntimeError("the connection has not been made")
        return self._transport

    # asyncio.Protocol -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._secure = transport.get_extra_info("sslcontext") is not None
        self.note("connected")

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._buffer += data
        if len(self._buffer) > _HIGH_WATER:
            self.transport.pause_reading()
        self._changed.set()

    def eof_received(self) -> bool:
        """Called by asyncio."""
        self._ended(End.FIN)
        return not self._secure  # our half stays open; TLS can't do that

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        if exc is None:
            self._ended(End.FIN)
        else:
            self._ended(End.RESET if isinstance(exc, (ConnectionResetError, BrokenPipeError)) else End.BROKEN)
        self._writable.set()

    def pause_writing(self) -> None:
        """Called by asyncio."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Called by asyncio."""
        self._writable.set()

    def _ended(self, end: End) -> None:
        if self.end is None:
            self.end = end
            self.note(end.value, direction=Direction.IN)
        self._changed.set()

    # For peers --------------------------------------------------------------------------------

    async def receive(self) -> bytes:
        """The bytes that have come since the last call, at least one; empty once the connection has ended."""
        while not self._buffer and self.end is None:
            self._changed.clear()
            self._read_on()
            await self._changed.wait()
        data = bytes(self._buffer)
        self._buffer.clear()
        self._read_on()
        return data

    def _read_on(self) -> None:
        if self.end is None and not self.transport.is_reading():
            self.transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send *data* as soon as the system takes it; what can't be sent any more is dropped."""
        if not self.transport.is_closing():
            self.transport.write(data)

    async def write_pieces(self, pieces: Iterable[bytes], pace: float) -> None:
        """Send each piece by itself, *pace* seconds apart: nothing tells when the server has read one."""
        for piece in pieces:
            self.write(piece)
            await asyncio.sleep(pace)

    @property
    def is_writable(self) -> bool:
        """Whether the other side keeps up with what is sent to it."""
        return self._writable.is_set()

    @property
    def unsent(self) -> int:
        """Bytes that were written and that the system has not taken yet."""
        return self.transport.get_write_buffer_size()

    def stop_reading(self) -> None:
        """Leave what comes to the kernel until `receive` is called."""
        self.note("stopped reading")
        self.transport.pause_reading()

    async def drain(self) -> None:
        """Wait until the system has taken most of what was written."""
        await self._writable.wait()

    def half_close(self) -> None:
        """Send a FIN and keep reading."""
        self.note("FIN sent", direction=Direction.OUT)
        if self.transport.can_write_eof():
            # A reset that asyncio has not noticed yet makes this fail; the next read tells it.
            with suppress(OSError):
                self.transport.write_eof()
        else:
            self.transport.close()

    def reset(self) -> None:
        """End the connection with an RST."""
        self.note("RST sent", direction=Direction.OUT)
        sock = self.transport.get_extra_info("socket")
        if sock is not None and sock.family != socket.AF_UNIX:
            # What the other side has ended meanwhile, asyncio may have closed already.
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.end = self.end or End.ABANDONED
        self.transport.abort()

    def discard(self) -> None:
        """Give the connection up, without waiting for anything."""
        self.end = self.end or End.ABANDONED
        if self._transport is not None:
            self._transport.abort()


class Dialer:
    """Opens connections to one endpoint, at most *rate* a second (0: as fast as wanted).

    A `Pacer` in place of a number is shared with others. *source* is the local address that the connections
    come from, where that matters.
    """

    def __init__(self, endpoint: Endpoint, rate: float | Pacer = 0.0, source: str | None = None) -> None:
        self.endpoint = endpoint
        self.pacer = rate if isinstance(rate, Pacer) else Pacer(rate)
        self.source = (source, 0) if source else None
        self.last_alive = 0.0  # when a response last came, on the monotonic clock
        self._addresses: list[str] = []

    async def dial(self, attempt: Attempt) -> Connection:
        """A new connection, recorded in *attempt*; no `TimeLimit` counts the wait for its turn.

        Raise `TargetGone` when nothing listens there, `Inconclusive` when the network or TLS fails.
        """
        await self._turn()
        attempt.peers += 1
        connection = Connection(attempt, attempt.peers)
        try:
            await self._connect(connection)
        except (ConnectionRefusedError, FileNotFoundError) as exc:
            connection.note("refused", direction=Direction.IN)
            raise TargetGone(REFUSED) from exc
        except (ssl.SSLError, OSError) as exc:
            connection.note(f"could not connect: {exc}", direction=Direction.IN)
            raise Inconclusive(f"no connection to the target: {exc}") from exc
        return connection

    async def _turn(self) -> None:
        await self.pacer.wait()

    async def _connect(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        there = self.endpoint
        if there.unix is not None:
            await loop.create_unix_connection(lambda: connection, there.unix)
            return
        if not self._addresses:
            found = await loop.getaddrinfo(there.host, there.port, type=socket.SOCK_STREAM)
            self._addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        addresses = tuple(self._addresses)  # another dial may find out meanwhile which one works
        for address in addresses:
            last = address == addresses[-1]
            try:
                async with asyncio.timeout(None if last else ADDRESS_WITHIN):
                    await loop.create_connection(
                        lambda: connection,
                        address,
                        there.port,
                        ssl=there.tls,
                        server_hostname=there.server_name,
                        local_addr=self.source,
                    )
            except OSError:  # a TimeoutError is one, too
                if last:
                    raise
            else:
                self._addresses = [address]
                return


class PromptDialer(Dialer):
    """Takes its turn at once: its connections are counted, and others wait the longer for theirs.

    Whether a server is alive *now* can't be asked in a queue.
    """

    async def _turn(self) -> None:
        self.pacer.take()
