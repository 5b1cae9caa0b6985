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
    lost: float | None = None  # when the session ended, or a request of its own was first refused
    _pause: float = 0.0  # seconds, at most, from the beginning or a pong to the next pong
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
        """The session has ended, or a request of its own was refused."""
        if self.lost is None:
            self.lost = time.monotonic()

    @property
    def has_paused(self) -> bool:
        """Whether a GET was so late that a ping may have waited for it, with no pong since."""
        return self._paused > self.lively

    def silence(self, timers: Handshake, *, answering: bool, missing: bool) -> float:
        """Seconds without a ping or a pong for which the server may have given up the session; else 0.

        *answering* says whether pings are to be answered, *missing* whether one may not have been read.
        """
        if self.lost is None:
            return 0.0
        moments = [*self.pings, self.lost] if missing else self.pings
        gaps = [later - one for one, later in pairwise(moments[-REMEMBERED:])]
        if answering:
            gaps += [self._pause, self.lost - self.lively if missing else 0.0]
        longest = max(gaps, default=0.0)
        return longest if longest > timers.ping_interval + timers.ping_timeout * LATE else 0.0
