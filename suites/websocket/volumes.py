"""What the cases about volume share: contents that compress well, badly and not at all, offers, and runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import count
from random import Random

import pytest

from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.websocket import Opcode

from .deflating import PLAIN

KINDS = ("json", "prose", "image", "random", "repeated")
OFFERS = [
    pytest.param((PLAIN,), id="plain"),
    pytest.param((DeflateOffer(True, True),), id="no-context-takeover"),
    pytest.param((DeflateOffer(False, False, 9, 9),), id="9-bits"),
    pytest.param((DeflateOffer(False, False, 15, 15),), id="15-bits"),
    pytest.param((DeflateOffer(True, True, 9, 9),), id="no-context-takeover-9-bits"),
    pytest.param((DeflateOffer(True, True, 15, 15),), id="no-context-takeover-15-bits"),
    pytest.param((DeflateOffer(True, True, 9, 9), DeflateOffer(True, True), PLAIN), id="three-offers"),
]
WORDS = b"the server said that it would never send what it had not agreed on and so it was".split()
CORPUS = 1 << 20  # bytes of each kind, of which the messages are parts
ROW = 768  # bytes in a row of the image
DIFFERENT = 8  # messages in a run that differ: a message lost, doubled or moved by less is seen


@dataclass(frozen=True, slots=True)
class Run:
    """Messages of *size* bytes, each in one frame, or in fragments of ``fragment`` bytes."""

    size: int
    fragment: int = 0

    def __str__(self) -> str:
        return f"{self.size} bytes {f'in fragments of {self.fragment}' if self.fragment else 'in one frame'}"


RUNS = (
    *(Run(size) for size in (16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072)),
    *(Run(size, 256) for size in (8192, 16384, 32768, 65536, 131072)),
    *(Run(131072, fragment) for fragment in (1024, 4096, 32768)),
)
"""The runs of each set of parameters; what breaks with small messages already is told soonest."""


def opcode_of(kind: str) -> Opcode:
    """The type of a message of one kind: what is text goes as text."""
    return Opcode.BINARY if kind in ("image", "random") else Opcode.TEXT


def content(kind: str, size: int, number: int) -> bytes:
    """*size* bytes of a kind, up to ``CORPUS``; another *number* gives other bytes."""
    start = number * size % (CORPUS - size + 1)
    return _corpus(kind)[start : start + size]


@cache
def _corpus(kind: str) -> bytes:
    return _MAKERS[kind](Random(kind))[:CORPUS]


def _json(random: Random) -> bytes:
    lines, size = list[bytes](), 0
    for number in count(100_000):
        word, truth = random.choice(WORDS), random.choice((b"true", b"false"))
        line = b'{"id": %d, "name": "user %d", "active": %s, "balance": %d.%02d, "tags": ["member", "%s"]},\n'
        lines.append(line % (number, random.randrange(1000), truth, *_some(random, 1000, 100), word))
        size += len(lines[-1])
        if size >= CORPUS:
            break
    return b"".join(lines)


def _some(random: Random, *limits: int) -> list[int]:
    return [random.randrange(limit) for limit in limits]


def _prose(random: Random) -> bytes:
    return b" ".join(random.choices(WORDS, k=CORPUS // 3))


def _image(random: Random) -> bytes:
    """A slope in rows, with noise in the lowest bit of every 16th byte or so."""
    row = bytes((x * x // 700 + x // 3) % 256 for x in range(ROW))
    slope = b"".join(bytes((byte + y // 2) % 256 for byte in row) for y in range(CORPUS // ROW + 1))[:CORPUS]
    noise = int.from_bytes(b"\x01" * CORPUS, "big")
    for _ in range(4):
        noise &= int.from_bytes(random.randbytes(CORPUS), "big")
    return (int.from_bytes(slope, "big") ^ noise).to_bytes(CORPUS, "big")


def _random(random: Random) -> bytes:
    return random.randbytes(CORPUS)


def _repeated(_: Random) -> bytes:
    # Nine letters: eight messages whose size is a power of two begin at different ones.
    return b"repeated " * (CORPUS // 9 + 1)


_MAKERS: dict[str, Callable[[Random], bytes]] = {
    "json": _json,
    "prose": _prose,
    "image": _image,
    "random": _random,
    "repeated": _repeated,
}
