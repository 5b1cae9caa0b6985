"""Acknowledgement of a client's events by the server."""

from __future__ import annotations

from typing import Any

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.socketio import SocketIOPeer, describe
from wireproof.peer.table import named
from wireproof.target import Target
from wireproof.wire.socketio import Packet, PacketType

from .talk import CUSTOM, OTHERS, need, payload, same, shown

ANSWERED = "socketio/acknowledgement/answered"
SAME_ID = "socketio/acknowledgement/same-id"
ONCE = "socketio/acknowledgement/once"
BINARY = "socketio/acknowledgement/binary-ack-sent"
GIVEN = "socketio-contract/acknowledgements/given"
OWN = "socketio-contract/acknowledgements/own"
EVENT = "message-with-ack"
MANY = 50
LARGEST = 2**53 - 1
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "none": (),
    "null": (None,),
    "several": (1, "2", None, True, [3], {"four": 4.5}),
    "an array": ([1, 2],),
    "an empty array": ([],),
    "texts": ("", "\U0001f600 \u0416", '[1]"'),
    "binary": (b"\x00\xff", {"deep": [b"\x01"]}, "text"),
}


@case(ANSWERED, GIVEN, needs=["acks"])
@pytest.mark.parametrize("way", OTHERS)
async def test_event_is_acknowledged(client: SocketIOPeer, target: Target, way: Way) -> None:
    """An event with an id is acknowledged."""
    need(target, way)
    await client.open(way)
    await client.call(EVENT, "hello")


@case(GIVEN, ANSWERED, needs=["acks"])
@pytest.mark.parametrize("way", Way)
async def test_acknowledgement_has_the_arguments(client: SocketIOPeer, target: Target, way: Way) -> None:
    """An event is acknowledged with the arguments that it came with, of whatever type and number."""
    need(target, way)
    await client.open(way)
    for row, args in ARGUMENTS.items():
        with named(row):
            came = await client.call(EVENT, *args)
            if not same(came, list(args)):
                client.attempt.broken(shown(came), shown(list(args)))


@case(SAME_ID, ANSWERED, needs=["acks"])
async def test_acknowledgement_has_the_id_of_its_event(client: SocketIOPeer) -> None:
    """Ids that come in no order are each acknowledged as they are."""
    await client.open()
    for number in (5, 1, 42, 2, 1000, 41):
        await client.emit(EVENT, "id", number, id=number)
        await client.settle()
        acks = [packet for packet in client.kept if packet.is_ack]
        others = [packet for packet in acks if packet.id != number]
        if others:
            client.attempt.broken(describe(others[0]), f"an acknowledgement with the id {number}")
        await client.expect_ack(number, requirement=ANSWERED)
        client.kept.clear()
    client.session.expect_no_violation()


@case("socketio/acknowledgement/id-zero-received", needs=["acks"])
async def test_id_zero_is_acknowledged(client: SocketIOPeer) -> None:
    """The id 0 is an id like any other."""
    await client.open()
    await client.emit(EVENT, "zero", id=0)
    await client.expect_ack(0)


@case("socketio/acknowledgement/large-id-received", needs=["acks"])
@pytest.mark.parametrize("number", [2**31, 2**32 + 1, LARGEST], ids=["31-bits", "32-bits", "53-bits"])
async def test_large_id_is_acknowledged(client: SocketIOPeer, number: int) -> None:
    """A large id comes back with all of its digits."""
    await client.open()
    await client.emit(EVENT, "large", id=number)
    await client.expect_ack(number)


@case("socketio/acknowledgement/same-namespace", needs=["acks", "custom-echo"])
async def test_acknowledgement_is_in_the_namespace_of_its_event(client: SocketIOPeer) -> None:
    """The same id in two namespaces is acknowledged in each, with the arguments of its own."""
    await client.open()
    await client.join(CUSTOM)
    home = client.session.dialect.namespace
    for name in (CUSTOM, home):
        await client.emit(EVENT, f"in {name}", namespace=name, id=7)
    for name in (home, CUSTOM):
        came = payload(await client.expect_ack(7, name))
        if came != [f"in {name}"]:
            client.attempt.broken(shown(came), f"['in {name}']")


@case(ONCE, needs=["acks"])
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_event_is_acknowledged_once(client: SocketIOPeer, target: Target, way: Way) -> None:
    """An event is acknowledged once only."""
    need(target, way)
    await client.open(way)
    for number in range(5):
        await client.emit(EVENT, number, id=number)
        await client.expect_ack(number)
    await client.expect_nothing(lambda packet: packet.is_ack)


@case("socketio/acknowledgement/unasked", needs=["acks"])
async def test_event_without_an_id_is_not_acknowledged(client: SocketIOPeer) -> None:
    """An event without an id is not acknowledged."""
    await client.open()
    await client.emit(EVENT, "nobody asked")
    await client.expect_nothing(lambda packet: packet.is_ack)


@case("socketio/acknowledgement/payload-sent", needs=["acks"])
async def test_acknowledgement_has_an_array(client: SocketIOPeer) -> None:
    """The payload of an acknowledgement is an array, an empty one where there is nothing to tell."""
    await client.open()
    for args in ((), ("one",), ({"an": "object"},), (None,)):
        number = client.new_id()
        await client.emit(EVENT, *args, id=number)
        await client.expect_ack(number)
    client.session.expect_no_violation()


@case(BINARY, needs=["acks"])
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_only_acknowledgements_with_binary_data_are_binary(
    client: SocketIOPeer, target: Target, way: Way
) -> None:
    """An acknowledgement that has binary data is sent as BINARY_ACK, one that has none as ACK."""
    need(target, way)
    await client.open(way)
    for value, kind in (("text", PacketType.ACK), (b"bytes", PacketType.BINARY_ACK), ({}, PacketType.ACK)):
        number = client.new_id()
        await client.emit(EVENT, value, id=number)
        packet = await client.expect_ack(number)
        if packet.type is not kind:
            client.attempt.broken(describe(packet), kind.name)
    client.session.expect_no_violation()


@case(OWN, needs=["acks"])
@pytest.mark.parametrize("way", Way)
async def test_many_acknowledgements_under_way(client: SocketIOPeer, target: Target, way: Way) -> None:
    """Of fifty events under way at once, each is acknowledged with its own arguments."""
    need(target, way)
    await client.open(way)
    numbers = list(range(100, 100 + MANY))
    client.attempt.random.shuffle(numbers)
    where = client.session.dialect.namespace
    # Servers bound the packets of one payload, some by 16.
    for start in range(0, MANY, 10):
        some = numbers[start : start + 10]
        await client.send(*(Packet.event(EVENT, one, namespace=where, id=one) for one in some))
    for number in sorted(numbers):
        came = payload(await client.expect_ack(number))
        if came != [number]:
            client.attempt.broken(f"{shown(came)} for {number}", "each event's own arguments")


@case("socketio/acknowledgement/unknown-id-received")
async def test_unknown_id_is_told(client: SocketIOPeer, attempt: Attempt) -> None:
    """What becomes of an acknowledgement is told for which the server did not ask."""
    await client.open()
    for number in (0, 99, LARGEST):
        await client.send(Packet.ack(number, "nobody asked", namespace=client.session.dialect.namespace))
    end = await client.settle()
    attempt.report(f"an acknowledgement for an unknown id: {describe(end) if end else 'ignored'}")
