"""RFC 6455 section 8.1: text messages that are not valid UTF-8."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.table import each_row
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame, Opcode, fragments

from .utf8_rows import (
    BEYOND_UNICODE,
    BROKEN_GREEK,
    GREEK,
    IMPOSSIBLE_BYTES,
    INVALID,
    LONE_CONTINUATIONS,
    OVERLONG,
    SURROGATES,
    TRUNCATED,
    WRONG_CONTINUATIONS,
    some,
)

TABLES = {
    "wrong-continuations": some(WRONG_CONTINUATIONS, 20),
    "truncated": TRUNCATED,
    "overlong": OVERLONG,
    "surrogates": SURROGATES,
    "beyond-unicode": BEYOND_UNICODE,
    "lone-continuations": some(LONE_CONTINUATIONS, 8),
    "impossible-bytes": IMPOSSIBLE_BYTES,
    "broken-greek": BROKEN_GREEK,
}

# Fast validators look at blocks of these sizes, and often skip ASCII.
BLOCKS = (4, 8, 16, 32, 64, 128)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
@pytest.mark.parametrize("table", list(TABLES))
async def test_invalid_text_fails_the_connection(peers: Peers, attempt: Attempt, table: str) -> None:
    """A text message that is not valid UTF-8 fails the connection."""
    await each_row(attempt, peers, TABLES[table], _expect_failure)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("part", [0, 1, 2, 3])
async def test_every_invalid_sequence(peers: Peers, attempt: Attempt, part: int) -> None:
    """Every ill-formed sequence of the tables, between other characters, fails the connection."""
    rows = dict(list(INVALID.items())[part::4])
    await each_row(
        attempt, peers, {name: b"a\xc3\xa9" + bad + b"z" for name, bad in rows.items()}, _expect_failure
    )


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
@pytest.mark.parametrize("where", ["start", "end"])
async def test_bad_byte_around_blocks(peers: Peers, attempt: Attempt, where: str) -> None:
    """A bad byte is found wherever it stands in a longer text."""
    offsets = sorted({size + near for size in BLOCKS for near in (-1, 0)} | {0, 1})
    rows = {}
    for at in offsets:
        bad = b"a" * at + b"\xff" + (b"a" * 200 if where == "start" else b"")
        rows[f"at {at} of {len(bad)}"] = bad
    await each_row(attempt, peers, rows, _expect_failure)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
async def test_truncated_character_behind_long_text(peers: Peers, attempt: Attempt) -> None:
    """A text may not end inside a character, however long it is."""
    rows = {f"{size} bytes before it": b"a" * size + b"\xf0\x9f\x90" for size in (1, 4, 13, 61, 125, 65533)}
    await each_row(attempt, peers, rows, _expect_failure)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
async def test_invalid_text_behind_valid_messages(peers: Peers, attempt: Attempt) -> None:
    """An invalid text fails the connection also when valid messages came before it."""
    valid = Frame.text(GREEK)
    rows = {
        "one before it": (valid, Frame.text(b"\xff")),
        "a fragmented one before it": (
            *fragments(Opcode.TEXT, b"\xce", b"\xba"),
            Frame.text(b"\xed\xa0\x80"),
        ),
        "a ping before it": (valid, Frame.ping(b"\xff"), Frame.text(b"\xc0\x80")),
        "an empty one before it": (Frame.text(""), Frame.text(b"\x80")),
    }
    await each_row(attempt, peers, rows, _expect_failure_of)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text", "binary"])
async def test_character_does_not_span_messages(peers: Peers, attempt: Attempt) -> None:
    """A character can't begin in one message and end in the next."""
    rows = {
        "two texts": (Frame.text(b"\xce"), Frame.text(b"\xba")),
        "a binary before the text": (Frame.binary(b"\xce"), Frame.text(b"\xba")),
        "a fragmented binary before the text": (
            *fragments(Opcode.BINARY, b"\xe6", b"\xb0"),
            Frame.text(b"\xb4"),
        ),
        "a ping before the rest": (
            Frame.text(b"\xe6", fin=False),
            Frame.ping(b"\xb0"),
            Frame.continuation(b"\xb4"),
        ),
    }
    await each_row(attempt, peers, rows, _expect_failure_of)


async def _expect_failure(peer: WebSocketPeer, text: bytes) -> None:
    await _expect_failure_of(peer, (Frame.text(text),))


async def _expect_failure_of(peer: WebSocketPeer, frames: tuple[Frame, ...]) -> None:
    peer.send(*frames)
    await peer.expect_failure(CloseCode.INVALID_DATA)
