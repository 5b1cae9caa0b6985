"""RFC 7692 sections 6.2 and 7.2.2: a server reads compressed messages, and uncompressed ones among them."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.table import named
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.blocks import BlockWriter
from wireproof.wire.deflate import TAIL
from wireproof.wire.websocket import Frame, Opcode, fragments

from .deflating import agree, cut, cut_every, dynamic, marked, packed, squares
from .provocations import letters

HELLO = bytes.fromhex("f248cdc9c90700")
EXAMPLES = {  # of section 7.2.3
    "one block": (marked(Opcode.TEXT, HELLO),),
    "two fragments": cut(marked(Opcode.TEXT, HELLO), 3),
    "a stored block": (marked(Opcode.TEXT, bytes.fromhex("000500faff48656c6c6f00")),),
    "two blocks": (marked(Opcode.TEXT, bytes.fromhex("f24805000000ffffcac9c90700")),),
    "an empty block in the last fragment": cut(marked(Opcode.TEXT, HELLO + TAIL + b"\x00"), 11),
    "a final block": (marked(Opcode.TEXT, bytes.fromhex("f348cdc9c9070000")),),
}
MIXED_TEXT = b"one two " + squares(150)
MIXED = marked(Opcode.TEXT, BlockWriter().fixed(b"one ").stored(b"two ").raw(dynamic(squares(150))).payload())
WIDE = marked(Opcode.TEXT, BlockWriter().stored(("ä€𝄞 " * 5).encode()).payload())
SIZES = (1, 5, 124, 125, 126, 1000, 20_000)


@case("rfc7692/6.2/compressed-message-received", needs=["deflate", "echo"])
async def test_compressed_text_comes_back(peer: WebSocketPeer) -> None:
    """Compressed texts of many sizes come back as they were."""
    await agree(peer)
    for size in SIZES:
        peer.send(packed(peer, Opcode.TEXT, letters(size)))
        await peer.expect_echo(Opcode.TEXT, letters(size))


@case("rfc7692/6.2/compressed-message-received", needs=["deflate", "echo-binary"])
async def test_compressed_binary_comes_back(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Compressed binary messages come back as they were, also those that compression makes longer."""
    await agree(peer)
    for size in SIZES:
        data = attempt.random.randbytes(size)
        peer.send(packed(peer, Opcode.BINARY, data))
        await peer.expect_echo(Opcode.BINARY, data)


@case("rfc7692/7.2.2/decompression", needs=["deflate", "echo"])
async def test_examples_of_the_text_are_read(peer: WebSocketPeer) -> None:
    """The compressed messages that section 7.2.3 shows say Hello."""
    await agree(peer)
    for name, frames in EXAMPLES.items():
        with named(name):
            peer.send(*frames)
            await peer.expect_echo(Opcode.TEXT, b"Hello")


@case("rfc7692/7.2.2/decompression", needs=["deflate", "echo"])
async def test_empty_message_comes_back(peer: WebSocketPeer) -> None:
    """An empty message comes back whichever empty block it has, and where."""
    await agree(peer)
    rows = {
        "a stored block": (marked(Opcode.TEXT, b"\x00"),),
        "a fixed block": (marked(Opcode.TEXT, BlockWriter().fixed().payload()),),
        "in the second fragment": cut(marked(Opcode.TEXT, b"\x00"), 0),
        "in the first fragment": cut(marked(Opcode.TEXT, b"\x00"), 1),
    }
    for name, frames in rows.items():
        with named(name):
            peer.send(*frames)
            await peer.expect_echo(Opcode.TEXT, b"")


@case("rfc7692/6.2/compressed-message-received", needs=["deflate", "echo"])
async def test_many_compressed_messages_in_one_segment(peer: WebSocketPeer) -> None:
    """Compressed messages that come all at once come back one by one."""
    await agree(peer)
    texts = [letters(7 * n + 1) for n in range(40)]
    peer.send(*(packed(peer, Opcode.TEXT, text) for text in texts))
    for text in texts:
        await peer.expect_echo(Opcode.TEXT, text)


@case("rfc7692/6.2/fragments-joined-first", needs=["deflate", "echo"])
async def test_fragments_are_cut_anywhere(peer: WebSocketPeer) -> None:
    """A compressed message comes back wherever between two bytes it was cut."""
    await agree(peer)
    for at in range(1, len(MIXED.payload)):
        with named(f"cut behind byte {at} of {len(MIXED.payload)}"):
            peer.send(*cut(MIXED, at))
            await peer.expect_echo(Opcode.TEXT, MIXED_TEXT)


@case("rfc7692/6.2/fragments-joined-first", needs=["deflate", "echo"])
async def test_fragments_are_small(peer: WebSocketPeer) -> None:
    """A compressed message in many small fragments comes back, and so does the next one."""
    await agree(peer)
    for size in (1, 2, 7):
        for text in (MIXED_TEXT, letters(500), letters(900)):
            peer.send(*cut_every(packed(peer, Opcode.TEXT, text), size))
            with named(f"fragments of {size} bytes"):
                await peer.expect_echo(Opcode.TEXT, text)


@case("rfc7692/6.2/fragments-joined-first", needs=["deflate", "echo"])
async def test_empty_fragments_are_nothing(peer: WebSocketPeer) -> None:
    """Fragments without payload, first, last or in between, change nothing of a compressed message."""
    await agree(peer)
    size = len(MIXED.payload)
    for name, offsets in {
        "first": (0,),
        "middle": (9, 9, 9),
        "last": (size,),
        "all": (0, 9, 9, size),
    }.items():
        with named(name):
            peer.send(*cut(MIXED, *offsets))
            await peer.expect_echo(Opcode.TEXT, MIXED_TEXT)


@case("rfc7692/6.2/fragments-joined-first", needs=["deflate", "echo"])
async def test_control_frames_between_fragments(peer: WebSocketPeer) -> None:
    """Pings and pongs between the fragments of a compressed message are answered and change nothing."""
    await agree(peer)
    for frame in cut(MIXED, 1, 2, 20, 21, 40):
        peer.send(frame, Frame.pong(b"unasked"))
        await peer.expect_alive()
    await peer.expect_echo(Opcode.TEXT, MIXED_TEXT)


@case("rfc7692/6.2/fragments-joined-first", needs=["deflate", "echo"])
async def test_character_across_fragments(peer: WebSocketPeer) -> None:
    """A character whose bytes are compressed into several fragments is one character."""
    await agree(peer)
    text = "ä€𝄞 " * 5
    for frame in (packed(peer, Opcode.TEXT, text.encode()), WIDE):
        peer.send(*cut_every(frame, 1))
        await peer.expect_echo(Opcode.TEXT, text.encode())


@case("rfc7692/6.2/uncompressed-message-received", needs=["deflate", "echo"])
async def test_compressed_and_uncompressed_messages_take_turns(peer: WebSocketPeer) -> None:
    """An uncompressed message comes back as it was, whole or in fragments, among compressed ones."""
    await agree(peer)
    for size in (5, 0, 1, 2000, 0, 300):
        text, half = letters(size), size // 2
        peer.send(
            packed(peer, Opcode.TEXT, b"packed " + text),
            Frame.text(text),
            packed(peer, Opcode.TEXT, text),
            *fragments(Opcode.TEXT, text[:half], text[half:]),
        )
        for expected in (b"packed " + text, text, text, text):
            await peer.expect_echo(Opcode.TEXT, expected)
