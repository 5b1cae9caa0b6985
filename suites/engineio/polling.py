"""Long-polling by hand: requests that overlap, that stay unfinished, that are given up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

from wireproof.attempt import Expectation, Inconclusive
from wireproof.peer.engineio import ROUNDS, SessionPeer, excuse_answer
from wireproof.peer.exchange import Answer, Exchange
from wireproof.verdict import Ground
from wireproof.wire.engineio import Packet, PacketType
from wireproof.wire.http1 import Request

from .asking import answers_in, question

T = TypeVar("T")

NOBODY = "a-session-of-nobody"
AT_ONCE = 1.0  # seconds within which what needs no waiting must be answered
NO_ANSWER = f"no answer within {AT_ONCE:g} s"


async def start(session: SessionPeer, request: Request, body: bytes = b"") -> Exchange:
    """Send *request* with as much of its body as is given, and go on once the server surely has it."""
    exchange = await session.http.open()
    exchange.send(session.http.with_cookies(request), body)
    await fence(session)
    return exchange


async def fence(session: SessionPeer) -> None:
    """Return once the server has had its turn for all that was sent before: it refuses two other requests."""
    with session.attempt.expecting("an answer to a request for a session of nobody's"):
        for _ in range(ROUNDS):
            await session.fetch(session.request({"sid": NOBODY}))


async def soon(session: SessionPeer, answering: Coroutine[None, None, T]) -> T | None:
    """What the server has no reason to hold back; None when it does, and answers other requests meanwhile."""
    task = asyncio.create_task(answering)
    try:
        await asyncio.wait({task}, timeout=AT_ONCE)
        if not task.done():
            await fence(session)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        await asyncio.wait({task})


async def read_packets(session: SessionPeer, answer: Answer, expecting: Expectation) -> tuple[Packet, ...]:
    """The packets of a response that must have some; pings are answered."""
    if answer.status != 200:
        excuse_answer(answer)
        expecting.broken(str(answer), Ground.MISSING if answer.response is None else Ground.SEEN)
    packets = session.read_answer(answer)
    for packet in packets:
        if packet.type is PacketType.PING and session.answers_pings:
            await session.post(Packet.pong(str(packet.data)))
    return packets


def read_unless_pinged(session: SessionPeer, answer: Answer) -> tuple[Packet, ...]:
    """The packets of a response; raise `Inconclusive` when the heartbeat released the GET by chance."""
    packets = session.read_answer(answer) if answer.status == 200 else ()
    if Packet.ping() in packets:
        raise Inconclusive("a ping came at that very moment")
    return packets


async def poll_for(
    session: SessionPeer,
    *texts: str,
    pending: Awaitable[Answer] | None = None,
    requirement: str | None = None,
) -> list[str]:
    """Poll until all of *texts* have come, and return all that came, in order.

    *pending* brings the answer to a GET that is under way: the first one then. What has not come when later
    questions are answered does not come any more.
    """
    came: list[str] = []
    missing = set(texts)
    fences: list[str] = []
    while missing:
        wanted = f"200 with the answer to {', '.join(sorted(missing))}"
        with session.attempt.expecting(wanted, requirement=requirement) as expecting:
            answer = await (pending if pending is not None else session.poll())
            pending = None
            packets = await read_packets(session, answer, expecting)
            if any(packet.type is PacketType.CLOSE for packet in packets):
                expecting.broken("a close packet", Ground.MISSING)
            answers = answers_in(session, packets)
            if not answers or answers[-1] in fences:
                if len(fences) == ROUNDS:
                    expecting.broken("later messages were answered, and it was not", Ground.MISSING)
                fences.append(f"fence-{len(fences)}")
                posted = await session.post(question(session, fences[-1]))
                if posted.status != 200:
                    expecting.broken(f"a later POST was answered with {posted}", Ground.MISSING)
        came += [text for text in answers if text not in fences]
        missing -= set(answers)
    return came


async def expect_closed(
    session: SessionPeer, requirement: str | None = None, pending: Awaitable[Answer] | None = None
) -> None:
    """Demand that a session that polls is over: a request is refused, or brings a close packet.

    *pending* brings the answer to a GET that is under way: the first one then.
    """
    expected = ("requests refused with 400", "a close packet")
    with session.attempt.expecting(*expected, requirement=requirement) as expecting:
        for turn in range(ROUNDS):
            posted = await session.post(question(session, f"after-{turn}"))
            if posted.status != 200:
                return
            answer = await (pending if pending is not None else session.poll())
            pending = None
            if answer.status != 200:
                return
            if any(packet.type is PacketType.CLOSE for packet in session.read_answer(answer)):
                return
        expecting.broken(f"the session lives on: a GET was answered with {answer}")
