"""The broadcast of the test contract: who gets which message, how often, and in which order."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.model.history import SenderRule
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import describe_message
from wireproof.target import Target

from .broadcast_rules import ALONE, DELIVERY, ORDER
from .broadcast_talk import Kind
from .broadcasts import Hall

pytestmark = pytest.mark.serial(ALONE)
BURST = 40


@case(*DELIVERY)
@pytest.mark.parametrize("kind", Kind)
async def test_every_member_gets_each_message_once(target: Target, peers: Peers, kind: Kind) -> None:
    """What each of four members says is delivered once to every other one."""
    hall = Hall(peers, target, kind)
    await hall.admit("a", "b", "c", "d")
    for _ in range(3):
        for name in "abcd":
            hall.say(name)
    await hall.settle()


@case(*DELIVERY)
async def test_two_members_are_enough(target: Target, peers: Peers) -> None:
    """Between two members, the other one gets each message once."""
    hall = Hall(peers, target)
    await hall.admit("a", "b")
    for _ in range(3):
        hall.say("a")
        hall.say("b")
    await hall.settle()


@case(*DELIVERY)
async def test_member_that_never_speaks_gets_everything(target: Target, peers: Peers) -> None:
    """A member that only listens gets each message once."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "silent")
    for _ in range(3):
        hall.say("a")
        hall.say("b")
    await hall.settle("a", "b")


async def judge_senders(hall: Hall) -> None:
    """Let three members say a message each, and judge who hears it."""
    await hall.admit("a", "b", "c")
    for name in "abc":
        hall.say(name)
    await hall.settle()
    if hall.attempt.findings:
        await hall.excuse_common_room()


@case("broadcast/sender/excluded", *DELIVERY, needs=["broadcast"])
async def test_sender_hears_nothing_of_its_own(target: Target, peers: Peers) -> None:
    """Where the broadcast is for the others, none of a sender's messages comes back to it."""
    hall = Hall(peers, target, Kind.OTHERS, SenderRule.EXCLUDED)
    await judge_senders(hall)


@case("broadcast/sender/included", *DELIVERY, needs=["broadcast-all"])
async def test_sender_hears_itself(target: Target, peers: Peers) -> None:
    """Where the broadcast is for all, each message comes back to its sender too, once."""
    hall = Hall(peers, target, Kind.ALL, SenderRule.INCLUDED)
    await judge_senders(hall)


@case(*ORDER)
@pytest.mark.parametrize("kind", Kind)
async def test_burst_of_one_sender_keeps_its_order(target: Target, peers: Peers, kind: Kind) -> None:
    """Forty messages that a member sends without a pause come in their order."""
    hall = Hall(peers, target, kind)
    await hall.admit("a", "b", "c")
    for _ in range(BURST):
        hall.say("a")
    await hall.settle("a")


@case(*ORDER)
async def test_senders_at_once_keep_their_orders(target: Target, peers: Peers) -> None:
    """While three members speak at once, the messages of each come in their order."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "c", "silent")
    for _ in range(BURST // 4):
        for name in "abc":
            hall.say(name)
    await hall.settle("a", "b", "c")


@case(*ORDER)
async def test_short_message_does_not_overtake_a_long_one(target: Target, peers: Peers) -> None:
    """Short messages behind long ones of the same sender stay behind them."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "c")
    for size in (16384, 1, 4096, 1, 16384, 1):
        hall.say("a", b"x" * size)
    await hall.settle("a")


@case("broadcast/paths/apart")
@pytest.mark.parametrize("kind", Kind)
async def test_other_paths_get_nothing(attempt: Attempt, target: Target, peers: Peers, kind: Kind) -> None:
    """What is said in the room is delivered on its own path only."""
    hall = Hall(peers, target, kind)
    here = urlsplit(hall.room.path or target.endpoint.resource).path
    others = [room.path for name, room in target.dialect.rooms.items() if target.can(name)]
    paths = {urlsplit(path).path: path for path in (target.endpoint.resource, *others) if path}
    paths.pop(here, None)
    if not paths:
        raise NotApplicable("no other path is known than that of the room")
    await hall.admit("a", "b")
    strangers = {path: peers() for path in paths.values()}
    for path, stranger in strangers.items():
        await stranger.open(stranger.request(path))
        await stranger.expect_alive()
    for name in "aab":
        hall.say(name)
    await hall.settle()
    for path, stranger in strangers.items():
        await stranger.expect_alive()
        await stranger.expect_alive()
        leaked = [message for message in stranger.messages if hall.mark in message.data]
        if leaked:
            attempt.found(
                f"a connection on {path} got {describe_message(leaked[0])}", "nothing of it elsewhere"
            )
    if attempt.findings:
        await hall.excuse_common_room()
