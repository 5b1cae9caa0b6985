"""The broadcast of the test contract: clients that fall silent, or read nothing, hold up nobody."""

from __future__ import annotations

import time

import pytest

from wireproof.attempt import NotApplicable
from wireproof.case import Intensity, case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.target import Target

from .hall import Hall
from .hall_rules import ALONE, BROADCAST
from .talk import need

pytestmark = pytest.mark.serial(ALONE)
ROUNDS = 3  # how often somebody must be held up: a busy machine does that too, now and then
SLOWER = 4  # times as long as without the silent client
LONG, MANY = 60_000, 50


async def expect_nobody_held_up(hall: Hall, way: Way, *values: str) -> None:
    """Demand that events reach all others as fast beside a client that reads nothing as without it."""
    await hall.enter("a", "b")
    for number in range(ROUNDS):
        alone = await time_broadcast(hall, *values)
        # Between others, whoever a server serves first.
        await hall.enter(name := f"silent{number}", way=way)
        await hall.enter(f"late{number}")
        hall.excuse(name)
        hall.members[name].session.fall_silent()
        beside = await time_broadcast(hall, *values)
        hall.members[name].discard()
        # A server that waits for the silent one goes on once it has timed out.
        if beside < 0.9 * hall.members[name].session.timers.ping_timeout or beside < SLOWER * alone:
            break
    else:
        hall.attempt.broken(
            f"events took {beside:.2f} s to all others, and {alone:.2f} s before", "events at once"
        )
    await hall.settle("a", "b")


async def time_broadcast(hall: Hall, *values: str) -> float:
    """The seconds until events of two clients are at all that are there."""
    began = time.monotonic()
    for value in values or ("",):
        for name in "ab"[: 1 if values else 2]:
            await (hall.say(name, value=value) if value else hall.say(name))
    await hall.fence("a", "b")
    return time.monotonic() - began


@case("socketio-contract/members/silent", *BROADCAST[1:])
@pytest.mark.parametrize("way", Way)
async def test_silent_client_holds_up_nobody(clients: Clients, target: Target, way: Way) -> None:
    """While one client reads and answers nothing, all others get each event at once."""
    need(target, way)
    await expect_nobody_held_up(Hall(clients, target), way)


@case("socketio-contract/members/stalled", *BROADCAST[1:], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_stalled_client_holds_up_nobody(clients: Clients, target: Target, way: Way) -> None:
    """While one client reads nothing of 3 MB, all others get each event at once."""
    need(target, way)
    hall = Hall(clients, target)
    if hall.form is not None:
        raise NotApplicable("the server's own broadcast, as its profile tells, carries short texts only")
    await expect_nobody_held_up(hall, way, *["x" * LONG] * MANY)
