"""Namespaces of the test contract: what is sent in one of them stays there."""

from __future__ import annotations

import pytest

from wireproof.case import case
from wireproof.peer.peers import Clients
from wireproof.target import Target

from .hall import Hall
from .hall_rules import ALONE, BROADCAST, ROOMS
from .hall_talk import Audience, Mix
from .talk import CUSTOM

APART = "socketio-contract/namespaces/apart"


@case(APART, *BROADCAST, needs=["custom-echo"])
@pytest.mark.serial(ALONE)
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_broadcast_stays_in_its_namespace(clients: Clients, target: Target, mix: Mix) -> None:
    """A broadcast reaches the clients of its own namespace, those in both too, there and once."""
    hall = Hall(clients, target, mix=mix)
    await hall.enter("a", "here", "both")
    for name in ("a", "both"):
        await hall.connect(name, CUSTOM)
    for name in ("a", "both"):
        await hall.say(name)
        await hall.say(name, namespace=CUSTOM)
    await hall.settle()


@case(APART, *ROOMS[:4], needs=["rooms", "custom-echo"])
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_rooms_of_one_name_are_apart(clients: Clients, target: Target, mix: Mix) -> None:
    """Rooms of the same name in two namespaces have members and events of their own."""
    hall = Hall(clients, target, Audience.ROOMS, mix=mix)
    await hall.enter("a", "here", "there", "both")
    for name in ("a", "here", "there", "both"):
        await hall.connect(name, CUSTOM)
    for name in ("here", "both"):
        await hall.join(name, "r")
    for name in ("there", "both"):
        await hall.join(name, "r", namespace=CUSTOM)
    for name in ("a", "both"):
        await hall.say(name, "r")
        await hall.say(name, "r", namespace=CUSTOM)
    await hall.fence("a")
    await hall.leave("both", "r", namespace=CUSTOM)
    await hall.say("a", "r")
    await hall.say("a", "r", namespace=CUSTOM)
    await hall.settle("a")
