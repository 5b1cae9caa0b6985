"""Disconnection from a namespace, by the client and by the server."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer, describe, ground_of
from wireproof.target import Target
from wireproof.wire.socketio import Packet, PacketType

from .talk import CUSTOM, back, expect_nothing_back, expect_same, home, need, say

DISCONNECT = "socketio/disconnection-from-a-namespace"
AGAIN = f"{DISCONNECT}/again-received"
NAMESPACE = "socketio-contract/disconnecting/namespace"
CONNECTION = "socketio-contract/disconnecting/connection"


@case(f"{DISCONNECT}/received", needs=["events"])
@pytest.mark.parametrize("way", Way)
async def test_event_after_disconnect_is_not_delivered(
    client: SocketIOPeer, target: Target, way: Way
) -> None:
    """An event behind DISCONNECT is not delivered, whether the connection goes on or not."""
    need(target, way)
    await client.open(way)
    await expect_same(client, "before")
    await client.send(Packet.disconnect(home(client)))
    await say(client, "behind")
    await expect_nothing_back(client)


@case(f"{DISCONNECT}/received", needs=["events", "custom-echo"])
async def test_disconnect_ends_the_namespace_that_it_names(client: SocketIOPeer) -> None:
    """DISCONNECT for /custom ends the connection to that namespace: an event for it is not delivered."""
    await client.open()
    await client.join(CUSTOM)
    await client.send(Packet.disconnect(CUSTOM))
    await client.settle()
    await say(client, "behind", namespace=CUSTOM)
    await expect_nothing_back(client)


@case(f"{DISCONNECT}/others-kept", needs=["events", "custom-echo"])
@pytest.mark.parametrize("way", Way)
async def test_other_namespaces_are_kept(client: SocketIOPeer, target: Target, way: Way) -> None:
    """After DISCONNECT for one of two namespaces, events go on in the other, whichever it is."""
    need(target, way)
    await client.open(way)
    await client.join(CUSTOM)
    await client.send(Packet.disconnect(CUSTOM))
    await client.settle()
    await expect_same(client, "still here")
    await client.join(CUSTOM)
    await client.send(Packet.disconnect(home(client)))
    await client.settle()
    await expect_same(client, "still here", namespace=CUSTOM)


@case(AGAIN, needs=["events", "custom-echo"])
@pytest.mark.parametrize("way", Way)
async def test_client_may_connect_again(client: SocketIOPeer, target: Target, way: Way) -> None:
    """CONNECT some time after DISCONNECT is answered like the first one, and events go on."""
    need(target, way)
    await client.open(way)
    await client.join(CUSTOM)
    for _ in range(2):
        await client.send(Packet.disconnect(CUSTOM))
        await client.settle()
        await client.expect_connected(CUSTOM, client.session.dialect.auth)
        await expect_same(client, "once more", namespace=CUSTOM)


@case(AGAIN, needs=["custom-namespace", "polling"])
async def test_client_may_connect_again_at_once(client: SocketIOPeer) -> None:
    """CONNECT right behind DISCONNECT, in the same payload, is answered like the first one."""
    await client.open(Way.POLLING)
    await client.join(CUSTOM)
    with client.attempt.expecting(f"CONNECT for {CUSTOM}") as expecting:
        await client.send(Packet.disconnect(CUSTOM), Packet.connect(CUSTOM, client.session.dialect.auth))
        while True:
            packet = await client.event()
            if isinstance(packet, SessionEnd) or packet.type is PacketType.CONNECT_ERROR:
                expecting.broken(describe(packet), ground_of(packet))
            if packet.type is PacketType.CONNECT:
                return


@case(f"{DISCONNECT}/no-response", f"{DISCONNECT}/without-connection-received", needs=["custom-namespace"])
async def test_response_to_disconnect_is_told(client: SocketIOPeer, attempt: Attempt) -> None:
    """What a server answers to DISCONNECT, and to one for a namespace without a connection, is told."""
    await client.open()
    await client.join(CUSTOM)
    await client.settle()
    for name in ("DISCONNECT", "DISCONNECT without a connection"):
        client.kept.clear()
        await client.send(Packet.disconnect(CUSTOM))
        end = await client.settle()
        said = [describe(packet) for packet in client.kept if packet.namespace == CUSTOM]
        attempt.report(f"{name}: {describe(end) if end else ', '.join(said) or 'no answer'}")
        if end:
            return


@case(AGAIN)
async def test_end_of_all_namespaces_is_told(client: SocketIOPeer, attempt: Attempt) -> None:
    """After DISCONNECT for all namespaces CONNECT is answered, or the connection is closed: that is told."""
    await client.open()
    await client.send(Packet.disconnect(home(client)))
    end = await client.settle()
    if end is None:
        await client.expect_connected(home(client), client.session.dialect.auth)
    attempt.report(f"without a namespace: {describe(end) if end else 'the connection is kept open'}")


@case(NAMESPACE, f"{DISCONNECT}/sent", needs=["disconnect-me", "custom-echo", "events"])
@pytest.mark.parametrize("way", Way)
async def test_server_disconnects_a_namespace(client: SocketIOPeer, target: Target, way: Way) -> None:
    """A server ends the connection to one namespace by DISCONNECT, and the other one goes on."""
    need(target, way)
    await client.open(way)
    await client.join(CUSTOM)
    await client.emit("disconnect-me", False, namespace=CUSTOM)
    await client.expect_disconnected(CUSTOM, f"{DISCONNECT}/sent")
    await expect_same(client, "still here", requirement=NAMESPACE)
    client.kept.clear()
    await say(client, "behind", namespace=CUSTOM)
    await client.settle()
    if any(back(packet, client) and packet.namespace == CUSTOM for packet in client.kept):
        client.attempt.broken("an event is sent back behind DISCONNECT", "nothing", requirement=NAMESPACE)


@case(CONNECTION, needs=["disconnect-me"])
@pytest.mark.parametrize("way", Way)
async def test_server_ends_the_connection(client: SocketIOPeer, target: Target, way: Way) -> None:
    """A server that disconnects a client altogether ends the underlying connection, over every transport."""
    need(target, way)
    await client.open(way)
    if target.can("custom-namespace"):
        await client.join(CUSTOM)
    await client.emit("disconnect-me", True)
    await client.session.expect_end()
