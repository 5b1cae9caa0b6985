"""Engine.IO: how sessions are closed."""

from __future__ import annotations

import asyncio
import json

import pytest

from wireproof.attempt import Attempt, Inconclusive, NotApplicable
from wireproof.case import case
from wireproof.peer.dialect import Application
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.exchange import Answer
from wireproof.peer.session import SessionEnd
from wireproof.target import Target
from wireproof.wire import socketio
from wireproof.wire.engineio import Packet
from wireproof.wire.websocket import Frame

from .polling import AT_ONCE, NO_ANSWER, expect_closed, fence, held, read_unless_pinged, soon
from .ways import WAYS, need

UNKNOWN_SID = 1  # the reference implementation's code for it
LOOKS = 10  # at a session whose end takes its time
PAUSE = 0.1  # seconds between two looks


@case("engineio/closing/close-packet-received", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_client_closes(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """A close packet by the client ends the session."""
    need(target, way)
    await session.open(way)
    await session.send(Packet.close())
    if await soon(session, session.expect_failure()) is None:
        # The packet says that the transport can be closed, not when.
        attempt.report(f"nothing is answered any more; the transport is still open {AT_ONCE:g} s later")


@case("engineio/closing/close-packet-received", needs=["polling", "messages"])
async def test_client_closes_without_a_poll(session: SessionPeer) -> None:
    """A close packet ends a session that has no GET request under way."""
    await session.begin()
    await session.post(Packet.close())
    await expect_closed(session)


@case("engineio/closing/pending-get-released", needs=["polling"])
async def test_pending_get_is_released(session: SessionPeer, attempt: Attempt) -> None:
    """A GET request that waits is answered with a noop packet when the client closes the session."""
    await session.begin()
    async with held(session) as pending:
        await session.post(Packet.close())
        with attempt.expecting("200 with a noop packet") as expecting:
            answer = await soon(session, pending.answer)
            if answer is None:
                expecting.broken(NO_ANSWER)
            if Packet.noop() not in read_unless_pinged(session, answer):
                expecting.broken(str(answer))


@case("engineio/closing/sid-forgotten", needs=["polling"])
@pytest.mark.parametrize("way", WAYS)
async def test_sid_is_forgotten(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """The sid of a session that its client has closed is refused with 400, for GET and for POST."""
    need(target, way)
    if way is Way.POLLING:
        await session.begin()
        await session.post(Packet.close())
    else:
        await session.open(way)
        if session.socket is None:
            raise Inconclusive("the session has no WebSocket")
        session.socket.send(Frame.close(1000))
        await session.expect_end()
    await fence(session)
    with attempt.expecting("400"):
        answer = await session.poll()
        # The farewell to a client that was not polling is no part of the session any more.
        if answer.status == 200 and session.read_answer(answer) == (Packet.close(),):
            answer = await session.poll()
        await session.expect_status(answer, 400)
        await session.expect_status(await session.post(Packet.pong()), 400)


@case("engineio/closing/close-packet-sent", needs=["polling", "disconnect-me"])
async def test_server_closes(session: SessionPeer, attempt: Attempt) -> None:
    """A client that polls is told by a close packet that the server closes the session."""
    if session.dialect.application is not Application.SOCKETIO:
        raise NotApplicable("nothing is known that makes the server's application close a session")
    await session.open()
    namespace = session.dialect.namespace
    (text,) = socketio.encode(socketio.Packet.event("disconnect-me", True, namespace=namespace))
    await session.send(Packet.message(text))
    with attempt.expecting("a close packet") as expecting:
        end = await session.expect_end()
        if end != SessionEnd("a close packet"):
            expecting.broken(str(end))


@case("engineio/closing/websocket-lost", needs=["polling"])
@pytest.mark.parametrize("way", [Way.WEBSOCKET, Way.UPGRADED])
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
async def test_websocket_is_lost(
    session: SessionPeer, attempt: Attempt, target: Target, way: Way, how: str
) -> None:
    """A session whose WebSocket connection ended is unknown a little later."""
    need(target, way)
    await session.open(way)
    if session.socket is None:
        raise NotApplicable("the session has no WebSocket")
    match how:
        case "close":
            session.socket.send(Frame.close(1000))
        case "fin":
            session.socket.half_close()
        case _:
            session.socket.reset()
    codes: list[object] = []
    for _ in range(LOOKS):
        answer = await session.poll()
        codes.append(_code(answer))
        if codes[-1] in (UNKNOWN_SID, None):
            break
        await asyncio.sleep(PAUSE)
    if codes[-1] is None:
        attempt.report("how requests are refused does not tell whether the session is over")
    elif codes[-1] != UNKNOWN_SID:
        attempt.broken(f"the session is still known {LOOKS * PAUSE:g} s later", "an unknown sid")


def _code(answer: Answer) -> object:
    """The reference implementation's code in a refusal."""
    try:
        told = json.loads(answer.body)
    except ValueError:
        return None
    return told.get("code") if isinstance(told, dict) else None
