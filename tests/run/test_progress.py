"""A case that goes on may take long; one that has come to a halt may not, however much it has done."""

from __future__ import annotations

import asyncio

import pytest

from tests.run.ground import MUST, SPEC, Ground, yields
from wireproof.attempt import Attempt
from wireproof.run.events import CaseAdvanced, CaseStarted, Event
from wireproof.run.lab import Lab
from wireproof.run.scheduler import Plan
from wireproof.run.settings import Settings
from wireproof.verdict import Verdict


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(monkeypatch)


async def goes_on(attempt: Attempt) -> None:
    for _ in range(20):
        await asyncio.sleep(6.0)
        attempt.progress(0.05)


@pytest.mark.parametrize("alone", ["", "it is long"])
def test_deadline_is_counted_from_the_last_progress(ground: Ground, alone: str) -> None:
    (result,) = ground.fly(ground.flight("a/b", goes_on, alone=alone))
    assert result.verdict is Verdict.PASS
    assert result.duration_s > 100


def test_several_that_go_on_side_by_side_gain_no_more_than_one(ground: Ground) -> None:
    async def halts(attempt: Attempt) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(goes_on(attempt))
        with attempt.expecting("an echo"):
            await asyncio.Event().wait()

    (result,) = ground.fly(ground.flight("a/b", halts, alone="it is long"))
    assert (result.verdict, result.accused and result.accused.requirement) == (Verdict.FAIL, MUST)
    assert 120 < result.duration_s < 150


def test_progress_behind_the_deadline_changes_nothing(ground: Ground) -> None:
    async def late(attempt: Attempt) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            attempt.progress(0.5)

    (result,) = ground.fly(ground.flight("a/b", late, alone="it is long"))
    assert result.deadline


def test_progress_is_told_as_a_sum_and_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Event] = []
    now = 50.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    lab = Lab(Settings("ws://127.0.0.1:9"), told.append)
    attempt = lab.track.new_attempt(Plan("a/b", SPEC, yields))
    for _ in range(40):
        now += 0.25
        attempt.progress(0.03)
    started, *advanced = told
    assert started == CaseStarted("a/b", "direct", SPEC.seconds)
    parts = [event.done for event in advanced if isinstance(event, CaseAdvanced)]
    assert parts == [0.12, 0.24, 0.36, 0.48, 0.6, 0.72, 0.84, 0.96, 1.0, 1.0]
