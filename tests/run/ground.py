"""A target that is no server, on a clock that never waits: what scheduling is tested with."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from wireproof.attempt import Attempt, TargetGone
from wireproof.case import CaseSpec
from wireproof.peer.connection import REFUSED
from wireproof.run.judge import Result
from wireproof.run.scheduler import Flight, Plan, Scheduler

MUST = "rfc6455/5.2/reserved-bits"
SPEC = CaseSpec((MUST,))
Body = Callable[[Attempt], Awaitable[None]]


class _Clock(selectors.SelectSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits for something that can't happen"
            self.now += max(0.0, timeout)
        return ready


class TimelessLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only when nothing else is left to do."""

    def __init__(self) -> None:
        self.clock = _Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


class Ground:
    """A target that lives or not, and returns or not; it keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loop = TimelessLoop()
        ticks = count()
        # Two moments are never the same.
        self.clock: Callable[[], float] = lambda: self.loop.time() + next(ticks) * 1e-9
        fake = SimpleNamespace(monotonic=self.clock, time=self.clock)
        monkeypatch.setattr("wireproof.run.scheduler.time", fake)
        monkeypatch.setattr("wireproof.attempt.time", fake)
        self.alive = True
        self.silent = False
        self.returns = True
        self.ended = "exit status 7"
        self.last_alive = 0.0
        self.lost: list[tuple[str, ...]] = []
        self.tried: list[str] = []
        self.checks = 0
        self.late = -1.0
        self.known: set[str] = set()

    # For cases -------------------------------------------------------------------------------------

    def connect(self, attempt: Attempt) -> None:
        """One handshake."""
        attempt.peers += 1
        if not self.alive:
            raise TargetGone("refused")
        self.last_alive = self.clock()

    def flight(self, name: str, body: Body | None = None, alone: str = "") -> Flight:
        """A flight of *body*; without one it connects and passes."""

        async def run(attempt: Attempt) -> None:
            self.tried.append(name)
            self.connect(attempt)
            if body is not None:
                await body(attempt)

        return Flight(Plan(name, SPEC, run, alone))

    def fly(self, *flights: Flight, concurrency: int = 4, timeout: float = 10.0) -> list[Result]:
        """The results of *flights*."""
        self.run(Scheduler(self, concurrency, timeout).fly_all(flights))
        return [flight.outcome.result(timeout=0) for flight in flights]

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run *coroutine* on the timeless loop."""
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(coroutine)

    # scheduler.Control -----------------------------------------------------------------------------

    def new_attempt(self, plan: Plan) -> Attempt:
        return Attempt(plan.spec.requirements)

    async def check(self) -> str | None:
        self.checks += 1
        await asyncio.sleep(0)
        if self.silent or not self.alive:
            return "no answer" if self.silent else REFUSED
        self.last_alive = self.clock()
        return None

    def obituary(self) -> str:
        return self.ended if not self.alive else ""

    def held_up(self, since: float) -> bool:
        return self.late > since

    def is_known(self, plan: Plan, _: Result) -> bool:
        return plan.id in self.known

    async def recover(self, suspects: Sequence[str]) -> bool:
        self.lost.append(tuple(suspects))
        await asyncio.sleep(0)
        self.alive, self.silent = self.returns, False
        return self.returns


async def yields(_: Attempt) -> None:
    """Let others fly meanwhile."""
    await asyncio.sleep(0)


async def for_ever(attempt: Attempt) -> None:
    """Wait for something that never comes."""
    with attempt.expecting("a pong"):
        await asyncio.Event().wait()
