"""The verbs of Engine.IO sessions, against the strict server and servers with one defect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fixtures.faulty import load
from fixtures.strict import Connection, serve
from fixtures.strict.socketio import SocketIoConnection
from tests.on_loop import on_loop
from wireproof.attempt import Attempt, Broken, Inconclusive
from wireproof.peer.connection import Dialer
from wireproof.peer.endpoint import parse_endpoint
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.wire.engineio import Packet
from wireproof.wire.websocket import Frame


@asynccontextmanager
async def session_with(server: type[Connection] = SocketIoConnection) -> AsyncIterator[SessionPeer]:
    """A session, not yet begun, with a server of its own."""
    async with serve("127.0.0.1", 0, server) as site, asyncio.timeout(20):
        session = SessionPeer(Dialer(parse_endpoint(site.url)), Attempt(("probe",)))
        try:
            yield session
        finally:
            session.discard()


@on_loop
async def test_upgrade_in_two_steps() -> None:
    """Between probe and upgrade packet the session goes on by polling."""
    async with session_with() as session:
        await session.open(Way.POLLING)
        socket = await session.probe()
        await session.expect_alive()
        assert session.socket is None
        await session.complete_upgrade(socket)
        assert session.socket is socket
        await session.expect_alive()


@on_loop
async def test_probe_that_is_answered_wrongly() -> None:
    """A wrong answer to the probe leaves a case about something else undecided."""
    async with session_with(load()["engineio-answers-probes-with-a-bare-pong"].server) as session:
        await session.begin()
        with pytest.raises(Inconclusive, match="probe"):
            await session.probe()


@on_loop
async def test_probe_for_a_session_of_nobody() -> None:
    """A refused WebSocket leaves it undecided too."""
    async with session_with() as session:
        await session.begin()
        await session.post(Packet.close())
        with pytest.raises(Inconclusive, match="refused"):
            await session.probe()


@pytest.mark.parametrize("way", Way)
@on_loop
async def test_outlook(way: Way) -> None:
    """The outlook is good until the session ends."""
    async with session_with() as session:
        await session.open(way)
        assert await session.outlook() is None
        await session.send("9")
        assert await session.outlook() is not None


@on_loop
async def test_lateness_is_excused() -> None:
    """A status that an overdue pong explains accuses nobody."""
    async with session_with() as session:
        await session.begin()
        with pytest.raises(Broken):
            await session.expect_status(await session.fetch(session.request({"sid": "nobody"})), 200)
        await asyncio.sleep(session.timers.ping_interval + 2 * session.timers.ping_timeout)
        with pytest.raises(Inconclusive, match="no ping had come or been answered"):
            await session.expect_status(await session.poll(), 200)


@on_loop
async def test_pong_by_hand_counts() -> None:
    """A pong that a case sends by itself is as good as one of the peer's own."""
    async with session_with() as session:
        await session.begin()
        began = session.heartbeat.lively
        assert session.read_answer(await session.poll()) == (Packet.ping(),)
        await session.post(Packet.pong())
        assert session.heartbeat.lively > began
        socket = await session.probe()
        socket.send(Frame.text("5"))
        session.switch_to(socket)
        before = session.heartbeat.lively
        await session.send(Packet.pong())
        assert session.heartbeat.lively > before


@on_loop
async def test_late_pong_does_not_hide_lateness() -> None:
    """A pong that went out too late explains a refusal as well as one that never did."""
    async with session_with() as session:
        await session.begin()
        assert session.read_answer(await session.poll()) == (Packet.ping(),)
        await asyncio.sleep(2 * session.timers.ping_timeout)
        refused = await session.post(Packet.pong())
        with pytest.raises(Inconclusive, match="no ping had come or been answered"):
            await session.expect_status(refused, 200)
