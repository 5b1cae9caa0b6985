"""RFC 6455 section 5.2: the opcodes that are reserved for frames yet to be defined."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.wire.websocket import (
    RESERVED_CONTROL_OPCODES,
    RESERVED_DATA_OPCODES,
    CloseCode,
    Frame,
)

RESERVED = (*RESERVED_DATA_OPCODES, *RESERVED_CONTROL_OPCODES)


@case("rfc6455/5.2/unknown-opcode")
@pytest.mark.parametrize("opcode", RESERVED)
async def test_reserved_opcode_fails_the_connection(peers: Peers, attempt: Attempt, opcode: int) -> None:
    """A frame with a reserved opcode fails the connection, with a payload, without one, and fragmented."""
    rows = {"with a payload": [Frame(opcode, b"hello")], "empty": [Frame(opcode)]}
    if opcode in RESERVED_DATA_OPCODES:
        rows["of 200 bytes"] = [Frame(opcode, b"hello" * 40)]
        # The text does not say that the failure may not wait for the end of the message.
        rows["in fragments"] = [Frame(opcode, b"hel", fin=False), Frame.continuation(b"lo")]
    for name, frames in rows.items():
        with attempt.row(name):
            peer = peers()
            await peer.open()
            peer.send(*frames)
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.2/unknown-opcode", needs=["text"])
@pytest.mark.parametrize(
    "opcodes",
    [
        pytest.param(RESERVED_DATA_OPCODES, id="data"),
        pytest.param(RESERVED_CONTROL_OPCODES, id="control"),
    ],
)
async def test_reserved_opcode_inside_a_message_fails_the_connection(
    peers: Peers, attempt: Attempt, opcodes: range
) -> None:
    """A frame with a reserved opcode between the fragments of a message fails the connection."""
    for opcode in opcodes:
        with attempt.row(f"opcode {opcode:#x}"):
            peer = peers()
            await peer.open()
            peer.send(Frame.text("hel", fin=False), Frame(opcode, b"?"), Frame.continuation(b"lo"))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.2/unknown-opcode", needs=["text"])
async def test_reserved_opcode_behind_a_message_fails_the_connection(peers: Peers, attempt: Attempt) -> None:
    """A reserved opcode is seen also when a message came first in the same segment."""
    for opcode in (RESERVED_DATA_OPCODES[0], RESERVED_CONTROL_OPCODES[0]):
        with attempt.row(f"opcode {opcode:#x}"):
            peer = peers()
            await peer.open()
            peer.send(Frame.text("hello"), Frame(opcode, b"hello"))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)
