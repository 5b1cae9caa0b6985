"""RFC 6455 section 5.4: sequences of data frames that make no message."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame, Opcode, fragments

FINS = {"with FIN": True, "without FIN": False}


@case("rfc6455/5.4/continuation-without-start-received")
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(Frame.continuation(b"hello"), id="final"),
        pytest.param(Frame.continuation(b"hello", fin=False), id="not-final"),
        pytest.param(Frame.continuation(b""), id="empty"),
        pytest.param(Frame.continuation(b"", fin=False), id="empty-not-final"),
    ],
)
async def test_continuation_without_a_start_fails_the_connection(peer: WebSocketPeer, frame: Frame) -> None:
    """A connection can't begin with a continuation frame."""
    await peer.open()
    peer.send(frame)
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.4/continuation-without-start-received", needs=["text"])
@pytest.mark.parametrize(
    "before",
    [
        pytest.param((Frame.text("whole"),), id="whole-message"),
        pytest.param((Frame.text(""),), id="empty-message"),
        pytest.param(fragments(Opcode.TEXT, b"frag", b"mented"), id="fragmented-message"),
        pytest.param((*fragments(Opcode.TEXT, b"frag", b"mented"), Frame.ping()), id="message-and-ping"),
    ],
)
async def test_continuation_behind_a_complete_message_fails_the_connection(
    peers: Peers, attempt: Attempt, before: tuple[Frame, ...]
) -> None:
    """When a message is complete, nothing of it can follow."""
    for name, fin in FINS.items():
        with attempt.row(name):
            peer = peers()
            await peer.open()
            peer.send(*before, Frame.continuation(b"more", fin=fin))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.4/data-frame-inside-message-received", needs=["text"])
@pytest.mark.parametrize(
    "started",
    [
        pytest.param((Frame.text("un", fin=False),), id="one-fragment"),
        pytest.param((Frame.text("", fin=False),), id="empty-fragment"),
        pytest.param(
            (Frame.text("un", fin=False), Frame.continuation(b"fin", fin=False)), id="two-fragments"
        ),
        pytest.param((Frame.text("un", fin=False), Frame.ping()), id="fragment-and-ping"),
    ],
)
async def test_text_inside_a_message_fails_the_connection(
    peers: Peers, attempt: Attempt, started: tuple[Frame, ...]
) -> None:
    """A text frame can't begin while a fragmented message is unfinished, nor be a fragment of it."""
    for name, fin in FINS.items():
        with attempt.row(name):
            peer = peers()
            await peer.open()
            peer.send(*started, Frame.text("inside", fin=fin))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.4/data-frame-inside-message-received", needs=["text", "binary"])
@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        pytest.param(Opcode.TEXT, Opcode.BINARY, id="binary-in-text"),
        pytest.param(Opcode.BINARY, Opcode.TEXT, id="text-in-binary"),
        pytest.param(Opcode.BINARY, Opcode.BINARY, id="binary-in-binary"),
    ],
)
async def test_message_inside_a_message_fails_the_connection(
    peer: WebSocketPeer, outer: Opcode, inner: Opcode
) -> None:
    """A message of either type inside an unfinished one fails the connection."""
    await peer.open()
    peer.send(Frame(outer, b"un", fin=False), Frame(inner, b"inside"), Frame.continuation(b"finished"))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)
