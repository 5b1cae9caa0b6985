"""Sending and receiving data: events whose payload is no array, or no JSON, or has an odd name."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.socketio import SocketIOPeer
from wireproof.target import Target

from .malformed import expect_failures, head
from .talk import CUSTOM, need

DATA = "socketio/sending-and-receiving-data"
MISSING = f"{DATA}/missing-payload-received"
EMPTY = f"{DATA}/empty-array-received"
NO_ARRAY = f"{DATA}/not-an-array-received"
NO_JSON = f"{DATA}/ill-formed-json-received"
NAME = f"{DATA}/event-name-received"
RESERVED = f"{DATA}/reserved-name-received"
# What breaks off or never was JSON: no extension that a reader may accept (RFC 8259 section 9) looks so.
BROKEN = {
    "an open array": "[",
    "an open text": '["message","half',
    "no end": '["message","x"',
    "an open object": '["message",{"a":1',
    "a brace for a bracket": '["message","x"}',
    "a closing bracket too many": '["message","x"]]',
    "a word": "wireproof",
    "brackets crossed": '["message",{"a":[1}]]',
}


@case(MISSING)
async def test_event_without_a_payload_closes(clients: Clients, attempt: Attempt) -> None:
    """An event without a payload closes the connection, with an id or without."""
    await expect_failures(attempt, clients, {"no payload": ("2@",), "an id alone": ("2@12",)})


@case(EMPTY)
async def test_event_with_an_empty_array_closes(clients: Clients, attempt: Attempt) -> None:
    """An event with an empty array closes the connection, with an id or without."""
    await expect_failures(attempt, clients, {"[]": ("2@[]",), "[] with an id": ("2@1[]",)})


@case(NO_ARRAY)
async def test_event_that_is_no_array_closes(clients: Clients, attempt: Attempt) -> None:
    """An event whose payload is JSON but no array closes the connection."""
    values = ("{}", '{"0":"message","length":1}', '"message"', "null", "true")
    await expect_failures(attempt, clients, {value: (f"2@{value}",) for value in values})


@case(NO_JSON)
async def test_event_that_is_no_json_closes(clients: Clients, attempt: Attempt) -> None:
    """An event whose payload is no JSON, or breaks off, closes the connection."""
    await expect_failures(attempt, clients, {row: (f"2@{text}",) for row, text in BROKEN.items()})


@case(EMPTY)
@pytest.mark.parametrize("way", [Way.POLLING, Way.UPGRADED])
async def test_malformed_event_closes_over_every_transport(
    client: SocketIOPeer, target: Target, way: Way
) -> None:
    """An event with an empty array closes the connection also over polling and after an upgrade."""
    need(target, way)
    await client.open(way)
    await client.send(f"2{head(client)}[]")
    await client.expect_failure()


@case(EMPTY, needs=["custom-namespace"])
async def test_malformed_event_for_another_namespace_closes(client: SocketIOPeer) -> None:
    """An event with an empty array for /custom closes the connection."""
    await client.open()
    await client.join(CUSTOM)
    await client.send(f"2{CUSTOM},[]")
    await client.expect_failure()


@case(NAME)
async def test_event_with_an_odd_name_closes(clients: Clients, attempt: Attempt) -> None:
    """An event whose first element is neither a text nor a number closes the connection."""
    names = ("true", "null", '{"toString":"foo"}', "[]")
    await expect_failures(attempt, clients, {name: (f'2@[{name},"x"]',) for name in names})


@case(RESERVED)
async def test_reserved_name_closes(clients: Clients, attempt: Attempt) -> None:
    """An event with a name that means something else closes the connection."""
    names = ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener")
    await expect_failures(attempt, clients, {name: (f'2@["{name}","x"]',) for name in names})
