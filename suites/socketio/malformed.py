"""Malformed packets: rows of them, each of which must end a session of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from wireproof.attempt import Attempt
from wireproof.peer.peers import Clients
from wireproof.peer.socketio import SocketIOPeer
from wireproof.peer.table import each_row

Parts = tuple[str | bytes, ...]


def head(client: SocketIOPeer) -> str:
    """The application's namespace as it stands in a packet: nothing for the main one."""
    name = client.session.dialect.namespace
    return "" if name == "/" else f"{name},"


async def send_parts(client: SocketIOPeer, parts: Parts) -> None:
    """Send messages as they are, but for the sign @, which stands for the application's namespace."""
    await client.send(
        *(part.replace("@", head(client), 1) if isinstance(part, str) else part for part in parts)
    )


async def expect_failures(
    attempt: Attempt,
    clients: Clients,
    rows: Mapping[str, Parts],
    opening: Callable[[SocketIOPeer], Awaitable[object]] | None = None,
) -> None:
    """Demand that the messages of each row end a session, in the application's namespace by default."""

    async def fail(client: SocketIOPeer, parts: Parts) -> None:
        await send_parts(client, parts)
        await client.expect_failure()

    # All at once: it may take pings to show that a session lives on and answers nothing.
    await each_row(attempt, clients, rows, fail, opening=opening, width=len(rows))
