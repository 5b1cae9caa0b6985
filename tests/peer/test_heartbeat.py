"""When a session's own heartbeat explains that it was lost, and when it does not."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from tests.on_loop import on_loop
from wireproof.peer.concurrent import all_of
from wireproof.peer.heartbeat import Heartbeat, too_long
from wireproof.wire.engineio import parse_handshake

TIMERS = parse_handshake('{"sid":"a","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}')


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(
            "wireproof.peer.heartbeat.time", SimpleNamespace(monotonic=lambda: round(self.now, 6))
        )

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_pongs_that_come_in_time_explain_nothing(clock: Clock) -> None:
    heart = Heartbeat()
    heart.begin()
    for _ in range(4):
        clock.passes(0.3)
        heart.ping()
        heart.pong()
    heart.end()
    assert max(heart.between_pings(), heart.between_pongs(), heart.since_pong()) <= too_long(TIMERS)


def test_late_pong_is_remembered(clock: Clock) -> None:
    heart = Heartbeat()
    heart.begin()
    clock.passes(0.6)
    heart.pong()
    clock.passes(0.1)
    heart.pong()
    assert heart.between_pongs() > too_long(TIMERS)


def test_refusal_counts_from_the_first_one_on(clock: Clock) -> None:
    heart = Heartbeat()
    heart.begin()
    clock.passes(0.2)
    heart.lose()
    clock.passes(5.0)
    heart.lose()
    assert heart.since_pong() == pytest.approx(0.2)


def test_refusal_is_forgotten_once_something_comes(clock: Clock) -> None:
    heart = Heartbeat()
    heart.begin()
    heart.lose()
    heart.hear()
    clock.passes(5.0)
    heart.lose()
    assert heart.since_pong() == pytest.approx(5.0)


def test_end_is_later_than_a_refusal(clock: Clock) -> None:
    heart = Heartbeat()
    heart.begin()
    heart.lose()
    clock.passes(5.0)
    heart.end()
    heart.hear()
    assert heart.since_pong() == pytest.approx(5.0)


def test_get_behind_a_long_pause_may_have_missed_a_ping(clock: Clock) -> None:
    heart = Heartbeat()
    heart.begin()
    with heart.polling(TIMERS):
        assert not heart.has_paused
    clock.passes(0.15)
    with heart.polling(TIMERS):
        assert heart.has_paused
    heart.pong()
    assert not heart.has_paused


@on_loop
async def test_failure_of_one_ends_the_others() -> None:
    ended = asyncio.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("one of them")

    with pytest.raises(ValueError, match="one of them"):
        await all_of(waits(), fails())
    assert ended.is_set()
