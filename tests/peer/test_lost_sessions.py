"""Sessions that are lost, in every way a case needs, and clients that come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from fixtures.strict import EngineSite, serve
from fixtures.strict.socketio import SocketIoConnection
from tests.on_loop import on_loop
from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import SessionDialect
from wireproof.peer.endpoint import parse_endpoint
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer
from wireproof.wire.socketio import PacketType

WAYS = [Way.POLLING, Way.WEBSOCKET]
Make = Callable[[], SocketIOPeer]


@asynccontextmanager
async def clients(dialect: SessionDialect | None = None) -> AsyncIterator[tuple[EngineSite, Make]]:
    """The strict server's site, and a maker of clients for it."""
    made: list[SocketIOPeer] = []
    async with serve("127.0.0.1", 0, SocketIoConnection) as site, asyncio.timeout(20):
        assert isinstance(site, EngineSite)
        dialer = Dialer(parse_endpoint(site.url))

        def make() -> SocketIOPeer:
            session = SessionPeer(dialer, Attempt(("probe",)), dialect or SessionDialect())
            made.append(SocketIOPeer(session))
            return made[-1]

        try:
            yield site, make
        finally:
            for client in made:
                client.discard()


async def gone(site: EngineSite, client: SocketIOPeer) -> None:
    """Wait until the server knows the session no more."""
    while client.session.sid in site.sessions:  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0.005)


async def one_that_is_lost(site: EngineSite, make: Make) -> SocketIOPeer:
    """A client that has vanished, which the server knows."""
    lost = make()
    await lost.open()
    await lost.expect_event("auth")
    lost.session.vanish()
    await gone(site, lost)
    return lost


@pytest.mark.parametrize("way", WAYS)
@on_loop
async def test_client_that_comes_back_gets_what_it_missed(way: Way) -> None:
    async with clients() as (site, make):
        lost, other = make(), make()
        await lost.open(way)
        await other.open()
        await lost.call("join", "r")
        await other.call("room-broadcast", "r", "heard")
        assert (await lost.expect_event("room-broadcast")).data == ["room-broadcast", "heard"]
        lost.session.vanish()
        await gone(site, lost)
        await other.call("room-broadcast", "r", "missed")
        back = make()
        await back.start(way)
        answer = await back.resume(lost)
        assert not isinstance(answer, SessionEnd)
        assert (back.sids, back.private_id("/")) == (lost.sids, lost.private_id("/"))
        # Without its offset, which is kept apart.
        assert (await back.expect_event("room-broadcast")).data == ["room-broadcast", "missed"]
        assert back.offsets["/"] != lost.offsets["/"]


@pytest.mark.parametrize("changes", [{"pid": "forged"}, {"offset": "unknown"}, {"offset": None}])
@on_loop
async def test_other_ids_can_be_told(changes: dict[str, str | None]) -> None:
    async with clients() as (site, make):
        lost = await one_that_is_lost(site, make)
        back = make()
        await back.start()
        answer = await back.resume(lost, **changes)
        assert not isinstance(answer, SessionEnd)
        assert answer.type is PacketType.CONNECT
        assert back.sids != lost.sids


@on_loop
async def test_the_users_own_payload_of_connect_is_kept() -> None:
    async with clients(SessionDialect(auth={"token": "secret"})) as (site, make):
        lost = await one_that_is_lost(site, make)
        back = make()
        await back.start()
        await back.resume(lost, pid="forged")
        told = (await back.expect_event("auth")).data[1]
        assert told == {"token": "secret", "pid": "forged", "offset": lost.offsets["/"]}


@pytest.mark.parametrize("way", Way)
@on_loop
async def test_session_that_vanishes_is_known_no_more(way: Way) -> None:
    async with clients() as (site, make):
        client = make()
        await client.open(way)
        client.session.vanish()
        await gone(site, client)


@pytest.mark.parametrize("way", WAYS)
@on_loop
async def test_session_that_falls_silent_is_there_until_it_times_out(way: Way) -> None:
    async with clients() as (site, make):
        silent, other = make(), make()
        await silent.open(way)
        silent.session.fall_silent()
        await other.open(way)
        assert silent.session.sid in site.sessions
        await gone(site, silent)
        await other.expect_alive()
