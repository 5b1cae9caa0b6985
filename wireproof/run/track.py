"""One route to the target while a run lasts: its addresses, its cases in flight, and whether it is alive."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Protocol

from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer, PromptDialer
from wireproof.peer.peers import Clients, Crew, Peers, Sessions
from wireproof.peer.session import Transport
from wireproof.profile import Known
from wireproof.proxy.route import OpenRoute
from wireproof.run.alive import is_alive, session_is_alive, takes_connections
from wireproof.run.events import CaseAdvanced, CaseStarted, Event, TargetBack, TargetLost
from wireproof.run.judge import Result
from wireproof.run.known import known_failure
from wireproof.run.network import Network
from wireproof.run.route import Route
from wireproof.run.scheduler import Flight, Plan
from wireproof.run.settings import Settings
from wireproof.run.ways import Ways
from wireproof.target import Target

WITNESS_WITHIN = 2.0  # seconds in which a second connection has to show that the target lives

PROVIDED = (
    *("peer", "peers", "session", "sessions", "client", "clients"),
    *("attempt", "target", "aftermath", "network"),
)
"""The arguments that a case may ask for by name, beside its parameters."""


class Keeper(Protocol):
    """Who keeps the target alive, for all routes to it."""

    def obituary(self) -> str:
        """What is known of the target's end; may be empty."""

    def held_up(self, since: float) -> bool:
        """Whether the harness itself was too busy, at some moment since then, to answer in time."""

    async def revive(self, check: Callable[[], Awaitable[str | None]]) -> bool:
        """Restart the target or wait for its return, until *check* is content; False if it stays away."""


TOGETHER = 5  # cases that are named to be run again with one that looks back
_SEEN_IN = re.compile(r"\(seen in ([^)]+)\)$")
ADVANCE_EVERY = 1.0  # seconds between two events that tell how far a long case is


class Track:
    """Everything that the cases of one route share. It is the scheduler's `Control`."""

    def __init__(
        self,
        route: Route,
        target: Target,
        settings: Settings,
        keeper: Keeper,
        emit: Callable[[Event], None],
        ways: Ways,
        way: OpenRoute | None = None,
    ) -> None:
        self.route = route
        self.ways = ways
        self.way = way
        self.target = target
        self.settings = settings
        self.keeper = keeper
        self.emit = emit
        sockets = target.sockets or target.endpoint
        self.dialer = Dialer(target.endpoint, ways.pacer)
        self.socket_dialer = Dialer(sockets, ways.pacer)
        self.check_dialer = PromptDialer(
            sockets if "websocket" in target.protocols else target.endpoint, ways.pacer
        )
        self.flown: list[Flight] = []

    def board(
        self, attempt: Attempt, names: Sequence[str], single: str = ""
    ) -> tuple[Mapping[str, object], Crew]:
        """The arguments in *names* for one attempt, and whom to discard after it.

        *single* says why it may have one client at a time; it may have several where that is empty.
        """
        peers = Peers(self.socket_dialer, attempt, self.target.dialect)
        sessions = Sessions(self.dialer, attempt, self.target.session)
        clients = Clients(sessions)
        peers.single = clients.single = single
        network = Network(self.ways, self.target, attempt, self.way.route.name if self.way else None)
        offered: dict[str, Callable[[], object]] = {
            "peer": peers,
            "peers": lambda: peers,
            "session": sessions,
            "sessions": lambda: sessions,
            "client": clients,
            "clients": lambda: clients,
            "attempt": lambda: attempt,
            "target": lambda: self.target,
            "aftermath": lambda: self._looking_back(attempt),
            "network": lambda: network,
        }
        return {name: offered[name]() for name in names if name in offered}, Crew(peers, sessions, network)

    def _looking_back(self, attempt: Attempt) -> dict[str, str]:
        seen = self.aftermath()
        named = (match[1] for text in seen.values() if (match := _SEEN_IN.search(text)))
        attempt.together = tuple(dict.fromkeys(named))[:TOGETHER]
        return seen

    def aftermath(self) -> dict[str, str]:
        """The requirements broken in passing that no case has accused: what was seen, and in which case."""
        results = [(flight.plan.id, flight.result) for flight in self.flown if flight.result is not None]
        accused = {finding.requirement for _, result in results for finding in result.findings}
        kept = [record for record in self.settings.kept if record["route"] == self.route.name]
        accused |= {requirement for record in kept for requirement in record["broken"]}
        seen: dict[str, str] = {}
        for record in kept:
            for told in record["in_passing"]:
                requirement, _, text = told.partition(": ")
                if requirement not in accused:
                    seen.setdefault(requirement, f"{text} (seen in {record['id']})")
        for name, result in results:
            for violation in result.attempt.passing:
                if violation.requirement not in accused:
                    seen.setdefault(violation.requirement, f"{violation.text} (seen in {name})")
        return seen

    @property
    def known(self) -> tuple[Known, ...]:
        """What the proxies of this route do by normal conduct, as known failures of this route alone."""
        return tuple(
            Known(
                case=case,
                reason=f"{name}: {deviation.what} {deviation.why}",
                requirement=requirement,
                route=self.route.name,
                link=deviation.link or None,
                observed=deviation.observed,
            )
            for name, deviation in (self.way.deviations if self.way else ())
            for case, requirement in (
                *((case, None) for case in deviation.cases),
                *(("*", requirement) for requirement in deviation.requirements),
            )
        )

    # scheduler.Control --------------------------------------------------------------------------

    @property
    def last_alive(self) -> float:
        """See `wireproof.run.scheduler.Control`."""
        return max(one.last_alive for one in (self.dialer, self.socket_dialer, self.check_dialer))

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
            return await is_alive(self.check_dialer, self.target.dialect, WITNESS_WITHIN)
        if not self.target.protocols:
            return await takes_connections(self.check_dialer, WITNESS_WITHIN)
        transport = Transport.POLLING if self.target.can("polling") else Transport.WEBSOCKET
        return await session_is_alive(self.check_dialer, self.target.session, WITNESS_WITHIN, transport)

    def obituary(self) -> str:
        """See `wireproof.run.scheduler.Control`."""
        dead = self.way.dead if self.way else ()
        proxies = (
            " | ".join([f"{one.hop.proxy} ended", *one.proxy.log[-500:].splitlines()[-5:]]) for one in dead
        )
        return " | ".join(filter(None, (self.keeper.obituary(), *proxies)))

    def held_up(self, since: float) -> bool:
        """See `wireproof.run.scheduler.Control`."""
        return self.keeper.held_up(since)

    def is_known(self, plan: Plan, result: Result) -> bool:
        """See `wireproof.run.scheduler.Control`."""
        return known_failure(self.known, plan.id, self.route.name, result) is not None

    async def recover(self, suspects: Sequence[str]) -> bool:
        """See `wireproof.run.scheduler.Control`."""
        if self.way is not None and self.way.dead:
            return False  # the target is well, and nobody starts a proxy again
        self.emit(TargetLost(tuple(suspects)))
        back = await self.keeper.revive(self.check)
        if back:
            self.emit(TargetBack())
        return back


class _Advance:
    """Adds up how far an attempt is, and tells it, but not more often than somebody could read it."""

    def __init__(self, case: str, route: str, emit: Callable[[Event], None]) -> None:
        self.case = case
        self.route = route
        self.emit = emit
        self._done = 0.0
        self._told = time.monotonic()

    def __call__(self, part: float) -> None:
        self._done += part
        now = time.monotonic()
        if now - self._told >= ADVANCE_EVERY:
            self._told = now
            self.emit(CaseAdvanced(self.case, self.route, round(min(1.0, self._done), 4)))
