"""RFC 7692: messages of several kinds and sizes come back under each set of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from wireproof.case import Intensity, case
from wireproof.peer.table import named
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.websocket import Opcode

from .deflating import PLAIN, agree, cut_every, packed

SIZES = (20, 1_000, 8_000, 30_000)
FRAGMENT = 256
WORDS = b"the server said that it would never send what it had not agreed on and so it was".split()


def content(kind: str, size: int, seed: int) -> bytes:
    """*size* bytes of a kind: what compresses well, badly, and not at all."""
    random = Random(f"{kind} {size} {seed}")
    match kind:
        case "json":
            made = b"".join(b'{"id": %d, "name": "user %d"}, ' % (n, n % 17) for n in range(size // 20 + 1))
        case "prose":
            made = b" ".join(random.choices(WORDS, k=size // 3 + 1))
        case "image":
            row = random.randbytes(97)
            made = b"".join(bytes((byte + n) % 256 for byte in row) for n in range(size // 97 + 1))
        case "random":
            made = random.randbytes(size)
        case _:
            made = b"abc" * size
    return made[:size]


def messages(kind: str) -> Iterator[tuple[Opcode, bytes]]:
    """The messages of one kind of content; what is text goes as text."""
    opcode = Opcode.BINARY if kind in ("image", "random") else Opcode.TEXT
    for seed, size in enumerate(SIZES):
        yield opcode, content(kind, size, seed)


async def exchange(peer: WebSocketPeer, kind: str) -> None:
    """Demand every message back, sent in one frame, and again in fragments."""
    for opcode, data in messages(kind):
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
@pytest.mark.parametrize("kind", ["json", "prose", "image", "random", "repeated"])
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
@pytest.mark.parametrize(
    "offers",
    [
        pytest.param((PLAIN,), id="plain"),
        pytest.param((DeflateOffer(True, True),), id="no-context-takeover"),
        pytest.param((DeflateOffer(False, False, 9, 9),), id="9-bits"),
        pytest.param((DeflateOffer(False, False, 15, 15),), id="15-bits"),
        pytest.param((DeflateOffer(True, True, 9, 9),), id="no-context-takeover-9-bits"),
        pytest.param((DeflateOffer(True, True, 15, 15),), id="no-context-takeover-15-bits"),
        pytest.param((DeflateOffer(True, True, 9, 9), DeflateOffer(True, True), PLAIN), id="three-offers"),
    ],
)
async def test_parameters_make_no_difference(peer: WebSocketPeer, offers: tuple[DeflateOffer, ...]) -> None:
    """Messages come back, whole and in fragments of 256 bytes, under the parameters agreed on."""
    await agree(peer, *offers)
    await exchange(peer, "json")
