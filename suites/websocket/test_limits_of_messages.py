"""Limits of the server's own on messages: how large, how many fragments, inflated to what. Never judged."""

from __future__ import annotations

import zlib
from functools import cache

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.wire.deflate import TAIL
from wireproof.wire.websocket import Frame, Opcode

from .deflating import agree, marked
from .measuring import OWN, WHOLE, Search, goes_on, reach, tell

KIB = 1024
MIB = 1024 * KIB
PIECE = 16 * KIB
FACTOR = 4  # of one size to the next: whole messages are a load


@cache
def _deflated_mib() -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(bytes(MIB)) + stream.flush(zlib.Z_FULL_FLUSH)


def deflated_zeros(size: int) -> bytes:
    """A payload, a thousand times smaller, that inflates to *size* bytes."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    rest = stream.compress(bytes(size % MIB)) + stream.flush(zlib.Z_SYNC_FLUSH)
    return (_deflated_mib() * (size // MIB) + rest).removesuffix(TAIL)


@case(OWN, needs=["binary"])
async def test_largest_message_in_one_frame(attempt: Attempt, peers: Peers) -> None:
    """The size up to which a message in one frame is accepted is told."""

    async def is_taken(size: int) -> bool:
        peer = peers()
        await peer.open()
        peer.send(Frame.binary(bytes(size)))
        taken = await goes_on(peer)
        peer.discard()
        return taken

    found = await Search(attempt, 4 * KIB, reach(attempt, 64 * KIB, 16 * MIB, 64 * MIB)).one_by_one(
        is_taken, FACTOR
    )
    tell(attempt, "largest message in one frame", "bytes", found)


@case(OWN, needs=["binary"], intensity=Intensity.NORMAL)
async def test_largest_message_in_fragments(attempt: Attempt, peers: Peers) -> None:
    """The size up to which a message in fragments of 16 KiB is accepted is told."""

    async def is_taken(size: int) -> bool:
        peer = peers()
        await peer.open()
        key = attempt.random.randbytes(4)
        whole, rest = divmod(size, PIECE)
        middle = Frame.continuation(bytes(PIECE), fin=False).encode(key)
        frames = (
            Frame.binary(b"", fin=False).encode(key)
            + middle * whole
            + Frame.continuation(bytes(rest)).encode(key)
        )
        peer.send_bytes(frames, f"a message of {size} bytes in {whole + 2} frames")
        taken = await goes_on(peer)
        peer.discard()
        return taken

    found = await Search(attempt, 64 * KIB, reach(attempt, 0, 16 * MIB, 64 * MIB)).one_by_one(
        is_taken, FACTOR
    )
    tell(attempt, "largest message in fragments", "bytes", found)


@case(OWN, needs=["text"])
async def test_number_of_fragments(attempt: Attempt, peers: Peers) -> None:
    """The number of fragments of one byte up to which a message is accepted is told."""

    async def is_taken(count: int) -> bool:
        peer = peers()
        await peer.open()
        key = attempt.random.randbytes(4)
        frames = Frame.text("x", fin=False).encode(key)
        frames += Frame.continuation(b"x", fin=False).encode(key) * (count - 2)
        frames += Frame.continuation(b"x").encode(key)
        peer.send_bytes(frames, f"a message of {count} bytes in as many frames")
        taken = await goes_on(peer)
        peer.discard()
        return taken

    found = await Search(attempt, 64, reach(attempt, 64, 4 * KIB, 256 * KIB), WHOLE).one_by_one(
        is_taken, FACTOR
    )
    tell(attempt, "fragments", "of one message", found)


@case(OWN, needs=["deflate", "binary"], intensity=Intensity.NORMAL)
async def test_largest_inflated_message(attempt: Attempt, peers: Peers) -> None:
    """The size up to which a message that was compressed to a thousandth may inflate is told."""

    async def is_taken(size: int) -> bool:
        peer = peers()
        await agree(peer)
        peer.send(marked(Opcode.BINARY, deflated_zeros(size)))
        taken = await goes_on(peer)
        peer.discard()
        return taken

    found = await Search(attempt, 64 * KIB, reach(attempt, 0, 16 * MIB, 64 * MIB)).one_by_one(
        is_taken, FACTOR
    )
    tell(attempt, "largest inflated message", "bytes", found)
