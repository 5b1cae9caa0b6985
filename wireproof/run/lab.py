"""The lab owns the event loop, its thread, the target and its process: whatever cases share."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from wireproof.case import Intensity
from wireproof.errors import TargetError
from wireproof.peer.connection import Dialer
from wireproof.proxy.driver import Drivers
from wireproof.proxy.route import OpenRoute
from wireproof.run.discover import discover
from wireproof.run.events import Event
from wireproof.run.process import Command, StartError, Supervisor
from wireproof.run.ready import Ready, ReadyTcp, ReadyUnix, parse_ready
from wireproof.run.route import DIRECT, Route
from wireproof.run.scheduler import Flight, Scheduler
from wireproof.run.settings import Settings
from wireproof.run.track import Track
from wireproof.run.ways import Turns, Ways
from wireproof.target import Target

T = TypeVar("T")
STARTS_WITHIN = 30.0  # seconds for a target that we start
LEAST_SHARE = 16  # cases in flight at once on each of many routes
PULSE = 0.05  # seconds between two looks at whether the loop keeps up
LATE = 0.1  # seconds behind which a server that pings often may have given us up
LAST_ROUNDS = 3  # of cancelling what still runs
RETURN_WITHIN = 5.0  # seconds for a target that nobody restarts to come back by itself


class Lab:
    """One event loop in a thread of its own, and everything that lives on it."""

    def __init__(
        self,
        settings: Settings,
        emit: Callable[[Event], None] = lambda _: None,
        drivers: Callable[[], Drivers] = dict,
    ) -> None:
        self.settings = settings
        self.emit = emit
        self.target = Target(settings.endpoint(settings.direct), dialect=settings.dialect)
        self.ways = Ways(settings, drivers)
        # Every route leads to the same server.
        bound = settings.chosen_concurrency is not None or settings.intensity is Intensity.GENTLE
        self.room = asyncio.Semaphore(settings.concurrency) if bound else nullcontext()
        self.tracks = [self._track(DIRECT, self.target)]
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="wireproof", daemon=True)
        self._supervisor: Supervisor | None = None
        self._back = asyncio.Event()
        self._reviving = asyncio.Lock()
        self._flying = asyncio.Lock()
        self._late = 0.0  # when the loop was last found late, on the monotonic clock

    # From other threads -------------------------------------------------------------------------

    def open(self) -> Target:
        """Start the loop (and the target, when it is ours to start) and probe; raise `TargetError`."""
        self._thread.start()
        self.target = self.run(self._open())
        return self.target

    @property
    def track(self) -> Track:
        """The direct route's."""
        return self.tracks[0]

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
        target = await discover(self.settings, Dialer(self.target.endpoint, self.ways.pacer))
        self.tracks = [self._track(*opened) for opened in await self.ways.open(target)]
        return target

    def _track(self, route: Route, target: Target, way: OpenRoute | None = None) -> Track:
        return Track(route, target, self.settings, self, self.emit, self.ways, way)

    def _default_ready(self) -> Ready:
        there = self.target.endpoint
        return ReadyUnix(Path(there.unix)) if there.unix else ReadyTcp(there.host, there.port)

    async def _fly(self, flights: Sequence[Flight]) -> None:
        try:
            # A case whose turn pytest decides would fly beside those that were given before, also beside one
            # that must fly alone.
            async with self._flying:
                await self._fly_tracks(flights)
        except BaseException as exc:
            for flight in flights:
                if not flight.outcome.done():
                    flight.outcome.set_exception(exc)
            raise

    async def _fly_tracks(self, flights: Sequence[Flight]) -> None:
        turns = Turns(len(self.tracks))
        pulse = asyncio.create_task(self._pulse())
        try:
            async with asyncio.TaskGroup() as group:
                for track in self.tracks:
                    mine = [flight for flight in flights if flight.route == track.route.name]
                    group.create_task(self._fly_track(track, mine, turns))
        finally:
            pulse.cancel()

    async def _pulse(self) -> None:
        """Note when the loop is late: only a clock tells."""
        while True:
            due = time.monotonic() + PULSE
            await asyncio.sleep(PULSE)
            if time.monotonic() - due > LATE:
                self._late = time.monotonic()

    async def _fly_track(self, track: Track, flights: Sequence[Flight], turns: Turns) -> None:
        track.flown += flights
        # One loop answers the heartbeats of all routes: more in flight at once would be late for them.
        share = max(LEAST_SHARE, self.settings.concurrency // len(self.tracks))
        share = min(share, self.settings.concurrency)
        scheduler = Scheduler(track, share, self.settings.case_timeout, turns.alone, self.room)
        watch = asyncio.create_task(self._watch(scheduler))
        try:
            await scheduler.fly_all(flights)
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
        for _ in range(LAST_ROUNDS):  # some of them start others while they end
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self.ways.close()
        finally:
            if self._supervisor is not None:
                await self._supervisor.stop()

    # track.Keeper -------------------------------------------------------------------------------

    def obituary(self) -> str:
        """See `wireproof.run.track.Keeper`."""
        if self._supervisor is None or self._supervisor.child.alive:
            return ""
        child = self._supervisor.child
        lines = child.log.splitlines()[-5:]
        return f"the process {child.ending}" + "".join(f" | {line}" for line in lines)

    def held_up(self, since: float) -> bool:
        """See `wireproof.run.track.Keeper`."""
        return self._late > since

    async def revive(self, check: Callable[[], Awaitable[str | None]]) -> bool:
        """See `wireproof.run.track.Keeper`."""
        async with self._reviving:
            back = await self._return(check)
        if back:
            self._back.set()
        return back

    async def _return(self, check: Callable[[], Awaitable[str | None]]) -> bool:
        give_up, restarted = self.loop.time() + RETURN_WITHIN, False
        while await check() is not None:
            if self.loop.time() > give_up:
                return False
            # What answers directly is well, whatever a route to it does.
            if self._needs_start(restarted) and await self.track.check() is not None:
                if not await self._restart():
                    return False
                if not restarted:  # from now on it has its time; one that ends again and again has no more
                    give_up, restarted = self.loop.time() + RETURN_WITHIN, True
            else:
                await asyncio.sleep(0.1)  # nobody tells when somebody else's server is back
        return True

    def _needs_start(self, restarted: bool) -> bool:
        # One that has just been started may still be warming up.
        return self._supervisor is not None and not (restarted and self._supervisor.child.alive)

    async def _restart(self) -> bool:
        try:
            if self._supervisor is not None:
                await self._supervisor.restart()
        except StartError:
            return False
        return True
