"""The broadcast of the test contract: what becomes of a message's type, content and frames."""

from __future__ import annotations

import pytest

from wireproof.attempt import NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.target import Target
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.websocket import Frame, Opcode, Rsv, fragments

from .broadcast_rules import ALONE, DELIVERY, UNCHANGED
from .broadcasts import Hall

pytestmark = pytest.mark.serial(ALONE)
CONTENT = (UNCHANGED, *DELIVERY)
TEXTS = (
    "plain",
    "Grüße, 世界, 👋🏽",
    "\ufeffmark",
    "nul \0 and line\r\nends\n",
    '{"a": "b\\n"}',
    " spaces  ",
)
MARKED = (125, 126, 127, 1000, 65535, 65536)
UNMARKED = (0, 1, 2, 7)


def binary_hall(peers: Peers, target: Target) -> Hall:
    """A room that takes binary messages."""
    hall = Hall(peers, target)
    if not hall.room.binary:
        raise NotApplicable("the profile does not tell that the server relays binary messages")
    return hall


@case(*CONTENT)
async def test_texts_are_delivered_as_they_are(target: Target, peers: Peers) -> None:
    """Texts with all kinds of characters stay texts, to the last byte."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "c")
    # In the form that a profile tells, some characters may have to be written otherwise.
    for text in TEXTS[:1] if hall.room.send else TEXTS:
        hall.say("a", text.encode())
    await hall.settle()


@case(*CONTENT)
async def test_bytes_are_delivered_as_they_are(target: Target, peers: Peers) -> None:
    """Binary messages stay binary, to the last byte."""
    hall = binary_hall(peers, target)
    await hall.admit("a", "b", "c")
    for body in (bytes(range(256)), b"", b"\xff\xfe\xc0\x80", b"text in all but name", bytes(1000)):
        hall.say("a", body, Opcode.BINARY)
    await hall.settle()


@case(*CONTENT)
async def test_texts_and_bytes_take_turns(target: Target, peers: Peers) -> None:
    """Text and binary messages that take turns keep type and order."""
    hall = binary_hall(peers, target)
    await hall.admit("a", "b")
    for number in range(12):
        hall.say("ab"[number // 2 % 2], b"x" * number, Opcode.BINARY if number % 2 else Opcode.TEXT)
    await hall.settle()


@case(*CONTENT)
@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
async def test_sizes(target: Target, peers: Peers, opcode: Opcode) -> None:
    """Messages of no byte, of 64 KiB, and of the sizes at which a header changes come whole."""
    hall = binary_hall(peers, target) if opcode is Opcode.BINARY else Hall(peers, target)
    await hall.admit("a", "b")
    # Without a mark, a message can't be told from those of others that a chat may know.
    for size in () if hall.room.told else UNMARKED:
        data = b"~" * size
        hall.send("a", data, Frame(opcode, data))
    for size in MARKED:
        hall.say("a", b"x" * (size - len(hall.compose("a", b""))), opcode)
    await hall.settle("a")


@case(*CONTENT)
async def test_fragmented_message_is_delivered_whole(target: Target, peers: Peers) -> None:
    """A message that comes in fragments is delivered as one message, with pings between them or not."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "c")
    hall.say("a", "in fragments, ä ö ü".encode() if not hall.room.send else b"in fragments", cut=(3, 3, 20))
    data = hall.compose("a", b"with a ping between its fragments")
    first, last = fragments(Opcode.TEXT, *_halves(hall.room.spoken(data)))
    hall.send("a", data, first, Frame.ping(b"between"), last)
    await hall.settle()


@case(*CONTENT)
async def test_fragments_of_two_senders_do_not_mix(target: Target, peers: Peers) -> None:
    """While one member is inside a message, what others say is delivered, and that message afterwards."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "c")
    data = hall.compose("a", b"begun before and ended after the others")
    first, last = fragments(Opcode.TEXT, *_halves(hall.room.spoken(data)))
    hall.members["a"].send(first)
    await hall.answered("a")
    hall.say("b", b"b speaks, and in two fragments", cut=(9,))
    hall.say("c", b"c speaks")
    await hall.fence("bc")
    hall.send("a", data, last, opcode=Opcode.TEXT)
    await hall.settle()


def _halves(data: bytes) -> tuple[bytes, bytes]:
    return data[: len(data) // 2], data[len(data) // 2 :]


@case(*CONTENT, needs=["deflate"])
async def test_compression_is_each_connections_own_affair(target: Target, peers: Peers) -> None:
    """Members that compress and members that do not get the same messages, each in its own form."""
    hall = Hall(peers, target)
    path = hall.room.path
    await hall.admit(
        "a", "b", request=lambda peer: peer.offering(DeflateOffer(client_max_window_bits=0), resource=path)
    )
    if any(hall.members[name].agreement is None for name in "ab"):
        raise NotApplicable("the server does not agree on compression in this room")
    await hall.admit("plain", "bare")
    for name in ("a", "plain", "b", "bare") * 3:
        data = hall.compose(name, b"the same words, the same words, said by " + name.encode())
        wire, deflated = hall.room.spoken(data), hall.members[name].agreement is not None
        payload = hall.members[name].deflater.compress(wire) if deflated else wire
        hall.send(name, data, Frame.text(payload, rsv=Rsv.RSV1 if deflated else Rsv.NONE))
    await hall.settle()
