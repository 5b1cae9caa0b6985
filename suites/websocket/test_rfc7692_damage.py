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
from wireproof.wire.deflate import TAIL
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import CloseCode, Opcode

from .deflating import agree, dynamic, marked, squares
from .service import expect_served

MIB = 1 << 20
GARBAGE = {
    "a block of type 3": b"\x06\x00",
    "a stored block's length and complement": b"\x00\x05\x00\x00\x00Hello\x00",
    "a reserved length code": bytes.fromhex("1b0300"),
    "no DEFLATE data": b"This is a text, not compressed at all.",
}
BROKEN_OFF = {
    # The tail that the receiver appends becomes part of the block, and then there is nothing more.
    "a stored block": b"\x00\x64\x00\x9b\xffHello",
    "a dynamic block": dynamic(squares(600))[:40],
}
BEYOND = {
    "four bytes back behind three": BlockWriter().fixed(b"abc", Copy(5, 4)).payload(),
    "ahead of the first message": BlockWriter().fixed(b"H", Copy(4, 5)).payload(),
}
HELLO = BlockWriter().fixed(b"Hello")
ENDS = {
    "tail not removed": HELLO.payload() + TAIL,
    "tail doubled": HELLO.payload() + TAIL + TAIL,
    "final block without the byte behind it": BlockWriter().fixed(b"Hello", final=True).data(),
    "empty message without its byte": b"",
}


@case("rfc7692/7.2.2/damaged-data-received", needs=["deflate", "binary"])
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(GARBAGE, id="garbage"),
        pytest.param(BEYOND, id="distance-beyond-the-start"),
        pytest.param(BROKEN_OFF, id="broken-off"),
    ],
)
async def test_damaged_data_fails_the_connection(
    peers: Peers, attempt: Attempt, rows: dict[str, bytes]
) -> None:
    """Data that is no DEFLATE data, or that breaks off, fails the connection."""
    for name, payload in rows.items():
        with attempt.row(name):
            peer = peers()
            await agree(peer)
            peer.send(marked(Opcode.BINARY, payload))
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
