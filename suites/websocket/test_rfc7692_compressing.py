"""RFC 7692 sections 6.1 and 7.2.1: the messages that a server compresses; it may leave that all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer, describe_message, difference
from wireproof.target import Target
from wireproof.wire.deflate import TAIL, DeflateOffer, DeflateViolation, Inflater
from wireproof.wire.extensions import Extension
from wireproof.wire.session import Close, Message
from wireproof.wire.text import opcode_name, shorten
from wireproof.wire.websocket import Frame, Opcode, Rsv

from .deflating import ANSWER, PLAIN, agree, answer_to, blocks_of, offer
from .provocations import letters, next_message

SIZES = (5, 300, 5000)
DEFLATE_DATA = "rfc7692/7.2.1/deflate-data-sent"
FRAGMENTED = "/send?type=text&size=3000&count=3&fragment=500"


async def echoes(
    peers: Peers, target: Target, *sizes: int, offered: DeflateOffer = PLAIN
) -> AsyncIterator[tuple[WebSocketPeer, Frame, Message]]:
    """What was sent uncompressed, and what came back, for each size and type of message."""
    peer, witness = peers(), peers()
    await witness.open()
    await agree(peer, offered)
    for size in sizes or SIZES:
        for opcode in (Opcode.TEXT, Opcode.BINARY) if target.can("echo-binary") else (Opcode.TEXT,):
            frame = Frame(opcode, letters(size))
            peer.send(frame)
            yield peer, frame, await next_message(peer, witness)


async def fragmented(peers: Peers) -> tuple[WebSocketPeer, list[Message]]:
    """Messages that the server was asked to send in fragments."""
    peer, witness = peers(), peers()
    await witness.open()
    await agree(peer, resource=FRAGMENTED)
    peer.send(Frame.text("now"))
    return peer, [await next_message(peer, witness) for _ in range(3)]


@case(
    DEFLATE_DATA,
    "rfc7692/6.1/compressed-message-sent",
    "rfc7692/6.1/uncompressed-message-sent",
    needs=["deflate", "echo"],
)
async def test_mark_tells_what_is_compressed(peers: Peers, attempt: Attempt, target: Target) -> None:
    """A message with RSV1 set is DEFLATE data of what was meant, one without is just that."""
    async for peer, sent, message in echoes(peers, target):
        peer.expect_no_violation(DEFLATE_DATA)
        data = peer.dialect.echoed(message)
        if data != sent.payload:
            kind = "uncompressed" if message.compressed is None else "compressed"
            attempt.broken(
                f"{kind}: {describe_message(message)}{difference(sent.payload, data)}",
                f"the echo of {len(sent.payload)} bytes",
                requirement=f"rfc7692/6.1/{kind}-message-sent",
            )


@case("rfc7692/6.1/opcode-kept", needs=["deflate", "echo", "echo-binary"])
async def test_compressed_message_keeps_its_type(peers: Peers, attempt: Attempt, target: Target) -> None:
    """A text is compressed into a text message, and binary data into a binary one."""
    async for _, sent, message in echoes(peers, target):
        if message.compressed is not None and message.opcode != sent.opcode:
            attempt.broken(f"a {opcode_name(message.opcode)} message", f"a {opcode_name(sent.opcode)} one")


@case("rfc7692/7.2.1/tail-removed", needs=["deflate", "echo"])
async def test_tail_is_removed(peers: Peers, attempt: Attempt, target: Target) -> None:
    """A compressed message does not end with the bytes 00 00 ff ff."""
    async for _, _, message in echoes(peers, target):
        # The header bits that the removed bytes belonged to are in the last byte: one of its bits is 0.
        if (message.compressed or b"").endswith(TAIL):
            attempt.broken(f"{len(message.compressed or b'')} bytes that end with 00 00 ff ff", "no such end")


@case("rfc7692/7.2.1/empty-message-sent", needs=["deflate", "echo"])
async def test_empty_message_is_not_nothing(peers: Peers, attempt: Attempt, target: Target) -> None:
    """An empty message, when it is compressed, has at least the header of its empty block."""
    async for _, sent, message in echoes(peers, target, 0, 5, 0, 0):
        if not sent.payload and message.compressed == b"":
            attempt.broken("RSV1 set and no payload", "the byte 00 or another empty block", "RSV1 unset")


@case("rfc7692/7.2.1/final-block-padding-sent", needs=["deflate", "echo"])
async def test_final_block_is_padded_with_zeros(peers: Peers, attempt: Attempt, target: Target) -> None:
    """The bits between a final block, if there is one, and the next byte are 0."""
    async for _, _, message in echoes(peers, target, 5, 300):
        for block in blocks_of(message):
            if block.padding:
                attempt.broken(f"the bits {block.padding:b} behind a final block", "bits of 0")


@case("rfc7692/6.1/bit-on-continuation-sent", needs=["deflate", "send"])
async def test_only_the_first_fragment_is_marked(peers: Peers) -> None:
    """RSV1 is set on the first fragment of a compressed message and on no other."""
    peer, _ = await fragmented(peers)
    peer.expect_no_violation()


@case("rfc7692/7.2.1/fragment-tail-kept", needs=["deflate", "send"])
async def test_fragments_can_be_joined(peers: Peers, attempt: Attempt) -> None:
    """The fragments of a compressed message make DEFLATE data as they are: only the last lost its tail."""
    reader = Inflater()
    for message in (await fragmented(peers))[1]:
        if message.compressed is None:
            continue
        parts = [frame.payload for frame in message.frames]
        try:
            whole = reader.decompress(b"".join(parts))
        except DeflateViolation:
            whole = b""
        if len(whole) != 3000 and len(_mended(parts)) == 3000:
            attempt.broken("no DEFLATE data until 00 00 ff ff is put between the fragments", "DEFLATE data")


def _mended(parts: list[bytes]) -> bytes:
    try:
        return Inflater().decompress(TAIL.join(parts))
    except DeflateViolation:
        return b""


@case("rfc7692/6.1/bit-on-control-frame-sent", needs=["deflate"])
async def test_control_frames_are_not_marked(peers: Peers) -> None:
    """Pongs and Close frames have no RSV1 while compression is agreed on."""
    peer, witness = peers(), peers()
    await witness.open()
    await agree(peer)
    peer.send(Frame.ping(b""), Frame.ping(b"p" * 125), Frame.close(1000, "bye"))
    while (event := await next_event(peer, witness)) is not None:
        if isinstance(event, (Close, Ended)):
            break
    peer.expect_no_violation()


@case(
    "rfc7692/5/uncompressed-when-declined",
    "rfc7692/5/acceptance-named",
    ANSWER,
    needs=["deflate", "echo"],
)
@pytest.mark.parametrize(
    ("offered", "requirement"),
    [
        pytest.param(offer(b"x-wireproof"), "rfc7692/5/uncompressed-when-declined", id="unknown-parameter"),
        pytest.param(b"permessage-wireproof", "rfc7692/5/acceptance-named", id="unknown-extension"),
    ],
)
async def test_nothing_is_compressed_without_agreement(
    peers: Peers, attempt: Attempt, offered: bytes, requirement: str
) -> None:
    """Where the response names no compression, messages come uncompressed."""
    peer, witness = peers(), peers()
    await witness.open()
    answer: tuple[Extension, ...] | Refusal = await answer_to(peer, offered)
    if isinstance(answer, Refusal) or answer:
        return
    await peer.introduce()
    for _ in range(2):
        peer.send(Frame.text(letters(2000)))
        message = await next_message(peer, witness)
        if any(frame.rsv & Rsv.RSV1 for frame in message.frames):
            text = f"RSV1 set: {shorten(message.data, 16)}"
            attempt.broken(text, "an uncompressed message", requirement=requirement)
