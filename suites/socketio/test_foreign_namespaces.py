"""Connection to a namespace: events for one to which the client is not connected."""

from __future__ import annotations

import pytest

from wireproof.attempt import NotApplicable
from wireproof.case import case
from wireproof.peer.socketio import SocketIOPeer
from wireproof.target import Target
from wireproof.wire.socketio import Packet, PacketType

from .talk import CUSTOM, FORBIDDEN, expect_nothing_back, home, say

FOREIGN = "socketio/connection-to-a-namespace/event-without-connection"
NAMESPACES = [pytest.param(CUSTOM, id="custom"), pytest.param(FORBIDDEN, id="forbidden")]


@case(FOREIGN, needs=["events"])
@pytest.mark.parametrize("namespace", NAMESPACES)
async def test_event_for_another_namespace_is_not_delivered(
    client: SocketIOPeer, target: Target, namespace: str
) -> None:
    """An event for a namespace that the client did not join is not delivered, nor one behind a refusal."""
    target.require("custom-echo" if namespace == CUSTOM else "forbidden-namespace")
    await client.open()
    if namespace == FORBIDDEN:
        await client.connect(namespace)
    await say(client, "a stranger", namespace=namespace)
    await expect_nothing_back(client)


@case(
    "socketio/difference-between-v5-and-v4/no-implicit-connection",
    FOREIGN,
    needs=["events", "custom-namespace"],
)
async def test_nobody_is_connected_without_asking(client: SocketIOPeer) -> None:
    """A client that joined /custom alone is connected to no other namespace: its events there go nowhere."""
    where = home(client)
    if where == CUSTOM:
        raise NotApplicable("the application answers in /custom itself")
    await client.start()
    await client.join(CUSTOM)
    await client.expect_nothing(lambda packet: packet.namespace == where)
    await say(client, "a stranger")
    await expect_nothing_back(client)


@case("socketio/connection-to-a-namespace/event-without-connection-closes", needs=["custom-namespace"])
@pytest.mark.parametrize("kind", [PacketType.EVENT, PacketType.ACK, PacketType.DISCONNECT])
async def test_packet_for_another_namespace_closes(client: SocketIOPeer, kind: PacketType) -> None:
    """A packet for a namespace to which the client is not connected closes the connection."""
    packets = {
        PacketType.EVENT: Packet.event("message", "a stranger", namespace=CUSTOM),
        PacketType.ACK: Packet.ack(0, namespace=CUSTOM),
        PacketType.DISCONNECT: Packet.disconnect(CUSTOM),
    }
    await client.open()
    await client.send(packets[kind])
    await client.expect_failure()
