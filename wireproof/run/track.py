"""One route to the target while a run lasts: its addresses, its cases in flight, and whether it is alive."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer
from wireproof.peer.peers import Clients, Crew, Peers, Sessions
from wireproof.run.events import CaseAdvanced, CaseStarted, Event, TargetBack, TargetLost
from wireproof.run.probe import is_alive
from wireproof.run.probe_session import session_is_alive
from wireproof.run.scheduler import Flight, Plan
from wireproof.run.settings import Settings
from wireproof.target import Target

WITNESS_WITHIN = 2.0  # seconds in which a second connection has to show that the target lives

PROVIDED = ("peer", "peers", "session", "sessions", "client", "clients", "attempt", "target", "aftermath")
"""The arguments that a case may ask for by name, beside its parameters."""


class Keeper(Protocol):
    """Who keeps the target alive, for all routes to it."""

    def obituary(self) -> str:
        """What is known of the target's end; may be empty."""

    async def revive(self, check: Callable[[], Awaitable[str | None]]) -> bool:
        """Restart the target or wait for its return, until *check* is content; False if it stays away."""


@dataclass(frozen=True, slots=True)
class Route:
    """How cases get to the target, as the report tells it: ``kind`` is direct, real or simulated."""

    name: str
    kind: str
    software: str | None = None
    version: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The route's record in the report."""
        return {"name": self.name, "kind": self.kind, "software": self.software, "version": self.version}


ADVANCE_EVERY = 1.0  # seconds between two events that tell how far a long case is
DIRECT = Route("direct", "direct")


class Track:
    """Everything that the cases of one route share. It is the scheduler's `Control`."""

    def __init__(
        self, route: Route, target: Target, settings: Settings, keeper: Keeper, emit: Callable[[Event], None]
    ) -> None:
        self.route = route
        self.target = target
        self.settings = settings
        self.keeper = keeper
        self.emit = emit
        self.dialer = Dialer(target.endpoint, settings.rate)
        self.socket_dialer = Dialer(target.sockets, settings.rate) if target.sockets else self.dialer
        self.flown: list[Flight] = []

    def board(self, attempt: Attempt, names: Sequence[str]) -> tuple[Mapping[str, object], Crew]:
        """The arguments in *names* for one attempt, and whom to discard after it."""
        peers = Peers(self.socket_dialer, attempt, self.target.dialect)
        sessions = Sessions(self.dialer, attempt, self.target.session)
        clients = Clients(sessions)
        offered: dict[str, Callable[[], object]] = {
            "peer": peers,
            "peers": lambda: peers,
            "session": sessions,
            "sessions": lambda: sessions,
            "client": clients,
            "clients": lambda: clients,
            "attempt": lambda: attempt,
            "target": lambda: self.target,
            "aftermath": self.aftermath,
        }
        return {name: offered[name]() for name in names if name in offered}, Crew(peers, sessions)

    def aftermath(self) -> dict[str, str]:
        """The requirements broken in passing that no case has accused: what was seen, and in which case."""
        results = [(flight.plan.id, flight.result) for flight in self.flown if flight.result is not None]
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
        return max(self.dialer.last_alive, self.socket_dialer.last_alive)

    def new_attempt(self, plan: Plan) -> Attempt:
        """See `wireproof.run.scheduler.Control`."""
        self.emit(CaseStarted(plan.id, self.route.name, plan.spec.seconds))
        return Attempt(
            plan.spec.requirements,
            random=Random(f"{self.settings.seed}/{plan.id}"),
            patience=self.settings.patience,
            intensity=self.settings.intensity,
            progress=_Advance(plan.id, self.route.name, self.emit),
        )

    async def check(self) -> str | None:
        """See `wireproof.run.scheduler.Control`."""
        if "websocket" in self.target.protocols:
            return await is_alive(self.socket_dialer, self.target.dialect, WITNESS_WITHIN)
        return await session_is_alive(self.dialer, self.target.session, WITNESS_WITHIN)

    def obituary(self) -> str:
        """See `wireproof.run.scheduler.Control`."""
        return self.keeper.obituary()

    async def recover(self, suspects: Sequence[str]) -> bool:
        """See `wireproof.run.scheduler.Control`."""
        self.emit(TargetLost(tuple(suspects)))
        back = await self.keeper.revive(self.check)
        if back:
            self.emit(TargetBack())
        return back


class _Advance:
    """Tells how far a case is, but not more often than somebody could read it."""

    def __init__(self, case: str, route: str, emit: Callable[[Event], None]) -> None:
        self.case = case
        self.route = route
        self.emit = emit
        self._told = time.monotonic()

    def __call__(self, done: float) -> None:
        now = time.monotonic()
        if now - self._told >= ADVANCE_EVERY:
            self._told = now
            self.emit(CaseAdvanced(self.case, self.route, round(done, 4)))
