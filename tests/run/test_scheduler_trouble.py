"""The target goes away: who is suspect, who is the culprit, and who is only told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.run.ground import Ground, for_ever, yields
from wireproof.attempt import Attempt
from wireproof.run.judge import Result
from wireproof.run.scheduler import UNRESPONSIVE_AFTER, Flight, Scheduler
from wireproof.verdict import Ground as Because
from wireproof.verdict import Verdict


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(monkeypatch)


def killer(ground: Ground, times: int = 99) -> Callable[[Attempt], Awaitable[None]]:
    """A case that passes and leaves the target dead, the first *times* times."""
    left = iter(range(times))

    async def kill(_: Attempt) -> None:
        await asyncio.sleep(0)
        if next(left, None) is not None:
            ground.alive = False

    return kill


def verdicts(results: list[Result]) -> list[str]:
    return [str(result.verdict) for result in results]


def test_the_culprit_is_found_and_its_neighbours_are_cleared(ground: Ground) -> None:
    results = ground.fly(
        ground.flight("a", yields), ground.flight("culprit", killer(ground)), ground.flight("b", yields)
    )
    assert verdicts(results) == ["pass", "fail", "pass"]
    assert results[1].reason == "server gone: exit status 7"
    assert [finding.ground for finding in results[1].findings] == [Because.GONE]


def test_whoever_was_in_the_air_is_suspect_and_flies_again_alone(ground: Ground) -> None:
    flights = [
        ground.flight("a", yields),
        ground.flight("culprit", killer(ground)),
        ground.flight("b", yields),
    ]
    ground.fly(*flights)
    assert ground.lost == [("a", "culprit", "b"), ("culprit",)]
    assert ground.tried == ["a", "culprit", "b", "a", "culprit", "b"]


def test_whoever_lands_after_a_sign_of_life_is_no_suspect(ground: Ground) -> None:
    ground.fly(ground.flight("a"), ground.flight("culprit", killer(ground)), concurrency=1)
    assert ground.lost[0] == ("culprit",)


def test_a_death_that_does_not_happen_again_accuses_nobody(ground: Ground) -> None:
    results = ground.fly(ground.flight("once", killer(ground, times=1)), ground.flight("b", yields))
    assert verdicts(results) == ["pass", "pass"]


def test_the_rest_flies_on_when_the_target_is_back(ground: Ground) -> None:
    flights = [ground.flight("culprit", killer(ground)), *(ground.flight(f"c{n}", yields) for n in range(6))]
    assert verdicts(ground.fly(*flights, concurrency=2)) == ["fail"] + ["pass"] * 6


def test_nothing_takes_off_while_the_target_is_away(ground: Ground) -> None:
    alive: list[bool] = []

    async def looks(_: Attempt) -> None:
        alive.append(ground.alive)

    ground.fly(
        ground.flight("culprit", killer(ground)),
        *(ground.flight(f"c{n}", looks) for n in range(4)),
        concurrency=1,
    )
    assert alive == [True] * 4


# A target that stays away ------------------------------------------------------------------------------


def test_the_run_stops_and_names_the_suspects(ground: Ground) -> None:
    ground.returns = False
    results = ground.fly(
        ground.flight("a"),
        ground.flight("culprit", killer(ground)),
        ground.flight("late"),
        ground.flight("never"),
        concurrency=1,
    )
    assert verdicts(results) == ["pass", "inconclusive", "inconclusive", "inconclusive"]
    assert results[1].reason.endswith("exit status 7; it did not come back; in the air were: culprit, late")
    assert results[3].reason.startswith("the run stopped early: exit status 7; it did not come back")
    assert "never" not in ground.tried


def test_who_must_fly_alone_is_inconclusive_too(ground: Ground) -> None:
    ground.returns = False
    results = ground.fly(ground.flight("culprit", killer(ground)), ground.flight("serial", alone="yes"))
    assert verdicts(results) == ["inconclusive"] * 2
    assert "serial" not in ground.tried


def test_what_was_doubtful_is_inconclusive_too(ground: Ground) -> None:
    ground.returns = False

    async def missing(attempt: Attempt) -> None:
        attempt.broken("no pong", "a pong", ground=Because.MISSING)

    results = ground.fly(
        ground.flight("doubtful", missing),
        ground.flight("b", yields),
        ground.flight("culprit", killer(ground)),
        concurrency=1,
    )
    assert verdicts(results) == ["inconclusive", "pass", "inconclusive"]


def test_other_suspects_are_told_when_the_culprit_was_the_end(ground: Ground) -> None:
    kill = killer(ground)

    async def kill_for_good(attempt: Attempt) -> None:
        ground.returns = ground.tried.count("culprit") < 2
        await kill(attempt)

    results = ground.fly(
        ground.flight("culprit", kill_for_good), ground.flight("b", yields), ground.flight("c", yields)
    )
    assert verdicts(results) == ["fail", "inconclusive", "inconclusive"]
    assert results[1].reason == "the target did not come back after culprit"


# Who flies alone and kills -----------------------------------------------------------------------------


@pytest.mark.parametrize(("times", "verdict"), [(99, "fail"), (1, "pass")], ids=["again", "once"])
def test_a_case_that_flies_alone_has_to_kill_twice(ground: Ground, times: int, verdict: str) -> None:
    results = ground.fly(ground.flight("serial", killer(ground, times), alone="yes"), ground.flight("b"))
    assert verdicts(results) == [verdict, "pass"]
    assert ground.tried == ["b", "serial", "serial"]


def test_a_doubtful_case_has_to_kill_twice(ground: Ground) -> None:
    async def worse(attempt: Attempt) -> None:
        ground.alive = ground.tried.count("worse") != 2
        attempt.broken("no pong", "a pong", ground=Because.MISSING)

    (result,) = ground.fly(ground.flight("worse", worse))
    assert [finding.ground for finding in result.findings] == [Because.MISSING]


def test_who_could_not_even_connect_is_no_culprit(ground: Ground) -> None:
    flaky = ground.flight("victim", yields)
    recover = ground.recover

    async def shaky(suspects: list[str]) -> bool:
        await recover(suspects)
        ground.alive = False
        return True

    ground.recover = shaky  # type: ignore[method-assign, assignment]
    results = ground.fly(ground.flight("culprit", killer(ground)), flaky)
    assert "fail" not in verdicts(results)


def test_silence_that_comes_before_the_deadline_is_no_death(ground: Ground) -> None:
    async def stuck(attempt: Attempt) -> None:
        ground.silent = True
        await for_ever(attempt)

    (result,) = ground.fly(ground.flight("stuck", stuck, alone="yes"))
    assert (result.verdict, ground.lost) == (Verdict.INCONCLUSIVE, [("stuck",)])


# A target that says nothing any more -------------------------------------------------------------------


def test_a_long_row_of_silence_stops_the_flights(ground: Ground) -> None:
    async def stuck(attempt: Attempt) -> None:
        ground.silent = True
        await for_ever(attempt)

    ground.returns = False
    flights = [ground.flight(f"c{n}", stuck) for n in range(UNRESPONSIVE_AFTER + 20)]
    results = ground.fly(*flights, concurrency=4)
    assert set(verdicts(results)) == {"inconclusive"}
    assert len(ground.tried) < UNRESPONSIVE_AFTER + 4


def test_suspects_of_a_silent_target_are_not_all_waited_for(ground: Ground) -> None:
    async def mute(attempt: Attempt) -> None:
        ground.silent = True
        await for_ever(attempt)

    count = UNRESPONSIVE_AFTER + 4
    results = ground.fly(*(ground.flight(f"c{n}", mute) for n in range(count)), concurrency=count)
    assert {str(result.verdict) for result in results} == {"inconclusive"}
    assert "the 20 s for repeating silent cases alone are spent" in results[-1].reason
    assert len(ground.tried) < 2 * count


def test_a_process_that_ended_is_noticed_without_a_connection(ground: Ground) -> None:
    scheduler = Scheduler(ground, 1, 10.0)
    flights: list[Flight] = []

    async def dies(_: Attempt) -> None:
        if ground.tried.count("dies") == 1:
            ground.alive = False
            scheduler.note_loss()

    flights += [ground.flight("dies", dies), ground.flight("b", yields)]
    ground.run(scheduler.fly_all(flights))
    assert ground.tried == ["dies", "b", "dies"]
    assert ground.lost == [("dies",)]
