"""Many cases at once: how many, for how long, and when a result is final."""

from __future__ import annotations

import asyncio

import pytest

from tests.run.ground import MUST, Ground, for_ever, yields
from wireproof.attempt import Attempt, Inconclusive
from wireproof.run.scheduler import REPEAT_BUDGET, Scheduler
from wireproof.verdict import Ground as Because
from wireproof.verdict import Verdict


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(monkeypatch)


class Gauge:
    """Counts how many fly at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.seen: list[int] = []

    async def __call__(self, _: Attempt) -> None:
        self.now += 1
        self.seen.append(self.now)
        self.most = max(self.most, self.now)
        for _turn in range(5):
            await asyncio.sleep(0)
        self.now -= 1


def test_as_many_as_allowed_fly_at_once(ground: Ground) -> None:
    gauge = Gauge()
    results = ground.fly(*(ground.flight(f"c{n}", gauge) for n in range(10)), concurrency=3)
    assert [result.verdict for result in results] == [Verdict.PASS] * 10
    assert gauge.most == 3


def test_cases_take_off_in_order(ground: Ground) -> None:
    ground.fly(*(ground.flight(f"c{n}", yields) for n in range(5)), concurrency=2)
    assert ground.tried == ["c0", "c1", "c2", "c3", "c4"]


def test_no_cases_at_all(ground: Ground) -> None:
    assert ground.fly() == []


def test_who_must_fly_alone_flies_alone_and_last(ground: Ground) -> None:
    gauge = Gauge()
    flights = [ground.flight("alone", gauge, alone="sixty connections")]
    flights += [ground.flight(f"c{n}", gauge) for n in range(3)]
    flights += [ground.flight("alone-too", gauge, alone="so it is")]
    ground.fly(*flights)
    assert ground.tried == ["c0", "c1", "c2", "alone", "alone-too"]
    assert gauge.seen == [1, 2, 3, 1, 1]


def test_an_error_of_ours_hurts_no_other_case(ground: Ground) -> None:
    async def stumbles(_: Attempt) -> None:
        raise KeyError("ours")

    results = ground.fly(ground.flight("bad", stumbles), ground.flight("good"))
    assert [result.verdict for result in results] == [Verdict.ERROR, Verdict.PASS]


def test_the_time_that_a_case_took(ground: Ground) -> None:
    async def slow(_: Attempt) -> None:
        await asyncio.sleep(3)

    (result,) = ground.fly(ground.flight("slow", slow))
    assert result.duration_s == pytest.approx(3)


# When a result is final ------------------------------------------------------------------------------


def test_nothing_is_settled_before_the_target_was_seen_alive_after_it(ground: Ground) -> None:
    first = ground.flight("first", yields)
    done: list[bool] = []

    async def looks(attempt: Attempt) -> None:
        ground.silent = True
        await asyncio.sleep(1)
        done.append(first.outcome.done())
        ground.connect(attempt)

    async def looks_later(_: Attempt) -> None:
        await asyncio.sleep(2)
        done.append(first.outcome.done())
        ground.silent = False

    ground.fly(first, ground.flight("a", looks), ground.flight("b", looks_later))
    assert done == [False, True]


def test_nobody_waits_for_the_slowest(ground: Ground) -> None:
    fast = ground.flight("fast", yields)
    done: list[bool] = []

    async def slow(_: Attempt) -> None:
        await asyncio.sleep(1)
        done.append(fast.outcome.done())

    ground.fly(fast, ground.flight("slow", slow))
    assert done == [True]


def test_the_last_ones_are_settled_by_a_check(ground: Ground) -> None:
    ground.fly(ground.flight("only"))
    assert ground.checks == 1


# Doubt -------------------------------------------------------------------------------------------------


def test_what_did_not_come_is_tried_again_alone(ground: Ground) -> None:
    outcomes = iter([True, False])

    async def shaky(attempt: Attempt) -> None:
        if next(outcomes):
            attempt.broken("no pong", "a pong", ground=Because.MISSING)

    results = ground.fly(ground.flight("shaky", shaky), ground.flight("other"))
    assert (results[0].verdict, ground.tried) == (Verdict.PASS, ["shaky", "other", "shaky"])
    assert results[0].reason == "beside other cases it was fail (no pong)"


def test_what_is_missing_alone_too_fails(ground: Ground) -> None:
    async def mute(attempt: Attempt) -> None:
        attempt.broken("no pong", "a pong", ground=Because.MISSING)

    (result,) = ground.fly(ground.flight("mute", mute))
    assert (result.verdict, result.reason, ground.tried) == (Verdict.FAIL, "", ["mute", "mute"])


def test_what_was_seen_is_not_tried_again(ground: Ground) -> None:
    async def wrong(attempt: Attempt) -> None:
        attempt.broken("a close", "a pong")

    (result,) = ground.fly(ground.flight("wrong", wrong))
    assert (result.verdict, ground.tried) == (Verdict.FAIL, ["wrong"])


def test_what_was_inconclusive_is_tried_again(ground: Ground) -> None:
    outcomes = iter([Inconclusive("no route"), None])

    async def shaky(_: Attempt) -> None:
        if (outcome := next(outcomes)) is not None:
            raise outcome

    (result,) = ground.fly(ground.flight("shaky", shaky))
    assert result.verdict is Verdict.PASS
    assert result.reason == "beside other cases it was inconclusive (no route)"


# Deadlines ---------------------------------------------------------------------------------------------


def test_silence_beside_a_witness_fails_after_a_second_try(ground: Ground) -> None:
    (result,) = ground.fly(ground.flight("mute", for_ever), timeout=7)
    assert (result.verdict, result.deadline, ground.tried) == (Verdict.FAIL, True, ["mute", "mute"])
    assert [finding.requirement for finding in result.findings] == [MUST]


def test_silence_without_a_witness_accuses_nobody(ground: Ground) -> None:
    async def stuck(attempt: Attempt) -> None:
        ground.silent = True
        await for_ever(attempt)

    (result,) = ground.fly(ground.flight("stuck", stuck))
    assert (result.verdict, result.findings) == (Verdict.INCONCLUSIVE, ())


def test_a_deadline_of_the_case_itself_is_an_error(ground: Ground) -> None:
    async def impatient(_: Attempt) -> None:
        async with asyncio.timeout(1):
            await asyncio.Event().wait()

    (result,) = ground.fly(ground.flight("impatient", impatient))
    assert (result.verdict, result.deadline) == (Verdict.ERROR, False)


def test_silence_of_one_kind_is_repeated_once(ground: Ground) -> None:
    flights = [ground.flight(f"c{n}", for_ever) for n in range(5)]
    results = ground.fly(*flights, timeout=5, concurrency=5)
    assert [result.verdict for result in results] == [Verdict.FAIL] * 5
    assert len(ground.tried) == 5 + 1
    assert [result.reason for result in results[1:]] == ["seen alone as well in c0"] * 4


def test_repeating_has_a_budget(ground: Ground) -> None:
    async def hangs(_: Attempt) -> None:
        await asyncio.Event().wait()

    flights = [ground.flight(f"c{n}", hangs) for n in range(5)]
    results = ground.fly(*flights, timeout=REPEAT_BUDGET / 2, concurrency=5)
    assert [result.verdict for result in results] == [Verdict.INCONCLUSIVE] * 5
    assert len(ground.tried) == 5 + 2


# Ends --------------------------------------------------------------------------------------------------


def test_cancelling_settles_nothing_more(ground: Ground) -> None:
    flights = [ground.flight("stuck", for_ever), ground.flight("waiting")]

    async def scene() -> None:
        task = asyncio.create_task(Scheduler(ground, 1, 10.0).fly_all(flights))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    ground.run(scene())
    assert [flight.outcome.done() for flight in flights] == [False, False]
    assert ground.tried == ["stuck"]


def test_a_defect_of_the_lab_ends_the_run(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> str | None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(ground, "check", check)
    with pytest.raises(RuntimeError, match="a defect"):
        ground.fly(ground.flight("mute", for_ever))
