"""RFC 6455 sections 10.4 and 10.7: what is too large, too much or no protocol at all takes no server down.

How much a server takes is its own affair: these cases tell its limits and demand only that it lives.
"""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended, PeerEvent
from wireproof.peer.websocket import WebSocketPeer, describe_close
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import Frame, Opcode

from .service import expect_served

KIB = 1024
FRAGMENTS = 20_000
TLS_HELLO = bytes.fromhex("160301007b010000770303") + bytes(32) + bytes.fromhex("000004130113020100004a")
NO_HANDSHAKES = {
    "every-byte": bytes(range(256)) * 16,
    "tls": TLS_HELLO + bytes(74),
    "http2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
}


def tell(event: PeerEvent | None) -> str:
    """What a server did, in a few words."""
    match event:
        case None:
            return "no reaction"
        case Close() as close:
            return describe_close(close)
        case Ended() as end:
            return str(end)
        case Pong():
            return "accepted"
        case Message():
            return "answered with a message"
        case _:
            return "answered"


async def reaction(peer: WebSocketPeer) -> PeerEvent:
    """What the server does about all that was sent: the pong behind it shows that it went on."""
    ping = peer.ping()
    peer.send(ping)
    with peer.attempt.expecting("a pong", "a Close frame", "the end of TCP"):
        while True:
            match await peer.event():
                case Pong(payload) if payload != ping.payload:
                    pass
                case Close() | Ended() | Pong() as event:
                    return event
                case _:
                    pass


@case("rfc6455/10.4/limit-protection", intensity=Intensity.NORMAL)
async def test_huge_declared_length(attempt: Attempt, peers: Peers) -> None:
    """A header that declares an enormous payload, of which nothing comes, harms nobody."""
    other, huge = peers(), peers()
    await other.open()
    await huge.open()
    huge.send(Frame(Opcode.BINARY, declared=1 << 60))
    attempt.report(f"2^60 bytes declared: {tell(await next_event(huge, other))}")
    await expect_served(other, peers)


@case(
    "rfc6455/10.4/limit-protection",
    "rfc6455/10.4/limit-imposed",
    needs=["binary"],
    intensity=Intensity.NORMAL,
)
async def test_limit_on_the_message_size(attempt: Attempt, peers: Peers) -> None:
    """The size up to which messages are accepted is told; a larger one harms nobody."""
    other = peers()
    await other.open()
    for size in (64 * KIB, 256 * KIB, 1024 * KIB - 1):
        peer = peers()
        await peer.open()
        peer.send(Frame.binary(bytes(size)))
        what = await reaction(peer)
        peer.discard()
        attempt.report(f"a message of {size} bytes: {tell(what)}")
        if not isinstance(what, Pong):
            break
    await expect_served(other, peers)


@case("rfc6455/10.4/limit-protection", needs=["text"], intensity=Intensity.HARSH)
@pytest.mark.parametrize("size", [0, 1])
async def test_stream_of_tiny_fragments(attempt: Attempt, peers: Peers, size: int) -> None:
    """A message in endless fragments of no or one byte is accepted or refused, and harms nobody."""
    other, endless = peers(), peers()
    await other.open()
    await endless.open()
    endless.send(Frame.text("x", fin=False))
    piece = Frame.continuation(b"x" * size, fin=False).encode()
    endless.send_bytes(piece * FRAGMENTS, f"{FRAGMENTS} continuation frames of {size} bytes")
    attempt.report(f"{FRAGMENTS} fragments of {size} bytes: {tell(await reaction(endless))}")
    await expect_served(other, peers)


@case("rfc6455/10.7/input-validation")
@pytest.mark.parametrize("what", NO_HANDSHAKES)
async def test_what_is_no_handshake(peers: Peers, what: str) -> None:
    """Bytes that are no HTTP request harm nobody."""
    other, stray = peers(), peers()
    await other.open()
    await stray.connect()
    stray.send_bytes(NO_HANDSHAKES[what])
    stray.half_close()
    await expect_served(other, peers)
