"""Engine.IO: messages in both directions while a session upgrades."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

from wireproof.attempt import Attempt, Broken, Inconclusive, NotApplicable
from wireproof.case import Intensity, case
from wireproof.model.history import Anomaly
from wireproof.peer.dialect import Application
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.peers import Sessions
from wireproof.wire import socketio
from wireproof.wire.engineio import Packet
from wireproof.wire.websocket import Frame

from .asking import compare, heard, question, questions

RULES = {
    Anomaly.LOST: "engineio/upgrade/nothing-lost",
    Anomaly.DOUBLED: "engineio/upgrade/nothing-doubled",
    Anomaly.REORDERED: "engineio/upgrade/order-kept",
}
NEEDS = ("upgrade", "messages")
BEFORE, BEHIND = 30, 30  # messages by polling and over WebSocket
SESSIONS = 6
TICKS = 60
_TICK = re.compile(r'\["tick",(\d+)[,\]]')


@case(*RULES.values(), needs=NEEDS)
async def test_answers_that_wait(session: SessionPeer, attempt: Attempt) -> None:
    """What waits for a GET request when the upgrade is completed comes over WebSocket, once and in order."""
    await session.open(Way.POLLING)
    socket = await session.probe()
    # The probe releases the pending poll; there is no other from then on.
    await session.stop_polling()
    texts = [f"waiting-{n}" for n in range(5)]
    for text in texts:
        await _post_late(session, question(session, text))
    await session.complete_upgrade(socket)
    compare(attempt, texts, await heard(session, texts, RULES[Anomaly.LOST]), RULES)


async def _post_late(session: SessionPeer, *packets: Packet) -> None:
    """Send *packets* by polling while a WebSocket probes, which clients must not; a server may refuse it."""
    async with session.posting:
        answer = await session.post(*packets)
    if answer.status != 200:
        raise NotApplicable(
            f"a POST while a WebSocket probes, which no client should send, is refused: {answer}"
        )


@case(*RULES.values(), needs=NEEDS)
async def test_messages_while_upgrading(session: SessionPeer, attempt: Attempt) -> None:
    """Messages that are sent and answered while the session upgrades come once and in order."""
    await session.open(Way.POLLING)
    texts, came = await _talk_through(session)
    compare(attempt, texts, came, RULES)


async def _talk_through(session: SessionPeer) -> tuple[list[str], list[str]]:
    """Send messages without a break while the session upgrades; return them, and what was answered."""
    texts = [f"upgrading-{n}" for n in range(BEFORE + BEHIND)]
    probing, stop = asyncio.Event(), asyncio.Event()

    async def talk() -> int:
        for number, text in enumerate(texts[:BEFORE]):
            if stop.is_set():
                return number
            if probing.is_set():
                await _post_late(session, question(session, text))
            else:
                await session.send(question(session, text))
        return BEFORE

    talking = asyncio.create_task(talk())
    try:
        for _ in range(3):  # let some messages go ahead
            await session.fetch(session.request({"sid": "nobody"}))
        probing.set()
        socket = await session.probe()
        # A client must have no request under way when it completes the upgrade.
        stop.set()
        said = await talking
    except Inconclusive:
        if talking.done():
            talking.result()  # a server that refuses a POST may end the session for it
        raise
    finally:
        talking.cancel()
    await session.complete_upgrade(socket)
    await session.send(*questions(session, texts[said:]))
    return texts, await heard(session, texts, RULES[Anomaly.LOST])


@case(*RULES.values(), needs=NEEDS)
async def test_message_right_behind_the_upgrade_packet(session: SessionPeer, attempt: Attempt) -> None:
    """Messages by polling, then more of them in one segment with the upgrade packet, come in order."""
    await session.open(Way.POLLING)
    socket = await session.probe()
    texts = [f"ahead-{n}" for n in range(3)] + [f"behind-{n}" for n in range(3)]
    await _post_late(session, *questions(session, texts[:3]))
    await session.stop_polling()
    frames = [Frame.text("4" + str(one.data)) for one in questions(session, texts[3:])]
    socket.send(Frame.text("5"), *frames)
    session.switch_to(socket)
    compare(attempt, texts, await heard(session, texts, RULES[Anomaly.LOST]), RULES)


@case(*RULES.values(), needs=[*NEEDS, "ticks"])
async def test_server_speaks_while_upgrading(session: SessionPeer, attempt: Attempt) -> None:
    """Events that the server emits by itself while the session upgrades come once and in order."""
    if session.dialect.application is not Application.SOCKETIO:
        raise NotApplicable("only a Socket.IO application is known to speak by itself")
    await session.open(Way.POLLING)
    namespace = session.dialect.namespace
    (text,) = socketio.encode(socketio.Packet.event("ticks", TICKS, 2, namespace=namespace, id=0))
    await session.send(Packet.message(text))
    await session.upgrade()
    ticks, came = [str(n) for n in range(1, TICKS + 1)], list[str]()
    with attempt.expecting(f"all of {TICKS} ticks") as expecting:
        while not set(ticks) <= set(came):
            packet = await session.next_message(expecting)
            if match := _TICK.search(str(packet.data)):
                came.append(match[1])
    compare(attempt, ticks, came, RULES)


@case(*RULES.values(), needs=NEEDS, intensity=Intensity.NORMAL)
async def test_several_sessions_while_upgrading(sessions: Sessions, attempt: Attempt) -> None:
    """Several sessions that upgrade at once under load lose, double and reorder nothing."""
    trials = [replace(attempt, findings=[], waiting=None) for _ in range(SESSIONS)]

    async def through(trial: Attempt) -> None:
        session = sessions()
        session.attempt = session.http.attempt = trial
        try:
            await session.open(Way.POLLING)
            compare(trial, *await _talk_through(session), RULES)
        except Broken as broken:
            trial.findings.append(broken.finding)

    try:
        async with asyncio.TaskGroup() as group:
            for trial in trials:
                group.create_task(through(trial))
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    finally:
        attempt.findings += [
            replace(finding, observed=f"session {number}: {finding.observed}")
            for number, trial in enumerate(trials)
            for finding in trial.findings
        ]
        attempt.waiting = next((trial.waiting for trial in trials if trial.waiting), None)
