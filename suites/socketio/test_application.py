"""The test contract, as far as it speaks of one client: presence and ticks."""

from __future__ import annotations

import pytest

from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.socketio import SocketIOPeer, event_name
from wireproof.target import Target

from .talk import CUSTOM, home, need, payload, shown, whoami

SID = "socketio-contract/presence/sid"
ROOMS = "socketio-contract/presence/rooms"
TRANSPORT = "socketio-contract/presence/transport"
TICKS = "socketio-contract/ticks/complete"


@case(SID, needs=["whoami"])
@pytest.mark.parametrize("way", Way)
async def test_server_knows_the_sid(client: SocketIOPeer, target: Target, way: Way) -> None:
    """The server tells the session ID that came with CONNECT, in each namespace."""
    need(target, way)
    await client.open(way)
    names = [home(client)]
    if target.can("custom-echo"):
        await client.join(CUSTOM)
        names.append(CUSTOM)
    for name in names:
        told = (await whoami(client, name)).get("sid")
        if told != client.sids.get(name):
            client.attempt.broken(f"{told!r} in {name}", f"{client.sids.get(name)!r}")


@case(ROOMS, needs=["whoami", "rooms"])
async def test_server_knows_the_rooms(client: SocketIOPeer) -> None:
    """The server tells the rooms that the client has joined and not left, and no others."""
    await client.open()
    await expect_rooms(client, set())
    await client.call("join", "red")
    await client.call("join", "blue")
    await client.call("join", "red")
    await expect_rooms(client, {"red", "blue"})
    await client.call("leave", "red")
    await expect_rooms(client, {"blue"})
    await client.call("leave", "never joined")
    await client.call("leave", "blue")
    await expect_rooms(client, set())


async def expect_rooms(client: SocketIOPeer, wanted: set[str]) -> None:
    """Demand that the client is in these rooms."""
    told = (await whoami(client)).get("rooms")
    if not isinstance(told, list) or sorted(map(str, told)) != sorted(wanted):
        client.attempt.broken(shown(told), f"the rooms {sorted(wanted)}")


@case(ROOMS, needs=["whoami", "rooms", "custom-echo"])
async def test_rooms_of_namespaces_stay_apart(client: SocketIOPeer) -> None:
    """A room that was joined in one namespace is not told in another."""
    await client.open()
    await client.join(CUSTOM)
    await client.call("join", "red", namespace=CUSTOM)
    await expect_rooms(client, set())


@case(TRANSPORT, needs=["whoami"])
@pytest.mark.parametrize("way", Way)
async def test_server_knows_the_transport(client: SocketIOPeer, target: Target, way: Way) -> None:
    """The server tells the transport in use: websocket after an upgrade."""
    need(target, way)
    await client.open(way)
    wanted = "polling" if way is Way.POLLING else "websocket"
    told = (await whoami(client)).get("transport")
    if told != wanted:
        client.attempt.broken(shown(told), wanted)


@case(TICKS, needs=["ticks"])
@pytest.mark.parametrize("way", Way)
async def test_ticks_come_once_and_in_order(client: SocketIOPeer, target: Target, way: Way) -> None:
    """All ticks that were asked for come, once each and in order."""
    need(target, way)
    await client.open(way)
    await client.call("ticks", 5, 10)
    came = [payload(await client.expect_event("tick")) for _ in range(5)]
    if came != [[number] for number in range(1, 6)]:
        client.attempt.broken(shown(came), "tick (1) to tick (5)")
    await client.expect_nothing(lambda packet: event_name(packet) == "tick")
