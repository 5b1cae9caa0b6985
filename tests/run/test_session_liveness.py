"""What counts as a sign of life of a server that speaks Engine.IO."""

from __future__ import annotations

import asyncio

import pytest

from fixtures.faulty import load
from fixtures.strict import Connection, serve
from fixtures.strict.socketio import SocketIoConnection
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import SessionDialect
from wireproof.peer.endpoint import parse_endpoint
from wireproof.run.alive import session_is_alive


async def told(server: type[Connection]) -> str | None:
    async with serve("127.0.0.1", 0, server) as site, asyncio.timeout(20):
        return await session_is_alive(Dialer(parse_endpoint(site.url)), SessionDialect(), 5.0)


@pytest.mark.parametrize(
    "server", [SocketIoConnection, load()["engineio-handshake-sid-as-number-by-polling"].server]
)
def test_whoever_answers_a_handshake_lives(server: type[Connection]) -> None:
    """Also with an open packet that can't be read: that is for cases to judge."""
    assert asyncio.run(told(server)) is None


def test_a_refused_handshake_is_no_sign_of_life() -> None:
    said = asyncio.run(told(Connection))
    assert said is not None
    assert "handshake" in said
