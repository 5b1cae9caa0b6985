"""Engine.IO, receiving data: GET requests that wait, overlap, are given up."""

from __future__ import annotations

import asyncio
from asyncio import Task

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import Answer
from wireproof.peer.peers import Sessions
from wireproof.wire.engineio import PacketType

from .asking import question, questions
from .polling import BUFFERED, STATUS, expect_closed, fence, held, poll_for, settled, start
from .test_sending_data import unknown_sids

TURNS = 3  # sessions, in case the heartbeat comes between


@case(STATUS, BUFFERED, needs=["polling", "messages"])
async def test_waiting_packets_are_handed_out(session: SessionPeer) -> None:
    """Packets that wait for a GET request come with status 200."""
    await session.begin()
    await session.post(*questions(session, ("one", "two")))
    await poll_for(session, "one", "two", requirement=BUFFERED)


@case(BUFFERED, STATUS, needs=["polling", "messages"])
async def test_waiting_get_is_answered(session: SessionPeer) -> None:
    """A GET request that waits is answered once there is a packet."""
    await session.begin()
    pending = await start(session, session.request())
    await session.post(question(session, "one"))
    await poll_for(session, "one", pending=pending.receive(), requirement=BUFFERED)


@case("engineio/receiving-data/packets-once", BUFFERED, STATUS, needs=["polling", "messages"])
async def test_packets_come_once(session: SessionPeer, attempt: Attempt) -> None:
    """What one GET request brought does not come again with the next ones."""
    await session.begin()
    came: list[str] = []
    for text in ("one", "two", "three", "four", "five"):
        await session.post(question(session, text))
        came += await poll_for(session, text, requirement=BUFFERED)
    if doubled := {text for text in came if came.count(text) > 1}:
        attempt.broken(f"came again: {', '.join(sorted(doubled))}", "each packet once")


@case("engineio/receiving-data/unknown-sid", needs=["polling"])
async def test_unknown_session(session: SessionPeer, attempt: Attempt) -> None:
    """A GET request for a session that nobody has is refused with 400."""
    sid = (await session.begin()).sid
    for name, unknown in unknown_sids(sid).items():
        with attempt.row(name), attempt.expecting("400"):
            await session.expect_status(await session.fetch(session.request({"sid": unknown})), 400)


@case(
    "engineio/receiving-data/concurrent-get-status",
    "engineio/receiving-data/concurrent-get-session",
    needs=["polling", "messages"],
)
async def test_second_get_at_a_time(sessions: Sessions, attempt: Attempt) -> None:
    """Of two GET requests at a time one is refused with 400, and the session is closed."""
    for _ in range(TURNS):
        if await _have_overlapped(sessions(), *attempt.requirements):
            return
    raise Inconclusive("each time the heartbeat answered one of two GET requests")


async def _have_overlapped(session: SessionPeer, status: str, closed: str) -> bool:
    """Judge two GET requests at a time; whether they were, or a ping answered one of them meanwhile."""
    await session.begin()
    async with held(session) as first:
        second = await start(session, session.request())
        answers = [first.answer, asyncio.create_task(second.receive())]
        try:
            return await _judge_overlap(session, answers, status, closed)
        finally:
            answers[1].cancel()


async def _judge_overlap(session: SessionPeer, answers: list[Task[Answer]], status: str, closed: str) -> bool:
    expected = "400 in answer to one of two GET requests"
    await asyncio.wait(answers, timeout=settled(session), return_when=asyncio.FIRST_COMPLETED)
    if not any(_is_refused(answer) for answer in answers):
        # A server that lets both wait answers each with a packet of its own.
        for text in ("one", "two"):
            await session.post(question(session, text))
            await fence(session)
        with session.attempt.expecting(expected, requirement=status):
            await asyncio.wait(answers)
        if not any(_is_refused(answer) for answer in answers):
            if any(_has_ping(session, answer.result()) for answer in answers):
                return False
            observed = "; ".join(str(answer.result()) for answer in answers)
            session.attempt.found(observed, expected, requirement=status)
    pending = next((answer for answer in answers if not _is_refused(answer)), None)
    await expect_closed(session, closed, pending)
    return True


def _has_ping(session: SessionPeer, answer: Answer) -> bool:
    return any(packet.type is PacketType.PING for packet in session.read_answer(answer))


def _is_refused(answer: Task[Answer]) -> bool:
    return answer.done() and answer.result().status == 400


@case("engineio/receiving-data/cancelled-get", needs=["polling", "messages"])
async def test_cancelled_get(session: SessionPeer) -> None:
    """A GET request that its client gives up ends the session."""
    await session.begin()
    async with held(session) as pending:
        pending.answer.cancel()
        pending.exchange.connection.reset()
        await fence(session)
        await expect_closed(session)
