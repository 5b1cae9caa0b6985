"""Connection to a namespace with a payload: what a client authenticates with reaches the application."""

from __future__ import annotations

from typing import Any

import pytest

from wireproof.attempt import NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.socketio import SocketIOPeer
from wireproof.target import Target
from wireproof.wire.socketio import ABSENT

from .talk import CUSTOM, OTHERS, expect_same, home, need, payload, same, shown

PAYLOAD = "socketio/difference-between-v5-and-v4/payload-received"
AUTH = "socketio-contract/connecting/auth"
VALUES: dict[str, Any] = {
    "a token": {"token": "123"},
    "an empty object": {},
    "values of every type": {"a": [1, -2.5, True, None, "x"], "b": {"c": {"d": []}}},
    "texts beyond ASCII": {"n\u00e4me": "\U0001f600 \u0416, /custom,0[]"},
    "10,000 characters": {"token": "0123456789" * 1000},
}


@case(PAYLOAD, needs=["auth"])
@pytest.mark.parametrize("way", OTHERS)
async def test_connect_with_a_payload_is_accepted(client: SocketIOPeer, target: Target, way: Way) -> None:
    """CONNECT with an object as payload is answered with CONNECT."""
    need(target, way)
    await client.start(way)
    await client.expect_connected(home(client), {"token": "123"})


@case(AUTH, PAYLOAD, needs=["auth"])
async def test_payload_reaches_the_application(clients: Clients) -> None:
    """The application is told the very object that came with CONNECT."""
    for name, value in VALUES.items():
        client = clients()
        with client.attempt.row(name):
            await client.open(auth=value)
            await told(client, value)
        client.discard()


@case(AUTH, needs=["auth"])
async def test_application_is_told_of_no_payload(client: SocketIOPeer) -> None:
    """Without a payload the application is told an empty object."""
    if client.session.dialect.auth is not ABSENT:
        raise NotApplicable("the server wants a payload, as its profile tells")
    await client.open()
    await told(client, {})


@case(AUTH, needs=["auth", "custom-echo"])
async def test_payloads_of_several_namespaces_stay_apart(client: SocketIOPeer) -> None:
    """Each namespace is told the payload of its own CONNECT packet."""
    await client.open(auth={"in": "the first"})
    await client.join(CUSTOM, auth={"in": "the second"})
    await told(client, {"in": "the first"})
    await told(client, {"in": "the second"}, CUSTOM)


async def told(client: SocketIOPeer, value: Any, namespace: str | None = None) -> None:
    """Demand that the application says what it was told."""
    packet = await client.expect_event("auth", namespace)
    if not same(payload(packet), [value]):
        client.attempt.broken(shown(payload(packet)), f"auth with {shown(value)}")


@case(
    "socketio-contract/connecting/custom",
    "socketio/sending-and-receiving-data/exchanged",
    needs=["custom-echo", "events", "acks"],
)
@pytest.mark.parametrize("way", Way)
async def test_another_namespace_works_alone(client: SocketIOPeer, target: Target, way: Way) -> None:
    """A client that is connected to /custom alone exchanges events there and has them acknowledged."""
    need(target, way)
    await client.start(way)
    await client.join(CUSTOM)
    await expect_same(client, "in custom", namespace=CUSTOM)
    came = await client.call("message-with-ack", "asked", namespace=CUSTOM)
    if came != ["asked"]:
        client.attempt.broken(shown(came), "the acknowledgement ['asked']")
