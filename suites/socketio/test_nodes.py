"""Several nodes of one service: rooms and broadcasts reach the clients of all."""

from __future__ import annotations

import pytest

from wireproof.case import case
from wireproof.peer.peers import Clients
from wireproof.run.network import Network
from wireproof.target import Target

from .hall import Hall
from .hall_rules import ALONE, BROADCAST, ROOMS
from .hall_talk import Audience

SHARED = "socketio-contract/nodes/shared"


async def enter(hall: Hall, network: Network, *names: str) -> None:
    """Let a client for each of *names* and each node come; it is called by the node's number, too."""
    network.need_nodes()
    network.need_shared(hall.audience.value)
    hall.spread = True
    for number in range(len(network.nodes)):
        await hall.enter(*(f"{name}{number}" for name in names), make=network.node(number).client)


@case(SHARED, *BROADCAST[1:])
@pytest.mark.serial(ALONE)
@pytest.mark.parametrize("audience", [Audience.OTHERS, Audience.ALL])
async def test_broadcast_reaches_every_node(
    clients: Clients, network: Network, target: Target, audience: Audience
) -> None:
    """What a client of any node broadcasts is delivered once, in order, to the clients of all nodes."""
    hall = Hall(clients, target, audience)
    await enter(hall, network, "a", "b")
    speakers = [name for name in hall.present if name.startswith("a")]
    await hall.burst(speakers, 5)
    await hall.settle(*speakers)


@case(SHARED, *ROOMS[1:], needs=["rooms"])
async def test_rooms_span_all_nodes(clients: Clients, network: Network, target: Target) -> None:
    """Events to rooms reach their members on all nodes, once each, and nobody else."""
    hall = Hall(clients, target, Audience.ROOMS)
    await enter(hall, network, "a", "both", "one", "left", "stranger")
    for name in hall.present:
        if name[:-1] in {"both", "left"}:
            await hall.join(name, "r", "s")
        elif name.startswith("one"):
            await hall.join(name, "r")
    await hall.say("a0", "r", "s")
    await hall.fence("a0")
    for name in hall.present:
        if name.startswith("left"):
            await hall.leave(name, "r", "s")
    for name in ("a0", "a1"):
        for rooms in (("r",), ("r", "s"), ("s",)):
            await hall.say(name, *rooms)
    await hall.settle("a0", "a1")
