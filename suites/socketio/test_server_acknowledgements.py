"""Acknowledgement of the server's events by a client."""

from __future__ import annotations

from typing import Any

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.socketio import SocketIOPeer, describe, event_name
from wireproof.peer.table import each_row, named
from wireproof.target import Target
from wireproof.wire.socketio import Packet

from .malformed import head
from .talk import CUSTOM, need, payload, same, shown

TAKEN = "socketio-contract/acknowledgements/taken"
BINARY = "socketio/acknowledgement/binary-ack-received"
REPEATED = "socketio/acknowledgement/repeated-received"
PAYLOAD = "socketio/acknowledgement/payload-received"
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "none": (),
    "one": ("yes",),
    "several": (1, "2", None, True, [3], {"four": 4.5}),
    "an array": ([1, 2],),
    "binary": (b"\x00\xff", {"deep": [b"\x01"]}, "text"),
}


async def asked(client: SocketIOPeer, value: Any, namespace: str | None = None) -> int:
    """Have the server ask for an acknowledgement, and return its id."""
    await client.emit("request-ack", value, namespace=namespace)
    packet = await client.expect_event("ack-me", namespace)
    if packet.id is None:
        raise NotApplicable("the server asks for no acknowledgement")
    if not same(payload(packet), [value]):
        client.attempt.broken(shown(payload(packet)), f"ack-me with {shown(value)}", requirement=TAKEN)
    return packet.id


@case(TAKEN, needs=["server-acks"])
@pytest.mark.parametrize("way", Way)
async def test_acknowledgement_reaches_the_application(
    client: SocketIOPeer, target: Target, way: Way
) -> None:
    """What a client acknowledges with reaches the application unchanged, once."""
    need(target, way)
    await client.open(way)
    for row, args in ARGUMENTS.items():
        if row == "binary":
            continue
        with named(row):
            number = await asked(client, row)
            await answer(client, number, args)
    await client.expect_nothing(lambda packet: event_name(packet) == "ack-received")


@case(BINARY, TAKEN, needs=["server-acks"])
@pytest.mark.parametrize("way", Way)
async def test_binary_acknowledgement_is_taken(client: SocketIOPeer, target: Target, way: Way) -> None:
    """A BINARY_ACK packet and its attachments are one acknowledgement, which reaches the application."""
    need(target, way)
    await client.open(way)
    await answer(client, await asked(client, "binary"), ARGUMENTS["binary"])


async def answer(
    client: SocketIOPeer, number: int, args: tuple[Any, ...], namespace: str | None = None
) -> None:
    """Acknowledge and demand that the application tells what it got."""
    where = namespace or client.session.dialect.namespace
    await client.send(Packet.ack(number, *args, namespace=where))
    came = payload(await client.expect_event("ack-received", namespace))
    if not same(came, list(args)):
        client.attempt.broken(shown(came), f"ack-received with {shown(list(args))}")


@case(TAKEN, needs=["server-acks"])
async def test_several_questions_at_once(client: SocketIOPeer) -> None:
    """Each of several acknowledgements that come in another order is taken, with its own arguments."""
    await client.open()
    ids = [(await asked(client, text), text) for text in ("one", "two", "three")]
    for number, text in reversed(ids):
        await answer(client, number, (f"re {text}",))


@case(TAKEN, needs=["server-acks", "custom-echo"])
async def test_questions_in_several_namespaces(client: SocketIOPeer) -> None:
    """Acknowledgements are taken in the namespace in which they were asked for."""
    await client.open()
    await client.join(CUSTOM)
    home = client.session.dialect.namespace
    ids = {name: await asked(client, f"in {name}", name) for name in (home, CUSTOM)}
    for name in (CUSTOM, home):
        await answer(client, ids[name], (f"re {name}",), name)


@case(REPEATED, needs=["server-acks"])
async def test_second_acknowledgement_is_ignored(client: SocketIOPeer) -> None:
    """A second acknowledgement with the same id does not reach the application."""
    await client.open()
    number = await asked(client, "once")
    await answer(client, number, ("first",))
    await client.send(Packet.ack(number, "second", namespace=client.session.dialect.namespace))
    end = await client.settle()
    if end is not None:
        client.attempt.broken(describe(end), "nothing")
    came = [packet for packet in client.kept if event_name(packet) == "ack-received"]
    if came:
        client.attempt.broken(describe(came[0]), "nothing")


@case(PAYLOAD, needs=["server-acks"])
async def test_acknowledgement_without_an_array_closes(clients: Clients, attempt: Attempt) -> None:
    """An acknowledgement whose payload is no array closes the connection."""

    async def check(client: SocketIOPeer, text: str) -> None:
        number = await asked(client, "badly")
        await client.send(f"3{head(client)}{number}{text}")
        await client.expect_failure()

    rows = {text or "no payload": text for text in ('{"a":1}', '"yes"', "null", "")}
    await each_row(attempt, clients, rows, check)
