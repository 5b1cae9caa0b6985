"""RFC 6455 section 5.5: control frames are short and whole."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame, Opcode

TOO_LONG = (126, 127, 1000, 65536)
CODE = 3123  # that no server takes for a failure of its own


async def expect_not_taken_for_valid(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The connection has to fail, and not to close as the client's Close frame asked."""
    closing = await peer.expect_failure(CloseCode.PROTOCOL_ERROR)
    if closing.close is not None and closing.close.code == CODE:
        attempt.broken(
            f"the Close frame was answered with its own code, {CODE}, as a valid one is",
            "a Close frame (1002)",
            "the end of TCP",
        )


@case("rfc6455/5.5/oversized-control-received")
@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
async def test_control_frame_of_more_than_125_bytes_fails_the_connection(
    peers: Peers, attempt: Attempt, opcode: Opcode
) -> None:
    """A ping or pong of more than 125 bytes fails the connection."""
    for size in TOO_LONG:
        with attempt.row(f"{size} bytes"):
            peer = peers()
            await peer.open()
            peer.send(Frame(opcode, b"p" * size))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.5/oversized-control-received")
async def test_close_frame_of_more_than_125_bytes_is_not_valid(peers: Peers, attempt: Attempt) -> None:
    """A Close frame of more than 125 bytes fails the connection instead of closing it."""
    for size in TOO_LONG:
        with attempt.row(f"{size} bytes"):
            peer = peers()
            await peer.open()
            peer.send(Frame.close(CODE, b"r" * (size - 2)))
            await expect_not_taken_for_valid(peer, attempt)


@case("rfc6455/5.5/oversized-control-received", needs=["text"])
async def test_long_ping_inside_a_message_fails_the_connection(peer: WebSocketPeer) -> None:
    """A ping of more than 125 bytes between the fragments of a message fails the connection."""
    await peer.open()
    peer.send(Frame.text("hel", fin=False), Frame.ping(b"p" * 126), Frame.continuation(b"lo"))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.5/fragmented-control-received")
@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
async def test_control_frame_without_fin_fails_the_connection(
    peers: Peers, attempt: Attempt, opcode: Opcode
) -> None:
    """A ping or pong without FIN fails the connection, with a continuation behind it or without."""
    rows = {
        "alone": [Frame(opcode, b"ping", fin=False)],
        "empty": [Frame(opcode, fin=False)],
        "with a continuation": [Frame(opcode, b"pi", fin=False), Frame.continuation(b"ng")],
    }
    for name, frames in rows.items():
        with attempt.row(name):
            peer = peers()
            await peer.open()
            peer.send(*frames)
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.5/fragmented-control-received")
async def test_close_frame_without_fin_is_not_valid(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A Close frame without FIN fails the connection instead of closing it."""
    await peer.open()
    peer.send(Frame.close(CODE).but(fin=False))
    await expect_not_taken_for_valid(peer, attempt)


@case("rfc6455/5.5/fragmented-control-received", needs=["text"])
@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
async def test_control_frame_without_fin_inside_a_message_fails_the_connection(
    peer: WebSocketPeer, opcode: Opcode
) -> None:
    """A ping or pong without FIN between the fragments of a message fails the connection."""
    await peer.open()
    peer.send(Frame.text("hel", fin=False), Frame(opcode, b"pi", fin=False), Frame.continuation(b"lo"))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)
