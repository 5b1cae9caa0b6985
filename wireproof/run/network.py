"""What cases about the network ask for: the nodes of a service, and ways to them that last for one case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace

from wireproof.attempt import Attempt, Inconclusive, NotApplicable
from wireproof.errors import UsageError, WireproofError
from wireproof.peer.connection import Dialer
from wireproof.peer.endpoint import Endpoint
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import HttpClient
from wireproof.peer.far_end import Blocked, FarEnd, Tunnel
from wireproof.peer.peers import Clients, Disposable, Peers, Sessions
from wireproof.peer.socketio import SocketIOPeer
from wireproof.peer.websocket import WebSocketPeer
from wireproof.proxy.driver import RunningProxy, Upstream
from wireproof.proxy.route import OpenRoute
from wireproof.run.route import seen_at_node, seen_through
from wireproof.run.sharing import Gap
from wireproof.run.upgrading import Handshakes
from wireproof.run.ways import Ways
from wireproof.target import Target
from wireproof.wire.http1 import Header

TRANSPORTS = ("websocket", "websocket-transport")
"""The protocol and the capability that are lacking where no WebSocket is opened."""


@dataclass(frozen=True, slots=True)
class Along:
    """Makes peers that go one way; *source* is the loopback address that they come from."""

    network: Network
    target: Target
    way: OpenRoute | None = None

    @property
    def entrance(self) -> RunningProxy:
        """The proxy that clients connect to; raise `NotApplicable` where there is none."""
        if self.way is None:
            raise NotApplicable("no proxy of ours stands there")
        return self.way.entrance.proxy

    def peer(self, source: str | None = None) -> WebSocketPeer:
        """A WebSocket peer."""
        dialer = self._dialer(self.target.sockets or self.target.endpoint, source)
        maker = Peers(dialer, self.network.attempt, self.target.dialect)
        self.network.made.append(maker)
        return maker()

    def session(self, source: str | None = None) -> SessionPeer:
        """An Engine.IO session."""
        return self._sessions(source)()

    def client(self, source: str | None = None) -> SocketIOPeer:
        """A Socket.IO client."""
        return Clients(self._sessions(source))()

    def http(self, source: str | None = None) -> HttpClient:
        """A client for requests of any kind."""
        client = HttpClient(self._dialer(self.target.endpoint, source), self.network.attempt)
        self.network.made.append(client)
        return client

    def _dialer(self, there: Endpoint, source: str | None) -> Dialer:
        return Dialer(there, self.network.ways.pacer, source)

    def _sessions(self, source: str | None) -> Sessions:
        dialer = self._dialer(self.target.endpoint, source)
        maker = Sessions(dialer, self.network.attempt, self.target.session)
        self.network.made.append(maker)
        return maker


@dataclass(frozen=True, slots=True)
class Far:
    """The way to a server of the harness's own."""

    network: Network
    server: FarEnd
    dialer: Dialer

    async def tunnel(self, headers: Sequence[Header] = (), answer: Sequence[Header] = ()) -> Tunnel | Blocked:
        """A WebSocket both of whose ends are here; *headers* go into the request, *answer* into the 101."""
        made = await self.server.tunnel(self.dialer, self.network.attempt, headers, answer)
        if isinstance(made, Tunnel):
            self.network.made.append(made)
        return made


class Network:
    """The nodes of the service under test, and any route to them; ``via`` is the one that the case takes."""

    def __init__(self, ways: Ways, target: Target, attempt: Attempt, via: str | None = None) -> None:
        self.ways = ways
        self.target = target
        self.attempt = attempt
        self.via = via
        self.made: list[Disposable] = []

    @property
    def nodes(self) -> tuple[Upstream, ...]:
        """Where the nodes are; raise `NotApplicable` where no proxy can reach them."""
        try:
            return self.ways.upstreams
        except WireproofError as exc:
            raise NotApplicable(str(exc)) from exc

    def need_nodes(self, count: int = 2) -> None:
        """Raise `NotApplicable` unless the service has as many nodes as that."""
        if len(self.nodes) < count:
            raise NotApplicable(f"it takes {count} nodes of one service: give a URL for each")

    def need_shared(self, *capabilities: str) -> None:
        """Raise `NotApplicable` where it is known that the nodes don't share one of *capabilities*."""
        self.ways.survey.need_shared(*capabilities)

    @property
    def itself(self) -> Target:
        """The target as it is known of itself, whatever the route takes away from it."""
        return self.ways.found or self.target

    @property
    def lost(self) -> str | None:
        """Why sessions over long-polling lose their node on the way that the user has; None where none do."""
        return self.ways.survey.lost_outside

    @property
    def gaps(self) -> frozenset[Gap]:
        """What the nodes did not share when they were looked at before the run."""
        return self.ways.survey.gaps

    @property
    def lost_here(self) -> bool:
        """Whether sessions over long-polling lost their node on the case's way, looked at before the run."""
        return self.itself.can("polling") and not self.target.can("polling")

    @property
    def withheld_here(self) -> bool:
        """Whether no WebSocket was opened on the case's way, looked at before the run."""
        return any(self.itself.can(one) and not self.target.can(one) for one in TRANSPORTS)

    async def withheld(self) -> str | None:
        """Why no WebSocket is opened on the case's way, as before the run; None where one is."""
        there = replace(self.itself, endpoint=self.target.endpoint, sockets=self.target.sockets)
        return await Handshakes(self.ways.pacer).withheld(there, self.itself, tries=1)

    @property
    def outside(self) -> Along:
        """The way that the case itself goes."""
        return Along(self, self.target)

    @property
    def behind(self) -> Along | None:
        """The way past what the user has deployed, where ``--direct`` tells it."""
        return self.node(0) if self.ways.settings.direct else None

    def node(self, number: int) -> Along:
        """The way to one node, with nothing in between."""
        return Along(self, seen_at_node(self.target, self.nodes[number]))

    @asynccontextmanager
    async def through(self, via: str, *upstreams: Upstream) -> AsyncIterator[Along]:
        """The way through the proxies that *via* says, to all nodes by default, for the length of the block.

        Raise `NotApplicable` when it can't run here, and `Inconclusive` when a proxy does not start.
        """
        async with AsyncExitStack() as stack:
            with _starting():
                way = await stack.enter_async_context(self.ways.through(via, *upstreams))
            yield Along(self, seen_through(self.target, way), way)

    async def far_end(self) -> Far:
        """A server of the harness's own behind the proxies that the case goes through.

        Cases share it, and the target takes no part in it. Raises what `through` does.
        """
        if self.via is None:
            raise NotApplicable("no proxy of ours stands there")
        with _starting():
            far, way = await self.ways.far_end(self.via)
        return Far(self, far, Dialer(seen_through(self.target, way).endpoint))

    def discard(self) -> None:
        """Give up every connection."""
        for maker in self.made:
            maker.discard()


@contextmanager
def _starting() -> Iterator[None]:
    """Tell a route that makes no sense here from one that failed."""
    try:
        yield
    except UsageError as exc:
        raise NotApplicable(str(exc)) from exc
    except WireproofError as exc:
        raise Inconclusive(f"a proxy of ours did not start: {exc}") from exc
