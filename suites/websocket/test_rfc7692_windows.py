"""RFC 7692 section 7.1.2: windows are judged by the distances in the data, not by what the peers say."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.table import named
from wireproof.wire.blocks import BlockWriter, Copy
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.websocket import Frame, Opcode

from .deflating import agree, blocks_of, marked, packed
from .provocations import letters, next_message

LANDMARK = b"Wer reitet so spaet durch Nacht und Wind?"
AT_LEAST = 1500  # bytes of a message: some servers leave small ones uncompressed


def landscape(bits: int) -> bytes:
    """Text with a landmark that comes again just beyond a window of *bits*, with nothing else to refer to."""
    gap = (1 << bits) + 3 - len(LANDMARK)
    return LANDMARK + b"a" * gap + LANDMARK + b"b" * max(5, AT_LEAST - gap)


@case("rfc7692/7.2.1/window-bits", needs=["deflate", "echo"])
@pytest.mark.parametrize("bits", [8, 9, 10, 11, 12, 13, 14])
async def test_server_keeps_to_its_window(peers: Peers, attempt: Attempt, bits: int) -> None:
    """No distance in the server's messages is larger than the server_max_window_bits that was agreed on."""
    peer, witness = peers(), peers()
    await witness.open()
    agreement = await agree(peer, DeflateOffer(server_max_window_bits=bits))
    most = 1 << agreement.server_max_window_bits
    # The second message could refer to the first one, if it lies within the window.
    for _ in range(2):
        peer.send(Frame.text(landscape(agreement.server_max_window_bits)))
        message = await next_message(peer, witness)
        farthest = max((block.farthest for block in blocks_of(message)), default=0)
        if farthest > most:
            attempt.broken(f"a distance of {farthest} bytes", f"{most} bytes at most")


@case("rfc7692/6.2/compressed-message-received", needs=["deflate", "echo"])
async def test_client_uses_all_of_its_window(peers: Peers, attempt: Attempt) -> None:
    """Messages that use all of the window, which the client may have agreed to reduce, come back."""
    for bits in range(8, 16):
        peer = peers()
        try:
            agreement = await agree(peer, DeflateOffer(client_max_window_bits=bits))
        except NotApplicable as exc:
            attempt.report(str(exc))
            continue
        far = 1 << min(bits, agreement.client_max_window_bits)
        text = LANDMARK + letters(far - len(LANDMARK))
        rows = {
            "stored": (BlockWriter().stored(text).payload(), text),
            f"{far} bytes back": (BlockWriter().fixed(Copy(len(LANDMARK), far)).payload(), LANDMARK),
        }
        for name, (payload, expected) in rows.items():
            with named(f"offered {bits} bits: {name}"):
                peer.send(marked(Opcode.TEXT, payload))
                await peer.expect_echo(Opcode.TEXT, expected)


@case("rfc7692/6.2/compressed-message-received", needs=["deflate", "echo"])
async def test_client_compresses_as_the_server_asked(peers: Peers) -> None:
    """Messages that are compressed with the client_max_window_bits of the response come back."""
    for bits in (0, 9, 11):
        peer = peers()
        await agree(peer, DeflateOffer(client_max_window_bits=bits))
        for distance in (100, 240, 700, 1700, 3700, 7900, 16_000, 32_000):
            text = LANDMARK + b"a" * (distance - len(LANDMARK)) + LANDMARK
            peer.send(packed(peer, Opcode.TEXT, text))
            with named(f"hint {bits or 'without a value'}"):
                await peer.expect_echo(Opcode.TEXT, text)
