"""Turns to connect: how fast they come, and that nobody's time runs while one waits for its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest

from tests.peer.serving import Line, server
from tests.run.ground import TimelessLoop
from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer, PromptDialer
from wireproof.peer.pacing import Pacer, TimeLimit


def timeless(scene: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        runner.run(scene)


def now() -> float:
    return asyncio.get_running_loop().time()


def test_all_who_share_a_pace_take_turns() -> None:
    async def scene() -> None:
        pacer = Pacer(2.0)
        for _ in range(5):
            await pacer.wait()
        assert now() == pytest.approx(2.0)
        assert pacer.backlog == pytest.approx(0.5)

    timeless(scene())


def test_without_a_rate_nobody_waits() -> None:
    async def scene() -> None:
        pacer = Pacer()
        for _ in range(5):
            await pacer.wait()
        assert now() == 0.0

    timeless(scene())


def test_a_limit_stands_still_while_one_waits_for_a_turn() -> None:
    async def scene() -> None:
        pacer = Pacer(0.1)
        await pacer.wait()
        async with TimeLimit(3.0) as outer, TimeLimit(2.0) as inner:
            await pacer.wait()
            assert now() == pytest.approx(10.0)
            await asyncio.sleep(1.9)
        assert (outer.queued, inner.queued_until) == pytest.approx((10.0, 10.0))
        limit = TimeLimit(2.0)
        with suppress(TimeoutError):
            async with limit:
                await pacer.wait()
                await asyncio.sleep(2.1)
        assert limit.expired()

    timeless(scene())


def test_waits_side_by_side_count_once() -> None:
    async def scene() -> None:
        pacer = Pacer(1.0)
        limit = TimeLimit(1.0)
        with suppress(TimeoutError):
            async with limit:
                await asyncio.gather(*(pacer.wait() for _ in range(4)))
                assert (now(), limit.queued) == pytest.approx((3.0, 3.0))
                await asyncio.Event().wait()
        assert limit.expired()
        assert now() == pytest.approx(4.0)

    timeless(scene())


def test_what_outlives_its_limit_goes_on() -> None:
    async def scene() -> None:
        pacer = Pacer(1.0)

        async def later() -> float:
            await asyncio.sleep(5.0)
            await pacer.wait()
            await pacer.wait()
            return now()

        async with TimeLimit(1.0):
            task = asyncio.create_task(later())
        assert await task == pytest.approx(6.0)

    timeless(scene())


def test_time_counts_anew_when_a_limit_is_renewed() -> None:
    async def scene() -> None:
        async with TimeLimit(2.0) as limit:
            await asyncio.sleep(1.5)
            limit.renew()
            limit.postpone(1.0)
            await asyncio.sleep(2.9)

    timeless(scene())


def test_a_prompt_dialer_counts_and_does_not_wait() -> None:
    async def waits(line: Line) -> None:
        await line.reader.read()

    async def scene() -> None:
        async with server(waits) as there:
            pacer = Pacer(0.01)
            for dialer in (Dialer(there, pacer), PromptDialer(there, pacer), PromptDialer(there, pacer)):
                connection = await dialer.dial(Attempt(("x",)))
                connection.discard()
            assert pacer.backlog == pytest.approx(300.0, abs=5.0)

    asyncio.run(scene())
