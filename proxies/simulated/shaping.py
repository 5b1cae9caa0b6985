"""Cuts what is sent into other segments than it came in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from .conduct import Coalesce, Cut, Pieces, Segments

PACE = 0.001
"""Seconds between two parts: nothing tells when the other side has read one, and the system joins them."""


class Shaper:
    """What stands between `Link.send` and the socket. ``write`` takes bytes, ``drained`` waits for room."""

    def __init__(
        self, segments: Segments, write: Callable[[bytes], None], drained: Callable[[], Awaitable[None]]
    ) -> None:
        self.segments = segments
        self._write = write
        self._drained = drained
        self._held = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._turn = 0

    async def send(self, data: bytes) -> None:
        """Send *data* as the conduct demands; what may wait is kept for later."""
        if isinstance(self.segments, Coalesce):
            self._held += data
            if len(self._held) >= self.segments.size:
                self.flush()
            elif self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(self.segments.within, self.flush)
            await self._drained()
            return
        for number, part in enumerate(self._parts(data, self.segments)):
            if number:
                await asyncio.sleep(PACE)
            self._write(part)
            await self._drained()

    def flush(self) -> None:
        """Send at once what was held back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held:
            data = bytes(self._held)
            self._held.clear()
            self._write(data)

    def _parts(self, data: bytes, segments: Pieces | Cut) -> Iterator[bytes]:
        if isinstance(segments, Pieces):
            yield from (data[i : i + segments.size] for i in range(0, len(data), segments.size))
            return
        offset = segments.offset
        if offset is None:
            offset = 1 + self._turn % max(1, len(data) - 1)
            self._turn += 1
        yield from filter(None, (data[:offset], data[offset:]))
