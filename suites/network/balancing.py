"""What the cases about several nodes share: a balancer of our own that does as it is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from wireproof.attempt import Attempt, NotApplicable, Unopened
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.exchange import Answer
from wireproof.peer.socketio import SocketIOPeer
from wireproof.peer.websocket import WebSocketPeer, excuse_status
from wireproof.proxy.driver import Upstream
from wireproof.run.network import Along, Network
from wireproof.verdict import Ground
from wireproof.wire.text import shorten

from ..socketio.talk import whoami

SOURCES = tuple(f"127.0.0.{number}" for number in range(2, 12))
"""Addresses that clients come from: where all come from one, hashing it proves nothing."""


class Account(Protocol):
    """What a simulated balancer knows of the requests that it gave away."""

    def nodes(self) -> list[str | None]:
        """The node of each request, in order."""

    def lines(self) -> list[str]:
        """All requests, as text."""


class Balancer(Protocol):
    """What can be done with a simulated balancer; its nodes are called a, b, c and so on."""

    @property
    def account(self) -> Account:
        """All that went through it."""

    def drain(self, name: str) -> None:
        """Give a node nobody new."""

    def admit(self, name: str) -> None:
        """Give a node newcomers again that drains."""

    def remove(self, name: str) -> None:
        """Cut a node off at once, with all that is open there."""

    def forget(self) -> None:
        """Forget who belongs to which node."""


def balancer(along: Along) -> Balancer:
    """The simulated balancer at the entrance of a way."""
    found = getattr(along.entrance, "front", None)
    if found is None:
        raise NotApplicable("it takes a balancer of the harness's own: --via simulated:round-robin")
    return cast("Balancer", found)


def names(nodes: Iterable[Upstream]) -> list[str]:
    """What a simulated balancer calls these nodes."""
    return [chr(ord("a") + number) for number, _ in enumerate(nodes)]


def shown(answer: Answer) -> str:
    """An answer in a few words."""
    return f"{answer.status}" + (f" {shorten(answer.body, 80)}" if answer.body else "")


def spread(along: Along) -> str:
    """How many requests each node was given by a simulated balancer."""
    told = balancer(along).account.nodes()
    counts = {name: told.count(name) for name in sorted({one for one in told if one})}
    return "requests by node: " + ", ".join(f"{name} {count}" for name, count in counts.items())


async def opened(attempt: Attempt, session: SessionPeer, way: Way) -> None:
    """Open a session, and accuse where what answers does not open it, unless for want of room."""
    try:
        await session.open(way)
    except Unopened as exc:
        excuse_status(exc.status, str(exc))
        attempt.broken(str(exc), "a session that opens", ground=Ground.MISSING)


Guest = WebSocketPeer | SessionPeer


async def guest(attempt: Attempt, along: Along, source: str | None = None) -> Guest:
    """Somebody who uses a WebSocket: a session where the target has those, which are read at all times."""
    if "engineio" in along.target.protocols:
        along.target.require("websocket-transport")
        session = along.session(source)
        await opened(attempt, session, Way.WEBSOCKET)
        return session
    if "websocket" not in along.target.protocols:
        raise NotApplicable("the target speaks no WebSocket")
    peer = along.peer(source)
    await peer.expect_accepted()
    await peer.introduce()
    return peer


async def node_of(client: SocketIOPeer) -> str | None:
    """The name of the node that a client is on, where the application tells it."""
    node = (await whoami(client)).get("node")
    return node if isinstance(node, str) else None


def sources() -> Iterator[str]:
    """An address for each client."""
    while True:
        yield from SOURCES


def need_loopback(network: Network) -> None:
    """Raise `NotApplicable` where clients can't come from several addresses."""
    if not network.target.endpoint.is_loopback:
        raise NotApplicable("clients can come from several addresses on this machine only")
