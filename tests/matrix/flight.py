"""Flies cases against one twin of the strict server, in this process, without pytest's start for each."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import pytest

from fixtures.strict import Connection, Site, serve
from fixtures.strict.serving import connection_class
from wireproof.case import Intensity
from wireproof.cli.session import pytest_session
from wireproof.errors import TargetError, UsageError
from wireproof.pytest_plugin import can_fly, case_item, plan_item
from wireproof.run.campaign import Campaign
from wireproof.run.judge import Result
from wireproof.run.lab import Lab
from wireproof.run.scheduler import Flight
from wireproof.run.select import CaseItem
from wireproof.run.settings import Settings
from wireproof.verdict import Verdict

from .family import family_of

T = TypeVar("T")
CASE_TIMEOUT = 4.0  # seconds; well above the second by which some twins are late
CONCURRENCY = 32  # several twins share the machine's processors
SEED = 6455


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of one case against one server."""

    case: str
    verdict: Verdict
    why: str
    broken: tuple[str, ...]

    @property
    def noticed(self) -> bool:
        """Whether the case says that something is wrong with the server."""
        return self.verdict in (Verdict.FAIL, Verdict.WARN)

    @property
    def told(self) -> bool:
        """Whether the case could tell anything: on a busy machine it says that it could not."""
        return self.verdict is not Verdict.INCONCLUSIVE

    @property
    def clean(self) -> bool:
        """Whether the case has nothing to say against the server or its own working."""
        return self.verdict in (Verdict.PASS, Verdict.INFO, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Flown:
    """All that was seen of one server, and how long it took."""

    seen: list[Seen]
    seconds: float
    refused: str = ""
    """Why no case ran: what the user of the tool is told, with exit status 3."""


class _Collector:
    def __init__(self) -> None:
        self.cases: dict[str, tuple[pytest.Function, CaseItem]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            if isinstance(item, pytest.Function) and (case := case_item(item)) and can_fly(item):
                self.cases[case.id] = (item, case)


@cache
def collected() -> dict[str, tuple[pytest.Function, CaseItem]]:
    """Every bundled case by its id, collected once in each process. Raises `UsageError` if that fails."""
    collector = _Collector()
    if pytest_session([collector], "--collect-only"):
        raise UsageError("the suites could not be collected; `pytest suites --collect-only` says why")
    return collector.cases


def bundled_cases() -> list[CaseItem]:
    """All bundled cases, of every suite."""
    return [case for _, case in collected().values()]


class Twin:
    """One server on a loop and in a thread of its own; it can be started anew at the same port."""

    def __init__(self, server: type[Connection]) -> None:
        self.server = server
        self.family = family_of(server)
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="twin", daemon=True)
        self._end: asyncio.Future[None] | None = None
        self._over: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.family.scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen on a free port."""
        self._loop.set_exception_handler(lambda *_: None)  # some twins break on purpose
        self._thread.start()
        self._run(self._listen())

    async def restart(self) -> None:
        """Drop what is left and listen at the same port again; called on another loop."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._again(), self._loop))

    def stop(self) -> None:
        """Drop all connections and end the thread."""
        self._run(self._drop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _again(self) -> None:
        await self._drop()
        await self._listen()

    async def _listen(self) -> None:
        listening: asyncio.Future[Site] = self._loop.create_future()
        self._end = self._loop.create_future()
        self._over = asyncio.create_task(self._serve(listening, self._end))
        self.port = (await listening).port or 0

    async def _serve(self, listening: asyncio.Future[Site], end: asyncio.Future[None]) -> None:
        async with serve(port=self.port, connection_class=self.server) as site:
            listening.set_result(site)
            await end

    async def _drop(self) -> None:
        if self._end is not None and self._over is not None:
            self._end.set_result(None)
            await self._over


class TwinLab(Lab):
    """A lab whose target is a twin in the same process."""

    def __init__(self, settings: Settings, twin: Twin) -> None:
        super().__init__(settings)
        self.twin = twin

    async def revive(self, check: Callable[[], Awaitable[str | None]]) -> bool:
        """Start the twin anew."""
        await self.twin.restart()
        return await super().revive(check)


@contextmanager
def running(server: type[Connection]) -> Iterator[Twin]:
    """The twin, for the length of the block."""
    twin = Twin(server)
    twin.start()
    try:
        yield twin
    finally:
        twin.stop()


def fly(name: str, cases: Iterable[str]) -> Flown:
    """Judge the server called *name*, a faultless one or a twin, by *cases* of its family."""
    return fly_at(connection_class(name), cases)


def fly_at(server: type[Connection], cases: Iterable[str]) -> Flown:
    """Judge *server* by *cases* of its family."""
    began = time.monotonic()
    with running(server) as twin:
        settings = Settings(
            twin.url,
            case_timeout=CASE_TIMEOUT,
            chosen_concurrency=CONCURRENCY,
            chosen_intensity=Intensity.NORMAL,
            seed=SEED,
            protocols=twin.family.suites,
        )
        campaign = Campaign(settings)
        campaign.lab = TwinLab(settings, twin)
        try:
            chosen = [collected()[case] for case in cases]
            campaign.open([case for _, case in chosen])
            flights = [
                Flight(plan_item(campaign, item, case, {}, campaign.lab.track)) for item, case in chosen
            ]
            campaign.fly(flights)
            seen = [_seen(flight, campaign.wait(flight)) for flight in flights]
            return Flown(seen, time.monotonic() - began)
        except TargetError as exc:
            return Flown([], time.monotonic() - began, str(exc))
        finally:
            campaign.close()


def _seen(flight: Flight, result: Result) -> Seen:
    accused = result.accused
    why = accused.observed if accused else result.reason or "; ".join(result.attempt.reports)
    return Seen(
        flight.plan.id, result.verdict, why, tuple(sorted({found.requirement for found in result.findings}))
    )
