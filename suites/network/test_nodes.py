"""Several nodes of one service: what they say to each other, and what shows when one comes or goes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle

import pytest

from wireproof.attempt import Attempt, Inconclusive, NotApplicable
from wireproof.case import Where, case
from wireproof.peer.concurrent import all_of
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.session import SessionEnd
from wireproof.run.network import Along, Network
from wireproof.run.sharing import CURES, rounds, told
from wireproof.target import Target
from wireproof.verdict import Ground

from ..socketio.hall import Hall
from ..socketio.hall_rules import ALONE
from ..socketio.hall_talk import Audience, Mix
from .balancing import Balancer, balancer, guest, names, need_loopback, sources, spread

COOKIE = "simulated:cookie"
ORDER = "network/nodes/order"
TURN = "simulated:round-robin"
SILENT = "a node that answers no question shows nothing of what it shares"
SHARED = {"socketio": "network/nodes/shared", "websocket": "network/nodes/shared-websocket"}


def _two_at_each(network: Network) -> list[str]:
    """Names for two clients at each node."""
    return [f"n{number % len(network.nodes) + 1}-{number}" for number in range(2 * len(network.nodes))]


async def _enter_each(network: Network, hall: Hall, who: Sequence[str], way: Way | None = None) -> None:
    """Let clients in, each at the next node."""
    turn = cycle(range(len(network.nodes)))
    for name in who:
        along = network.node(next(turn))
        await hall.enter(name, way=way, make=along.client)


@case(*SHARED.values(), where=Where.OUTSIDE)
@pytest.mark.serial(ALONE)
async def test_nodes_hear_each_other(network: Network, attempt: Attempt) -> None:
    """What is said at one node, to all or to a room, is heard at every other one."""
    network.need_nodes()
    nodes = [str(node) for node in network.nodes]
    groups = rounds(
        network.itself,
        len(nodes),
        lambda number: network.node(number).client(),
        lambda number: network.node(number).peer(),
    )
    if not groups:
        raise NotApplicable("the application offers no rooms and no broadcasts")
    attempt.doubt = attempt.doubt or SILENT
    healed = set(network.gaps)
    for protocol, group in groups.items():
        with attempt.expecting("what is said at one node, at all others", requirement=SHARED[protocol]):
            gaps = frozenset().union(*await all_of(*(one.gaps() for one in group)))
        healed -= gaps
        if gaps:
            attempt.found(
                f"{told(gaps, nodes)}; {CURES[protocol]}",
                "what is said at one node, at all others",
                requirement=SHARED[protocol],
                ground=Ground.MISSING,
            )
    if healed and not attempt.findings:
        raise Inconclusive(f"heard now, but not before the run: {told(healed, nodes)}")


@case("network/nodes/broadcast", ORDER, needs=["event-broadcast"], where=Where.OUTSIDE)
@pytest.mark.serial(ALONE)
async def test_broadcast_reaches_the_clients_of_all_nodes(
    network: Network, clients: Clients, target: Target
) -> None:
    """What clients of every node broadcast comes to all others once and in the order of its sender."""
    network.need_nodes()
    network.need_shared("event-broadcast")
    hall = Hall(clients, target, Audience.OTHERS, mix=Mix.MIXED)
    who = _two_at_each(network)
    await _enter_each(network, hall, who)
    await hall.burst(who, 10)
    await hall.settle()


@case("network/nodes/rooms", ORDER, needs=["rooms"], where=Where.OUTSIDE)
async def test_rooms_reach_over_all_nodes(network: Network, clients: Clients, target: Target) -> None:
    """Members of a room on different nodes hear each other once and in order; others hear nothing."""
    network.need_nodes()
    network.need_shared("rooms")
    hall = Hall(clients, target, Audience.ROOMS, mix=Mix.MIXED)
    who = _two_at_each(network)
    await _enter_each(network, hall, who)
    for number, name in enumerate(who):
        await hall.join(name, "red" if number % 3 else "blue")
    await hall.burst(who, 6, "red")
    await hall.burst(who[:2], 6, "red", "blue")
    await hall.leave(who[1], "red")
    await hall.burst(who[:1], 4, "red")
    await hall.settle()


@case("network/nodes/remote-room", ORDER, needs=["rooms"], where=Where.OUTSIDE)
async def test_room_without_a_member_near_is_reached(
    network: Network, clients: Clients, target: Target
) -> None:
    """An event to a room arrives whose members are all on another node than the sender."""
    network.need_nodes()
    network.need_shared("rooms")
    hall = Hall(clients, target, Audience.ROOMS)
    await hall.enter("speaker", make=network.node(0).client)
    await hall.enter("far", "far2", make=network.node(1).client)
    for name in ("far", "far2"):
        await hall.join(name, "remote")
    await hall.burst(["speaker"], 10, "remote")
    await hall.settle()


@case("network/nodes/drained", where=Where.OUTSIDE)
async def test_drained_node_serves_who_is_there(network: Network, attempt: Attempt) -> None:
    """While a node is drained, its WebSockets live on and newcomers go to the other nodes."""
    network.need_nodes()
    async with network.through(TURN) as along:
        count = len(network.nodes)
        there = [await guest(attempt, along) for _ in range(2 * count)]
        (first, *_), middle = names(network.nodes), balancer(along)
        before = middle.account.nodes().count(first)
        middle.drain(first)
        newcomers = [await guest(attempt, along) for _ in range(count + 1)]
        for number, one in enumerate([*there, *newcomers]):
            with attempt.row(f"client {number + 1}"):
                await one.expect_alive()
        if middle.account.nodes().count(first) != before:
            raise RuntimeError("the balancer gave a drained node newcomers")
        attempt.report(spread(along))


@case("network/nodes/removed", ORDER, needs=["rooms"], where=Where.OUTSIDE)
@pytest.mark.parametrize("way", [Way.WEBSOCKET, Way.POLLING])
async def test_clients_of_a_lost_node_go_on_at_another(
    network: Network, clients: Clients, target: Target, way: Way
) -> None:
    """When a node goes away its clients go on at another one, and the others miss nothing meanwhile."""
    network.need_nodes()
    network.need_shared("rooms")
    async with network.through(COOKIE) as along:
        hall = Hall(clients, target, Audience.ROOMS)
        who = [f"c{number}" for number in range(2 * len(network.nodes))]
        for name in who:
            await hall.enter(name, way=way, make=along.client)
            await hall.join(name, "red")
        await hall.burst(who, 3, "red")
        await hall.settle()
        # In turns: the first of each round is on the first node.
        lost, stay = who[:: len(network.nodes)], [n for i, n in enumerate(who) if i % len(network.nodes)]
        for name in lost:
            hall.excuse(name)
        balancer(along).remove(names(network.nodes)[0])
        await hall.burst(stay, 5, "red")
        for name in lost:
            await _expect_over(hall, name)
            await hall.enter(f"{name}-again", way=way, make=along.client)
            await hall.join(f"{name}-again", "red")
        await hall.burst([*stay, *(f"{name}-again" for name in lost)], 3, "red")
        await hall.settle()


async def _expect_over(hall: Hall, name: str) -> None:
    """Wait until a client knows that its node has gone: its session ends, or its next request says so."""
    client = hall.members[name]
    with hall.attempt.expecting("the end of the session"):
        while not isinstance(await client.event(), SessionEnd):
            pass


@case("network/nodes/joined", ORDER, needs=["rooms"], where=Where.OUTSIDE)
async def test_node_that_joins_takes_part(network: Network, clients: Clients, target: Target) -> None:
    """Clients of a node that joins later hear those who were there before, and are heard."""
    network.need_nodes()
    network.need_shared("rooms")
    async with network.through(COOKIE) as along:
        *others, last = names(network.nodes)
        middle = balancer(along)
        middle.drain(last)
        hall = Hall(clients, target, Audience.ROOMS, mix=Mix.MIXED)
        await _join_red(hall, along, "a", "b", "c")
        await hall.burst("abc", 3, "red")
        await hall.settle()
        middle.admit(last)
        for other in others:
            middle.drain(other)
        await _join_red(hall, along, "d", "e")
        await hall.burst("abcde", 5, "red")
        await hall.settle()


async def _join_red(hall: Hall, along: Along, *who: str) -> None:
    for name in who:
        await hall.enter(name, make=along.client)
        await hall.join(name, "red")


@case("network/nodes/scale-out", ORDER, needs=["rooms"], where=Where.OUTSIDE, seconds=0.5)
async def test_scale_out_under_traffic_loses_nothing(
    network: Network, clients: Clients, target: Target
) -> None:
    """While one node becomes many under traffic, each event comes once and in order to all who are there."""
    network.need_nodes()
    network.need_shared("rooms")
    need_loopback(network)
    async with network.through(COOKIE) as along:
        middle, address = balancer(along), sources()
        _, *rest = names(network.nodes)
        for name in rest:
            middle.drain(name)
        hall = Hall(clients, target, Audience.ROOMS, mix=Mix.MIXED)
        first = ["a1", "a2", "a3"]
        for name in first:
            await hall.enter(name, make=lambda: along.client(next(address)))
            await hall.join(name, "red")
        over = asyncio.Event()
        traffic = asyncio.create_task(_talk(hall, first, over))
        try:
            await _scale_out(hall, along, middle, rest)
        finally:
            over.set()
            await traffic
        await hall.settle()


async def _scale_out(hall: Hall, along: Along, middle: Balancer, rest: Sequence[str]) -> None:
    address = sources()
    for node in rest:
        middle.admit(node)
        for number in range(2):
            name = f"{node}{number}"
            await hall.enter(name, make=lambda: along.client(next(address)))
            await hall.join(name, "red")
            await hall.burst([name], 5, "red")


async def _talk(hall: Hall, speakers: Sequence[str], over: asyncio.Event) -> None:
    """Let *speakers* speak in turns until it is over, each for as long as the others may take to listen."""
    for speaker in cycle(speakers):
        if over.is_set():
            return
        await hall.say(speaker, "red")
        await hall.acknowledged(speaker)
