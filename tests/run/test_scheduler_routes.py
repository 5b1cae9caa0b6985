"""Several routes lead to one target: what cases on one do to it is not held against those on another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.run.ground import Ground, yields
from tests.run.test_scheduler_trouble import killer, verdicts
from wireproof.attempt import Attempt
from wireproof.run.scheduler import Scheduler
from wireproof.run.ways import Turns
from wireproof.verdict import Ground as Because
from wireproof.verdict import Verdict


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(monkeypatch)


def test_route_is_not_accused_of_what_another_one_does_to_the_target(ground: Ground) -> None:
    async def slow(attempt: Attempt) -> None:
        for _ in range(10):
            await yields(attempt)

    recover = ground.recover

    async def slowly(suspects: Sequence[str]) -> bool:
        for _ in range(5):
            await asyncio.sleep(0)
        return await recover(suspects)

    ground.recover = slowly  # type: ignore[method-assign]
    turns = Turns(2)
    flights = [
        [ground.flight(f"{route}-a", slow), ground.flight(f"{route}-culprit", killer(ground))]
        for route in ("direct", "nginx")
    ]
    flights[1].reverse()

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for one in flights:
                group.create_task(Scheduler(ground, 4, 10.0, turns.alone).fly_all(one))

    ground.run(run())
    assert [verdicts([flight.outcome.result(timeout=0) for flight in one]) for one in flights] == [
        ["pass", "fail"],
        ["fail", "pass"],
    ]


def test_suspect_stays_one_when_another_route_has_the_target_back_before_it_lands(ground: Ground) -> None:
    scheduler = Scheduler(ground, 4, 10.0)

    async def meets_the_end(attempt: Attempt) -> None:
        if ground.tried.count("a") == 1:
            scheduler.note_loss()
            ground.last_alive = ground.clock() + 1.0  # somebody else has seen it alive
            attempt.broken("the connection was reset", "an answer")

    flight = ground.flight("a", meets_the_end)
    ground.run(scheduler.fly_all([flight]))
    assert verdicts([flight.outcome.result(timeout=0)]) == ["pass"]


def test_what_is_known_of_a_route_is_not_tried_again(ground: Ground) -> None:
    async def mute(attempt: Attempt) -> None:
        attempt.broken("nothing", "an answer", ground=Because.MISSING)

    ground.known.add("mute")
    (result,) = ground.fly(ground.flight("mute", mute))
    assert (result.verdict, ground.tried) == (Verdict.FAIL, ["mute"])
