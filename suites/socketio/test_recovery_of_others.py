"""Connection state recovery: rooms that are kept, honest claims, and ids that are forged, stale or shared."""

from __future__ import annotations

from typing import Any

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.concurrent import all_of
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer
from wireproof.target import Target
from wireproof.wire.socketio import Packet, PacketType

from .hall_rules import RECOVERY
from .recoveries import Loss, Recovery
from .talk import need, shown, whoami

FOREIGN = "socketio-contract/recovery/foreign"
HONEST = "socketio-contract/recovery/honest"
KEPT = "socketio-contract/recovery/rooms"
WAYS = [Way.POLLING, Way.WEBSOCKET]
NEEDS = ["recovery", "rooms"]


async def victim(hall: Recovery, loss: Loss | None = Loss.CLOSED) -> SocketIOPeer:
    """A client that has been in a room, was lost and misses events."""
    await hall.admit("lost", "r")
    lost = hall.members["lost"]
    if loss is not None:
        await hall.lose("lost", loss)
        await hall.say("a", "r")
        await hall.answered("a")
    return lost


async def ask(hall: Recovery, clients: Clients, lost: SocketIOPeer, **told: Any) -> str | None:
    """Ask to be recovered as *lost* with other ids; what the server gave away, if it gave anything."""
    client = clients()
    await client.start()
    answer = await client.resume(lost, **told)
    if isinstance(answer, SessionEnd) or answer.type is not PacketType.CONNECT or await client.settle():
        return hall.is_leaked(client)
    leaked = hall.is_leaked(client)
    same = hall.is_recovered(client, lost, answer)
    client.discard()
    return leaked or (f"CONNECT with the sid {lost.sids.get(hall.home)}" if same else None)


def forged(lost: SocketIOPeer, namespace: str) -> dict[str, Any]:
    """Private ids that nobody was given."""
    pid = lost.private_id(namespace) or ""
    return {
        "the public id": lost.sids.get(namespace),
        "the id of the Engine.IO session": lost.session.sid,
        "none like it": "A" * len(pid),
        "the beginning": pid[:-1],
        "one letter more": f"{pid}A",
        "letters of other case": pid.swapcase(),
        "an empty text": "",
        "a pattern": "*",
        "a name of JavaScript's own": "__proto__",
        "true": True,
        "a number": 0,
        "a list with it": [pid],
        "an object": {"$ne": None},
        "20,000 characters": "A" * 20_000,
    }


@case(FOREIGN, "socketio/recovery/forged-id-received", needs=NEEDS)
async def test_forged_private_id_gives_nothing_away(clients: Clients, target: Target) -> None:
    """A private id that nobody was given recovers nothing of a client that is lost."""
    hall = Recovery(clients, target)
    lost = await victim(hall)
    rows = forged(lost, hall.home)
    found = await all_of(*(ask(hall, clients, lost, pid=pid) for pid in rows.values()))
    for row, leaked in zip(rows, found, strict=True):
        if leaked:
            hall.attempt.found(f"{row} as private id: {leaked}", "a new connection")


@case("socketio/recovery/forged-id-received", needs=NEEDS)
async def test_forged_private_id_makes_a_new_connection(clients: Clients, target: Target) -> None:
    """CONNECT with a private id of any kind that nobody was given is answered as one without any is."""
    hall = Recovery(clients, target)
    lost = await victim(hall, None)
    for row, pid in forged(lost, hall.home).items():
        client = clients()
        await client.start()
        with hall.attempt.row(f"{row} as private id"):
            answer = await client.resume(lost, pid=pid)
            if isinstance(answer, SessionEnd) or client.sids.get(hall.home) is None:
                hall.attempt.found(f"{row} as private id: {answer}", "a new connection")
        client.discard()


@case("socketio/recovery/unknown-offset-received", needs=NEEDS)
async def test_unknown_offset_makes_a_new_connection(
    clients: Clients, attempt: Attempt, target: Target
) -> None:
    """CONNECT with the right private id and an offset that was never sent makes a new connection."""
    hall = Recovery(clients, target)
    lost = await victim(hall)
    offset = lost.offsets.get(hall.home) or ""
    rows = {"no such offset": "wireproof", "the beginning": offset[:-1], "a number": 7, "a list": [offset]}
    for row, told in rows.items():
        if leaked := await ask(hall, clients, lost, offset=told):
            attempt.found(f"{row} as offset: {leaked}", "a new connection")
    if not attempt.findings:
        recovered = await hall.recovers("lost", Way.WEBSOCKET if target.session.websocket else Way.POLLING)
        attempt.report(f"the right offset {'recovers' if recovered else 'does not recover'} behind the wrong")


@case("socketio/recovery/stale-id-received", FOREIGN, needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
async def test_private_id_ends_with_disconnect(clients: Clients, target: Target, way: Way) -> None:
    """A client that has sent DISCONNECT is not recovered."""
    need(target, way)
    hall = Recovery(clients, target)
    lost = await victim(hall, None)
    hall.excuse("lost")
    await lost.send(Packet.disconnect(hall.home))
    await lost.settle()
    lost.session.vanish()
    hall.forget("lost")
    await hall.say("a", "r")
    await hall.answered("a")
    if leaked := await ask(hall, clients, lost):
        hall.attempt.found(f"behind DISCONNECT: {leaked}", "a new connection")


@case("socketio/recovery/before-first-event", needs=["recovery"])
async def test_recovery_before_the_first_event(clients: Clients, attempt: Attempt, target: Target) -> None:
    """What comes of a client that is lost ahead of any offset is told."""
    lost = clients()
    await lost.start()
    await lost.join()
    lost.session.vanish()
    client = clients()
    await client.start()
    answer = await client.resume(lost, offset=None)
    same = client.sids.get(target.session.namespace) == lost.sids.get(target.session.namespace)
    told = "the end of the session" if isinstance(answer, SessionEnd) else answer.type.name
    attempt.report(f"a private id without an offset: {told}, {'recovered' if same else 'not recovered'}")


@case("socketio/recovery/shared-id-received", needs=NEEDS)
async def test_private_id_that_comes_twice(clients: Clients, attempt: Attempt, target: Target) -> None:
    """How many of three clients are recovered that come with the same private id at once is told."""
    hall = Recovery(clients, target)
    lost = await victim(hall)
    came = [clients() for _ in range(3)]
    await all_of(*(client.start() for client in came))
    await all_of(*(client.resume(lost) for client in came))
    same = sum(client.sids.get(hall.home) == lost.sids.get(hall.home) for client in came)
    attempt.report(f"{same} of {len(came)} are recovered")


@case(KEPT, *RECOVERY, needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
async def test_rooms_are_kept(clients: Clients, target: Target, way: Way) -> None:
    """A client that is recovered is in the rooms it was in, and in none that it had left."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.admit("lost", "r", "s", "left", way=way)
    await hall.leave("lost", "left")
    await hall.lose("lost", Loss.CLOSED)
    await hall.recover("lost", way)
    if target.can("whoami"):
        rooms = (await whoami(hall.members["lost"])).get("rooms")
        wanted = {*map(hall.room, "rs")}
        if not isinstance(rooms, list) or {*map(str, rooms)} != wanted:
            hall.attempt.broken(f"the rooms {shown(rooms)}", shown(sorted(wanted)), requirement=KEPT)
    keys = {await hall.say("a", room) for room in ("left", "r", "s")}
    with hall.attempt.expecting("events to the rooms that it was in", requirement=KEPT):
        while keys & hall.history.missing("lost"):
            await hall.hear("lost")
    await hall.settle()


@case(HONEST, needs=[*NEEDS, "whoami"])
@pytest.mark.parametrize("way", WAYS)
async def test_claims_of_recovery_are_honest(clients: Clients, target: Target, way: Way) -> None:
    """The application says that a connection was recovered only if its id is the one from before."""
    need(target, way)
    hall = Recovery(clients, target)
    lost = await victim(hall)
    rows: dict[str, dict[str, Any]] = {
        "no private id": {"pid": None, "offset": None},
        "a forged private id": {"pid": "wireproof"},
    }
    for row, told in rows.items():
        client = clients()
        await client.start(way)
        await client.resume(lost, **told)
        await expect_honest(client, lost, row)
        client.discard()
    if await hall.recovers("lost", way):
        await expect_honest(hall.members["lost"], lost, "the right private id")


async def expect_honest(client: SocketIOPeer, lost: SocketIOPeer, row: str) -> None:
    """Demand that the application knows whether a client was recovered."""
    home = client.session.dialect.namespace
    same = client.sids.get(home) == lost.sids.get(home)
    claims = (await whoami(client)).get("recovered")
    if claims is not same:
        client.attempt.found(
            f"{row}: recovered is {shown(claims)}, and the sid is {'the same' if same else 'another one'}",
            "the truth",
        )
