"""RFC 7692 section 6.1: RSV1 where it must not be, and what must be valid once it is decompressed."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.blocks import BlockWriter
from wireproof.wire.websocket import CloseCode, Frame, Opcode, Rsv

from .deflating import agree, cut, dynamic, marked, packed, squares
from .provocations import letters

CONTROL_FRAMES = {
    "a ping": Frame.ping(b"hello"),
    "an empty ping": Frame.ping(),
    "a pong": Frame.pong(b"hello"),
    "a compressed ping": Frame.ping(BlockWriter().fixed(b"hello").payload()),
}


@case("rfc7692/6.1/bit-on-control-frame-received", needs=["deflate"])
async def test_mark_on_a_control_frame_fails_the_connection(peers: Peers, attempt: Attempt) -> None:
    """A control frame with RSV1 fails the connection, also where compression is agreed on."""
    for name, frame in CONTROL_FRAMES.items():
        with attempt.row(name):
            peer = peers()
            await agree(peer)
            peer.send(frame.but(rsv=Rsv.RSV1))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc7692/6.1/bit-on-control-frame-received", needs=["deflate", "text"])
async def test_mark_on_a_ping_inside_a_message_fails_the_connection(peer: WebSocketPeer) -> None:
    """A ping with RSV1 between the fragments of a compressed message fails the connection."""
    await agree(peer)
    first, last = cut(packed(peer, Opcode.TEXT, b"hello"), 3)
    peer.send(first, Frame.ping(b"hello").but(rsv=Rsv.RSV1), last)
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc7692/6.1/bit-on-continuation-received", needs=["deflate", "text"])
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(marked(Opcode.TEXT, BlockWriter().fixed(b"hello").payload()), id="compressed"),
        pytest.param(Frame.text(b"hello"), id="uncompressed"),
    ],
)
async def test_mark_on_a_later_fragment_fails_the_connection(
    peers: Peers, attempt: Attempt, frame: Frame
) -> None:
    """A fragment with RSV1 that is not the first fails the connection, whatever the message is."""
    for name, number in {"second of three": 1, "last of three": 2}.items():
        with attempt.row(name):
            peer = peers()
            await agree(peer)
            frames = list(cut(frame, 2, 4))
            frames[number] = frames[number].but(rsv=Rsv.RSV1)
            peer.send(*frames)
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.2/reserved-bits", needs=["deflate", "text"])
@pytest.mark.parametrize("bits", [Rsv.RSV2, Rsv.RSV3], ids=["rsv2", "rsv3"])
async def test_other_reserved_bits_fail_the_connection(peers: Peers, attempt: Attempt, bits: Rsv) -> None:
    """Compression gives a meaning to RSV1 alone: RSV2 and RSV3 fail the connection as before."""
    for name, mark in {"beside RSV1": Rsv.RSV1, "alone": Rsv.NONE}.items():
        with attempt.row(name):
            peer = peers()
            await agree(peer)
            payload = peer.deflater.compress(b"hello") if mark else b"hello"
            peer.send(Frame.text(payload, rsv=bits | mark))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


SURROGATE = b"\xed\xa0\x80"
INVALID = {
    "fixed": (marked(Opcode.TEXT, BlockWriter().fixed(b"good \xff bad").payload()),),
    "stored": (marked(Opcode.TEXT, BlockWriter().stored(b"good " + SURROGATE).payload()),),
    "fragments": cut(marked(Opcode.TEXT, BlockWriter().fixed(b"good \xc3\x28 bad").payload()), 3, 6, 8),
    "long": (marked(Opcode.TEXT, BlockWriter().raw(dynamic(squares(3000) + b"\xf8")).payload()),),
    "unfinished": (marked(Opcode.TEXT, BlockWriter().fixed("good €".encode()[:-1]).payload()),),
}


@case("rfc7692/6.1/invalid-utf8-after-decompression", needs=["deflate", "text"])
@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(("fixed", "stored", "long"), id="whole"),
        pytest.param(("fragments",), id="in-fragments"),
        pytest.param(("unfinished",), id="unfinished"),
    ],
)
async def test_invalid_text_fails_the_connection(
    peers: Peers, attempt: Attempt, kinds: tuple[str, ...]
) -> None:
    """A compressed text that is not UTF-8 once decompressed fails the connection."""
    for kind in kinds:
        with attempt.row(kind):
            peer = peers()
            await agree(peer)
            peer.send(*INVALID[kind])
            await peer.expect_failure(CloseCode.INVALID_DATA)


@case("rfc7692/6.1/invalid-utf8-after-decompression", needs=["deflate", "text"])
async def test_invalid_text_behind_good_ones_fails_the_connection(peer: WebSocketPeer) -> None:
    """A compressed text that breaks UTF-8 fails the connection also behind good messages."""
    await agree(peer)
    peer.send(packed(peer, Opcode.TEXT, letters(50)), Frame.text("plain"))
    await peer.expect_alive()
    peer.send(packed(peer, Opcode.TEXT, letters(50) + b"\xc0\xaf"))
    await peer.expect_failure(CloseCode.INVALID_DATA)
