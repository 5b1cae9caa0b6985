"""RFC 7692 section 7.2.2: damaged data, and small messages that inflate to large ones."""

from __future__ import annotations

import zlib
from functools import cache

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.connection import End
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer, describe_close
from wireproof.wire.blocks import BlockWriter, Copy
from wireproof.wire.deflate import TAIL, DeflateOffer
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import CloseCode, Opcode

from .deflating import agree, dynamic, marked
from .service import expect_served

MIB = 1 << 20
DAMAGED = {
    "block-of-type-3": b"\x06\x00",
    "stored-length-and-complement": b"\x00\x05\x00\x00\x00Hello\x00",
    "distance-beyond-the-start": BlockWriter().fixed(b"abc", Copy(5, 4)).payload(),
    "reserved-length-code": bytes.fromhex("1b0300"),
    "no-deflate-data": b"This is a text, not compressed at all.",
    # The tail that the receiver appends becomes part of the block, and then there is nothing more.
    "stored-block-that-breaks-off": b"\x00\x64\x00\x9b\xffHello",
    "dynamic-block-that-breaks-off": dynamic(bytes(32 + n * n % 61 for n in range(300)))[:12],
}
HELLO = BlockWriter().fixed(b"Hello")
ENDS = {
    "tail not removed": HELLO.payload() + TAIL,
    "tail doubled": HELLO.payload() + TAIL + TAIL,
    "final block without the byte behind it": BlockWriter().fixed(b"Hello", final=True).data(),
    "empty message without its byte": b"",
}


@case("rfc7692/7.2.2/damaged-data-received", needs=["deflate", "binary"])
@pytest.mark.parametrize("what", DAMAGED)
async def test_damaged_data_fails_the_connection(peer: WebSocketPeer, what: str) -> None:
    """Data that is no DEFLATE data, or that breaks off, fails the connection."""
    await agree(peer)
    peer.send(marked(Opcode.BINARY, DAMAGED[what]))
    await peer.expect_failure(CloseCode.INVALID_DATA, CloseCode.PROTOCOL_ERROR)


@case("rfc7692/7.2.2/damaged-data-received", needs=["deflate", "binary"])
async def test_reference_to_a_message_that_was_forgotten_fails_the_connection(peer: WebSocketPeer) -> None:
    """A reference into the first message that there is fails the connection: the window is empty."""
    await agree(peer, DeflateOffer(client_no_context_takeover=True))
    peer.send(marked(Opcode.BINARY, BlockWriter().fixed(b"H", Copy(4, 5)).payload()))
    await peer.expect_failure(CloseCode.INVALID_DATA, CloseCode.PROTOCOL_ERROR)


@case("rfc7692/7.2.2/tail-received", needs=["deflate", "binary"])
async def test_message_that_ends_otherwise(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of a compressed message with too long or too short an end is told."""
    for name, payload in ENDS.items():
        peer, witness = peers(), peers()
        await witness.open()
        await agree(peer)
        peer.send(marked(Opcode.BINARY, payload))
        attempt.report(f"{name}: {await reaction(peer, witness)}")
        peer.discard()


async def reaction(peer: WebSocketPeer, witness: WebSocketPeer) -> str:
    """What the server does about what was sent last, in a few words."""
    match await next_event(peer, witness):
        case Message() as message:
            return f"accepted as {len(message.data)} bytes"
        case Close() as close:
            return describe_close(close)
        case Ended(End.ABANDONED):
            return "accepted, and more came back than is looked at here"
        case Ended() as end:
            return str(end)
        case _:
            return "nothing came back"


@cache
def bomb(mib: int) -> bytes:
    """A payload that inflates to so many MiB of zeros: a thousandth of that."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = stream.compress(bytes(MIB)) + stream.flush(zlib.Z_FULL_FLUSH)
    return (one * mib)[: -len(TAIL)]


async def explode(peers: Peers, attempt: Attempt, mib: int) -> None:
    other, peer = peers(), peers()
    await other.open()
    await agree(peer)
    peer.send(marked(Opcode.BINARY, bomb(mib)))
    what = await reaction(peer, other)
    attempt.report(f"{len(bomb(mib))} bytes that inflate to {mib} MiB: {what}")
    peer.discard()
    await expect_served(other, peers)


@case("rfc6455/10.4/limit-protection", needs=["deflate", "binary"], intensity=Intensity.NORMAL)
async def test_message_that_inflates_to_4_mib(peers: Peers, attempt: Attempt) -> None:
    """A message of 4 KiB that inflates to 4 MiB is accepted or refused, and harms nobody."""
    await explode(peers, attempt, 4)


@case("rfc6455/10.4/limit-protection", needs=["deflate", "binary"], intensity=Intensity.HARSH)
@pytest.mark.serial("the server is busy with 64 MiB meanwhile")
async def test_message_that_inflates_to_64_mib(peers: Peers, attempt: Attempt) -> None:
    """A message of 64 KiB that inflates to 64 MiB is accepted or refused, and harms nobody."""
    await explode(peers, attempt, 64)
