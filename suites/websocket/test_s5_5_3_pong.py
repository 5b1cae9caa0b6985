"""RFC 6455 section 5.5.3: what a pong says, and pongs that nobody asked for."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import STRAYS, WebSocketPeer, cut_short
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.session import Close, Ping, Pong
from wireproof.wire.text import shorten
from wireproof.wire.websocket import Frame


@case("rfc6455/5.5.3/pong-data")
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\xff\xfe\x80\xc0\x00\xed\xa0\x80", id="invalid-utf-8"),
        pytest.param(b"\x00" * 8, id="nul"),
        pytest.param(b"\r\n\r\n \t", id="white-space"),
        pytest.param(b"x" * 125, id="125-bytes"),
        pytest.param(bytes(range(125)), id="125-different-bytes"),
        pytest.param(bytes(range(131, 256)), id="125-high-bytes"),
        pytest.param(b"\x89\x80\x00\x00\x00\x00", id="like-a-ping"),
        pytest.param(b"\x88\x02\x03\xe8", id="like-a-close"),
    ],
)
async def test_pong_returns_the_payload(peer: WebSocketPeer, payload: bytes) -> None:
    """A pong has the very payload of the ping, whatever it is."""
    await peer.open()
    await peer.expect_answered(Frame.ping(payload))


@case("rfc6455/5.5.3/pong-data")
async def test_pong_returns_any_length(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A pong has the very payload of the ping for lengths from 125 bytes down to none."""
    await peer.open()
    for size in (125, 124, 100, 64, 63, 33, 32, 31, 17, 16, 15, *range(9, -1, -1)):
        with attempt.row(f"{size} bytes"):
            await peer.expect_answered(Frame.ping(bytes(range(1, size + 1))))


@case("rfc6455/5.5.3/pong-data")
async def test_pong_has_the_payload_of_its_ping(
    peer: WebSocketPeer, attempt: Attempt, target: Target
) -> None:
    """The first pong behind a ping has the payload of that ping."""
    # Where pongs are so wrong that all other cases take them for none, this one still judges.
    if "pong" in target.reasons:
        target.require("pong")
    await peer.open()
    with attempt.expecting("a pong with the payload of the ping") as expecting:
        strays = 0
        peer.send(Frame.ping(b"my payload"))
        while True:
            match await peer.event():
                case Pong(b"my payload"):
                    return
                case Pong(payload):
                    strays += 1
                    if strays == STRAYS:
                        observed = f"pongs with other payloads, at last {shorten(payload)}"
                        expecting.broken(observed, Ground.MISSING)
                    peer.send(Frame.ping(b"my payload"))
                case Close() | Ended() as end:
                    cut_short(expecting, end)
                case _:
                    pass


@case("rfc6455/5.5.3/latest-ping")
async def test_latest_of_many_pings_is_answered(peer: WebSocketPeer) -> None:
    """Of thirty pings in one segment at least the last is answered."""
    await peer.open()
    pings = [peer.ping() for _ in range(30)]
    peer.send(*pings)
    await peer.expect_pong(pings[-1].payload)


@case("rfc6455/5.5.3/pong-data")
async def test_pongs_of_many_pings(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Each pong for thirty pings in one segment has the payload of one of them."""
    sent = [b"ping %d" % n for n in range(30)]
    await peer.open()
    peer.send(*(Frame.ping(payload) for payload in sent), stop := peer.ping())
    pongs: list[bytes] = []
    with attempt.expecting("pongs with payloads of the pings") as expecting:
        while stop.payload not in pongs:
            match await peer.event():
                case Pong(payload):
                    pongs.append(payload)
                case Close() | Ended() as end:
                    cut_short(expecting, end)
                case _:
                    pass
        strange = [payload for payload in pongs if payload not in sent and payload != stop.payload]
        if len(strange) >= STRAYS:
            observed = f"{len(strange)} pongs with other payloads, such as {shorten(strange[0])}"
            expecting.broken(observed, Ground.MISSING)
    places = [sent.index(payload) for payload in pongs if payload in sent]
    if places != sorted(places):
        attempt.report("the pongs came in another order than the pings")
    if len(places) != len(sent):
        attempt.report(f"{len(places)} of {len(sent)} pings were answered")


@case("rfc6455/5.5.3/unsolicited-pong-received")
@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"nobody asked", id="text"),
        pytest.param(b"\xff\x00\xfe", id="binary"),
        pytest.param(b"p" * 125, id="125-bytes"),
    ],
)
async def test_unsolicited_pong_is_tolerated(peer: WebSocketPeer, payload: bytes) -> None:
    """A pong that answers no ping does no harm."""
    await peer.open()
    peer.send(Frame.pong(payload))
    await peer.expect_alive()


@case("rfc6455/5.5.3/unsolicited-pong-received")
async def test_many_unsolicited_pongs_are_tolerated(peer: WebSocketPeer) -> None:
    """A hundred pongs that answer no ping, before and behind a ping, do no harm."""
    await peer.open()
    pongs = [Frame.pong(b"unasked %d" % n) for n in range(50)]
    ping = peer.ping()
    peer.send(*pongs, ping, *pongs)
    await peer.expect_pong(ping.payload)
    await peer.expect_alive()


@case("rfc6455/5.5.3/unsolicited-pong-received")
async def test_unsolicited_pong_is_not_answered(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A pong that answers no ping gets no answer."""
    unasked = b"nobody asked for this"
    await peer.open()
    peer.send(Frame.pong(unasked), stop := peer.ping())
    with attempt.expecting("no answer to the pong", "a pong for the ping behind it") as expecting:
        while True:
            match await peer.event():
                case (Pong(payload) | Ping(payload)) as answer if payload == unasked:
                    expecting.broken(f"a {type(answer).__name__.lower()} with the payload of the pong")
                case Pong(payload) if payload == stop.payload:
                    return
                case Close() | Ended() as end:
                    cut_short(expecting, end)
                case _:
                    pass


@case("rfc6455/5.5.3/unsolicited-pong-received")
async def test_pong_with_the_payload_of_a_later_ping(peer: WebSocketPeer) -> None:
    """A pong does not take the place of the answer to a ping that has the same payload."""
    await peer.open()
    peer.send(Frame.pong(b"the same"))
    await peer.expect_answered(Frame.ping(b"the same"))
