"""Packet encoding and format: what the server's packets look like."""

from __future__ import annotations

import pytest

from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.socketio import SocketIOPeer
from wireproof.target import Target

from .talk import CUSTOM, FORBIDDEN, UNKNOWN, need, say

LAYOUT = "socketio/format/layout-sent"
TYPES = "socketio/exchange-protocol/types-sent"
MESSAGES = "socketio/packet-encoding/message-packet-sent"
EVENT = "socketio/sending-and-receiving-data/payload-sent"
MAIN = "socketio/format/main-namespace-sent"
COMMA = "socketio/format/namespace-sent"


async def provoke(client: SocketIOPeer, target: Target) -> None:
    """Have the server send packets of as many kinds as it can."""
    await client.open()
    await client.connect(FORBIDDEN if target.can("forbidden-namespace") else UNKNOWN)
    spaces = [client.session.dialect.namespace]
    if target.can("custom-namespace"):
        await client.join(CUSTOM)
        spaces.append(CUSTOM)
    for name in spaces:
        if target.can("events"):
            await say(client, "text", namespace=name)
        if target.can("acks"):
            await client.emit("message-with-ack", "text", namespace=name, id=3)
            await client.emit("message-with-ack", b"bytes", namespace=name, id=4)
        if target.can("server-acks"):
            await client.emit("request-ack", "text", namespace=name)
        if target.can("disconnect-me") and name == CUSTOM:
            await client.emit("disconnect-me", False, namespace=name)
    await client.settle()


@case(LAYOUT, TYPES, MESSAGES)
async def test_packets_have_the_layout(client: SocketIOPeer, target: Target) -> None:
    """Packets of many kinds come as messages of Engine.IO, of a known type, their fields in order."""
    await provoke(client, target)
    for violation in client.session.violations:
        if violation.requirement.startswith("engineio/protocol/"):
            client.attempt.broken(violation.text, "message packets of Engine.IO", requirement=MESSAGES)
    for requirement in (MESSAGES, LAYOUT, TYPES):
        client.session.expect_no_violation(requirement)


@case(EVENT, needs=["events"])
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_events_have_an_array(client: SocketIOPeer, target: Target, way: Way) -> None:
    """The payload of each event is an array that is not empty."""
    need(target, way)
    await client.open(way)
    await say(client, "text")
    await client.settle()
    client.session.expect_no_violation()


@case(MAIN)
async def test_main_namespace_is_left_out(client: SocketIOPeer, target: Target) -> None:
    """A packet in the main namespace does not name it."""
    await provoke(client, target)
    client.session.expect_no_violation()


@case(COMMA)
async def test_comma_ends_the_namespace(client: SocketIOPeer, target: Target) -> None:
    """A comma follows the namespace of each packet that names one."""
    await provoke(client, target)
    client.session.expect_no_violation()
