"""How the heartbeat of an Engine.IO session went: whether the server had reason to give the session up.

The document's section "Heartbeat": a server ends a session whose pong does not come within the ping time-out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from wireproof.wire.engineio import Handshake

LATE = 0.5  # of a ping time-out, behind which a pong of ours may have come too late
REMEMBERED = 3  # pings whose distances tell how things went when the session was lost


@dataclass(slots=True)
class Heartbeat:
    """Moments of one session, on the monotonic clock; ``pings`` are those at which the server's came."""

    pings: list[float] = field(default_factory=list)
    lively: float = 0.0  # when the session began, or a pong was last sent
    lost: float | None = None  # when the session ended, or since when its requests have been refused
    _pause: float = 0.0
    _over: bool = False
    _polled: float = 0.0  # when the last GET was answered
    _paused: float = 0.0  # when a GET last went out behind a long pause

    def begin(self) -> None:
        """The session has been opened."""
        self.lively = time.monotonic()

    def ping(self) -> None:
        """A ping has come."""
        self.pings.append(time.monotonic())

    def pong(self) -> None:
        """A pong goes out."""
        now = time.monotonic()
        self._pause, self.lively = max(self._pause, now - self.lively), now

    @contextmanager
    def polling(self, timers: Handshake | None) -> Iterator[None]:
        """A GET is under way."""
        now = time.monotonic()
        if timers is not None and now - max(self._polled, self.lively) > timers.ping_timeout * LATE:
            self._paused = now
        try:
            yield
        finally:
            self._polled = time.monotonic()

    def lose(self) -> None:
        """A request of the session's own was refused, or its WebSocket ended: it may be over since then."""
        if self.lost is None:
            self.lost = time.monotonic()

    def hear(self) -> None:
        """Something came of the session: whatever was refused before was refused for itself."""
        if not self._over:
            self.lost = None

    def end(self) -> None:
        """The session is over, whatever is still answered."""
        self.lost, self._over = time.monotonic(), True

    @property
    def has_paused(self) -> bool:
        """Whether a GET was so late that a ping may have waited for it, with no pong since."""
        return self._paused > self.lively

    def between_pings(self) -> float:
        """Seconds, at most, between two of the last pings."""
        return max((later - one for one, later in pairwise(self.pings[-REMEMBERED:])), default=0.0)

    def since_ping(self) -> float:
        """Seconds from the last ping to the loss of the session; 0 where either has not been."""
        return self.lost - self.pings[-1] if self.lost and self.pings else 0.0

    def between_pongs(self) -> float:
        """Seconds, at most, from the beginning or a pong to the next pong."""
        return self._pause

    def since_pong(self) -> float:
        """Seconds from the beginning, or the last pong, to the loss of the session."""
        return self.lost - self.lively if self.lost else 0.0


def too_long(timers: Handshake) -> float:
    """Seconds without a ping or a pong behind which a server may have given up a session."""
    return timers.ping_interval + timers.ping_timeout * LATE
