"""Flies many attempts at once on one event loop, and never accuses anybody of what a neighbour did.

A result is settled once the target has been seen alive after it. What rests on something that did not come
is tried again alone. When the target goes away, whoever was in the air is suspect and is tried alone on a
recovered target; one that kills it again is the culprit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Protocol

from wireproof.attempt import Attempt
from wireproof.case import CaseSpec
from wireproof.peer.connection import REFUSED
from wireproof.peer.pacing import TimeLimit
from wireproof.run.judge import Result, judge, judge_deadline, judge_gone
from wireproof.run.settings import CASE_TIMEOUT
from wireproof.verdict import Verdict

ALONE = 1.5  # times its deadline that an attempt may take alone
RECHECK = 3.0  # seconds, at most, to see again alone that somebody who was silent for long is silent
ABSENT = 6.0  # seconds more to answer after a case, for a server that takes connections and answers nobody
REPEAT_BUDGET = 20.0  # seconds that repeating deadlines alone may take altogether
NAMED = 3  # of the cases that were in the air
UNRESPONSIVE_AFTER = 24  # attempts in a row that end by their deadline with no sign of life

_ROOM_ENOUGH = nullcontext()
_SPENT = (
    f"the {REPEAT_BUDGET:g} s for repeating silent cases alone are spent: running it again, alone or with "
    "--rerun-failed, settles it"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One case, ready to fly; ``body`` is given what `Ground.boarding` provides for an attempt."""

    id: str
    spec: CaseSpec
    body: Callable[[Attempt], Awaitable[None]]
    alone: str = ""  # why the case must never fly beside others; empty when it may
    last: bool = False  # of those that fly alone, whether it flies behind all others


@dataclass(slots=True, eq=False)
class Flight:
    """A plan under way; ``outcome`` is set once, when nothing can change the verdict any more."""

    plan: Plan
    route: str = "direct"
    outcome: Future[Result] = field(default_factory=Future)
    began: float = 0.0
    landed: float = 0.0
    result: Result | None = None
    suspect: bool = False  # the target went away while this was in the air


class Control(Protocol):
    """What the scheduler needs to know of the target."""

    @property
    def last_alive(self) -> float:
        """When the last handshake succeeded, on the monotonic clock."""

    def new_attempt(self, plan: Plan) -> Attempt:
        """A fresh attempt of *plan*."""

    async def check(self) -> str | None:
        """None when a second connection's ping is answered now, else what went wrong.

        A connection that is refused is told as `REFUSED`.
        """

    def obituary(self) -> str:
        """What is known of the target's end, such as its exit status and last output; may be empty."""

    def held_up(self, since: float) -> bool:
        """Whether the harness itself was too busy, at some moment since then, to answer in time."""

    def is_known(self, plan: Plan, result: Result) -> bool:
        """Whether *result* is what is known of the route to the target, and so of no doubt."""

    async def recover(self, suspects: Sequence[str]) -> bool:
        """Restart the target, or wait for its return; False when it stays away."""


class Scheduler:
    """Flies plans, at most *concurrency* at once, each for at most *timeout* seconds.

    *turn* is entered for whatever must fly alone, so that other routes to the same target keep quiet; *room*
    for each flight beside others, so that there are not too many on all routes together.
    """

    def __init__(
        self,
        control: Control,
        concurrency: int,
        timeout: float,
        turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        room: AbstractAsyncContextManager[None] = _ROOM_ENOUGH,
    ) -> None:
        self.control = control
        self.concurrency = concurrency
        self.timeout = timeout
        self.turn = turn
        self.room = room
        self.flying: set[Flight] = set()
        self.stopped: str | None = None
        self._tasks: dict[Flight, asyncio.Task[None]] = {}
        self._landed: list[Flight] = []
        self._suspects: list[Flight] = []
        self._doubtful: list[Flight] = []
        self._mute = 0
        self._trouble = asyncio.Event()

    async def fly_all(self, flights: Sequence[Flight]) -> None:
        """Fly *flights* in order until each has its outcome."""
        beside = [flight for flight in flights if not flight.plan.alone]
        waiting = list(reversed(beside))
        while waiting or self.flying:
            while waiting and len(self.flying) < self.concurrency and not self._trouble.is_set():
                self._launch(waiting.pop())
            if self.flying:
                done, _ = await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # only a defect of ours raises here: it ends the run instead of hanging it
            self._settle()
            if self._landed and self.flying and not waiting and not self._trouble.is_set():
                # No new case will show that the target lives, and the last ones may fly for long.
                await self.control.check()
                self._settle()
            if self._trouble.is_set() and not self.flying:
                await self._handle_trouble()
            if self.stopped:
                self._give_up(waiting)
                break
        await self._settle_rest()
        async with self.turn():
            await self._repeat_suspects()
            for flight in sorted(flights, key=lambda flight: flight.plan.last):
                if flight.plan.alone and not flight.outcome.done():
                    await self._fly_alone(flight)
            await self._repeat_doubtful()

    def note_loss(self) -> None:
        """The target is known to have ended: launch nothing more until it is back.

        Whoever is in the air is suspect, also where another route has it back before they land.
        """
        self._trouble.set()
        for flight in (*self.flying, *self._landed):
            flight.suspect = True

    def _launch(self, flight: Flight) -> None:
        self.flying.add(flight)
        self._tasks[flight] = asyncio.create_task(self._fly(flight))

    async def _fly(self, flight: Flight) -> None:
        try:
            async with self.room:
                flight.result = await self._try(flight, self.timeout)
        finally:
            flight.landed = time.monotonic()
            self.flying.discard(flight)
            self._tasks.pop(flight, None)
        self._landed.append(flight)
        self._watch(flight.result)

    def _watch(self, result: Result) -> None:
        mute = result.deadline and result.verdict is Verdict.INCONCLUSIVE
        self._mute = self._mute + 1 if mute else 0
        if result.gone or self._mute >= UNRESPONSIVE_AFTER:
            self._trouble.set()

    async def _try(self, flight: Flight, timeout: float) -> Result:
        attempt = self.control.new_attempt(flight.plan)
        started, flight.began = time.time(), time.monotonic()
        outcome: BaseException | None = None
        deadline = TimeLimit(timeout)
        attempt.postpone = deadline.postpone
        attempt.progress = _renewing(deadline, attempt.progress)
        try:
            async with deadline:
                await flight.plan.body(attempt)
        except asyncio.CancelledError:
            raise
        except BaseException as exc:  # noqa: BLE001  # pytest's own outcomes are BaseExceptions; all are judged
            outcome = exc
        if isinstance(outcome, TimeoutError) and deadline.expired():
            # Nobody was silent while we waited for our turn to connect.
            since = max(attempt.waiting.since, deadline.queued_until) if attempt.waiting else 0.0
            waited = time.monotonic() - since if attempt.waiting else 0.0
            result = judge_deadline(attempt, timeout, waited, await self.control.check())
        else:
            result = judge(attempt, outcome)
        return replace(result, started=started, duration_s=time.monotonic() - flight.began)

    # Settling -----------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Settle what landed before the target was last seen alive."""
        alive, pending = self.control.last_alive, []
        for flight in self._landed:
            if flight.suspect or flight.landed > alive:
                pending.append(flight)
            else:
                self._accept(flight)
        self._landed = pending

    def _accept(self, flight: Flight) -> None:
        result = flight.result
        doubtful = result is not None and (result.doubtful or self._may_be_ours(flight, result))
        if result is not None and doubtful and not self.control.is_known(flight.plan, result):
            self._doubtful.append(flight)
        else:
            self._finish(flight)

    def _may_be_ours(self, flight: Flight, result: Result) -> bool:
        """Whether *result* accuses where we were late ourselves: any server may give up a client for that.

        That a server says nothing for seconds is no matter of our being late for a moment.
        """
        accuses = result.verdict in (Verdict.FAIL, Verdict.WARN)
        return accuses and not result.deadline and self.control.held_up(flight.began)

    def _finish(self, flight: Flight, result: Result | None = None) -> None:
        flight.result = result or flight.result
        if flight.result is not None and not flight.outcome.done():
            flight.outcome.set_result(flight.result)

    async def _settle_rest(self) -> None:
        while self._landed and not self.stopped:
            if await self.control.check() is None and not self._trouble.is_set():
                self._settle()
            else:
                await self._handle_trouble()

    # Trouble ------------------------------------------------------------------------------------

    async def _handle_trouble(self) -> None:
        suspects, self._landed = self._landed, []
        self._trouble.clear()
        self._mute = 0
        if not await self.control.recover([flight.plan.id for flight in suspects]):
            self.stopped = await self._absence()
            names = ", ".join(flight.plan.id for flight in suspects[:NAMED])
            more = f", … {len(suspects) - NAMED} more" if len(suspects) > NAMED else ""
            reason = f"{self.stopped}; in the air were: {names}{more}"
            for flight in suspects:
                self._finish(flight, self._inconclusive(flight, reason))
            return
        for flight in suspects:
            flight.suspect = True
        self._suspects += suspects

    async def _absence(self) -> str:
        """In which way the target stays away, and what may help."""
        if told := self.control.obituary():
            return f"{told}; it did not come back"
        wrong = await self.control.check() or "until just now"
        return (
            f"the target serves no new connection ({wrong}); it did not come back "
            "(--rate and --concurrency ask less of one that is slow, --start restarts one that ends)"
        )

    async def _repeat_suspects(self) -> None:
        """Try alone whoever was in the air when the target went away.

        Only once no route has anything in flight: what another one does could end the target again meanwhile.
        """
        spent = 0.0
        for flight in self._suspects:
            if spent < REPEAT_BUDGET:
                spent += await self._repeat(flight)
            else:
                reason = f"in the air when the target went away, and {_SPENT}"
                self._finish(flight, self._inconclusive(flight, reason))
        self._suspects.clear()

    async def _repeat(self, flight: Flight, timeout: float | None = None) -> float:
        """Fly *flight* alone; return the seconds that it cost when it ended by its deadline, else 0."""
        began = time.monotonic()
        await self._fly_alone(flight, timeout)
        return time.monotonic() - began if flight.result and flight.result.deadline else 0.0

    async def _fly_alone(self, flight: Flight, timeout: float | None = None) -> None:
        """One flight on an otherwise quiet target, its aftermath included; it may take its time."""
        if self.stopped:
            self._finish(flight, self._inconclusive(flight, self.stopped))
            return
        before = flight.result
        result = await self._try_twice(flight, timeout or ALONE * self.timeout)
        if before is not None and before.verdict is not result.verdict:
            result = replace(result, reason=_beside(before, result))
        if (wrong := await self.control.check()) is not None:
            again = flight.suspect
            dead = not result.deadline and (wrong := await self.control.check()) is not None
            flight.suspect = again or dead
            # Whoever could not even connect has done nothing to the target.
            if again and dead and not (result.gone and result.attempt.peers == 1):
                result = await self._judge_absence(flight, result, wrong or "")
            if not await self.control.recover([flight.plan.id]):
                self.stopped = f"the target did not come back after {flight.plan.id}"
            elif flight.suspect and not again:
                await self._fly_alone(flight)
                return
        self._finish(flight, result)

    async def _try_twice(self, flight: Flight, timeout: float) -> Result:
        """Try *flight* alone, and again where we were late ourselves; late again, nobody is accused."""
        result = await self._try(flight, timeout)
        if not self._may_be_ours(flight, result) or self.control.is_known(flight.plan, result):
            return result
        if await self.control.check() is not None:  # what becomes of the target is what counts now
            return result
        result = await self._try(flight, timeout)
        if not self._may_be_ours(flight, result):
            return result
        reason = "this machine was too busy to judge what it saw, also when the case was repeated"
        return replace(result, verdict=Verdict.INCONCLUSIVE, findings=(), reason=reason)

    async def _judge_absence(self, flight: Flight, result: Result, wrong: str) -> Result:
        """*result* of a case after which the target was *wrong*, for the second time."""
        began = time.monotonic()
        while wrong != REFUSED and not self.control.obituary():
            if time.monotonic() - began > ABSENT:
                break  # it is as good as gone
            await asyncio.sleep(0.1)
            if (now := await self.control.check()) is not None:
                wrong = now
            elif result.verdict in (Verdict.FAIL, Verdict.WARN) and not result.doubtful:
                return result
            else:
                away = time.monotonic() - flight.began - result.duration_s
                reason = f"it answered nobody for {away:.0f} s after the case, and came back by itself"
                return replace(result, verdict=Verdict.INCONCLUSIVE, findings=(), reason=reason)
        told = self.control.obituary() or ("" if wrong == REFUSED else wrong)
        gone = judge_gone(result.attempt, told)
        return replace(gone, started=result.started, duration_s=result.duration_s)

    async def _repeat_doubtful(self) -> None:
        """Try again alone what rests on something that did not come.

        Silence costs a deadline each time, so that one requirement's silence is seen alone once, in one case,
        and stands for that of all others; whom the budget no longer covers is not accused.
        """
        spent, silent = 0.0, dict[str, str]()
        for flight in self._doubtful:
            before = flight.result
            late = before is not None and before.deadline
            kind = before.accused.requirement if before and before.accused else ""
            if before is not None and late and kind in silent:
                self._finish(flight, replace(before, reason=f"seen alone as well in {silent[kind]}"))
            elif late and spent >= REPEAT_BUDGET:
                reason = f"no answer beside other cases, and {_SPENT}"
                self._finish(flight, self._inconclusive(flight, reason))
            else:
                spent += await self._repeat(flight, self._recheck if kind and late else None)
                after = flight.result
                if late and after and after.deadline and after.accused and after.accused.requirement == kind:
                    silent[kind] = flight.plan.id
        self._doubtful.clear()

    @property
    def _recheck(self) -> float:
        """Who grants a slow server more than usual means it, also for what is seen again."""
        return self.timeout if self.timeout > CASE_TIMEOUT else min(self.timeout, RECHECK)

    def _give_up(self, waiting: Sequence[Flight]) -> None:
        for flight in (*self._landed, *self._doubtful, *waiting):
            self._finish(flight, self._inconclusive(flight, f"the run stopped early: {self.stopped}"))
        self._landed.clear()
        self._doubtful.clear()

    def _inconclusive(self, flight: Flight, reason: str) -> Result:
        attempt = flight.result.attempt if flight.result else self.control.new_attempt(flight.plan)
        return Result(Verdict.INCONCLUSIVE, attempt, reason=reason, started=time.time())


def _renewing(deadline: TimeLimit, tell: Callable[[float], None]) -> Callable[[float], None]:
    """What to do about progress: *tell* it, and count the deadline anew."""

    def progress(part: float) -> None:
        deadline.renew()
        tell(part)

    return progress


def _beside(before: Result, alone: Result) -> str:
    observed = before.accused.observed if before.accused else before.reason
    note = f"beside other cases it was {before.verdict}" + (f" ({observed})" if observed else "")
    return f"{alone.reason}; {note}" if alone.reason else note
