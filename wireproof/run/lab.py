"""The lab owns the event loop, its thread, the target and its process: whatever cases share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer
from wireproof.peer.peers import Peers
from wireproof.run.probe import Probe, is_alive
from wireproof.run.scheduler import Flight, Plan, Scheduler
from wireproof.run.settings import Settings
from wireproof.target import Target

T = TypeVar("T")
WITNESS_WITHIN = 2.0  # seconds in which a second connection has to show that the target lives
RETURN_WITHIN = 5.0  # seconds for a target that nobody restarts to come back by itself

PROVIDED = ("peer", "peers", "attempt", "target")
"""The arguments that a case may ask for by name, beside its parameters."""


class Lab:
    """One event loop in a thread of its own, and everything that lives on it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.dialer = Dialer(settings.endpoint(), settings.rate)
        self.target = Target(self.dialer.endpoint, dialect=settings.dialect)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="wireproof", daemon=True)
        self._flying: Future[None] | None = None

    # From other threads -------------------------------------------------------------------------

    def open(self) -> Target:
        """Start the loop (and the target, when it is ours to start) and probe; raise `TargetError`."""
        self._thread.start()
        self.target = self.run(self._open())
        return self.target

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run *coroutine* on the lab's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def fly(self, flights: Sequence[Flight]) -> None:
        """Let *flights* begin; their outcomes are set as they come."""
        scheduler = Scheduler(self, self.settings.concurrency, self.settings.case_timeout)
        self._flying = asyncio.run_coroutine_threadsafe(self._fly(scheduler, flights), self.loop)

    def close(self) -> None:
        """End everything, whatever state it is in."""
        if not self._thread.is_alive():
            self.loop.close()
            return
        with suppress(Exception):
            self.run(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    # On the loop --------------------------------------------------------------------------------

    async def _open(self) -> Target:
        return await Probe(self.settings, self.dialer).run()

    async def _fly(self, scheduler: Scheduler, flights: Sequence[Flight]) -> None:
        try:
            await scheduler.fly_all(flights)
        except BaseException as exc:
            for flight in flights:
                if not flight.outcome.done():
                    flight.outcome.set_exception(exc)
            raise

    async def _close(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def board(self, attempt: Attempt, names: Sequence[str]) -> tuple[Mapping[str, object], Peers]:
        """The arguments in *names* for one attempt, and the peers to discard after it."""
        peers = Peers(self.dialer, attempt, self.target.dialect)
        makers = {
            "peer": lambda: peers(),
            "peers": lambda: peers,
            "attempt": lambda: attempt,
            "target": lambda: self.target,
        }
        return {name: makers[name]() for name in names if name in makers}, peers

    # scheduler.Control --------------------------------------------------------------------------

    @property
    def last_alive(self) -> float:
        """See `wireproof.run.scheduler.Control`."""
        return self.dialer.last_alive

    def new_attempt(self, plan: Plan) -> Attempt:
        """See `wireproof.run.scheduler.Control`."""
        return Attempt(plan.spec.requirements, random=Random(f"{self.settings.seed}/{plan.id}"))

    async def check(self) -> str | None:
        """See `wireproof.run.scheduler.Control`."""
        return await is_alive(self.dialer, self.target.dialect, WITNESS_WITHIN)

    async def recover(self) -> bool:
        """See `wireproof.run.scheduler.Control`."""
        give_up = self.loop.time() + RETURN_WITHIN
        while await self.check() is not None:
            if self.loop.time() > give_up:
                return False
            await asyncio.sleep(0.1)  # nobody tells when somebody else's server is back
        return True
