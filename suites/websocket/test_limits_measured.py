"""Limits of the server's own: how large, how many, how fast, how long. They are measured, never judged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.session import Close, Pong
from wireproof.wire.websocket import Frame, Opcode

OWN = "service/limits/own"
STEPS = 4  # bisections behind the last doubling: the limit is known to a sixteenth
FRAMES = tuple(1 << bits for bits in range(16, 33, 2))  # bytes announced; none of them is sent
PINGS = 1000
HALF_REQUEST = 30  # bytes of it


async def largest(is_taken: Callable[[int], Awaitable[bool]], first: int, last: int) -> int:
    """The largest number from *first* to *last* that is taken, by doubling and bisecting; 0 for none."""
    taken, refused = 0, 0
    size = first
    while not refused and size <= last:
        if await is_taken(size):
            taken, size = size, size * 2
        else:
            refused = size
    for _ in range(STEPS if taken and refused else 0):
        middle = (taken + refused) // 2
        if await is_taken(middle):
            taken = middle
        else:
            refused = middle
    return taken


def tell(attempt: Attempt, name: str, value: float, most: float) -> None:
    """Measure *value*; where it reached *most*, nothing but that is known."""
    attempt.measure(name, value)
    attempt.report(f"{name}: {'at least ' if value >= most else ''}{value:.0f}")


async def accepts_request_with(peers: Peers, *values: bytes) -> bool:
    """Whether the handshake is accepted with one more header field for each of *values*."""
    peer = peers()
    request = peer.request()
    for number, value in enumerate(values):
        request = request.with_header(b"X-Wireproof-%d" % number, value)
    answer = await peer.handshake(request)
    peer.discard()
    return not isinstance(answer, Refusal)


@case(OWN, intensity=Intensity.NORMAL)
async def test_largest_header_field(attempt: Attempt, peers: Peers) -> None:
    """The size up to which a header field of the handshake is accepted is told."""
    found = await largest(lambda size: accepts_request_with(peers, b"x" * size), 1024, 65536)
    tell(attempt, "largest header field (bytes)", found, 65536)


@case(OWN, intensity=Intensity.NORMAL)
async def test_number_of_header_fields(attempt: Attempt, peers: Peers) -> None:
    """The number of header fields up to which a handshake is accepted is told."""
    found = await largest(lambda count: accepts_request_with(peers, *[b"x"] * count), 16, 512)
    tell(attempt, "additional header fields", found, 512)


@case(OWN, needs=["binary"], intensity=Intensity.NORMAL)
async def test_largest_frame(attempt: Attempt, peers: Peers) -> None:
    """The length up to which the header alone of a frame is not refused is told."""
    witness = peers()
    await witness.open()
    announcing = {size: peers() for size in FRAMES}
    for size, peer in announcing.items():
        await peer.open()
        peer.send(Frame(Opcode.BINARY, declared=size))
    await next_event(announcing[FRAMES[-1]], witness)
    taken = 0
    for size, peer in announcing.items():
        # By now those that refuse the header have done so.
        refused = peer.connection.end is not None or peer.ended is not None or peer.close_received is not None
        if refused or await _has_closed(peer):
            break
        taken = size
    tell(attempt, "largest frame announced (bytes)", taken, FRAMES[-1])


async def _has_closed(peer: WebSocketPeer) -> bool:
    try:
        async with asyncio.timeout(0.001):
            while not isinstance(await peer.event(), (Close, Ended)):
                pass
    except TimeoutError:
        return False
    return True


@case(OWN, intensity=Intensity.NORMAL)
@pytest.mark.serial("the rate of one connection would be that of all")
async def test_ping_rate(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How fast the server answers pings is told."""
    await peer.open()
    last = peer.ping()
    began = time.monotonic()
    peer.send_bytes(Frame.ping(b"wireproof").encode() * (PINGS - 1), f"{PINGS - 1} pings")
    peer.send(last)
    answered = 1
    with attempt.expecting("a pong behind them", "a Close frame", "the end of TCP"):
        while not isinstance(event := await peer.event(), (Close, Ended)) and event != Pong(last.payload):
            answered += isinstance(event, Pong)
    if isinstance(event, Pong):
        attempt.measure("pings answered a second", round(PINGS / (time.monotonic() - began), -2))
        attempt.report("pings were answered one after another; see the limits for the rate")
    else:
        attempt.measure("pings answered without a pause", answered - 1)
        attempt.report(f"{PINGS} pings without a pause end the connection")


async def ends_within(attempt: Attempt, peer: WebSocketPeer, name: str) -> None:
    """Measure how long it takes until the server ends the connection, as far as the patience goes."""
    patience = attempt.be_patient()
    began = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            while await peer.connection.receive():
                pass
    except TimeoutError:
        attempt.report(f"{name}: nothing happened within the patience")
        return
    attempt.measure(f"{name} (seconds)", round(time.monotonic() - began, 1))
    attempt.report(f"{name}: the server ends the connection; see the limits for the time")


@case(OWN)
async def test_time_for_a_client_that_sends_nothing(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server waits for the first byte of a handshake is told."""
    attempt.be_patient()
    await peer.connect()
    await ends_within(attempt, peer, "time for the first byte")


@case(OWN)
async def test_time_for_half_a_handshake(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server waits for the rest of a handshake is told."""
    attempt.be_patient()
    await peer.connect()
    peer.send_bytes(peer.request().encode()[:HALF_REQUEST], "a part of a request")
    await ends_within(attempt, peer, "time for the handshake")


@case(OWN)
async def test_time_for_an_idle_connection(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server keeps a connection on which the client says nothing, not even pongs, is told."""
    attempt.be_patient()
    await peer.open()
    await ends_within(attempt, peer, "time for an idle client")


@case(OWN, needs=["close"])
async def test_time_for_the_answer_to_a_close(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server waits for the answer to its Close frame is told."""
    attempt.be_patient()
    await peer.open(peer.request("/close?code=1000"))
    peer.send(Frame.text("close, please"))
    await peer.expect_close()
    await ends_within(attempt, peer, "time for the answer to a Close frame")
