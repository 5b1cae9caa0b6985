"""One run from selection to the last verdict: it joins settings, lab and reporters."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from wireproof import SUITES_VERSION, __version__
from wireproof.attempt import Attempt
from wireproof.case import Where
from wireproof.catalogue.requirement import load_catalogue
from wireproof.errors import InternalError, UsageError, WireproofError
from wireproof.profile import Known
from wireproof.proxy.driver import Drivers
from wireproof.run.events import (
    CaseFinished,
    Event,
    Reporter,
    RunFinished,
    RunStarted,
    TargetProbed,
    as_json,
)
from wireproof.run.judge import Result
from wireproof.run.known import known_failure
from wireproof.run.lab import Lab
from wireproof.run.record import case_record
from wireproof.run.redact import Redactor
from wireproof.run.route import DEPLOYED, DIRECT
from wireproof.run.scheduler import Flight, Plan
from wireproof.run.select import CaseItem, select
from wireproof.run.settings import Settings
from wireproof.run.track import Track
from wireproof.target import Target
from wireproof.verdict import Verdict

BETWEEN = ("test_between", "test_sessions")
"""The modules of the suite of networks that have something to tell of any target."""

CAMPAIGN = pytest.StashKey["Campaign"]()


class Campaign:
    """Everything that one run is. Its reporters are called from the lab's thread and from the main one."""

    def __init__(
        self,
        settings: Settings,
        reporters: Sequence[Reporter] = (),
        drivers: Callable[[], Drivers] = dict,
    ) -> None:
        self.settings = settings
        self.reporters = tuple(reporters)
        self.redactor = Redactor(settings.secrets)
        self._door = threading.Lock()
        self.lab = Lab(settings, self.emit, drivers)
        self.items: dict[str, CaseItem] = {}
        self.kept: list[Mapping[str, Any]] = []
        self.expected = 0
        self.settled = 0
        self.target: Target | None = None  # once it has been probed
        self.problem: WireproofError | None = None  # why nothing could run
        self._began = 0.0
        self._open = False

    def emit(self, event: Event) -> None:
        """Tell every reporter; no secret goes further than here."""
        with self._door:
            clean = self.redactor.record({**as_json(event), "at": _now()})
            for reporter in self.reporters:
                reporter.handle(clean)

    def select(self, cases: Sequence[CaseItem]) -> list[CaseItem]:
        """The cases to run; raise `UsageError` when the selection makes no sense."""
        try:
            chosen = select(cases, self.settings)
        except UsageError as exc:
            self.problem = exc
            raise
        wanted = {case.id: self._routes_of(case) for case in chosen}
        decided = {(str(record["id"]), str(record["route"])): record for record in self.settings.kept}
        whole = {name for name, routes in wanted.items() if all((name, route) in decided for route in routes)}
        self.kept = [decided[name, route] for name in wanted if name in whole for route in wanted[name]]
        return [case for case in chosen if case.id not in whole]

    def _routes_of(self, case: CaseItem) -> tuple[str, ...]:
        """The names of the routes that *case* takes, before any of them is open."""
        deployed = () if self.settings.direct is None else (DEPLOYED.name,)
        match case.spec.where:
            case Where.EVERYWHERE:
                return (DIRECT.name, *deployed, *self.settings.via)
            case Where.PROXIED:
                return self.settings.via
            case Where.OUTSIDE:
                return deployed or (DIRECT.name,)

    def speaks(self, protocol: str) -> bool:
        """Whether the target speaks *protocol*, for all that is known; probes it the first time."""
        if self.settings.protocols and protocol not in self.settings.protocols:
            return False
        if self.problem is None and self.target is None:
            try:
                self.target = self.lab.open()
            except WireproofError as exc:
                self.problem = exc
        # Where nothing can be told, a wrong selection must be, so that all cases are needed.
        return self.target is None or protocol in self.target.protocols

    @property
    def has_network(self) -> bool:
        """Whether there is more to the network than one server that is reached directly."""
        return bool(self.settings.nodes or self.settings.via or self.settings.direct)

    def open(self, cases: Sequence[CaseItem]) -> None:
        """Probe the target, for *cases* to fly; raise `TargetError` before any of them has."""
        self._began = time.monotonic()
        routes = [len(self._routes_of(case)) for case in cases]
        self.expected = sum(routes) + len(self.kept)
        seconds = sum(case.spec.seconds * ways for case, ways in zip(cases, routes, strict=True))
        tool = {"name": "wireproof", "version": __version__, "suites": SUITES_VERSION}
        self.emit(
            RunStarted(
                _now(), tool, self.settings.command, self.settings.seed, self.expected, round(seconds, 3)
            )
        )
        self._open = True
        for record in self.kept:
            self.settled += 1
            self.emit(CaseFinished(record))
        self.speaks(next(iter(self.settings.protocols), "websocket"))
        if self.target is None:
            raise self.problem or InternalError("the target was not probed")
        told = tuple(track.route.as_json() for track in self.lab.tracks)
        causes = self.lab.ways.survey.causes
        self.emit(TargetProbed(describe(self.target, self.settings), told, causes))

    def tracks_of(self, case: CaseItem) -> list[Track]:
        """The routes that *case* takes."""
        tracks = self.lab.tracks
        match case.spec.where:
            case Where.EVERYWHERE:
                return tracks
            case Where.PROXIED:
                return [track for track in tracks if track.way is not None]
            case Where.OUTSIDE:
                return [track for track in tracks if track.route is DEPLOYED] or tracks[:1]

    def plan(
        self,
        case: CaseItem,
        body: Callable[[Attempt], Awaitable[None]],
        *,
        alone: str = "",
        last: bool = False,
    ) -> Plan:
        """A plan for *case*."""
        self.items[case.id] = case
        return Plan(case.id, case.spec, body, alone, last)

    def fly(self, flights: Sequence[Flight]) -> None:
        """Start *flights*; each is reported as soon as it is settled."""
        for flight in flights:
            flight.outcome.add_done_callback(partial(self._report, flight))
        self.lab.fly(flights)

    def set_aside(self, plan: Plan, reason: str) -> None:
        """Settle a case that pytest itself has skipped: for *reason*, it is not applicable."""
        flight = Flight(plan)
        flight.outcome.add_done_callback(partial(self._report, flight))
        attempt = Attempt(plan.spec.requirements)
        result = Result(Verdict.NOT_APPLICABLE, attempt, reason=reason, started=time.time())
        flight.outcome.set_result(result)

    def wait(self, flight: Flight) -> Result:
        """The settled result of *flight*."""
        return flight.outcome.result()

    def _report(self, flight: Flight, future: Future[Result]) -> None:
        if future.cancelled() or future.exception() is not None:
            return
        result, case = future.result(), self.items[flight.plan.id]
        known = self.known_failure(case, result, flight.route)
        record = case_record(
            flight.plan,
            result,
            title=case.title,
            suite=case.suite,
            route=flight.route,
            known=None if known is None else known.as_json(),
            reproduce=self.settings.reproduce_line(case.id, *result.attempt.together),
        )
        self.emit(CaseFinished(record))
        self.settled += 1  # and no sooner: what nobody has been told is not complete

    def known_failure(self, case: CaseItem, result: Result, route: str = "direct") -> Known | None:
        """The entry that says that exactly this failure is known, of the target or of a proxy on *route*."""
        of_proxies = next((track.known for track in self.lab.tracks if track.route.name == route), ())
        return known_failure((*self.settings.known, *of_proxies), case.id, route, result)

    def explain(self, case: CaseItem, result: Result) -> str:
        """The verdict in a few lines, for a terminal that shows nothing else."""
        lines = [f"{case.id}: {result.verdict}"]
        catalogue = load_catalogue()
        for finding in result.findings:
            asked = catalogue[finding.requirement]
            lines += [
                f"  {asked.level} ({asked.basis}), {asked.spec} section {asked.section}: {asked.asks}",
                f"  expected {' or '.join(finding.expected)}",
                f"  observed {finding.observed}",
            ]
        lines += [f"  {text}" for text in (*result.attempt.reports, result.reason) if text]
        lines += [
            f"  {entry.t:8.4f} #{entry.peer} {entry.direction:<4} {entry.kind:<5} {entry.text}"
            for entry in list(result.attempt.transcript.entries())[-40:]
        ]
        lines.append(f"  again: {self.settings.reproduce_line(case.id, *result.attempt.together)}")
        return "\n".join(lines)

    def close(self) -> None:
        """End the lab and say that the run is over; may be called twice."""
        self.lab.close()
        if self._open:
            self._open = False
            duration = time.monotonic() - self._began
            self.emit(RunFinished(_now(), round(duration, 6), self.settled == self.expected))


def describe(target: Target, settings: Settings) -> dict[str, object]:
    """The target as the report shows it."""
    return {
        "url": settings.url,
        "nodes": [settings.url, *settings.nodes],
        "protocols": list(target.protocols),
        "server": target.server,
        "capabilities": dict(target.capabilities),
        "profile": settings.profile,
        "limits": {},
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
