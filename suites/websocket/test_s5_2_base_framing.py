"""RFC 6455 section 5.2: the base framing protocol."""

from __future__ import annotations

import pytest

from wireproof.case import case
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame, Rsv


@case("rfc6455/5.2/reserved-bits", needs=["text"])
@pytest.mark.parametrize("bit", [Rsv.RSV1, Rsv.RSV2, Rsv.RSV3])
async def test_reserved_bit_fails_the_connection(peer: WebSocketPeer, bit: Rsv) -> None:
    """A reserved bit that no extension negotiated fails the connection."""
    await peer.open()
    peer.send(Frame.text("hello", rsv=bit))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)
