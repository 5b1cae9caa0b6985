"""RFC 7692: messages of several kinds and sizes come back under each set of parameters."""

from __future__ import annotations

import pytest

from wireproof.case import Intensity, case
from wireproof.peer.table import named
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.deflate import DeflateOffer

from .deflating import agree, cut_every, packed
from .volumes import KINDS, OFFERS, content, opcode_of

SIZES = (20, 1_000, 8_000, 30_000)
FRAGMENT = 256


async def exchange(peer: WebSocketPeer, kind: str) -> None:
    """Demand every message back, sent in one frame, and again in fragments."""
    opcode = opcode_of(kind)
    for number, length in enumerate(SIZES):
        data = content(kind, length, number)
        for size in (0, FRAGMENT):
            frame = packed(peer, opcode, data)
            peer.send(*(cut_every(frame, size) if size else (frame,)))
            with named(f"{len(data)} bytes {'in fragments' if size else 'in one frame'}"):
                await peer.expect_echo(opcode, data)


@case(
    "rfc7692/6.2/compressed-message-received",
    "rfc7692/6.1/compressed-message-sent",
    needs=["deflate", "echo", "echo-binary"],
    intensity=Intensity.NORMAL,
)
@pytest.mark.parametrize("kind", KINDS)
async def test_content_comes_back(peer: WebSocketPeer, kind: str) -> None:
    """Messages of one kind come back, whole and in fragments of 256 bytes."""
    await agree(peer)
    await exchange(peer, kind)


@case(
    "rfc7692/6.2/compressed-message-received",
    "rfc7692/6.1/compressed-message-sent",
    needs=["deflate", "echo"],
    intensity=Intensity.NORMAL,
)
@pytest.mark.parametrize("offers", OFFERS)
async def test_parameters_make_no_difference(peer: WebSocketPeer, offers: tuple[DeflateOffer, ...]) -> None:
    """Messages come back, whole and in fragments of 256 bytes, under the parameters agreed on."""
    await agree(peer, *offers)
    await exchange(peer, "json")
