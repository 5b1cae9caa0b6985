"""The broadcast of the test contract: many members, many messages, and members that do not read."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.concurrent import all_of
from wireproof.peer.peers import Peers
from wireproof.target import Target

from .broadcast_rules import ALONE, DELIVERY, ORDER
from .broadcasts import ASKED, Hall

pytestmark = pytest.mark.serial(ALONE)
SENDERS, EACH = 6, 6
LARGE, LARGE_ONES = b"x" * 65_000, 96  # together more than two kernels buffer
BACKLOG = 80
AT_ONCE = 8  # large messages on their way together


@case(*DELIVERY, intensity=Intensity.NORMAL)
@pytest.mark.parametrize("count", [10, 50])
async def test_many_members(target: Target, peers: Peers, count: int) -> None:
    """Each of many members gets each message once."""
    hall = Hall(peers, target)
    await hall.admit(*(f"m{number}" for number in range(1, count + 1)))
    for name in ("m1", f"m{count}"):
        hall.say(name)
    await hall.settle()


@case(*ORDER, intensity=Intensity.NORMAL)
async def test_many_senders_at_once(target: Target, peers: Peers) -> None:
    """While six members speak at once, every one gets all that the others say, in each one's order."""
    hall = Hall(peers, target)
    names = [f"m{number}" for number in range(1, SENDERS + 1)]
    await hall.admit(*names)
    for _ in range(EACH):
        for name in names:
            hall.say(name)
    await hall.settle(*names)


@case("broadcast/members/stalled", *DELIVERY, intensity=Intensity.NORMAL)
async def test_member_that_does_not_read_holds_up_nobody(
    attempt: Attempt, target: Target, peers: Peers
) -> None:
    """While one member does not read, all others get each message; when it reads again, nothing is amiss."""
    hall = Hall(peers, target)
    await hall.admit("stalled", "a", "b")
    if sent := await held_up(hall):
        attempt.report(f"a member that did not read held up the room after {sent} messages of 64 KiB")
    await all_of(hall.fence("ab"), hall.catch_up("stalled"))
    await hall.settle()


@case("broadcast/members/independent", *DELIVERY[1:], intensity=Intensity.NORMAL)
async def test_backlog_of_a_member_that_vanishes_harms_nobody(target: Target, peers: Peers) -> None:
    """When a member that has long not read vanishes with its backlog, the others get each message."""
    hall = Hall(peers, target)
    await hall.admit("stalled", "a", "b")
    hall.stall("stalled")
    for _ in range(BACKLOG):
        hall.say("a", LARGE)
    for _ in range(ASKED):
        await hall.answered("b")
    hall.members["stalled"].reset()
    for _ in range(ASKED):
        hall.say("b")
        await hall.answered("a", "b")
    await hall.settle()


async def held_up(hall: Hall) -> int:
    """Fill what lies before a stalled member; after how many messages the others got no more, or 0."""
    hall.stall("stalled")
    for sent in range(AT_ONCE, LARGE_ONES + 1, AT_ONCE):
        last = [hall.say("a", LARGE) for _ in range(AT_ONCE)][-1]
        if not await hall.hears("b", last):
            return sent
    return 0
