"""Engine.IO: the heartbeat of sessions whose clients answer it."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import pytest

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.engineio import SLACK, SessionPeer, Way
from wireproof.peer.heartbeat import LATE
from wireproof.peer.session import Transport
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.engineio import Packet, PacketType

from .ways import WAYS, need, next_packet

BY_HAND = {Transport.POLLING: "polling", Transport.WEBSOCKET: "websocket-transport"}
EARLY_PINGS = "engineio/heartbeat/pings-not-early"
EARLY = 0.5  # of the interval told: a ping that comes sooner is none of that interval
QUICK = 5.0  # seconds: of shorter intervals, three are seen


@case("engineio/heartbeat/ping-sent")
@pytest.mark.parametrize("way", WAYS)
async def test_ping_is_sent(session: SessionPeer, target: Target, way: Way) -> None:
    """The server sends a ping packet."""
    need(target, way)
    await session.open(way)
    await session.expect_ping()


@case("engineio/heartbeat/ping-payload")
@pytest.mark.parametrize("transport", Transport)
async def test_ping_is_empty(
    session: SessionPeer, attempt: Attempt, target: Target, transport: Transport
) -> None:
    """A ping packet has no payload."""
    target.require(BY_HAND[transport])
    await session.begin(transport)
    attempt.last(session.timers.ping_interval + SLACK, "the server's ping")
    with attempt.expecting("a ping packet with no payload") as expecting:
        while (packet := await next_packet(session, expecting)).type is not PacketType.PING:
            pass
        if packet.data:
            expecting.broken(str(packet))


@case("engineio/heartbeat/ping-interval-kept", EARLY_PINGS)
@pytest.mark.parametrize("way", WAYS)
async def test_interval(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """Pings come at the interval that the server told, for a client that answers each at once."""
    need(target, way)
    await session.open(way)
    interval, timeout = session.timers.ping_interval, session.timers.ping_timeout
    count = 4 if interval <= QUICK else 2
    attempt.last(count * interval + SLACK, f"{count} pings")
    moments = [await session.expect_ping() for _ in range(count)]
    for earlier, later in pairwise(moments):
        gap = later - earlier
        # Whether an interval begins with the ping or with its pong is not told, and machines are late; yet a
        # client gives up after an interval and a time-out.
        if not EARLY * interval <= gap <= interval + timeout + SLACK:
            attempt.broken(
                f"{gap * 1000:.0f} ms between two pings",
                f"about {interval * 1000:.0f} ms",
                requirement=EARLY_PINGS if gap < interval else None,
                ground=Ground.MISSING,
            )


@case("engineio/heartbeat/pong-in-time", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_prompt_client_is_kept(
    session: SessionPeer, attempt: Attempt, target: Target, way: Way
) -> None:
    """A session whose client answers each ping lives on, behind the time-out of the second ping too."""
    need(target, way)
    await session.open(way)
    timers = session.timers
    attempt.last(2 * timers.ping_interval + timers.ping_timeout + SLACK, "two pings and a time-out")
    await session.expect_ping()
    await session.expect_ping()
    await asyncio.sleep(min(timers.ping_timeout, timers.ping_interval))
    await session.expect_alive()


@case("engineio/heartbeat/pong-in-time", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_slow_client_is_kept(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """A session whose client takes a third of its time for its pongs lives on."""
    need(target, way)
    await session.open(way)
    session.answers_pings = False
    timers = session.timers
    attempt.last(2 * (timers.ping_interval + timers.ping_timeout) + SLACK, "two pings and late pongs")
    for _ in range(2):
        came = await session.expect_ping()
        await asyncio.sleep(timers.ping_timeout / 3)
        if time.monotonic() - came > timers.ping_timeout * LATE:
            raise Inconclusive("this machine was too late with a pong")
        await session.send(Packet.pong())
    session.answers_pings = True  # the application may take longer than the next interval
    await session.expect_alive()


@case("engineio/heartbeat/unasked-pong-received", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_unasked_pong(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """What becomes of a session whose client sends a pong that answers nothing."""
    need(target, way)
    await session.open(way)
    await session.send(Packet.pong())
    end = await session.outlook()
    attempt.report(f"the session ended: {end}" if end else "the pong was ignored")


@case("engineio/heartbeat/ping-received", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_ping_by_the_client(session: SessionPeer, target: Target, way: Way) -> None:
    """A ping by the client, as in revision 3, ends the session."""
    need(target, way)
    await session.open(way)
    await session.send(Packet.ping())
    await session.expect_failure()
