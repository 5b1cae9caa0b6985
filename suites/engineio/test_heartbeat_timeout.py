"""Engine.IO: sessions whose clients fall silent."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SLACK, SessionPeer, Way
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.engineio import Handshake

from .asking import question
from .ways import WAYS, need

TIMEOUT = "engineio/heartbeat/timeout"
FORGOTTEN = "engineio/closing/sid-forgotten"
ROUNDS_OF_CHECKING = 2  # time-outs: some servers look after their clients only as often


def grace(timers: Handshake) -> float:
    """Seconds behind a ping after which a session without a pong must have ended, lateness included."""
    return (1 + ROUNDS_OF_CHECKING) * timers.ping_timeout + SLACK


@case(TIMEOUT)
@pytest.mark.parametrize("way", WAYS)
async def test_client_without_pongs(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """A session whose client reads on and answers no ping ends."""
    need(target, way)
    await session.open(way)
    session.answers_pings = False
    timers = session.timers
    attempt.last(timers.ping_interval + grace(timers) + SLACK, "a ping and the time-out behind it")
    await session.expect_ping()
    with attempt.expecting("the end of the session") as expecting:
        try:
            async with asyncio.timeout(grace(timers)):
                await session.expect_end()
        except TimeoutError:
            # A GET that was under way may wait for its own end in a session that is closed already.
            if way is Way.POLLING and (await session.post(question(session, "late"))).status == 400:
                return
            expecting.broken(f"the session lives on {grace(timers):.1f} s behind the ping", Ground.MISSING)


@case(TIMEOUT, needs=["polling"])
async def test_client_that_polls_no_more(session: SessionPeer, attempt: Attempt) -> None:
    """A session whose client sends no request any more ends."""
    await session.open(Way.POLLING)
    timers = session.timers
    silence = timers.ping_interval + grace(timers)
    attempt.last(timers.ping_interval + silence + SLACK, "two intervals and a time-out")
    await session.stop_polling()
    await asyncio.sleep(silence)
    with attempt.expecting("400 for a late GET", "a close packet") as expecting:
        answer = await session.poll()
        if answer.status == 200 and b"1" not in answer.body.split(b"\x1e"):
            expecting.broken(f"{answer}, {silence:.1f} s behind the last request", Ground.MISSING)


@case(FORGOTTEN)
@pytest.mark.parametrize("way", WAYS)
async def test_session_is_forgotten_behind_its_timeout(
    session: SessionPeer, attempt: Attempt, target: Target, way: Way
) -> None:
    """The sid of a session that timed out is refused like any unknown one."""
    target.require("polling")
    need(target, way)
    await session.open(way)
    session.answers_pings = False
    timers = session.timers
    attempt.last(timers.ping_interval + grace(timers) + SLACK, "a ping and the time-out behind it")
    try:
        async with asyncio.timeout(timers.ping_interval + grace(timers)):
            await session.expect_end(TIMEOUT)
    except TimeoutError:
        return  # judged by a case of its own
    with attempt.expecting("400") as expecting:
        answer = await session.poll()
        if answer.status != 400:
            expecting.broken(str(answer))


@case("engineio/heartbeat/other-traffic", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_messages_instead_of_pongs(
    session: SessionPeer, attempt: Attempt, target: Target, way: Way
) -> None:
    """What becomes of a session whose client sends messages and no pongs."""
    need(target, way)
    await session.open(way)
    session.answers_pings = False
    timers = session.timers
    attempt.last(timers.ping_interval + grace(timers) + SLACK, "a ping and the time-out behind it")
    await session.expect_ping()
    turns = 10
    for turn in range(turns):
        if session.ended is not None:
            break
        await session.send(question(session, f"instead-{turn}"))
        await asyncio.sleep(grace(timers) / turns)
    attempt.report(f"the session ended: {session.ended}" if session.ended else "the session lived on")
