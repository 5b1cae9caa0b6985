"""Connection to a namespace: a session whose first packet is not CONNECT, or that has none."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer
from wireproof.target import Target

from .talk import need

FIRST = "socketio/connection-to-a-namespace/first-packet"
BRIEFLY = 2.0  # seconds: twice the time-out of the test contract
ATTACHMENT = b"\x01\x02"
PACKETS: dict[str, tuple[str | bytes, ...]] = {
    "event": ('2["message","too early"]',),
    "event-for-custom": ('2/custom,["message","too early"]',),
    "event-with-id": ('20["message-with-ack","too early"]',),
    "disconnect": ("1",),
    "ack": ("30[]",),
    "connect-error": ('4{"message":"too early"}',),
    "binary-event": ('51-["message",{"_placeholder":true,"num":0}]', ATTACHMENT),
    "binary-ack": ('61-0[{"_placeholder":true,"num":0}]', ATTACHMENT),
    "attachment-alone": (ATTACHMENT,),
    "unknown-type": ("9",),
    "no-packet": ("wireproof",),
}


@case(FIRST)
@pytest.mark.parametrize("row", PACKETS)
async def test_first_packet_other_than_connect_closes(client: SocketIOPeer, row: str) -> None:
    """A first packet that is not CONNECT closes the connection."""
    await client.start()
    await client.send(*PACKETS[row])
    await client.expect_failure()


@case(FIRST)
@pytest.mark.parametrize("way", [Way.POLLING, Way.UPGRADED])
async def test_first_event_closes(client: SocketIOPeer, target: Target, way: Way) -> None:
    """An event as first packet closes the connection, whatever the transport."""
    need(target, way)
    await client.start(way)
    await client.send(*PACKETS["event"])
    await client.expect_failure()


@case("socketio/connection-to-a-namespace/connect-timeout", seconds=BRIEFLY)
async def test_session_without_a_packet_is_closed(client: SocketIOPeer, attempt: Attempt) -> None:
    """A session in which no packet comes but pongs is closed after some time."""
    await client.start()
    if await ends_within(client, BRIEFLY):
        return
    more = attempt.be_patient()
    if not await ends_within(client, more):
        attempt.broken(f"still open after {BRIEFLY + more:g} s", "the end of the session")


async def ends_within(client: SocketIOPeer, seconds: float) -> bool:
    """Whether the session ends within so many seconds."""
    attempt = client.attempt
    attempt.postpone(seconds)
    try:
        async with asyncio.timeout(seconds):
            while not isinstance(await client.event(), SessionEnd):
                pass
    except TimeoutError:
        return False
    return True
