"""Limits of the server's own: how large, how many, how fast, how long. They are measured, never judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import Intensity, case
from wireproof.peer.pacing import TimeLimit
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import Request
from wireproof.wire.session import Close, Pong
from wireproof.wire.websocket import Frame, Opcode

from .measuring import OWN, WHOLE, Search, ended_among, is_accepted, open_all, reach, tell, tell_time

KIB = 1024
SMALL, LEAST, MOST = 100, 1 << 16, 1 << 32  # bytes announced; none of them is sent
FIELD = 4000  # bytes of each field in a long head
PINGS = 1000
HALF_REQUEST = 30  # bytes of it
UNANSWERED = 1.0  # seconds behind which a request is beyond the limit of a server that answers others


def field_name(number: int) -> bytes:
    """The name of the added header field with that number."""
    return b"X-Wireproof-%03d" % number


def with_field_of(request: Request, size: int) -> Request:
    """*request* with one more header field, *size* bytes long without its line's end."""
    name = field_name(0)
    return request.with_header(name, b"x" * (size - len(name) - 2))


def with_fields(request: Request, count: int) -> Request:
    """*request* with short fields added until there are *count*."""
    for number in range(len(request.headers), count):
        request = request.with_header(field_name(number), b"x")
    return request


def as_long_as(request: Request, size: int) -> Request:
    """*request* with fields added until its head has *size* bytes."""
    each = len(field_name(0)) + 4
    number = 0
    while (lack := size - len(request.encode())) > 2 * FIELD:
        request = request.with_header(field_name(number), b"x" * (FIELD - each))
        number += 1
    for part in (lack // 2, lack - lack // 2):
        request = request.with_header(field_name(number), b"x" * (part - each))
        number += 1
    return request


async def is_taken(peers: Peers, size: int, *, make: Callable[[Request, int], Request]) -> bool:
    """Whether the handshake is accepted that *make* makes of an ordinary one and *size*."""
    peer = peers()
    try:
        async with TimeLimit(UNANSWERED):
            return is_accepted(await peer.handshake(make(peer.request(), size)))
    except TimeoutError:
        await peers().open()  # it is this request that is not answered
        return False
    finally:
        peer.discard()


@case(OWN)
async def test_largest_header_field(attempt: Attempt, peers: Peers) -> None:
    """The size up to which a header field of the handshake is accepted is told."""
    last = reach(attempt, 8 * KIB, 64 * KIB)
    probe = partial(is_taken, peers, make=with_field_of)
    tell(attempt, "largest header field", "bytes", await Search(attempt, KIB, last, WHOLE).one_by_one(probe))


@case(OWN)
async def test_number_of_header_fields(attempt: Attempt, peers: Peers) -> None:
    """The number of header fields up to which a handshake is accepted is told."""
    last = reach(attempt, 64, 512)
    probe = partial(is_taken, peers, make=with_fields)
    tell(
        attempt, "header fields", "of one handshake", await Search(attempt, 16, last, WHOLE).one_by_one(probe)
    )


@case(OWN, intensity=Intensity.NORMAL)
async def test_largest_handshake(attempt: Attempt, peers: Peers) -> None:
    """The size up to which the whole head of a handshake is accepted is told, no field of it being large."""
    probe = partial(is_taken, peers, make=as_long_as)
    tell(
        attempt,
        "largest handshake",
        "bytes",
        await Search(attempt, 4 * KIB, 256 * KIB, WHOLE).one_by_one(probe),
    )


@case(OWN, needs=["binary"], intensity=Intensity.NORMAL)
async def test_largest_frame(attempt: Attempt, peers: Peers) -> None:
    """The length up to which the header alone of a frame is not refused is told."""
    witness = peers()
    await witness.open()

    async def refused_of(sizes: Sequence[int]) -> set[int]:
        small, *announcing = await open_all(peers, 1 + len(sizes))
        for size, peer in zip((SMALL, *sizes), (small, *announcing), strict=True):
            peer.answers_pings = False  # a pong would be taken for the frame's payload
            peer.send(Frame(Opcode.BINARY, declared=size))
        hasty, *ended = await ended_among([small, *announcing], witness)
        for peer in (small, *announcing):
            peer.discard()
        if hasty:
            raise NotApplicable("the server does not wait for the rest of a small frame either")
        return {size for size, end in zip(sizes, ended, strict=True) if end}

    tell(attempt, "largest frame announced", "bytes", await Search(attempt, LEAST, MOST).at_once(refused_of))


@case(OWN, intensity=Intensity.NORMAL)
@pytest.mark.serial("the rate of one connection would be that of all")
async def test_ping_rate(attempt: Attempt, peers: Peers) -> None:
    """How fast the server answers pings, or how many at a time, is told."""
    if spent := await time_for_pings(peers, PINGS):
        attempt.measure("pings answered a second", round(PINGS / spent, -2))
        attempt.report("pings were answered one after another; see the limits for the rate")
        return

    async def is_taken(count: int) -> bool:
        return bool(await time_for_pings(peers, count))

    found = await Search(attempt, 8, PINGS, WHOLE).one_by_one(is_taken)
    tell(attempt, "pings", "at a time", found)


async def time_for_pings(peers: Peers, count: int) -> float | None:
    """The seconds until so many pings that come at a time are answered; None when they end the connection."""
    peer = peers()
    await peer.open()
    last = peer.ping()
    began = time.monotonic()
    peer.send_pings(b"wireproof", count - 1)
    peer.send(last)
    with peer.attempt.expecting("a pong behind them", "a Close frame", "the end of TCP"):
        while not isinstance(event := await peer.event(), (Close, Ended)) and event != Pong(last.payload):
            pass
    peer.discard()
    return time.monotonic() - began if isinstance(event, Pong) else None


async def has_ended(peer: WebSocketPeer) -> None:
    """Wait until the server says that it ends the connection, or does so."""
    while not isinstance(await peer.event(), (Close, Ended)):
        pass


async def has_ended_tcp(peer: WebSocketPeer) -> None:
    """Wait for the end of TCP."""
    while await peer.connection.receive():
        pass


@case(OWN)
async def test_time_for_a_client_that_sends_nothing(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server waits for the first byte of a handshake is told."""
    patience = attempt.be_patient()
    await peer.connect()
    # The first thing to come, be it an answer or the end, tells that the server has given up.
    await tell_time(attempt, "time for the first byte", patience, peer.connection.receive())


@case(OWN)
async def test_time_for_half_a_handshake(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server waits for the rest of a handshake is told."""
    patience = attempt.be_patient()
    await peer.connect()
    peer.send_bytes(peer.request().encode()[:HALF_REQUEST], "a part of a request")
    await tell_time(attempt, "time for the handshake", patience, peer.connection.receive())


@case(OWN)
async def test_time_for_an_idle_connection(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server keeps a connection on which the client says nothing, not even pongs, is told."""
    patience = attempt.be_patient()
    peer.answers_pings = False
    await peer.open()
    await tell_time(attempt, "time for an idle client", patience, has_ended(peer))


@case(OWN)
async def test_time_for_a_client_that_only_answers_pings(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server keeps a connection on which the client only answers pings is told."""
    patience = attempt.be_patient()
    await peer.open()
    await tell_time(attempt, "time for a client that only answers pings", patience, has_ended(peer))


@case(OWN, needs=["close"])
async def test_time_for_the_answer_to_a_close(attempt: Attempt, peer: WebSocketPeer) -> None:
    """How long the server waits for the answer to its Close frame is told."""
    patience = attempt.be_patient()
    await peer.open(peer.request("/close?code=1000"))
    peer.send(Frame.text("close, please"))
    await peer.expect_close()
    await tell_time(attempt, "time for the answer to a Close frame", patience, has_ended_tcp(peer))
