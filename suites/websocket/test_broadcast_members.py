"""The broadcast of the test contract: members that come, leave, vanish, stall or break the protocol."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.case import case
from wireproof.model.history import Left
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended
from wireproof.target import Target
from wireproof.wire.session import Close
from wireproof.wire.websocket import Frame, Masking, Opcode

from .broadcast_rules import ALONE, DELIVERY
from .broadcasts import Hall, Way

pytestmark = pytest.mark.serial(ALONE)
INDEPENDENT = ("broadcast/members/independent", *DELIVERY[1:])
CHANGING = ("broadcast/members/changing", *DELIVERY[1:])
MISDEEDS = {
    "unmasked": Frame(Opcode.TEXT, b"hello", mask=Masking.NONE),
    "bad-utf-8": Frame.text(b"\xc3\x28"),
    "half-message": Frame.text("half a ", fin=False),
    "half-frame": Frame(Opcode.TEXT, b"half", declared=100),
}


@case(*INDEPENDENT)
@pytest.mark.parametrize("way", Way)
async def test_rest_is_served_when_members_leave(target: Target, peers: Peers, way: Way) -> None:
    """When the first member and one in the middle leave, all others get each message once, now and later."""
    hall = Hall(peers, target)
    await hall.admit("first", "a", "b", "middle", "c")
    hall.leave("first", way)
    hall.leave("middle", way)
    for name in "abc":
        hall.say(name)
    await hall.fence("abc")
    for name in "abc":
        hall.say(name)
    await hall.settle()


@case(*INDEPENDENT)
@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_rest_is_served_when_a_member_breaks_off(target: Target, peers: Peers, misdeed: str) -> None:
    """When a member breaks the protocol, or vanishes inside a message, all others are served on."""
    hall = Hall(peers, target)
    await hall.admit("first", "a", "b")
    hall.excuse("first")
    hall.members["first"].send(MISDEEDS[misdeed])
    if misdeed.startswith("half"):
        hall.members["first"].reset()
    for name in "ab":
        hall.say(name)
    await hall.fence("ab")
    for name in "ab":
        hall.say(name)
    await hall.settle()


@case("broadcast/members/farewell", *DELIVERY[1:])
async def test_last_words_are_delivered(target: Target, peers: Peers) -> None:
    """What a member says right before its Close frame is delivered to all others."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "c")
    words = [hall.say("a") for _ in range(5)]
    hall.leave("a", Way.CLOSE)
    # From here on nothing more of its own can show that they are lost.
    await hall.expect_heard(words)
    await hall.settle("b", "c")


@case(*CHANGING)
async def test_nothing_is_delivered_after_a_close(target: Target, peers: Peers) -> None:
    """A member whose Close frame was answered gets nothing more."""
    hall = Hall(peers, target)
    await hall.admit("a", "b", "leaving")
    hall.leave("leaving", Way.CLOSE)
    while not isinstance(await hall.hear("leaving"), (Close, Ended)):
        pass
    hall.history.take(Left("leaving"))
    rest = asyncio.create_task(hall.hear_out("leaving"))
    try:
        for name in "abab":
            hall.say(name)
            await hall.answered("a", "b")
        await hall.settle()
    finally:
        rest.cancel()


@case(*CHANGING)
async def test_newcomers_get_what_is_said_from_now_on(target: Target, peers: Peers) -> None:
    """While a member speaks, others join: each gets every message from then on, once."""
    hall = Hall(peers, target)
    await hall.admit("a", "b")
    for newcomer in ("c", "d"):
        hall.say("a")
        await hall.admit(newcomer)
        hall.say("a")
    await hall.settle()


@case(*CHANGING)
async def test_client_that_returns_gets_each_message_once(target: Target, peers: Peers) -> None:
    """A client that has left, in whatever way, and joins again is one member, not two."""
    hall = Hall(peers, target)
    await hall.admit("a", "b")
    for way in Way:
        await hall.admit(f"{way.name.lower()}1")
        hall.leave(f"{way.name.lower()}1", way)
        await hall.admit(f"{way.name.lower()}2")
    hall.say("a")
    hall.say("rst2")
    await hall.settle("a", "b")


@case(*CHANGING)
async def test_coming_and_going_disturbs_nobody(target: Target, peers: Peers) -> None:
    """While members come and go, those that stay get each message once, in order."""
    hall = Hall(peers, target)
    await hall.admit("a", "b")
    before = ""
    for number, way in enumerate((*Way, *Way)):
        name = f"guest{number}"
        hall.say("a")
        await hall.admit(name)
        hall.say("b")
        hall.say(name)
        if before:
            hall.leave(before, way)
        hall.say("a")
        before = name
    await hall.settle("a", "b")
