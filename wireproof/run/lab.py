"""The lab owns the event loop, its thread, the target and its process: whatever cases share."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from wireproof.attempt import Attempt
from wireproof.errors import TargetError
from wireproof.peer.connection import Dialer
from wireproof.peer.peers import Peers
from wireproof.run.events import CaseStarted, Event, TargetBack, TargetLost
from wireproof.run.probe import Probe, is_alive
from wireproof.run.process import Command, StartError, Supervisor
from wireproof.run.ready import Ready, ReadyTcp, ReadyUnix, parse_ready
from wireproof.run.scheduler import Flight, Plan, Scheduler
from wireproof.run.settings import Settings
from wireproof.target import Target

T = TypeVar("T")
WITNESS_WITHIN = 2.0  # seconds in which a second connection has to show that the target lives
STARTS_WITHIN = 30.0  # seconds for a target that we start
RETURN_WITHIN = 5.0  # seconds for a target that nobody restarts to come back by itself

PROVIDED = ("peer", "peers", "attempt", "target", "aftermath")
"""The arguments that a case may ask for by name, beside its parameters."""


class Lab:
    """One event loop in a thread of its own, and everything that lives on it."""

    def __init__(self, settings: Settings, emit: Callable[[Event], None] = lambda _: None) -> None:
        self.settings = settings
        self.emit = emit
        self.dialer = Dialer(settings.endpoint(), settings.rate)
        self.target = Target(self.dialer.endpoint, dialect=settings.dialect)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="wireproof", daemon=True)
        self._supervisor: Supervisor | None = None
        self._back = asyncio.Event()
        self._flown: list[Flight] = []

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
        asyncio.run_coroutine_threadsafe(self._fly(flights), self.loop)

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
        if self.settings.start is not None:
            ready = parse_ready(self.settings.ready) if self.settings.ready else self._default_ready()
            self._supervisor = Supervisor(
                Command(self.settings.start, ready=ready, startup_timeout=STARTS_WITHIN)
            )
            try:
                await self._supervisor.start()
            except StartError as exc:
                raise TargetError(str(exc)) from exc
        return await Probe(self.settings, self.dialer).run()

    def _default_ready(self) -> Ready:
        there = self.dialer.endpoint
        return ReadyUnix(Path(there.unix)) if there.unix else ReadyTcp(there.host, there.port)

    async def _fly(self, flights: Sequence[Flight]) -> None:
        self._flown += flights
        scheduler = Scheduler(self, self.settings.concurrency, self.settings.case_timeout)
        watch = asyncio.create_task(self._watch(scheduler))
        try:
            await scheduler.fly_all(flights)
        except BaseException as exc:
            for flight in flights:
                if not flight.outcome.done():
                    flight.outcome.set_exception(exc)
            raise
        finally:
            watch.cancel()

    async def _watch(self, scheduler: Scheduler) -> None:
        """Tell the scheduler at once when a target that we started has ended."""
        while self._supervisor is not None:
            await self._supervisor.exited.wait()
            self._back.clear()
            scheduler.note_loss()
            await self._back.wait()

    async def _close(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._supervisor is not None:
            await self._supervisor.stop()

    def board(self, attempt: Attempt, names: Sequence[str]) -> tuple[Mapping[str, object], Peers]:
        """The arguments in *names* for one attempt, and the peers to discard after it."""
        peers = Peers(self.dialer, attempt, self.target.dialect)
        offered: dict[str, object] = {"peers": peers, "attempt": attempt, "target": self.target}
        if "aftermath" in names:
            offered["aftermath"] = self.aftermath()
        if "peer" in names:
            offered["peer"] = peers()
        return {name: offered[name] for name in names if name in offered}, peers

    def aftermath(self) -> dict[str, str]:
        """The requirements broken in passing that no case has accused: what was seen, and in which case."""
        results = [(flight.plan.id, flight.result) for flight in self._flown if flight.result is not None]
        accused = {finding.requirement for _, result in results for finding in result.findings}
        seen: dict[str, str] = {}
        for name, result in results:
            for violation in result.attempt.passing:
                if violation.requirement not in accused:
                    seen.setdefault(violation.requirement, f"{violation.text} (seen in {name})")
        return seen

    # scheduler.Control --------------------------------------------------------------------------

    @property
    def last_alive(self) -> float:
        """See `wireproof.run.scheduler.Control`."""
        return self.dialer.last_alive

    def new_attempt(self, plan: Plan) -> Attempt:
        """See `wireproof.run.scheduler.Control`."""
        self.emit(CaseStarted(plan.id, "direct"))
        randomness = Random(f"{self.settings.seed}/{plan.id}")
        return Attempt(plan.spec.requirements, random=randomness, patience=self.settings.patience)

    async def check(self) -> str | None:
        """See `wireproof.run.scheduler.Control`."""
        return await is_alive(self.dialer, self.target.dialect, WITNESS_WITHIN)

    def obituary(self) -> str:
        """See `wireproof.run.scheduler.Control`."""
        if self._supervisor is None or self._supervisor.child.alive:
            return ""
        child = self._supervisor.child
        lines = child.log.splitlines()[-5:]
        return f"the process {child.ending}" + "".join(f" | {line}" for line in lines)

    async def recover(self, suspects: Sequence[str]) -> bool:
        """See `wireproof.run.scheduler.Control`."""
        self.emit(TargetLost(tuple(suspects)))
        back = await self._return()
        if back:
            self._back.set()
            self.emit(TargetBack())
        return back

    async def _return(self) -> bool:
        give_up = self.loop.time() + RETURN_WITHIN
        while (wrong := await self.check()) is not None:
            if self._supervisor is not None:
                try:
                    await self._supervisor.restart()
                except StartError:
                    return False
            if self.loop.time() > give_up:
                return False
            await asyncio.sleep(0.1)  # nobody tells when somebody else's server is back
        return wrong is None
