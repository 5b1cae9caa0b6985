"""When we were late ourselves, or the target was merely busy: whom that clears, and whom it does not."""

from __future__ import annotations

import asyncio

import pytest

from tests.run.ground import MUST, Body, Ground, for_ever
from wireproof.attempt import Attempt
from wireproof.run.scheduler import ABSENT, ALONE, RECHECK
from wireproof.verdict import Verdict

NEVER, ALWAYS = -1.0, 1e9


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch) -> Ground:
    return Ground(monkeypatch)


def broken(ground: Ground, *late: float) -> Body:
    """A case that accuses each time; *late* says until when we were late, try by try, and then never."""
    moments = iter(late)

    async def run(attempt: Attempt) -> None:
        ground.late = next(moments, NEVER)
        attempt.broken("what must not come", requirement=MUST)

    return run


@pytest.mark.parametrize(
    ("late", "tries", "verdict"),
    [
        ((), 1, Verdict.FAIL),
        ((ALWAYS,), 2, Verdict.FAIL),
        ((ALWAYS, ALWAYS), 3, Verdict.FAIL),
        ((ALWAYS, ALWAYS, ALWAYS), 3, Verdict.INCONCLUSIVE),
    ],
    ids=["in time", "late beside others", "late alone too", "always late"],
)
def test_an_accusation_needs_a_try_in_which_we_were_not_late(
    ground: Ground, late: tuple[float, ...], tries: int, verdict: Verdict
) -> None:
    (result,) = ground.fly(ground.flight("c", broken(ground, *late)))
    assert (result.verdict, ground.tried) == (verdict, ["c"] * tries)
    assert ("this machine was too busy" in result.reason) is (verdict is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(
    ("late", "verdict"),
    [((ALWAYS,), Verdict.FAIL), ((ALWAYS, ALWAYS), Verdict.INCONCLUSIVE)],
    ids=["once", "always"],
)
def test_one_that_flies_alone_has_another_try(
    ground: Ground, late: tuple[float, ...], verdict: Verdict
) -> None:
    (result,) = ground.fly(ground.flight("c", broken(ground, *late), alone="yes"))
    assert (result.verdict, ground.tried) == (verdict, ["c", "c"])


def test_lateness_hides_no_death(ground: Ground) -> None:
    async def kills(attempt: Attempt) -> None:
        ground.late, ground.alive = ALWAYS, False
        attempt.broken("what must not come")

    (result,) = ground.fly(ground.flight("kills", kills, alone="yes"))
    assert (result.verdict, result.reason) == (Verdict.FAIL, "server gone: exit status 7")
    assert ground.tried == ["kills", "kills"]


def test_what_is_known_of_a_route_is_no_matter_of_lateness(ground: Ground) -> None:
    ground.known.add("c")
    (result,) = ground.fly(ground.flight("c", broken(ground, ALWAYS, ALWAYS), alone="yes"))
    assert (result.verdict, ground.tried) == (Verdict.FAIL, ["c"])


def test_silence_for_seconds_is_no_matter_of_lateness(ground: Ground) -> None:
    ground.late = ALWAYS
    (result,) = ground.fly(ground.flight("mute", for_ever, alone="yes"))
    assert (result.verdict, ground.tried) == (Verdict.FAIL, ["mute"])


# How long silence is listened to, alone ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeout", "alone"), [(1.0, 1.0), (10.0, RECHECK), (30.0, 30.0)], ids=["less", "as usual", "more"]
)
def test_who_grants_more_time_than_usual_grants_it_alone_too(
    ground: Ground, timeout: float, alone: float
) -> None:
    (result,) = ground.fly(ground.flight("mute", for_ever), timeout=timeout)
    assert (result.verdict, ground.tried) == (Verdict.FAIL, ["mute", "mute"])
    assert result.duration_s == pytest.approx(alone)


def test_a_slow_server_is_as_slow_alone(ground: Ground) -> None:
    async def slow(attempt: Attempt) -> None:
        with attempt.expecting("a pong"):
            await asyncio.sleep(35 if len(ground.tried) == 1 else 25)

    (result,) = ground.fly(ground.flight("slow", slow), timeout=30)
    assert result.verdict is Verdict.PASS
    assert ALONE > 1


# A server that answers nobody ------------------------------------------------------------------------------


def hangs(ground: Ground, seconds: float) -> Body:
    """A case that leaves the target silent for *seconds*."""

    async def run(_: Attempt) -> None:
        ground.silent = True
        asyncio.get_running_loop().call_later(seconds, setattr, ground, "silent", False)

    return run


def test_a_server_that_is_busy_for_a_while_is_not_gone(ground: Ground) -> None:
    (result,) = ground.fly(ground.flight("work", hangs(ground, ABSENT / 2)))
    assert (result.verdict, result.findings) == (Verdict.INCONCLUSIVE, ())
    assert "came back by itself" in result.reason


def test_a_server_that_hangs_for_ever_is_as_good_as_gone(ground: Ground) -> None:
    (result,) = ground.fly(ground.flight("hang", hangs(ground, 1e6)))
    assert (result.verdict, result.reason) == (Verdict.FAIL, "server gone: no answer")


def test_a_refused_connection_needs_no_patience(ground: Ground) -> None:
    ground.ended = ""

    async def kill(_: Attempt) -> None:
        ground.alive = False

    (result,) = ground.fly(ground.flight("kill", kill))
    assert (result.verdict, result.reason) == (Verdict.FAIL, "server gone")
    assert ground.loop.time() < 1


def test_what_was_seen_before_the_server_was_busy_stays_seen(ground: Ground) -> None:
    async def worse(attempt: Attempt) -> None:
        await hangs(ground, ABSENT / 2)(attempt)
        attempt.broken("what must not come")

    (result,) = ground.fly(ground.flight("worse", worse))
    assert (result.verdict, result.reason) == (Verdict.FAIL, "")
