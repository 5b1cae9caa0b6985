"""RFC 7692 sections 7.2.1 and 7.2.2: the DEFLATE blocks that a message may consist of."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.table import named
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.blocks import BlockWriter, Copy
from wireproof.wire.websocket import Opcode

from .deflating import agree, cut_every, dynamic, marked, squares
from .provocations import letters

PROSE = b"In a hole in the ground there lived a server. " * 3 + letters(40)
Row = tuple[BlockWriter, bytes]


async def expect_read(peer: WebSocketPeer, rows: dict[str, Row], size: int = 0) -> None:
    """Demand of every row that its blocks are read, each message in fragments of *size* bytes if told."""
    for name, (writer, text) in rows.items():
        frame = marked(Opcode.TEXT, writer.payload())
        with named(name):
            peer.send(*(cut_every(frame, size) if size else (frame,)))
            await peer.expect_echo(Opcode.TEXT, text)


@case("rfc7692/7.2.2/block-types-received", needs=["deflate", "echo"])
async def test_stored_blocks_are_read(peer: WebSocketPeer) -> None:
    """Blocks without compression, of few bytes or many, are read."""
    await agree(peer)
    rows: dict[str, Row] = {
        f"{size} bytes": (BlockWriter().stored(letters(size)), letters(size))
        for size in (1, 255, 256, 40_000)
    }
    await expect_read(peer, rows)


@case("rfc7692/7.2.2/block-types-received", needs=["deflate", "echo"])
async def test_fixed_blocks_are_read(peer: WebSocketPeer) -> None:
    """Blocks with the fixed codes, with references of every kind of length, are read."""
    await agree(peer)
    rows: dict[str, Row] = {
        f"{length} bytes from {distance} bytes back": (
            BlockWriter().fixed(PROSE, Copy(length, distance)),
            PROSE + (PROSE[-distance:] * length)[:length],
        )
        for length in (3, 10, 11, 130, 257, 258)
        for distance in (1, 4, 5, 100, len(PROSE))
    }
    await expect_read(peer, rows)


@case("rfc7692/7.2.2/block-types-received", needs=["deflate", "echo"])
async def test_dynamic_blocks_are_read(peer: WebSocketPeer) -> None:
    """Blocks with codes of their own are read."""
    await agree(peer)
    texts = (PROSE, squares(1000), squares(6000), "äöü€ß𝄞".encode() * 300)
    await expect_read(peer, {f"{len(t)} bytes": (BlockWriter().raw(dynamic(t)), t) for t in texts})


@case("rfc7692/7.2.2/several-blocks-received", needs=["deflate", "echo"])
@pytest.mark.parametrize("size", [0, 3], ids=["whole", "in-fragments"])
async def test_several_blocks_are_read(peer: WebSocketPeer, size: int) -> None:
    """A message of several blocks, of one type or of all, some of them empty, is read."""
    await agree(peer)
    many = BlockWriter()
    for _ in range(20):
        many.fixed(b"a").stored(b"b")
    empty = BlockWriter()
    for _ in range(20):
        empty.fixed().stored(b"")
    rows: dict[str, Row] = {
        "two fixed": (BlockWriter().fixed(b"He").fixed(b"llo", Copy(4, 4)), b"Helloello"),
        "all types": (
            BlockWriter().stored(b"1 ").fixed(b"2 ").raw(dynamic(PROSE)).fixed(b" 4"),
            b"1 2 " + PROSE + b" 4",
        ),
        "forty": (many, b"ab" * 20),
        "forty empty ones": (empty.fixed(b"!"), b"!"),
    }
    await expect_read(peer, rows, size)


@case("rfc7692/7.2.2/final-block-received", needs=["deflate", "echo"])
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"Hello",), id="alone"),
        pytest.param((b"H", b"", b"e", b"llo"), id="several"),
        pytest.param((b"",), id="empty"),
    ],
)
async def test_final_block_is_read(peers: Peers, attempt: Attempt, parts: tuple[bytes, ...]) -> None:
    """A message whose blocks are final ones, each but for the last of several, is read to its end."""
    fixed, stored = BlockWriter(), BlockWriter()
    for number, part in enumerate(parts, 1):
        fixed.fixed(part, final=number == 1 or number < len(parts))
        stored.stored(part, final=number == 1 or number < len(parts))
    for name, writer in {"fixed": fixed, "stored": stored}.items():
        with attempt.row(name):
            peer = peers()
            await agree(peer)
            peer.send(marked(Opcode.TEXT, writer.payload()))
            await peer.expect_echo(Opcode.TEXT, b"".join(parts))


@case("rfc7692/7.2.2/message-after-final-block-received", needs=["deflate", "echo"])
async def test_message_behind_a_final_block_is_read(peer: WebSocketPeer) -> None:
    """A message that refers to none before it is read behind one with a final block."""
    await agree(peer)
    rows: dict[str, Row] = {
        "with a final block": (BlockWriter().fixed(b"Hello", final=True), b"Hello"),
        "the next": (BlockWriter().fixed(b"World"), b"World"),
        "with a final block again": (BlockWriter().stored(b"Hello again", final=True), b"Hello again"),
        "the last": (BlockWriter().stored(b"the end"), b"the end"),
    }
    await expect_read(peer, rows)
    await expect_read(peer, rows, 1)


@case("rfc7692/7.2.2/window-after-final-block", needs=["deflate", "echo"])
async def test_window_outlives_a_final_block(peer: WebSocketPeer) -> None:
    """A message refers to what came before a final block in the message before it."""
    await agree(peer)
    rows: dict[str, Row] = {
        "with a final block": (BlockWriter().fixed(b"Hello", final=True), b"Hello"),
        "the next": (BlockWriter().fixed(b"H", Copy(4, 5)), b"Hello"),
    }
    await expect_read(peer, rows)
