"""RFC 6455 section 5.2: the reserved bits of the base framing protocol."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame, Rsv

BITS = (Rsv.RSV1, Rsv.RSV2, Rsv.RSV3)


@case("rfc6455/5.2/reserved-bits", needs=["text"])
@pytest.mark.parametrize("bit", [Rsv.RSV1, Rsv.RSV2, Rsv.RSV3])
async def test_reserved_bit_fails_the_connection(peer: WebSocketPeer, bit: Rsv) -> None:
    """A reserved bit that no extension negotiated fails the connection."""
    await peer.open()
    peer.send(Frame.text("hello", rsv=bit))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.2/reserved-bits", needs=["text"])
@pytest.mark.parametrize(
    "bits",
    [
        pytest.param(Rsv.RSV1 | Rsv.RSV2, id="rsv1-rsv2"),
        pytest.param(Rsv.RSV1 | Rsv.RSV3, id="rsv1-rsv3"),
        pytest.param(Rsv.RSV2 | Rsv.RSV3, id="rsv2-rsv3"),
        pytest.param(Rsv.RSV1 | Rsv.RSV2 | Rsv.RSV3, id="all"),
    ],
)
async def test_reserved_bits_together_fail_the_connection(peer: WebSocketPeer, bits: Rsv) -> None:
    """Several reserved bits at once fail the connection as one does."""
    await peer.open()
    peer.send(Frame.text("hello", rsv=bits))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


async def each_bit_fails(peers: Peers, attempt: Attempt, frame: Frame, *before: Frame) -> None:
    for bit in BITS:
        with attempt.row(bit.name or ""):
            peer = peers()
            await peer.open()
            peer.send(*before, frame.but(rsv=bit))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.2/reserved-bits")
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(Frame.ping(b"hello"), id="ping"),
        pytest.param(Frame.ping(), id="empty-ping"),
        pytest.param(Frame.pong(b"hello"), id="pong"),
        pytest.param(Frame.close(), id="close"),
    ],
)
async def test_reserved_bit_of_a_control_frame_fails_the_connection(
    peers: Peers, attempt: Attempt, frame: Frame
) -> None:
    """A reserved bit in a control frame fails the connection, each of the three."""
    await each_bit_fails(peers, attempt, frame)


@case("rfc6455/5.2/reserved-bits", needs=["binary"])
async def test_reserved_bit_of_a_binary_frame_fails_the_connection(peers: Peers, attempt: Attempt) -> None:
    """A reserved bit in a binary frame fails the connection, each of the three."""
    await each_bit_fails(peers, attempt, Frame.binary(b"hello"))


@case("rfc6455/5.2/reserved-bits", needs=["text"])
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((Frame.text("hel", fin=False),), id="first"),
        pytest.param((Frame.text("h", fin=False), Frame.continuation(b"el", fin=False)), id="middle"),
        pytest.param((Frame.text("hel", fin=False), Frame.continuation(b"lo")), id="last"),
        pytest.param((Frame.text("hello"), Frame.text("")), id="empty-text-behind-a-text"),
    ],
)
async def test_reserved_bit_of_a_fragment_fails_the_connection(
    peers: Peers, attempt: Attempt, parts: tuple[Frame, ...]
) -> None:
    """A reserved bit in any fragment of a message fails the connection, each of the three."""
    await each_bit_fails(peers, attempt, parts[-1], *parts[:-1])


@case("rfc6455/5.2/reserved-bits")
async def test_reserved_bit_of_a_ping_inside_a_segment_fails_the_connection(
    peers: Peers, attempt: Attempt
) -> None:
    """A reserved bit is seen also in a frame that comes behind others in one segment."""
    await each_bit_fails(peers, attempt, Frame.ping(b"c"), Frame.ping(b"a"), Frame.pong(b"b"))
