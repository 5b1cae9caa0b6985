"""Long-polling by hand: requests that overlap, that stay unfinished, that are given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from wireproof.attempt import Expectation, Inconclusive, NotApplicable
from wireproof.peer.engineio import ROUNDS, SessionPeer, excuse_answer
from wireproof.peer.exchange import Answer, Exchange
from wireproof.peer.heartbeat import too_long
from wireproof.peer.quiet import PAUSE
from wireproof.verdict import Ground
from wireproof.wire.engineio import Packet, PacketType, read_payload
from wireproof.wire.http1 import Request

from .asking import answers_in, question

T = TypeVar("T")

NOBODY = "a-session-of-nobody"
AT_ONCE = 1.0  # seconds within which what needs no waiting must be answered
NO_ANSWER = f"no answer within {AT_ONCE:g} s"
GETS = 5  # of which none stays unanswered
STATUS = "engineio/receiving-data/response-status"
BUFFERED = "engineio/receiving-data/buffered-packets"
_SETTLED = 0.5  # seconds that a server may take for an answer that needs no waiting


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


def settled(session: SessionPeer) -> float:
    """Seconds within which it shows whether a request waits; well within a heartbeat."""
    return min(_SETTLED, session.timers.ping_interval / 3)


@dataclass(frozen=True, slots=True)
class Held:
    """A GET request that waits for packets, and who awaits its answer."""

    exchange: Exchange
    answer: asyncio.Task[Answer]


@asynccontextmanager
async def held(session: SessionPeer) -> AsyncIterator[Held]:
    """A GET request that the server has and holds back; one that is answered at once is followed by another.

    Raise `NotApplicable` where the server answers each at once, `Inconclusive` where packets came for each.
    """
    empty = 0
    for _ in range(GETS):
        exchange = await start(session, session.request())
        receiving = asyncio.create_task(exchange.receive())
        try:
            await asyncio.wait({receiving}, timeout=settled(session) / 2)
            if not receiving.done():
                yield Held(exchange, receiving)
                return
        finally:
            receiving.cancel()
        session.http.release(exchange)
        if receiving.result().status != 200:
            raise Inconclusive(f"an ordinary GET was answered with {receiving.result()}")
        packets = await _take(session, receiving.result())
        empty += all(packet.type is PacketType.NOOP for packet in packets)
    if empty:
        raise NotApplicable("the server answers a GET at once, whether it has packets or not")
    raise Inconclusive("packets came for each GET")


async def soon(session: SessionPeer, answering: Awaitable[T]) -> T | None:
    """What the server has no reason to hold back; None when it does, and answers other requests meanwhile."""
    task = asyncio.ensure_future(answering)
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
        _judge_status(session, answer)
        # What is refused may be a session that the server has given up.
        expecting.broken(str(answer), Ground.MISSING)
    return await _take(session, answer)


def _judge_status(session: SessionPeer, answer: Answer) -> None:
    """Accuse a response of its status that hands out packets all the same, where the case is about that."""
    came = answers_in(session, read_payload(answer.body.decode("utf-8", "replace")).packets)
    if came and STATUS in session.attempt.requirements:
        session.attempt.broken(str(answer), "200", requirement=STATUS)


async def _take(session: SessionPeer, answer: Answer) -> tuple[Packet, ...]:
    """The packets of a response; pings are answered."""
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

    *pending* brings the answer to a GET that is under way: the first one then. Only the deadline tells that a
    text does not come: a GET may bring pings, or nothing, and an application takes its time. *requirement* is
    broken then.
    """
    came: list[str] = []
    wanted = f"200 with the answer to {', '.join(texts)}"
    with session.attempt.expecting(wanted, requirement=requirement) as expecting:
        while not set(texts) <= set(came):
            answer = await (pending if pending is not None else session.poll())
            pending = None
            packets = await read_packets(session, answer, expecting)
            if any(packet.type is PacketType.CLOSE for packet in packets):
                expecting.broken("a close packet", Ground.MISSING)
            came += answers_in(session, packets)
            if all(packet.type is PacketType.NOOP for packet in packets):
                # A server that holds no GET back is not to be asked without a break.
                await asyncio.sleep(PAUSE)
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
                _doubt_end(session)
                return
            answer = await (pending if pending is not None else session.poll())
            pending = None
            if answer.status != 200:
                _doubt_end(session)
                return
            if any(packet.type is PacketType.CLOSE for packet in session.read_answer(answer)):
                return
        expecting.broken(f"the session lives on: a GET was answered with {answer}")


def _doubt_end(session: SessionPeer) -> None:
    """Raise `Inconclusive` where a session may have ended for want of a pong."""
    silent = time.monotonic() - session.heartbeat.lively
    if silent > too_long(session.timers):
        raise Inconclusive(f"no ping had been answered for {silent:.2f} s: that, too, ends a session")
