"""Connection to a namespace: a session whose first packet is not CONNECT, or that has none."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer
from wireproof.target import Target

from .malformed import Parts, expect_failures
from .talk import need

FIRST = "socketio/connection-to-a-namespace/first-packet"
BRIEFLY = 2.0  # seconds: twice the time-out of the test contract
ATTACHMENT = b"\x01\x02"
PACKETS: dict[str, Parts] = {
    "an event": ('2["message","too early"]',),
    "an event for /custom": ('2/custom,["message","too early"]',),
    "an event with an id": ('20["message-with-ack","too early"]',),
    "DISCONNECT": ("1",),
    "an acknowledgement": ("30[]",),
    "CONNECT_ERROR": ('4{"message":"too early"}',),
    "a binary event": ('51-["message",{"_placeholder":true,"num":0}]', ATTACHMENT),
    "a binary acknowledgement": ('61-0[{"_placeholder":true,"num":0}]', ATTACHMENT),
}
OTHERS: dict[str, Parts] = {
    "an attachment": (ATTACHMENT,),
    "an unknown type": ("9",),
    "a word": ("wireproof",),
}


@case(FIRST)
async def test_first_packet_other_than_connect_closes(clients: Clients, attempt: Attempt) -> None:
    """A first packet that is not CONNECT closes the connection."""
    await expect_failures(attempt, clients, PACKETS, opening=SocketIOPeer.start)


@case(FIRST)
async def test_first_message_that_is_no_packet_closes(clients: Clients, attempt: Attempt) -> None:
    """A first message that is no packet at all closes the connection."""
    await expect_failures(attempt, clients, OTHERS, opening=SocketIOPeer.start)


@case(FIRST)
@pytest.mark.parametrize("way", [Way.POLLING, Way.UPGRADED])
async def test_first_event_closes(client: SocketIOPeer, target: Target, way: Way) -> None:
    """An event as first packet closes the connection, whatever the transport."""
    need(target, way)
    await client.start(way)
    await client.send(*PACKETS["an event"])
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
