"""The broadcast of the test contract: clients that come, leave, vanish or break the protocol."""

from __future__ import annotations

import pytest

from wireproof.case import case
from wireproof.peer.concurrent import all_of
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.target import Target
from wireproof.wire import engineio
from wireproof.wire.socketio import Packet

from .hall import Hall
from .hall_rules import ALONE, BROADCAST
from .hall_talk import Exit
from .talk import CUSTOM, UNKNOWN, need

pytestmark = pytest.mark.serial(ALONE)
INDEPENDENT = ("socketio-contract/members/independent", *BROADCAST[1:])
CHANGING = ("socketio-contract/members/changing", *BROADCAST[1:])
WAYS = [Way.POLLING, Way.WEBSOCKET]
# Each is one or more Engine.IO packets.
MISDEEDS = {
    "no-such-packet": ["9"],
    "no-such-type": ["47"],
    "bad-json": ['42["broadcast",'],
    "half-an-event": [
        '452-["broadcast",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
        "bAQID",
    ],
    "stray-bytes": ["bAQID"],
}


@case(*INDEPENDENT)
@pytest.mark.parametrize("how", Exit)
async def test_rest_is_served_when_clients_leave(clients: Clients, target: Target, how: Exit) -> None:
    """When the first two clients and two in the middle leave, all others get each event, now and later."""
    hall = Hall(clients, target)
    await hall.enter("first", "second")
    await hall.enter("a", "b", "middle1", "middle2", "c")
    for name in ("first", "second", "middle1", "middle2"):
        await hall.go(name, how)
    for name in "abc":
        await hall.say(name)
    await hall.fence("a", "b", "c")
    for name in "abc":
        await hall.say(name)
    await hall.settle()


@case(*INDEPENDENT)
@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_rest_is_served_when_clients_break_the_protocol(
    clients: Clients, target: Target, misdeed: str
) -> None:
    """When clients over each transport send what no client may, all others are served on."""
    hall = Hall(clients, target)
    wrong = ("first", "second")
    await hall.enter(*wrong)
    await hall.enter("a", "b")
    for name in wrong:
        hall.excuse(name)
        session = hall.members[name].session
        for packet in MISDEEDS[misdeed]:
            # Bytes are packets of their own over WebSocket, and base64 over polling.
            binary = session.socket is not None and packet.startswith("b")
            await session.send(engineio.Packet.message(b"\x01\x02\x03") if binary else packet)
    for name in "ab":
        await hall.say(name)
    await hall.fence("a", "b")
    for name in wrong:
        hall.members[name].session.vanish()
    for name in "ab":
        await hall.say(name)
    await hall.settle()


@case(*INDEPENDENT)
async def test_rest_is_served_while_clients_leave(clients: Clients, target: Target) -> None:
    """While two clients broadcast without a pause, others leave; the rest gets each event once."""
    hall = Hall(clients, target)
    leaving = {f"{how.name.lower()}{number}": how for how in Exit for number in range(2)}
    await hall.enter(*leaving, "a", "b", "silent")

    async def leave() -> None:
        for name, how in leaving.items():
            await hall.go(name, how)

    await all_of(hall.burst(["a", "b"], 2 * len(leaving)), leave())
    await hall.settle("a", "b")


@case(*CHANGING)
@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_delivered_after_disconnect(clients: Clients, target: Target, way: Way) -> None:
    """A client that has disconnected from the namespace, its session left open, gets nothing more."""
    need(target, way)
    hall = Hall(clients, target)
    await hall.enter("a", "b")
    await hall.enter("leaving", way=way)
    client = hall.members["leaving"]
    # A session may end that is in no namespace any more.
    await client.connect(CUSTOM if target.can("custom-namespace") else UNKNOWN)
    hall.excuse("leaving")
    await client.send(Packet.disconnect(hall.home))
    if await client.settle() is None:
        client.kept.clear()
        hall.forget("leaving")
    for name in "abab":
        await hall.say(name)
    await hall.fence("a", "b")
    await hall.answered("leaving")
    await hall.settle("a", "b")


@case(*CHANGING)
async def test_newcomers_get_what_is_sent_from_now_on(clients: Clients, target: Target) -> None:
    """While a client broadcasts, others join: each gets every event from then on, once."""
    hall = Hall(clients, target)
    await hall.enter("a", "b")
    for newcomers in (("c", "d"), ("e", "f")):
        await hall.say("a")
        await all_of(hall.burst("b", 5), hall.enter(*newcomers))
        await hall.say("a")
    await hall.settle("a", "b")


@case(*CHANGING)
async def test_client_that_returns_gets_each_event_once(clients: Clients, target: Target) -> None:
    """A client that has left, in whatever way, and comes again is one member, not two."""
    hall = Hall(clients, target)
    await hall.enter("a", "b")
    for how in Exit:
        await hall.enter(f"{how.name.lower()}1")
        await hall.go(f"{how.name.lower()}1", how)
        await hall.enter(f"{how.name.lower()}2")
    await hall.say("a")
    await hall.say("rst2")
    await hall.settle("a", "b")


@case(*CHANGING)
async def test_client_that_joins_again_gets_each_event_once(clients: Clients, target: Target) -> None:
    """A client that disconnects from the namespace and joins it again on its session is one member."""
    hall = Hall(clients, target)
    await hall.enter("a", "b", "again")
    client = hall.members["again"]
    await client.connect(CUSTOM if target.can("custom-namespace") else UNKNOWN)
    for _ in range(2):
        hall.excuse("again")
        await client.send(Packet.disconnect(hall.home))
        if await client.settle() is not None:
            break
        client.kept.clear()  # an answer to DISCONNECT is for another case
        await hall.connect("again")
        hall.present.append("again")
    await hall.say("a")
    await hall.settle("a", "b")


@case(*CHANGING)
async def test_coming_and_going_disturbs_nobody(clients: Clients, target: Target) -> None:
    """While clients come and go, those that stay get each event once, in order."""
    hall = Hall(clients, target)
    await hall.enter("a", "b")
    before = ""
    for number, how in enumerate((*Exit, *Exit)):
        name = f"guest{number}"
        await hall.say("a")
        await hall.enter(name)
        await hall.say("b")
        await hall.say(name)
        if before:
            await hall.go(before, how)
        await hall.say("a")
        before = name
    await hall.settle("a", "b")
