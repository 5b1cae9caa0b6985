"""Malformed packets other than events with a wrong payload."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Clients

from .malformed import expect_failures

UNKNOWN = "socketio/exchange-protocol/unknown-type-received"
NO_JSON = "socketio/packets/ill-formed-json-received"
BAD_ID = "socketio/packets/ill-formed-id-received"
CONNECT = "socketio/packets/connect-payload-received"
DISCONNECT = "socketio/packets/disconnect-payload-received"
REFUSAL = "socketio/packets/connect-error-received"


@case(UNKNOWN)
async def test_unknown_type_closes(clients: Clients, attempt: Attempt) -> None:
    """A packet of an unknown type, or without one, closes the connection."""
    rows = {
        "7": ('7@["message","x"]',),
        "9": ("9",),
        "999": ("999",),
        "a letter": ('x["message","x"]',),
        "a sign": ('-2["message","x"]',),
        "white space": (' 2["message","x"]',),
        "an empty message": ("",),
    }
    await expect_failures(attempt, clients, rows)


@case(NO_JSON)
async def test_packet_that_is_no_json_closes(clients: Clients, attempt: Attempt) -> None:
    """A CONNECT, ACK or CONNECT_ERROR packet whose payload breaks off closes the connection."""
    rows = {
        "CONNECT": ('0/custom,{"token":"x',),
        "CONNECT with a word": ("0/custom,wireproof",),
        "ACK": ("3@0[",),
        "ACK with an open object": ('3@0["x",{"a":1]',),
        "CONNECT_ERROR": ('4@{"message"',),
        # From a server's own tests of its reader: the id, then a JSON that breaks off.
        "CONNECT_ERROR with an id": ('4@42["some","data"',),
    }
    await expect_failures(attempt, clients, rows)


@case(BAD_ID)
async def test_id_that_is_no_number_closes(clients: Clients, attempt: Attempt) -> None:
    """Something else than digits between namespace and payload closes the connection."""
    ids = ("-1", "+1", "1.5", "1e2", "0x1", "x1", "1,")
    await expect_failures(attempt, clients, {one: (f'2@{one}["message","x"]',) for one in ids})


@case(CONNECT)
async def test_connect_without_an_object_closes(clients: Clients, attempt: Attempt) -> None:
    """A CONNECT packet whose payload is no object closes the connection."""
    values = ('"invalid"', "[]", "true", "null")
    await expect_failures(attempt, clients, {value: (f"0/custom,{value}",) for value in values})


@case(DISCONNECT)
async def test_disconnect_with_a_payload_closes(clients: Clients, attempt: Attempt) -> None:
    """A DISCONNECT packet with a payload closes the connection."""
    await expect_failures(attempt, clients, {value: (f"1@{value}",) for value in ('{"a":1}', '["x"]')})


@case(REFUSAL)
async def test_connect_error_by_a_client_closes(clients: Clients, attempt: Attempt) -> None:
    """A CONNECT_ERROR packet of a client's closes the connection, and does no more harm."""
    rows = {
        "with an object": ('4@{"message":"handle me please"}',),
        "with an array": ('4@["handle me please"]',),
        "for another namespace": ('4/custom,{"message":"handle me please"}',),
    }
    await expect_failures(attempt, clients, rows)
