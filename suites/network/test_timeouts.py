"""Time-outs of a proxy against the heartbeat of what goes through it, and clients that read late."""

from __future__ import annotations

import asyncio
import time

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import Intensity, Where, case
from wireproof.peer.engineio import Way
from wireproof.peer.raw import Ended
from wireproof.peer.session import Transport
from wireproof.peer.websocket import WebSocketPeer
from wireproof.run.network import Network
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.engineio import Handshake
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame

from .balancing import opened

PROXIES = ["simulated", "haproxy", "nginx"]
WAYS = [Way.WEBSOCKET, Way.POLLING]
PINGS = 2  # of the server's through which a connection has to live
SLACK = 1.0  # seconds
IDLE = 1.0  # seconds after which an idle connection is cut that only its client keeps alive
HEARTBEAT = (
    "the idle time-out of a proxy must be longer than the server's heartbeat (for Socket.IO, longer than "
    "pingInterval + pingTimeout), or the heartbeat shorter"
)


async def _timers(network: Network, way: Way) -> Handshake:
    """The timers of the server's sessions, as it tells them."""
    network.target.require("polling" if way is Way.POLLING else "websocket-transport")
    session = network.node(0).session()
    timers = await session.begin(Transport.POLLING if way is Way.POLLING else Transport.WEBSOCKET)
    session.discard()
    return timers


@case(
    "network/timeouts/above-heartbeat",
    "network/timeouts/long-poll",
    where=Where.OUTSIDE,
    seconds=1.0,
)
@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("way", WAYS)
async def test_idle_timeout_above_the_heartbeat_cuts_nothing(
    network: Network, target: Target, attempt: Attempt, way: Way, proxy: str
) -> None:
    """A quiet session outlives an idle time-out that is longer than the heartbeat."""
    _need_sessions(target)
    timers = await _timers(network, way)
    idle = timers.ping_interval + timers.ping_timeout + 0.5
    attempt.last(PINGS * timers.ping_interval + SLACK, "a heartbeat or two")
    polls = "network/timeouts/long-poll" if way is Way.POLLING else None
    async with network.through(f"{proxy}:idle-timeout={idle:g}", network.nodes[0]) as along:
        session = along.session()
        await opened(attempt, session, way)
        what = f"a session that lives, through an idle time-out of {idle:g} s"
        with attempt.expecting(what, requirement=polls) as expecting:
            if end := await session.next_ping(len(session.heartbeat.pings) + PINGS - 1):
                expecting.broken(f"the session ended: {end}", Ground.MISSING)
            await session.expect_alive(polls)


@case("network/timeouts/below-heartbeat", where=Where.OUTSIDE, seconds=0.5)
@pytest.mark.parametrize("part", [pytest.param(0.5, id="below"), pytest.param(1.0, id="equal")])
@pytest.mark.parametrize("way", WAYS)
async def test_idle_timeout_within_the_heartbeat_is_told(
    network: Network, target: Target, attempt: Attempt, way: Way, part: float
) -> None:
    """What becomes of a quiet session where the idle time-out is no longer than the heartbeat."""
    _need_sessions(target)
    timers = await _timers(network, way)
    idle = timers.ping_interval * part
    attempt.last(timers.ping_interval + SLACK, "a heartbeat")
    async with network.through(f"simulated:idle-timeout={idle:g}", network.nodes[0]) as along:
        session = along.session()
        await session.begin_way(way)
        await session.introduce()
        began = time.monotonic()
        with attempt.expecting("the end of the session, or a ping"):
            end = await session.next_ping(len(session.heartbeat.pings))
        lasted = time.monotonic() - began
        setting = f"idle time-out {idle:g} s, heartbeat every {timers.ping_interval:g} s"
        if end is None:
            attempt.report(f"{setting}: the server's ping came first this time")
        else:
            attempt.report(f"{setting}: cut off after {lasted:.2f} s ({end}); {HEARTBEAT}")


@case("network/timeouts/client-pings", where=Where.OUTSIDE, seconds=2.5)
@pytest.mark.parametrize("proxy", PROXIES)
async def test_pings_of_the_client_keep_a_connection_alive(
    network: Network, target: Target, attempt: Attempt, proxy: str
) -> None:
    """A WebSocket lives through an idle time-out as long as its client pings more often than that."""
    if "engineio" in target.protocols or "websocket" not in target.protocols:
        raise NotApplicable("it is for plain WebSocket: sessions have a heartbeat of their own")
    target.require("pong")
    async with network.through(f"{proxy}:idle-timeout={IDLE:g}", network.nodes[0]) as along:
        quiet, pinging = along.peer(), along.peer()
        await quiet.open()
        await pinging.open()
        opened_at = time.monotonic()
        ending = asyncio.ensure_future(_end(quiet))
        try:
            while time.monotonic() - opened_at < 2 * IDLE:
                # Time itself is what is tried here.
                await asyncio.sleep(IDLE / 4)
                await pinging.expect_alive()
        finally:
            ending.cancel()
        if ending.done() and not ending.cancelled():
            attempt.report(f"a quiet one is cut off after {ending.result() - opened_at:.1f} s")


async def _end(peer: WebSocketPeer) -> float:
    """When the connection ended."""
    while not isinstance(await peer.event(), Ended | Close):
        pass
    return time.monotonic()


@case(
    "network/timeouts/slow-reader",
    needs=["send"],
    intensity=Intensity.NORMAL,
    where=Where.OUTSIDE,
    seconds=0.6,
)
@pytest.mark.parametrize("proxy", PROXIES)
async def test_client_that_reads_late_misses_nothing(network: Network, attempt: Attempt, proxy: str) -> None:
    """Behind a proxy, a client that reads nothing for a while gets all later, and holds up nobody."""
    size, count = 65_536, 320
    async with network.through(proxy, network.nodes[0]) as along:
        slow, other = along.peer(), along.peer()
        await other.open()
        await slow.open(slow.request(f"/send?type=binary&size={size}&count={count}"))
        slow.send(Frame.text("go"))
        slow.stop_reading()
        for _ in range(3):
            await other.expect_alive()
        received = 0
        with attempt.expecting(f"{count} messages of {size} bytes") as expecting:
            while received < count:
                match await slow.event():
                    case Message(data=data) if len(data) == size:
                        received += 1
                    case Message(data=data):
                        expecting.broken(f"message {received + 1} has {len(data)} bytes")
                    case Close() | Ended() as end:
                        expecting.broken(f"after {received} messages: {end}", Ground.MISSING)
                    case _:
                        pass
        await other.expect_alive()


def _need_sessions(target: Target) -> None:
    if "engineio" not in target.protocols:
        raise NotApplicable("the target has no heartbeat of its own: it speaks no Engine.IO")
