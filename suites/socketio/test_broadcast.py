"""The broadcast of the test contract: who gets which event, how often, and in which order."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.attempt import NotApplicable
from wireproof.case import case
from wireproof.model.history import SenderRule
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.target import Target

from .hall import Hall
from .hall_rules import ALONE, BROADCAST
from .hall_talk import Audience, Mix
from .hall_values import BYTES, VALUES
from .talk import need

pytestmark = pytest.mark.serial(ALONE)
TRANSPORTS = "socketio-contract/broadcast/transports"
UNCHANGED = "socketio-contract/broadcast/unchanged"
ORDER = tuple(sorted(BROADCAST, key=lambda name: not name.endswith("order")))
RELAYS = [Audience.OTHERS, Audience.ALL]
BURST = 30
TEXTS = "the server's own broadcast, as its profile tells, carries short texts only"


@case(*BROADCAST)
@pytest.mark.parametrize("audience", RELAYS)
async def test_everyone_gets_each_broadcast_once(
    clients: Clients, target: Target, audience: Audience
) -> None:
    """What each of four clients broadcasts, over both transports, is delivered once to every other one."""
    hall = Hall(clients, target, audience)
    await hall.enter("a", "b", "c", "d")
    for _ in range(2):
        for name in "abcd":
            await hall.say(name)
    await hall.settle()


@case(*BROADCAST)
async def test_client_that_never_speaks_gets_everything(clients: Clients, target: Target) -> None:
    """A client that has sent nothing but CONNECT gets each broadcast once."""
    hall = Hall(clients, target)
    await hall.enter("a", "silent", "silent2")
    for _ in range(3):
        await hall.say("a")
    await hall.settle()


async def judge_senders(hall: Hall) -> None:
    """Let three clients say an event each, and judge who hears it."""
    await hall.enter("a", "b", "c")
    for name in "abc":
        await hall.say(name)
    await hall.settle()


@case("socketio-contract/broadcast/excluded", *BROADCAST, needs=["event-broadcast"])
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_sender_hears_nothing_of_its_own(clients: Clients, target: Target, mix: Mix) -> None:
    """Where the broadcast is for the others, none of it comes back to its sender."""
    hall = Hall(clients, target, Audience.OTHERS, SenderRule.EXCLUDED, mix)
    await judge_senders(hall)


@case("socketio-contract/broadcast/included", *BROADCAST, needs=["event-broadcast-all"])
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_sender_hears_itself(clients: Clients, target: Target, mix: Mix) -> None:
    """Where the broadcast is for all, each event comes back to its sender too, once."""
    hall = Hall(clients, target, Audience.ALL, SenderRule.INCLUDED, mix)
    await judge_senders(hall)


@case("socketio-contract/broadcast/acknowledged")
@pytest.mark.parametrize("audience", RELAYS)
async def test_broadcasts_are_acknowledged(clients: Clients, target: Target, audience: Audience) -> None:
    """Each broadcast is acknowledged to its sender once, also when nobody else is there."""
    hall = Hall(clients, target, audience)
    if hall.form is not None:
        raise NotApplicable("the server's own broadcast, as its profile tells, asks for no acknowledgement")
    await hall.enter("a")
    await hall.say("a")
    await hall.expect_acknowledged("a")
    await hall.enter("b", "c")
    for name in "abc":
        await hall.say(name)
        await hall.expect_acknowledged(name)


@case(*ORDER)
@pytest.mark.parametrize("audience", RELAYS)
async def test_burst_of_one_sender_keeps_its_order(
    clients: Clients, target: Target, audience: Audience
) -> None:
    """Thirty broadcasts of one client without a pause come in their order."""
    hall = Hall(clients, target, audience)
    await hall.enter("a", "b", "c")
    await hall.burst("a", BURST)
    await hall.settle()


@case(*ORDER)
async def test_senders_at_once_keep_their_orders(clients: Clients, target: Target) -> None:
    """While three clients broadcast at once, the events of each come in their order."""
    hall = Hall(clients, target)
    await hall.enter("a", "b", "c", "silent")
    await hall.burst("abc", BURST // 3)
    await hall.settle()


@case(*ORDER)
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_short_broadcast_does_not_overtake_a_long_one(
    clients: Clients, target: Target, mix: Mix
) -> None:
    """Short events stay behind long ones, and events without bytes behind such with bytes."""
    hall = Hall(clients, target, mix=mix)
    if hall.form is not None:
        raise NotApplicable(TEXTS)
    await hall.enter("a", "b", "c")
    for value in ("x" * 20_000, 1, b"x" * 20_000, 2, [b"y"] * 5, 3):
        await hall.say("a", value=value)
    await hall.settle()


@case(TRANSPORTS, *BROADCAST[1:], needs=["polling", "websocket-transport"])
@pytest.mark.parametrize("way", Way)
async def test_all_transports_get_the_same(clients: Clients, target: Target, way: Way) -> None:
    """What a client sends over one transport reaches clients over polling, WebSocket and both."""
    need(target, way)
    hall = Hall(clients, target)
    await hall.enter("a", way=way)
    for name, other in zip("bcd", Way, strict=True):
        if other is not Way.UPGRADED or target.can("upgrade"):
            await hall.enter(name, way=other)
    await hall.burst("a", BURST // 3)
    await hall.burst(hall.present, 2)
    await hall.settle()


@case(TRANSPORTS, *BROADCAST[1:], needs=["polling", "upgrade"])
async def test_client_that_upgrades_misses_nothing(clients: Clients, target: Target) -> None:
    """A client that upgrades while others broadcast gets each event once and in order."""
    hall = Hall(clients, target)
    await hall.enter("a", way=Way.WEBSOCKET)
    await hall.enter("b", "upgrading", way=Way.POLLING)
    upgrading = asyncio.create_task(hall.members["upgrading"].session.upgrade())
    try:
        while not upgrading.done():
            await hall.say("a")
            await hall.say("b")
        await upgrading
    finally:
        upgrading.cancel()
    await hall.burst(["a", "b", "upgrading"], 3)
    await hall.settle()


@case(TRANSPORTS, *BROADCAST[1:], needs=["polling", "websocket-transport"])
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_bytes_reach_all_transports(clients: Clients, target: Target, way: Way) -> None:
    """An event with bytes reaches clients over polling and over WebSocket, whoever of them came first."""
    hall = Hall(clients, target)
    if hall.form is not None:
        raise NotApplicable(TEXTS)
    await hall.enter("a", way=way)
    other = Way.WEBSOCKET if way is Way.POLLING else Way.POLLING
    for name, its in {"b": way, "c": other, "d": way, "e": other}.items():
        await hall.enter(name, way=its)
    for name in "ac":
        await hall.say(name, value=BYTES["several"])
    await hall.settle()


@case(UNCHANGED, *BROADCAST)
@pytest.mark.parametrize("mix", [Mix.POLLING, Mix.WEBSOCKET])
async def test_values_are_delivered_unchanged(clients: Clients, target: Target, mix: Mix) -> None:
    """JSON of every kind and bytes at any depth are delivered with the values that they were sent with."""
    hall = Hall(clients, target, mix=mix)
    if hall.form is not None:
        raise NotApplicable(TEXTS)
    await hall.enter("a", "b", "c")
    for value in (*VALUES.values(), *BYTES.values()):
        await hall.say("a", value=value)
    await hall.settle()
