"""How hard a run is on a server: the bounds hold for all routes together, and never count against it."""

from __future__ import annotations

import asyncio
import re

import pytest

from fixtures.strict import serve
from tests.run.ground import Ground, for_ever
from wireproof.attempt import Attempt
from wireproof.case import Intensity
from wireproof.peer.connection import Dialer
from wireproof.peer.pacing import Pacer
from wireproof.run import probe
from wireproof.run.lab import Lab
from wireproof.run.scheduler import Scheduler
from wireproof.run.settings import Settings
from wireproof.run.ways import Turns
from wireproof.verdict import Verdict

HERE, THERE = "ws://127.0.0.1:9001", "ws://10.0.0.5:3000"


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(monkeypatch)


# What is chosen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "intensity"),
    [
        (Settings(HERE), Intensity.NORMAL),
        (Settings(HERE, direct="ws://localhost:3000", nodes=("ws://[::1]:9002",)), Intensity.NORMAL),
        (Settings("unix:/srv/socket"), Intensity.NORMAL),
        (Settings(THERE), Intensity.GENTLE),
        (Settings(HERE, direct=THERE), Intensity.GENTLE),
        (Settings(HERE, nodes=(HERE, THERE)), Intensity.GENTLE),
        (Settings(THERE, direct=HERE), Intensity.GENTLE),
        (Settings(HERE, direct=THERE, chosen_intensity=Intensity.HARSH), Intensity.HARSH),
    ],
)
def test_it_is_gentle_unless_all_is_on_this_machine(settings: Settings, intensity: Intensity) -> None:
    assert settings.intensity is intensity
    assert settings.rate == (20.0 if intensity is Intensity.GENTLE else 0.0)


# What holds for all routes ----------------------------------------------------------------------------


def most_at_once(ground: Ground, settings: Settings, routes: int) -> int:
    """The most cases that are in the air when four of them fly on each of so many routes."""
    lab, flying, most = Lab(settings), 0, 0

    async def flies(attempt: Attempt) -> None:
        nonlocal flying, most
        flying += 1
        most = max(most, flying)
        await asyncio.sleep(1.0)
        flying -= 1

    async def run() -> None:
        turns = Turns(routes)
        async with asyncio.TaskGroup() as group:
            for number in range(routes):
                flights = [ground.flight(f"{number}-{one}", flies) for one in range(4)]
                group.create_task(Scheduler(ground, 4, 10.0, turns.alone, lab.room).fly_all(flights))

    ground.run(run())
    lab.close()
    return most


@pytest.mark.parametrize(
    ("settings", "most"),
    [
        (Settings(THERE), 4),
        (Settings(HERE, chosen_concurrency=2), 2),
        (Settings(HERE), 12),
    ],
    ids=["gentle", "chosen", "normal"],
)
def test_a_bound_is_that_of_all_routes(ground: Ground, settings: Settings, most: int) -> None:
    assert most_at_once(ground, settings, 3) == most


# What does not count against the server ---------------------------------------------------------------


def test_a_deadline_does_not_run_while_a_case_waits_for_its_turn(ground: Ground) -> None:
    pacer = Pacer(0.02)

    async def connects(_: Attempt) -> None:
        await pacer.wait()
        await asyncio.sleep(9.0)

    results = ground.fly(*(ground.flight(f"c{n}", connects) for n in range(4)), timeout=10.0)
    assert [result.verdict for result in results] == [Verdict.PASS] * 4


def test_nobody_was_silent_while_a_case_waited_for_its_turn(ground: Ground) -> None:
    pacer = Pacer(0.02)

    async def connects(attempt: Attempt) -> None:
        await pacer.wait()
        await asyncio.sleep(9.0)
        with attempt.expecting("101 Switching Protocols"):
            await pacer.wait()
            await asyncio.Event().wait()

    (result,) = ground.fly(ground.flight("late", connects), timeout=10.0)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "it went on slowly until then" in result.reason


def test_probes_find_the_same_however_slowly_they_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "ANSWER_WITHIN", 0.4)

    async def found(rate: float) -> dict[str, bool]:
        async with serve("127.0.0.1", 0) as site:
            settings = Settings(site.url)
            target = await probe.Probe(settings, Dialer(settings.endpoint(), rate)).run()
            return dict(target.capabilities)

    slowly = asyncio.run(found(12.0))
    assert slowly == asyncio.run(found(0.0))
    assert slowly["echo"]


# What is told when a target stays away ----------------------------------------------------------------


def test_the_reason_names_a_few_cases_and_what_may_help(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "obituary", lambda: "")
    ground.returns = False

    async def stuck(attempt: Attempt) -> None:
        ground.silent = True
        await for_ever(attempt)

    async def check() -> str | None:
        return "no answer within 2 s" if ground.silent or not ground.alive else None

    monkeypatch.setattr(ground, "check", check)
    results = ground.fly(*(ground.flight(f"c{n}", stuck) for n in range(30)), concurrency=30)
    reason = results[0].reason
    assert reason.startswith("the target serves no new connection (no answer within 2 s)")
    assert "--rate and --concurrency" in reason
    assert re.search(r"in the air were: c\d+, c\d+, c\d+, … 27 more$", reason)
