"""How fast connections are begun, and time limits that stand still while one waits for its turn."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import ContextVar
from types import TracebackType


class TimeLimit:
    """Ends a block after *seconds*, as `asyncio.timeout` does; a wait for a turn to connect does not count.

    ``queued_until`` is when the last such wait ended, and ``queued`` the seconds that they took, side by side
    or one by one. Times are those of the loop's clock.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.queued = 0.0
        self.queued_until = 0.0
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> TimeLimit:
        await self._timeout.__aenter__()
        self._token = _AROUND.set((*_AROUND.get(), self))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _AROUND.reset(self._token)
        await self._timeout.__aexit__(kind, exc, traceback)

    def expired(self) -> bool:
        """Whether the time was up before the block ended."""
        return self._timeout.expired()

    def postpone(self, seconds: float) -> None:
        """Let the block take *seconds* longer; nothing is changed once its end has come."""
        self._reschedule((self._timeout.when() or 0.0) + seconds)

    def renew(self) -> None:
        """Count anew from now."""
        self._reschedule(asyncio.get_running_loop().time() + self.seconds)

    def queue(self, now: float, until: float) -> None:
        """Stand still from *now* to *until*."""
        if (more := until - max(now, self.queued_until)) > 0:
            self.queued += more
            self.queued_until = until
            self.postpone(more)

    def _reschedule(self, when: float) -> None:
        if not self._timeout.expired():
            # What a block has started may outlive it.
            with suppress(RuntimeError):
                self._timeout.reschedule(when)


_AROUND: ContextVar[tuple[TimeLimit, ...]] = ContextVar("time limits", default=())


class Pacer:
    """Gives turns to begin something, at most *rate* a second (0: at once), to all who share it."""

    def __init__(self, rate: float = 0.0) -> None:
        self.rate = rate
        self._free = 0.0  # when the next turn is, on the loop's clock

    @property
    def backlog(self) -> float:
        """Seconds until whoever asks now has a turn."""
        return max(0.0, self._free - asyncio.get_running_loop().time())

    def take(self) -> float:
        """Take the next turn; return when it is, on the loop's clock."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free)
        self._free = turn + (1 / self.rate if self.rate else 0.0)
        return turn

    async def wait(self) -> None:
        """Wait for one's turn; every `TimeLimit` around stands still meanwhile."""
        now, turn = asyncio.get_running_loop().time(), self.take()
        if turn > now:
            for limit in _AROUND.get():
                limit.queue(now, turn)
            await asyncio.sleep(turn - now)
