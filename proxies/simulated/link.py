"""One TCP connection of a simulated proxy, to a client or a node: bounded, and with its ends told apart."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import cast

from .conduct import Conduct
from .shaping import Shaper

HIGH_WATER = 256 * 1024
"""Bytes received and not yet read, or written and not yet taken, at which the sender has to wait."""


class End(Enum):
    """How a connection came to its end."""

    FIN = "FIN"
    RESET = "RST"
    OURS = "closed by the proxy"


class Gone(ConnectionError):
    """The connection has ended where more was needed."""


class Link(asyncio.Protocol):
    """One connection. ``buffer`` holds what was received and not yet taken.

    It is either read and written by a coroutine, or tied to another link with `relay_to`: then bytes go on
    without one.
    """

    def __init__(self, conduct: Conduct, made: Callable[[Link], None] | None = None) -> None:
        self.buffer = bytearray()
        self.received = 0
        self.sent = 0
        self.heard_at = 0.0
        self.end: End | None = None
        self.over = asyncio.Event()
        """Set once nothing more can come."""
        self.lost = asyncio.Event()
        """Set once the socket is closed."""
        self.on_end: Callable[[], None] | None = None
        self._resets = conduct.closes_with_reset
        self._made = made
        self._when_lost: list[Callable[[], None]] = []
        self._finished = False
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._heard = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._sink: Link | None = None
        self._feeder: Link | None = None
        self._shaper = Shaper(conduct.segments, self.write, self.drained) if conduct.segments else None

    @property
    def transport(self) -> asyncio.Transport:
        """The asyncio transport below."""
        if self._transport is None:
            raise RuntimeError("the connection has not been made")
        return self._transport

    @property
    def peer(self) -> str:
        """The address of the other side, without its port."""
        name = self.transport.get_extra_info("peername")
        return str(name[0]) if name else ""

    # asyncio.Protocol -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self.heard_at = self._loop.time()
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self.received += len(data)
        self.heard_at = self._loop.time()
        if self._sink is not None:
            self._sink.write(data)
            return
        self.buffer += data
        if len(self.buffer) > HIGH_WATER:
            self.transport.pause_reading()
        self._heard.set()

    def eof_received(self) -> bool:
        """Called by asyncio."""
        self._ended(End.FIN)
        return self.transport.can_write_eof()  # our half stays open; TLS can't do that

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._ended(End.OURS if exc is None else End.RESET)
        self.lost.set()
        self._writable.set()
        if self._shaper is not None:
            self._shaper.flush()
        for call in self._when_lost:
            call()

    def pause_writing(self) -> None:
        """Called by asyncio."""
        self._writable.clear()
        if self._feeder is not None:
            self._feeder.pause()

    def resume_writing(self) -> None:
        """Called by asyncio."""
        self._writable.set()
        if self._feeder is not None:
            self._feeder.resume()

    def _ended(self, end: End) -> None:
        # What comes behind a FIN still tells more: RST, after which nothing can be sent either.
        if self.end is None or (self.end is End.FIN and end is End.RESET):
            self.end = end
        self._heard.set()
        self.over.set()
        if self.on_end is not None:
            self.on_end()

    def when_lost(self, call: Callable[[], None]) -> None:
        """Have *call* called once the socket is closed, now if it is."""
        if self.lost.is_set():
            call()
        else:
            self._when_lost.append(call)

    # Reading ----------------------------------------------------------------------------------

    async def more(self) -> bool:
        """Wait for bytes beyond those in ``buffer``; False once the connection has ended."""
        before = len(self.buffer)
        while len(self.buffer) == before and self.end is None:
            self._heard.clear()
            self.resume()
            await self._heard.wait()
        return len(self.buffer) > before

    async def receive(self) -> bytes:
        """Take what has come, at least one byte; empty once the connection has ended."""
        if not self.buffer:
            await self.more()
        return self.take(len(self.buffer))

    def take(self, size: int) -> bytes:
        """Take up to *size* bytes of those that are there."""
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        if len(self.buffer) <= HIGH_WATER:
            self.resume()
        return data

    def pause(self) -> None:
        """Let the other side wait."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if not (self.transport.is_closing() or self.over.is_set() or self.transport.is_reading()):
            self.transport.resume_reading()

    # Writing ----------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray) -> None:
        """Send *data* as soon as the system takes it; what can't be sent any more is dropped."""
        self.sent += len(data)
        if not (self._finished or self.transport.is_closing()):
            self.transport.write(data)

    async def drained(self) -> None:
        """Wait until there is room for more. Raises `Gone` when it never will be."""
        await self._writable.wait()
        if self.transport.is_closing():
            raise Gone("the connection was closed")

    async def send(self, data: bytes) -> None:
        """Send *data*, cut as the conduct demands, and wait for room. Raises `Gone`."""
        if self._shaper is not None:
            await self._shaper.send(data)
        else:
            self.write(data)
            await self.drained()

    def relay_to(self, sink: Link) -> None:
        """From now on hand every byte to *sink* at once, and no faster than it takes them."""
        self._sink, sink._feeder = sink, self
        if self.buffer:
            sink.write(self.take(len(self.buffer)))
        if sink._writable.is_set():
            self.resume()
        else:
            self.pause()

    # Ending -----------------------------------------------------------------------------------

    def finish(self) -> None:
        """Send FIN behind what was sent; the other direction stays open where that can be."""
        if self._resets:
            self.reset()
            return
        if self._shaper is not None:
            self._shaper.flush()
        if not self.transport.is_closing():
            if self.transport.can_write_eof():
                self._finished = True
                with suppress(OSError):
                    self.transport.write_eof()
            else:
                self.transport.close()

    def close(self) -> None:
        """Close once all is sent; with RST and at once where the conduct says so."""
        if self._resets:
            self.reset()
            return
        if self._shaper is not None:
            self._shaper.flush()
        self.transport.close()

    def cut(self) -> None:
        """Close now; what is not yet sent is lost."""
        if self._resets:
            self.reset()
        else:
            self.transport.abort()

    def reset(self) -> None:
        """Close with RST (RFC 9293 section 3.10.7)."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None and not self.lost.is_set():
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    async def farewell(self, within: float = 2.0) -> None:
        """Send FIN, then read for *within* seconds at most until the other side closes too.

        Closing with unread bytes would send RST, which destroys an answer on its way (RFC 9112 section 9.6).
        """
        self.finish()
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while await self.receive():
                    pass
        self.close()
