"""The Socket.IO client's verbs: what conforms passes, and what does not is told in their words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from fixtures.strict import Client, Connection, SocketIoConnection, serve
from fixtures.strict.eio_packets import Malformed
from wireproof.attempt import Attempt, Broken, Inconclusive
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import SessionDialect
from wireproof.peer.endpoint import parse_endpoint
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients, Sessions
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer, ground_of
from wireproof.peer.table import each_row
from wireproof.verdict import Ground
from wireproof.wire.socketio import Packet, PacketType

REQUIREMENTS = ("socketio/acknowledgement/answered", "socketio/acknowledgement/same-id")


@asynccontextmanager
async def talking(server: type[Connection] = SocketIoConnection) -> AsyncIterator[Clients]:
    """Clients of a server of their own."""
    async with serve(connection_class=server) as site:
        dialer = Dialer(parse_endpoint(f"http://127.0.0.1:{site.port}"))
        sessions = Sessions(dialer, Attempt(REQUIREMENTS), SessionDialect())
        try:
            yield Clients(sessions)
        finally:
            sessions.discard()


def run(check: Callable[[Clients], Awaitable[None]], server: type[Connection] = SocketIoConnection) -> None:
    """Have *check* talk to *server*."""

    async def flow() -> None:
        async with asyncio.timeout(10), talking(server) as clients:
            await check(clients)

    asyncio.run(flow())


class Forgiving(Client):
    def on_malformed(self, malformed: Malformed) -> None:
        """It goes on."""


class ForgivingServer(SocketIoConnection):
    client = Forgiving


class Mute(Client):
    deaf = False

    def on_malformed(self, _: Malformed) -> None:
        self.deaf = True

    def on_text(self, text: str) -> None:
        if not self.deaf:
            super().on_text(text)


class MuteServer(SocketIoConnection):
    client = Mute


def test_what_was_sent_is_dealt_with_once_it_is_settled() -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.open()
        await client.emit("message", "hello")
        assert await client.settle() is None
        assert [packet.data for packet in client.kept if packet.is_event] == [
            ["auth", {}],
            ["message-back", "hello"],
        ]

    run(check)


def test_settling_tells_the_end_of_the_session() -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.open()
        await client.send("2[]")
        assert isinstance(await client.settle(), SessionEnd)

    run(check)


def test_an_end_that_a_late_pong_may_have_brought_accuses_nobody() -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.open(Way.POLLING)
        heart, timers = client.session.heartbeat, client.session.timers
        heart.lively -= timers.ping_interval + timers.ping_timeout
        heart.pong()
        await client.send("2[]")
        with pytest.raises(Inconclusive, match="no ping had come or been answered"):
            await client.settle()

    run(check)


def test_a_server_that_falls_silent_has_settled() -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.open()
        await client.send("2[]")
        assert await client.settle() is None

    run(check, MuteServer)


@pytest.mark.parametrize("way", Way)
def test_a_malformed_packet_ends_a_session(way: Way) -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.open(way)
        await client.send("2[]")
        await client.expect_failure()

    run(check)


@pytest.mark.parametrize(
    ("server", "said"), [(ForgivingServer, "the application answered"), (MuteServer, "it is pinged")]
)
def test_a_session_that_lives_on_is_told_to(server: type[Connection], said: str) -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.open()
        await client.send("2[]")
        with pytest.raises(Broken, match=said):
            await client.expect_failure()

    run(check, server)


def test_an_end_may_come_behind_messages() -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.open()
        await client.emit("message", "hello")
        await client.emit("disconnect-me", True)
        await client.session.expect_end()
        assert client.session.kept

    run(check)


def test_offsets_are_no_arguments_however_connect_was_sent() -> None:
    async def check(clients: Clients) -> None:
        client = clients()
        await client.start()
        await client.send(Packet.connect("/"), Packet.connect("/custom"))
        for name in ("/", "/custom"):
            assert (await client.expect_event("auth", name)).data == ["auth", {}]
            assert client.private_id(name)
            assert client.offsets[name]

    run(check)


def test_a_client_goes_over_polling_where_there_is_nothing_else() -> None:
    async def check(clients: Clients) -> None:
        sessions = Sessions(
            clients().session.dialer, clients.attempt, replace(clients.dialect, websocket=False)
        )
        client = Clients(sessions)()
        await client.open()
        assert (await client.call("whoami"))[0]["transport"] == "polling"
        sessions.discard()

    run(check)


def test_ids_of_its_own_are_not_zero() -> None:
    async def check(clients: Clients) -> None:
        assert clients().new_id() > 0

    run(check)


def test_tables_open_a_client_for_each_row() -> None:
    async def check(clients: Clients) -> None:
        async def whole(client: SocketIOPeer, text: str) -> None:
            await client.send(text)
            await client.expect_failure()

        rows = {"good": '2["message"]', "bad": "2[]", "worse": "2"}
        await each_row(clients.attempt, clients, rows, whole)
        (finding,) = clients.attempt.findings
        assert finding.observed.startswith("good: the session lives on")
        clients.attempt.findings.clear()
        await each_row(clients.attempt, clients, {"early": '2["x"]'}, whole, opening=SocketIOPeer.start)
        assert not clients.attempt.findings

    run(check)


def test_the_end_of_a_session_is_to_be_seen_again() -> None:
    assert ground_of(SessionEnd("gone")) is Ground.MISSING
    assert ground_of(Packet(PacketType.CONNECT)) is Ground.SEEN
