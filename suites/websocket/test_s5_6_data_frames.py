"""RFC 6455 section 5.6: text and binary messages, and what they may hold."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from wireproof.attempt import NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.table import expect_all_accepted, expect_echoes
from wireproof.peer.websocket import WebSocketPeer, describe_close
from wireproof.wire.session import Close
from wireproof.wire.websocket import CloseCode, Frame, Opcode, fragments

from .closings import hear_out
from .utf8_rows import CONTROLS, CORNERS, EDGES, INVALID, LANGUAGES, MIXED, NONCHARACTERS

TABLES = {"corners": CORNERS, "edges": EDGES, "noncharacters": NONCHARACTERS, "controls": CONTROLS} | {
    "languages": {name: text.encode() for name, text in LANGUAGES.items()}
}

# What applications and libraries like to change on the way.
FRAGILE = {
    "empty": ("", "behind it"),
    "nul": ("\0", "before\0behind", "\0\0 at both ends \0"),
    "byte-order-mark": ("\ufeff", "\ufefftext", "text\ufefftext", "\ufeff\ufefftext"),
    "line-ends": ("one\r\ntwo\r\n", "one\rtwo\r", "\none\n\ntwo\n", "one\u2028two\u2029three\u0085four"),
    "white-space": (" \t text \t ", "\u00a0\u3000text\u200b"),
    "composition": ("\u00e9\u00c5\uac00", "e\u0301A\u030a\u1100\u1161", "\ufb01 \u2460 \u212b \uff21"),
    "replacement-and-direction": ("\ufffd", "\u200e\u202eabc\u202c"),
}


@case("rfc6455/5.6/text-received", needs=["text"])
@pytest.mark.parametrize("table", list(TABLES))
async def test_valid_text_is_accepted(peers: Peers, table: str) -> None:
    """Every text message that is valid UTF-8 is accepted."""
    await expect_all_accepted(peers, {name: (Frame.text(data),) for name, data in TABLES[table].items()})


@case("rfc6455/5.6/text-received", needs=["text"])
async def test_every_scalar_value_is_accepted(peer: WebSocketPeer) -> None:
    """Every character of the first planes is accepted, and a sample of all others."""
    points = [*range(0xD800), *range(0xE000, 0x11000), *range(0x11000, 0x110000, 257)]
    await peer.open()
    for start in range(0, len(points), 8192):
        peer.send(Frame.text("".join(map(chr, points[start : start + 8192]))))
        await peer.expect_alive()


@case("rfc6455/5.6/text-received", needs=["echo"])
@pytest.mark.parametrize("table", list(TABLES))
async def test_valid_text_is_kept(peer: WebSocketPeer, table: str) -> None:
    """Every text message that is valid UTF-8 comes through unchanged."""
    await peer.open()
    await expect_echoes(
        peer, {name: (Frame.text(b"[" + data + b"]"),) for name, data in TABLES[table].items()}
    )


@case("rfc6455/5.6/text-received", needs=["echo"])
@pytest.mark.parametrize("what", list(FRAGILE))
async def test_text_is_not_changed(peer: WebSocketPeer, what: str) -> None:
    """A text message comes through byte by byte: nothing is cut, added, converted or normalised."""
    await peer.open()
    await expect_echoes(peer, {text: (Frame.text(text),) for text in FRAGILE[what]})


@case("rfc6455/5.6/binary-arbitrary-received")
async def test_binary_is_not_validated(peers: Peers) -> None:
    """A binary message may hold any bytes, also those that no text may have."""
    rows = {**INVALID, "every byte": bytes(range(256)), "a byte order mark of UTF-16": b"\xff\xfea\0"}
    await _expect_unjudged(peers, {name: (Frame.binary(data),) for name, data in rows.items()})


@case("rfc6455/5.6/binary-arbitrary-received")
async def test_fragmented_binary_is_not_validated(peers: Peers) -> None:
    """The fragments of a binary message may hold any bytes, and end inside what would be a character."""
    rows = {name: fragments(Opcode.BINARY, b"x", data, b"y") for name, data in INVALID.items()}
    await _expect_unjudged(peers, rows | _split(Opcode.BINARY))


async def _expect_unjudged(peers: Peers, rows: Mapping[str, tuple[Frame, ...]]) -> None:
    """Demand that no binary message of *rows* is closed with 1007 where an ordinary one is accepted.

    An application may well refuse bytes that it can't use; 1007 says that they don't fit the type.
    """
    peer = peers()
    await peer.open()
    peer.send(Frame.binary(b"plain"))
    if await hear_out(peer) is not None:
        raise NotApplicable("the server does not accept an ordinary binary message")
    peer.send(*(frame for frames in rows.values() for frame in frames))
    match await hear_out(peer):
        case None:
            return
        case Close(code=CloseCode.INVALID_DATA) as close:
            peer.attempt.broken(
                f"{await _refused_row(peers(), rows)}: {describe_close(close)}", "no judgement"
            )
        case end:
            raise NotApplicable(f"the application refuses some binary messages: {end}")


async def _refused_row(peer: WebSocketPeer, rows: Mapping[str, tuple[Frame, ...]]) -> str:
    await peer.open()
    for name, frames in rows.items():
        peer.send(*frames)
        if await hear_out(peer) is not None:
            return name
    return "all in one go"


@case("rfc6455/5.6/binary-arbitrary-received", needs=["echo-binary"])
async def test_binary_is_kept(peer: WebSocketPeer) -> None:
    """A binary message comes through unchanged, also where it is no valid UTF-8."""
    await peer.open()
    rows = {**INVALID, "every byte": bytes(range(256)), "NULs": bytes(300)}
    await expect_echoes(peer, {name: (Frame.binary(data),) for name, data in rows.items()})


@case("rfc6455/5.6/binary-arbitrary-received", needs=["text", "binary"])
async def test_binary_leaves_nothing_to_the_next_text(peers: Peers) -> None:
    """A binary message that ends inside what would be a character does not spoil the text behind it."""
    binary, split = Frame.binary(b"\xe6\xb0"), fragments(Opcode.BINARY, b"\xff", b"\xf0\x9f")
    text = Frame.text(MIXED)
    rows = {
        "one frame": (binary, text),
        "fragments": (*split, text),
        "in turn": (text, binary, text, binary, text),
    }
    await expect_all_accepted(peers, rows)


@case("rfc6455/5.6/text-utf8-sent")
async def test_nothing_but_utf8_is_sent_as_text(peer: WebSocketPeer) -> None:
    """Whatever the server says to binary messages: what it sends as text is valid UTF-8."""
    await peer.open()
    peer.send(*map(Frame.binary, (b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", bytes(range(256)))))
    await hear_out(peer)
    peer.expect_no_violation()


@case("rfc6455/5.6/text-utf8-sent")
async def test_text_that_answers_text_is_utf8(peer: WebSocketPeer) -> None:
    """Whatever the server says to text messages, whole or in fragments, is valid UTF-8."""
    await peer.open()
    for text in LANGUAGES.values():
        peer.send(Frame.text(text), *fragments(Opcode.TEXT, text.encode()[:1], text.encode()[1:]))
    await hear_out(peer)
    peer.expect_no_violation()


@case("rfc6455/5.6/split-character-received", needs=["text"])
async def test_split_character_is_accepted(peers: Peers) -> None:
    """A text message may be cut into frames anywhere, also inside a character."""
    await expect_all_accepted(peers, _split(Opcode.TEXT))


@case("rfc6455/5.6/split-character-received", needs=["echo"])
async def test_split_character_is_kept(peer: WebSocketPeer) -> None:
    """A text message that is cut inside its characters comes through unchanged."""
    await peer.open()
    await expect_echoes(peer, _split(Opcode.TEXT))


@case("rfc6455/5.6/split-character-received", needs=["text"])
async def test_ping_inside_a_character(peers: Peers) -> None:
    """A ping may come between the fragments of a character."""
    fish = "\U0001f41f".encode()
    rows = {}
    for at in range(1, len(fish)):
        first, rest = fragments(Opcode.TEXT, fish[:at], fish[at:])
        rows[f"after {at} bytes"] = (first, Frame.ping(b"\xff"), Frame.pong(b"\xc3"), rest)
    await expect_all_accepted(peers, rows)


def _split(opcode: Opcode) -> dict[str, tuple[Frame, ...]]:
    """Texts in two fragments, cut at every offset; with empty frames at the cuts; and byte by byte."""
    rows = {}
    for name, text in {"mixed": MIXED, "Greek": LANGUAGES["Greek"]}.items():
        data = text.encode()
        for at in range(len(data) + 1):
            rows[f"{name} cut at {at}"] = fragments(opcode, data[:at], data[at:])
        rows[f"{name} cut around an empty frame"] = fragments(opcode, data[:2], b"", data[2:])
        rows[f"{name} byte by byte"] = fragments(opcode, *(data[at : at + 1] for at in range(len(data))))
    return rows
