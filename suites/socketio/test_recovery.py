"""Connection state recovery: what a client missed whose connection was lost comes once it is back."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.socketio import SocketIOPeer, event_name
from wireproof.target import Target

from .hall_rules import ALONE, RECOVERY
from .hall_talk import Audience
from .hall_values import BYTES, VALUES
from .recoveries import NOT_RECOVERED, RESUMED, Loss, Recovery
from .talk import CUSTOM, need, payload

ORDER = tuple(sorted(RECOVERY, key=lambda name: not name.endswith("order")))
ONCE = tuple(sorted(RECOVERY, key=lambda name: not name.endswith("once")))
PRIVATE = "socketio/recovery/private-id"
OFFSET = "socketio/recovery/offset-sent"
WAYS = [Way.POLLING, Way.WEBSOCKET]
NEEDS = ["recovery", "rooms"]
BURST = 60


@case(PRIVATE, needs=["recovery"])
async def test_private_ids_are_told(clients: Clients, attempt: Attempt, target: Target) -> None:
    """CONNECT tells a private id, another one for each client and namespace, and none of the public ids."""
    seen: list[object] = []
    public: list[object] = []
    for _ in range(3):
        client = clients()
        await client.start()
        for name in (target.session.namespace, CUSTOM)[: 1 + target.can("custom-namespace")]:
            answer = await client.join(name)
            told = answer if isinstance(answer, dict) else {}
            seen.append(told.get("pid"))
            public.append(told.get("sid"))
    if len({str(one) for one in (*seen, *public)}) < len(seen) + len(public) or None in seen:
        attempt.found(f"the private ids {seen} beside the ids {public}", "a private id for each connection")


@case(OFFSET, needs=["recovery", "events"])
@pytest.mark.parametrize("way", WAYS)
async def test_events_carry_offsets(client: SocketIOPeer, target: Target, way: Way) -> None:
    """Each event that can be sent again has an offset of its own behind its arguments."""
    need(target, way)
    await client.open(way)
    offsets: list[str | None] = []
    for number in range(3):
        client.offsets.clear()
        await client.emit("message", number)
        packet = await client.expect_event("message-back")
        offsets.append(client.offsets.get(target.session.namespace))
        if payload(packet) != [number]:
            client.attempt.found(f"the arguments {payload(packet)}", f"[{number}] and an offset")
    if None in offsets or len(set(offsets)) < len(offsets):
        client.attempt.found(f"the offsets {offsets}", "a text behind the arguments, never the same")


@case(RESUMED, needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss", Loss)
async def test_lost_connection_is_recovered(clients: Clients, target: Target, way: Way, loss: Loss) -> None:
    """A client whose connection was lost comes back under its ids, the private one and the public one."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.admit("lost", "r", way=way)
    before = hall.members["lost"]
    await hall.lose("lost", loss)
    if not await hall.recovers("lost", way):
        hall.attempt.broken(NOT_RECOVERED, "CONNECT with the same sid")
    now = hall.members["lost"]
    pids = {client.private_id(hall.home) for client in (before, now)}
    if len(pids) > 1:
        hall.attempt.broken(f"the same sid with the private ids {pids}", "CONNECT with the same sid and pid")


@case(*RECOVERY, needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loss", Loss)
async def test_missed_events_come_once(clients: Clients, target: Target, way: Way, loss: Loss) -> None:
    """What a client missed comes when it is recovered, once each, in order and before what is sent then."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.enter("a", "b")
    await hall.enter("lost", way=way)
    for name in ("b", "lost"):
        await hall.join(name, "r")
    for _ in range(2):
        await hall.say("a", "r")
    await hall.fence("a")
    await hall.lose("lost", loss)
    for _ in range(5):
        await hall.say("a", "r")
    await hall.answered("a")
    await hall.recover("lost", way)
    for _ in range(2):
        await hall.say("a", "r")
    await hall.settle()


@case(*RECOVERY, needs=["recovery", "event-broadcast"])
@pytest.mark.serial(ALONE)
@pytest.mark.parametrize("way", WAYS)
async def test_missed_broadcasts_come_once(clients: Clients, target: Target, way: Way) -> None:
    """Broadcasts that a client missed come when it is recovered, and none of those that it sent itself."""
    need(target, way)
    hall = Recovery(clients, target, Audience.OTHERS)
    await hall.enter("a", "b")
    await hall.enter("lost", way=way)
    for name in ("a", "lost"):
        await hall.say(name)
    await hall.fence("a", "lost")
    await hall.lose("lost", Loss.CLOSED)
    for name in "ab":
        await hall.say(name)
    await hall.answered("a", "b")
    await hall.recover("lost", way)
    await hall.settle("a", "b")


@case(*RECOVERY, needs=[*NEEDS, "polling", "websocket-transport"])
@pytest.mark.parametrize("way", WAYS)
async def test_recovery_over_the_other_transport(clients: Clients, target: Target, way: Way) -> None:
    """A client that comes back over the other transport gets what it missed."""
    hall = Recovery(clients, target)
    await hall.admit("lost", "r", way=way)
    await hall.lose("lost", Loss.CLOSED)
    for _ in range(3):
        await hall.say("a", "r")
    await hall.answered("a")
    await hall.recover("lost", Way.WEBSOCKET if way is Way.POLLING else Way.POLLING)
    await hall.say("a", "r")
    await hall.settle()


@case(*RECOVERY, needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
async def test_events_lost_on_their_way_come_again(clients: Clients, target: Target, way: Way) -> None:
    """Events that the server has sent, and that never reached the client, come when it is recovered."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.admit("lost", "r", way=way, said=2)
    await hall.lose_unread("lost")
    for _ in range(5):
        await hall.say("a", "r")
    await hall.answered("a")
    hall.members["lost"].session.vanish()
    await hall.say("a", "r")
    await hall.recover("lost", way)
    await hall.settle()


@case(*ONCE, needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
async def test_nothing_comes_twice_when_nothing_was_missed(
    clients: Clients, target: Target, way: Way
) -> None:
    """A client that missed nothing gets nothing again."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.admit("lost", "r", way=way, said=5)
    await hall.lose("lost", Loss.CLOSED)
    await hall.recover("lost", way)
    await hall.settle()


@case(*ORDER, needs=NEEDS)
async def test_many_missed_events_keep_their_order(clients: Clients, target: Target) -> None:
    """Sixty events of two senders that a client missed come in the order of each."""
    hall = Recovery(clients, target)
    await hall.enter("a", "b", "lost")
    await hall.join("lost", "r")
    await hall.say("a", "r")
    await hall.fence("a")
    await hall.lose("lost", Loss.CLOSED)
    await hall.burst("ab", BURST // 2, "r")
    for name in "ab":
        await hall.answered(name)
    await hall.recover("lost", Way.WEBSOCKET if target.can("websocket-transport") else Way.POLLING)
    await hall.settle()


@case(*RECOVERY, "socketio-contract/rooms/unchanged", needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
async def test_missed_values_come_unchanged(clients: Clients, target: Target, way: Way) -> None:
    """JSON of every kind and bytes that a client missed come as the values that they were sent as."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.admit("lost", "r", way=way)
    await hall.lose("lost", Loss.CLOSED)
    for value in (*VALUES.values(), *BYTES.values()):
        await hall.say("a", "r", value=value)
    await hall.answered("a")
    await hall.recover("lost", way)
    await hall.settle()


@case("socketio-contract/recovery/complete", *RECOVERY[1:], needs=["recovery", "ticks", "rooms"])
@pytest.mark.parametrize("way", WAYS)
async def test_missed_ticks_come_once(clients: Clients, target: Target, way: Way) -> None:
    """Of a series of events that the server sends by itself, none is lost and none comes twice."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.enter("other")
    await hall.enter("lost", way=way)
    before, other = hall.members["lost"], hall.members["other"]
    await before.call("ticks", 20, 10)
    came = [payload(await before.expect_event("tick")) for _ in range(3)]
    before.session.fall_silent()
    hall.present.remove("lost")
    came += [payload(packet) for packet in before.kept if event_name(packet) == "tick"]
    before.session.vanish()
    # Its own ticks show that some were due to the lost one meanwhile.
    await other.call("ticks", 3, 10)
    for _ in range(3):
        await other.expect_event("tick")
    await hall.recover("lost", way)
    now = hall.members["lost"]
    came += [payload(await now.expect_event("tick"))]
    while came[-1] != [20] and len(came) < 30:
        came.append(payload(await now.expect_event("tick")))
    numbers = [args[0] if args else None for args in came]
    if numbers == list(range(1, 21)):
        return
    lost = [number for number in range(1, 21) if number not in numbers]
    subject = 0 if lost else 1 if len(set(map(str, numbers))) < len(numbers) else 2
    hall.attempt.broken(f"the ticks {numbers}", "1 to 20, once each", requirement=RECOVERY[subject])


@case("socketio/recovery/twice", *RECOVERY, needs=NEEDS)
@pytest.mark.parametrize("way", WAYS)
async def test_connection_is_recovered_again(clients: Clients, target: Target, way: Way) -> None:
    """A client that is lost a second time, and a third, comes back under the same id and misses nothing."""
    need(target, way)
    hall = Recovery(clients, target)
    await hall.admit("lost", "r", way=way)
    for number in range(3):
        await hall.lose("lost", Loss.CLOSED)
        await hall.say("a", "r")
        await hall.answered("a")
        if not number:
            await hall.recover("lost", way)
        elif not await hall.recovers("lost", way):
            hall.attempt.broken(f"{NOT_RECOVERED}, after recovery {number}", "the same sid again")
        await hall.say("a", "r")
    await hall.settle()
