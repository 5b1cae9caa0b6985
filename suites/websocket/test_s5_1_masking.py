"""RFC 6455 section 5.1: a client's frames are masked, and data flows as soon as the handshake is done."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target
from wireproof.wire.websocket import CloseCode, Frame, Masking

LONG = "unmasked " * 20


@case("rfc6455/5.1/unmasked-frame", needs=["text"])
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(Frame.text("hello"), id="text"),
        pytest.param(Frame.text(""), id="empty-text"),
        pytest.param(Frame.text(LONG), id="long-text"),
        pytest.param(Frame.text("hel", fin=False), id="first-fragment"),
    ],
)
async def test_unmasked_text_frame_fails_the_connection(peer: WebSocketPeer, frame: Frame) -> None:
    """A text frame that is not masked makes the server close the connection."""
    await peer.open()
    peer.send(frame.but(mask=Masking.NONE))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.1/unmasked-frame", needs=["binary"])
async def test_unmasked_binary_frame_fails_the_connection(peer: WebSocketPeer) -> None:
    """A binary frame that is not masked makes the server close the connection."""
    await peer.open()
    peer.send(Frame.binary(b"\x00\x01\xfe\xff").but(mask=Masking.NONE))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.1/unmasked-frame")
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(Frame.ping(b"hello"), id="ping"),
        pytest.param(Frame.ping(), id="empty-ping"),
        pytest.param(Frame.pong(b"hello"), id="pong"),
        pytest.param(Frame.close(), id="close"),
    ],
)
async def test_unmasked_control_frame_fails_the_connection(peer: WebSocketPeer, frame: Frame) -> None:
    """A control frame that is not masked makes the server close the connection."""
    await peer.open()
    peer.send(frame.but(mask=Masking.NONE))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.1/unmasked-frame", needs=["text"])
async def test_unmasked_continuation_fails_the_connection(peer: WebSocketPeer) -> None:
    """A continuation that is not masked makes the server close the connection, as other frames do."""
    await peer.open()
    peer.send(Frame.text("hel", fin=False), Frame.continuation(b"lo").but(mask=Masking.NONE))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.1/unmasked-frame", needs=["text"])
async def test_unmasked_frame_behind_masked_ones_fails_the_connection(peer: WebSocketPeer) -> None:
    """The mask is looked for in every frame, not only in the first."""
    await peer.open()
    peer.send(Frame.text("masked"))
    await peer.expect_alive()
    peer.send(Frame.text("masked too"), Frame.text("unmasked").but(mask=Masking.NONE))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.1/data-at-any-time-received", needs=["text"])
async def test_messages_between_pings_are_taken(
    peer: WebSocketPeer, attempt: Attempt, target: Target
) -> None:
    """Messages are taken all the time that the connection is open, whatever control frames come between."""
    await peer.open()
    kinds = [Frame.text("text"), Frame.binary(b"binary")] if target.can("binary") else [Frame.text("text")]
    for turn in range(4):
        with attempt.row(f"message {turn + 1}"):
            peer.send(kinds[turn % len(kinds)])
            await peer.expect_alive()
