"""The rooms of the test contract: who gets what is sent to them, how often, and in which order."""

from __future__ import annotations

import pytest

from wireproof.case import case
from wireproof.model.history import SenderRule
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.target import Target
from wireproof.wire.socketio import Packet

from .hall import Hall
from .hall_rules import ROOMS
from .hall_talk import Audience, Exit, Mix
from .hall_values import BYTES, VALUES
from .talk import CUSTOM, UNKNOWN, need

JOINING = "socketio-contract/rooms/joining"
LEFT = "socketio-contract/rooms/left"
DISCONNECTED = "socketio-contract/rooms/disconnected"
ORDER = tuple(sorted(ROOMS, key=lambda name: not name.endswith("order")))
ONCE = tuple(sorted(ROOMS, key=lambda name: not name.endswith("once")))
SENDER = tuple(sorted(ROOMS, key=lambda name: not name.endswith("sender")))
MEMBERS = tuple(sorted(ROOMS, key=lambda name: not name.endswith("members")))
BURST = 25
# Each pair is two rooms.
NAMES = {
    "case": ("room", "Room"),
    "a blank behind": ("blank", "blank "),
    "a part": ("part", "par"),
    "separators": ("a,b", "a"),
    "a path": ("/custom", "custom"),
    "beyond ASCII": ("\u00e9\U0001f600", "e\u0301\U0001f600"),
    "names of JavaScript's own": ("constructor", "__proto__"),
    "digits": ("1", "01"),
    "500 characters": ("r" * 500, "r" * 499),
    "what looks like a pattern": ("*", ".*"),
}


@case(JOINING, needs=["rooms"])
@pytest.mark.parametrize("way", Way)
async def test_joining_and_leaving_are_acknowledged(clients: Clients, target: Target, way: Way) -> None:
    """Joining a room, joining it again, leaving it and leaving it again are each acknowledged with true."""
    need(target, way)
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("a", way=way)
    await hall.join("a", "r", "r", "s")
    await hall.leave("a", "r", "r", "never")


@case(*ROOMS, needs=["rooms"])
@pytest.mark.parametrize("mix", Mix)
async def test_members_get_each_event_once(clients: Clients, target: Target, mix: Mix) -> None:
    """What each of three members sends to a room is delivered once to the others, and not to strangers."""
    hall = Hall(clients, target, Audience.ROOMS, mix=mix)
    await hall.enter("a", "b", "c", "stranger")
    for name in "abc":
        await hall.join(name, "r")
    for _ in range(2):
        for name in "abc":
            await hall.say(name, "r")
    await hall.settle()


@case(*SENDER, needs=["rooms"])
async def test_sender_gets_nothing_of_its_own(clients: Clients, target: Target) -> None:
    """A sender gets none of its own events to a room, nor to several rooms, whether it is in them or not."""
    hall = Hall(clients, target, Audience.ROOMS, SenderRule.EXCLUDED)
    await hall.enter("a", "b", "outside")
    for name in "ab":
        await hall.join(name, "r", "s")
    for name in ("a", "outside"):
        await hall.say(name, "r")
        await hall.say(name, "r", "s")
    await hall.settle()


@case(*MEMBERS, needs=["rooms"])
async def test_rooms_are_told_apart(clients: Clients, target: Target) -> None:
    """Events to one room reach its members only, whoever sends them."""
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("a", "b", "c", "d", "nowhere")
    for name, room in {"a": "r", "b": "r", "c": "s", "d": "s"}.items():
        await hall.join(name, room)
    for name in ("a", "c", "nowhere"):
        await hall.say(name, "r")
        await hall.say(name, "s")
        await hall.say(name, "empty")
    await hall.settle()


@case(*MEMBERS, needs=["rooms"])
async def test_rooms_are_told_apart_by_their_whole_names(clients: Clients, target: Target) -> None:
    """Names that differ by a letter's case, a blank or a normal form are names of different rooms."""
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("a", "one", "other")
    for one, other in NAMES.values():
        await hall.join("one", one)
        await hall.join("other", other)
    for one, other in NAMES.values():
        await hall.say("a", one)
        await hall.say("a", other)
    await hall.settle()


@case(*ONCE, needs=["rooms"])
@pytest.mark.parametrize("mix", Mix)
async def test_overlapping_rooms_deliver_once(clients: Clients, target: Target, mix: Mix) -> None:
    """A socket that is in several of the rooms that an event goes to gets it once."""
    hall = Hall(clients, target, Audience.ROOMS, mix=mix)
    await hall.enter("a", "both", "first", "second", "third")
    await hall.join("both", "r", "s", "t")
    await hall.join("first", "r")
    await hall.join("second", "s")
    await hall.join("third", "t")
    await hall.say("a", "r", "s")
    await hall.say("a", "s", "r", "t")
    await hall.say("first", "r", "s", "t")
    await hall.say("a", "r", "r")
    await hall.settle()


@case(*ONCE, needs=["rooms"])
async def test_room_joined_twice_delivers_once(clients: Clients, target: Target) -> None:
    """A socket that has joined a room twice gets each event once, and none once it has left it."""
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("a", "twice", "once")
    await hall.join("twice", "r", "r")
    await hall.join("once", "r")
    await hall.say("a", "r")
    await hall.fence("a")
    await hall.leave("twice", "r")
    await hall.say("a", "r")
    await hall.settle()


@case(LEFT, *ROOMS[:4], needs=["rooms"])
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_room_that_was_left_is_silent(clients: Clients, target: Target, mix: Mix) -> None:
    """A socket that has left a room gets nothing of it, and still everything of its other rooms."""
    hall = Hall(clients, target, Audience.ROOMS, mix=mix)
    await hall.enter("a", "leaving", "staying")
    for name in ("leaving", "staying"):
        await hall.join(name, "r", "s")
    await hall.say("a", "r", "s")
    await hall.leave("leaving", "r")
    for _ in range(2):
        await hall.say("a", "r")
        await hall.say("a", "s")
        await hall.say("a", "r", "s")
    await hall.settle()


@case(LEFT, *ROOMS[:4], needs=["rooms"])
async def test_rooms_are_joined_left_and_joined_again(clients: Clients, target: Target) -> None:
    """A socket that joins, leaves and joins again gets what is sent while it is in the room, and no more."""
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("a", "restless", "staying")
    await hall.join("staying", "r")
    for _ in range(3):
        await hall.join("restless", "r")
        await hall.say("a", "r")
        # What was sent before it leaves is delivered before: nothing is left open then.
        await hall.fence("a")
        await hall.leave("restless", "r")
        await hall.say("a", "r")
        await hall.answered("a")
    await hall.settle()


@case(DISCONNECTED, *ROOMS[:4], needs=["rooms"])
async def test_rooms_end_with_the_connection(clients: Clients, target: Target) -> None:
    """A client that disconnects from the namespace and joins it again on the same session is in no room."""
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("a", "staying", "returning")
    await hall.join("staying", "r")
    await hall.join("returning", "r")
    client = hall.members["returning"]
    # A session may end that is in no namespace any more.
    await client.connect(CUSTOM if target.can("custom-namespace") else UNKNOWN)
    hall.excuse("returning")
    await client.send(Packet.disconnect(hall.home))
    if await client.settle() is None:
        hall.forget("returning")
        client.kept.clear()
        await hall.connect("returning")
        hall.present.append("returning")
    await hall.say("a", "r")
    await hall.settle()


@case(DISCONNECTED, *ROOMS[:4], needs=["rooms"])
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_new_client_is_in_no_room(clients: Clients, target: Target, mix: Mix) -> None:
    """Clients that come when another one has left without leaving its rooms are in none of them."""
    hall = Hall(clients, target, Audience.ROOMS, mix=mix)
    await hall.enter("a", "staying", "before")
    for name in ("staying", "before"):
        await hall.join(name, "r")
    # In order, as far as the session goes: the server knows that it has ended when the next one comes.
    await hall.go("before", Exit.CLOSE)
    await hall.answered("a")
    await hall.enter("after", "later")
    for _ in range(2):
        await hall.say("a", "r")
        await hall.answered("after", "later")
    await hall.settle()


@case(*ORDER, needs=["rooms"])
@pytest.mark.parametrize("mix", Mix)
async def test_burst_to_a_room_keeps_its_order(clients: Clients, target: Target, mix: Mix) -> None:
    """Events that two members send to a room without a pause come in the order of each."""
    hall = Hall(clients, target, Audience.ROOMS, mix=mix)
    await hall.enter("a", "b", "c", "d")
    for name in "abcd":
        await hall.join(name, "r")
    await hall.burst(["a", "b"], BURST, "r")
    await hall.settle()


@case("socketio-contract/broadcast/acknowledged", needs=["rooms"])
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_events_to_rooms_are_acknowledged(clients: Clients, target: Target, way: Way) -> None:
    """Events to one room, to several and to an empty one are acknowledged to their sender, once each."""
    need(target, way)
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("a", "b", way=way)
    await hall.join("b", "r")
    for rooms in (("r",), ("r", "empty"), ("empty",)):
        await hall.say("a", *rooms)
    await hall.expect_acknowledged("a")


@case("socketio-contract/rooms/unchanged", *ROOMS, needs=["rooms"])
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_values_are_delivered_unchanged(clients: Clients, target: Target, mix: Mix) -> None:
    """JSON of every kind and bytes at any depth reach the members as the values that they were sent as."""
    hall = Hall(clients, target, Audience.ROOMS, mix=mix)
    await hall.enter("a", "b", "both")
    await hall.join("b", "r")
    await hall.join("both", "r", "s")
    for value in (*VALUES.values(), *BYTES.values()):
        await hall.say("a", "r", "s", value=value)
    await hall.settle()
