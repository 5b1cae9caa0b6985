"""What a target speaks, and what is told of one that keeps the harness out."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from fixtures.strict import Client, SocketIoConnection, serve
from wireproof.peer.connection import Dialer
from wireproof.run.discover import discover
from wireproof.run.settings import Settings
from wireproof.target import Target


async def found(server: type[SocketIoConnection], *protocols: str) -> Target:
    async with serve(connection_class=server) as site:
        settings = Settings(site.url.replace("ws:", "http:"), protocols=protocols)
        return await discover(settings, Dialer(settings.endpoint()))


class Bouncer(Client):
    """Lets nobody in."""

    names: ClassVar[tuple[str, ...]] = ()


class Closed(SocketIoConnection):
    """Refuses the main namespace too."""

    client = Bouncer


def test_a_socketio_server_speaks_all_three() -> None:
    target = asyncio.run(found(SocketIoConnection))
    assert target.protocols == ("websocket", "engineio", "socketio")
    assert target.sockets is not None
    assert target.sockets.resource == "/socket.io/?EIO=4&transport=websocket"


def test_its_websocket_transport_is_judged_alone_where_that_is_wanted() -> None:
    target = asyncio.run(found(SocketIoConnection, "websocket"))
    assert (target.protocols, target.sockets is not None) == (("websocket",), True)


@pytest.mark.parametrize("capability", ["events", "rooms", "whoami"])
def test_a_refused_connect_is_told_with_what_may_help(capability: str) -> None:
    target = asyncio.run(found(Closed))
    assert target.protocols == ("websocket", "engineio", "socketio")
    assert "[socketio] auth" in target.reasons[capability]
