"""Sending and receiving data: events with binary data, at any depth and over every transport."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from wireproof.case import Intensity, case
from wireproof.peer.engineio import Way
from wireproof.peer.socketio import SocketIOPeer, describe
from wireproof.peer.table import named
from wireproof.target import Target
from wireproof.wire.socketio import PacketType

from .talk import CUSTOM, expect_same, hear, need, need_contract, payload, same, say, shown

RECEIVED = "socketio/sending-and-receiving-data/binary-event-received"
SENT = "socketio/sending-and-receiving-data/binary-event-sent"
PLACED = "socketio/format/attachments-received"
ATTACHED = "socketio/format/attachments-sent"
TOGETHER = "socketio/format/attachments-together-sent"
UNCHANGED = "socketio-contract/events/unchanged"
DEEP = 30
ALL_BYTES = bytes(range(256))


def inside(depth: int, data: bytes) -> Any:
    """Binary data inside arrays and objects by turns."""
    value: Any = data
    for level in range(depth):
        value = [level, value] if level % 2 else {"in": value, "level": level}
    return value


BINARY: Mapping[str, tuple[Any, ...]] = {
    "four bytes": (b"\x01\x02\x03\x04",),
    "one byte": (b"\x00",),
    "no byte": (b"",),
    "every byte": (ALL_BYTES,),
    "bytes that are text": (b"4text", b'2["message"]', "4text"),
    "in an array": ([b"\x01", "x", [b"\x02"]],),
    "in an object": ({"a": b"\x01", "b": {"c": b"\x02", "d": None}},),
    "very deep": (inside(DEEP, b"core"),),
    "among all kinds": (1, None, b"\xff", True, [], {}, "\U0001f600", b"\xfe", 1.5),
    "the same twice": (b"twin", b"twin"),
    "ten of them": tuple(bytes([n]) * (n + 1) for n in range(10)),
}


@case(RECEIVED, needs=["events"])
@pytest.mark.parametrize("way", Way)
async def test_binary_event_is_taken(client: SocketIOPeer, target: Target, way: Way) -> None:
    """A BINARY_EVENT packet and its attachment are one event, which comes back."""
    need(target, way)
    need_contract(client)
    await client.open(way)
    await say(client, b"\x01\x02\x03\x04")
    await hear(client)


@case(UNCHANGED, RECEIVED, needs=["events"])
@pytest.mark.parametrize("way", Way)
async def test_binary_data_comes_back_unchanged(client: SocketIOPeer, target: Target, way: Way) -> None:
    """Binary data comes back byte for byte and in its place, at whatever depth it is."""
    need(target, way)
    need_contract(client)
    await client.open(way)
    for row, args in BINARY.items():
        with named(row):
            await expect_same(client, *args)


@case(UNCHANGED, RECEIVED, needs=["events"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_large_binary_data_comes_back(client: SocketIOPeer, target: Target, way: Way) -> None:
    """Binary data of 128 KiB comes back byte for byte, and text behind it too."""
    need(target, way)
    need_contract(client)
    await client.open(way)
    await expect_same(client, ALL_BYTES * 512)
    await expect_same(client, "behind it")


@case(PLACED, UNCHANGED, needs=["events"])
async def test_attachments_go_where_their_placeholders_are(client: SocketIOPeer) -> None:
    """Attachments are put in place by number, also where the placeholders stand in another order."""
    need_contract(client)
    await client.open()
    first, second = ('{"_placeholder":true,"num":%d}' % number for number in (0, 1))  # noqa: UP031
    other = '{"num":0,"_placeholder":true}'
    rows: dict[str, tuple[str, list[Any]]] = {
        "in order": (f'52-["message",{first},{second}]', [b"A", b"B"]),
        "the other way round": (f'52-["message",{second},{first}]', [b"B", b"A"]),
        "at different depths": (f'52-["message",[[{second}]],{first}]', [[[b"B"]], b"A"]),
        "num first": (f'52-["message",{other},{second}]', [b"A", b"B"]),
        "white space": (f'52-["message", {first} , {second} ]', [b"A", b"B"]),
    }
    for row, (text, wanted) in rows.items():
        with named(row):
            await client.send(text, b"A", b"B")
            came = await hear(client)
            if not same(came, wanted):
                client.attempt.broken(shown(came), shown(wanted))


@case("socketio/format/layout-received", needs=["acks", "custom-echo"])
async def test_all_fields_at_once(client: SocketIOPeer) -> None:
    """A packet with attachments, namespace, id and payload is read in this order."""
    need_contract(client)
    await client.open()
    await client.join(CUSTOM)
    first, second = ('{"_placeholder":true,"num":%d}' % number for number in (0, 1))  # noqa: UP031
    await client.send(f'52-/custom,12["message-with-ack",{first},"1-/,2[",{second}]', b"A", b"B")
    came = payload(await client.expect_ack(12, CUSTOM))
    if not same(came, [b"A", "1-/,2[", b"B"]):
        client.attempt.broken(shown(came), "the three arguments")


@case(SENT, needs=["events"])
async def test_only_events_with_binary_data_are_binary(client: SocketIOPeer) -> None:
    """An event that has binary data is sent as BINARY_EVENT, one that has none as EVENT."""
    need_contract(client)
    await client.open()
    for value, kind in (
        ("text", PacketType.EVENT),
        (b"bytes", PacketType.BINARY_EVENT),
        ([], PacketType.EVENT),
    ):
        await say(client, value)
        packet = await client.expect_event("message-back")
        if packet.type is not kind:
            client.attempt.broken(describe(packet), kind.name)
    client.session.expect_no_violation(SENT)


@case(ATTACHED, TOGETHER, needs=["events"])
@pytest.mark.parametrize("way", Way)
async def test_attachments_follow_their_packet(client: SocketIOPeer, target: Target, way: Way) -> None:
    """The attachments of an event are sent right behind it, as many as it tells, also among other events."""
    need(target, way)
    need_contract(client)
    await client.open(way)
    for number in range(20):
        await say(client, number, b"A" * number, {"b": b"B"}, b"C")
        await say(client, f"text {number}")
    try:
        for _ in range(40):
            await hear(client)
    finally:
        # What breaks the layout is why an event is missed.
        for requirement in (TOGETHER, ATTACHED):
            client.session.expect_no_violation(requirement)
