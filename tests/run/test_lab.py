"""What the lab does for all routes: it brings a target back, and lets one fleet after the other fly."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.run.ground import SPEC, TimelessLoop
from wireproof.attempt import Attempt
from wireproof.run.lab import RETURN_WITHIN, Lab
from wireproof.run.scheduler import Flight, Plan
from wireproof.run.settings import Settings

FAR = 1e9


class Program:
    """A target that the lab starts, now ended: it is well *warms* seconds after a start, for *lives*."""

    def __init__(self, lab: Lab, starts: float, warms: float = 0.0, lives: float = FAR) -> None:
        self.lab = lab
        self.times = (starts, warms, lives)
        self.began = -3 * FAR
        self.restarts = 0
        self.child = self
        lab._supervisor = self  # type: ignore[assignment]
        lab.tracks = [SimpleNamespace(check=self.check)]  # type: ignore[list-item]

    @property
    def age(self) -> float:
        return self.lab.loop.time() - self.began

    @property
    def alive(self) -> bool:
        return self.age < self.times[1] + self.times[2]

    async def restart(self) -> None:
        await asyncio.sleep(self.times[0])
        self.began = self.lab.loop.time()
        self.restarts += 1

    async def check(self) -> str | None:
        await asyncio.sleep(0.01)
        return None if self.alive and self.age >= self.times[1] else "no answer"


@pytest.fixture
def lab() -> Iterator[Lab]:
    made = Lab(Settings("ws://127.0.0.1:1"))
    made.loop.close()
    made.loop = TimelessLoop()
    yield made
    made.loop.close()


def run(lab: Lab, coroutine: Coroutine[Any, Any, bool]) -> bool:
    return lab.loop.run_until_complete(coroutine)


@pytest.mark.parametrize("starts", [0.1, 6.0, 25.0])
def test_a_target_that_starts_slowly_is_back_once_it_has_started(lab: Lab, starts: float) -> None:
    program = Program(lab, starts)
    assert (run(lab, lab._return(program.check)), program.restarts) == (True, 1)


def test_one_that_warms_up_is_not_started_again_meanwhile(lab: Lab) -> None:
    program = Program(lab, starts=6.0, warms=3.0)
    assert (run(lab, lab._return(program.check)), program.restarts) == (True, 1)


def test_one_that_is_never_well_is_given_up(lab: Lab) -> None:
    program = Program(lab, starts=1.0, warms=FAR)
    assert (run(lab, lab._return(program.check)), program.restarts) == (False, 1)
    assert lab.loop.time() < 1.0 + RETURN_WITHIN + 1.0


def test_one_that_ends_again_and_again_is_given_up(lab: Lab) -> None:
    program = Program(lab, starts=1.0, lives=0.0)
    assert not run(lab, lab._return(program.check))
    assert 1 < program.restarts < 10


def test_fleets_fly_one_after_the_other(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    async def flown(flights: list[Flight]) -> None:
        order.append(f"{flights[0].plan.id} off")
        await asyncio.sleep(1)
        order.append(f"{flights[0].plan.id} down")

    async def nothing(_: Attempt) -> None:
        pass

    async def both() -> bool:
        await asyncio.gather(*(lab._fly([Flight(Plan(name, SPEC, nothing))]) for name in ("a", "b")))
        return True

    monkeypatch.setattr(lab, "_fly_tracks", flown)
    assert run(lab, both())
    assert order == ["a off", "a down", "b off", "b down"]
