"""What is found out of several nodes, and of the ways to them, before the first case flies.

What a way takes away is not tried through it: a hundred cases that wait in vain tell less than one sentence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from wireproof.attempt import Attempt, NotApplicable, Outcome
from wireproof.peer.concurrent import all_of
from wireproof.peer.connection import Dialer
from wireproof.peer.pacing import Pacer, TimeLimit
from wireproof.peer.peers import Clients, Crew, Peers, Sessions
from wireproof.proxy.driver import Feature, Upstream
from wireproof.proxy.route import OpenRoute
from wireproof.run.affinity import STICKINESS, scattered, unsticky
from wireproof.run.route import DEPLOYED, DIRECT, Route, seen_at_node
from wireproof.run.sharing import CURES, SOCKETS, Gap, rounds, told
from wireproof.run.upgrading import Handshakes, is_withheld
from wireproof.target import Target

T = TypeVar("T")
WITHIN = 15.0  # seconds for all that is asked of a node or through a route
SHARING = "broadcasts across nodes"
SOCKET = "WebSocket"

_HASHES = (Feature.SOURCE_HASH, Feature.HEADER_HASH)  # clients of one address stay together
_LOSE_THEIR_NODE = "through this route a session over long-polling loses its node, as told first, as CAUSE"
_NO_WEBSOCKET = "through this route no WebSocket is opened, as told first, as CAUSE"
_APART = "the nodes don't hear each other, as told first, as CAUSE"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found: *gaps* between the *nodes*, and what routes take away.

    *lost* tells by route why its requests are scattered, *withheld* why it opens no WebSocket.
    """

    nodes: tuple[str, ...] = ()
    gaps: frozenset[Gap] = frozenset()
    lost: Mapping[str, str] = field(default_factory=dict)
    withheld: Mapping[str, str] = field(default_factory=dict)

    @property
    def causes(self) -> dict[str, str]:
        """What keeps much from being tried: by name, the cause and its cure in one sentence."""
        found = {_told_of(SOCKET, route): is_withheld(why) for route, why in self.withheld.items()}
        found |= {stickiness_of(route): unsticky(why) for route, why in self.lost.items()}
        sockets = {gap for gap in self.gaps if gap.capability in SOCKETS}
        if events := self.gaps - sockets:
            found[SHARING] = f"{told(events, self.nodes)}; {CURES['socketio']}"
        if sockets:
            found[f"{SHARING}, over WebSocket"] = f"{told(sockets, self.nodes)}; {CURES['websocket']}"
        return found

    @property
    def lost_outside(self) -> str | None:
        """Why requests are scattered on the way that the user has; None where they are not."""
        return next((self.lost[one.name] for one in (DEPLOYED, DIRECT) if one.name in self.lost), None)

    def need_shared(self, *capabilities: str) -> None:
        """Raise `NotApplicable` where it is known that the nodes don't share one of *capabilities*."""
        if any(gap.capability in capabilities for gap in self.gaps):
            raise NotApplicable(_APART)

    def seen(self, target: Target, route: Route, way: OpenRoute | None = None) -> Target:
        """*target*, which is seen through *route*, without what that takes away."""
        gone: dict[str, str] = {}
        withheld = route.name in self.withheld
        if withheld:
            gone |= dict.fromkeys(("websocket", "websocket-transport", "upgrade"), _NO_WEBSOCKET)
        if route.name in self.lost:
            gone |= dict.fromkeys(("polling", "upgrade"), _LOSE_THEIR_NODE)
        spread = len(self.nodes) > 1 and route is not DIRECT and _spreads(way)
        if self.gaps and spread:
            unshared = {gap.capability for gap in self.gaps}
            # What was missed is kept by one node, and asked for at another.
            missed = {"recovery"} if unshared - {*SOCKETS} else set[str]()
            gone |= dict.fromkeys(unshared | missed, _APART)
        lacking = {name for name in gone if target.can(name)}
        protocols = [name for name in target.protocols if name not in lacking]
        if "websocket-transport" in lacking and not target.can("polling"):
            protocols = []
        return replace(
            target,
            protocols=tuple(protocols),
            session=replace(target.session, websocket=target.session.websocket and not withheld),
            spread=spread,
            capabilities={**target.capabilities, **dict.fromkeys(lacking, False)},
            reasons={**target.reasons, **{name: gone[name] for name in lacking}},
        )


def stickiness_of(route: str) -> str:
    """What is told of the stickiness of a route is called so."""
    return _told_of(STICKINESS, route)


def _told_of(what: str, route: str) -> str:
    return what if route in (DIRECT.name, DEPLOYED.name) else f"{what} of {route}"


def _spreads(way: OpenRoute | None) -> bool:
    """Whether several clients of one address come to different nodes, as what others deployed may do."""
    if way is None:
        return True
    layouts = (hop.layout for hop in way.hops)
    return any(len(one.upstreams) > 1 and one.policy not in _HASHES for one in layouts)


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Looks at nodes and routes; *pacer* says when it may connect."""

    pacer: Pacer

    async def gaps(self, target: Target, nodes: Sequence[Upstream]) -> frozenset[Gap]:
        """What the nodes don't share; nothing where that can't be told."""
        if len(nodes) < 2:
            return frozenset()
        clients: list[Clients] = []
        peers: list[Peers] = []
        for seen in (seen_at_node(target, node) for node in nodes):
            clients.append(Clients(self._sessions(seen)))
            there = Dialer(seen.sockets or seen.endpoint, self.pacer)
            peers.append(Peers(there, _attempt(), target.dialect))
        groups = rounds(target, len(nodes), lambda one: clients[one](), lambda one: peers[one]())
        try:
            talks = [_in_time(one.gaps()) for group in groups.values() for one in group]
            found = await all_of(*talks)
        finally:
            Crew(*clients, *peers).discard()
        return frozenset(gap for gaps in found if gaps for gap in gaps)

    async def lost(self, target: Target) -> str | None:
        """Why sessions over long-polling lose their node on the way to *target*; None where none does."""
        if not target.can("polling"):
            return None
        sessions = self._sessions(target)
        try:
            return await _in_time(scattered(sessions))
        finally:
            sessions.discard()

    async def withheld(self, seen: Target, itself: Target) -> str | None:
        """Why *seen* opens no WebSocket though *itself* does; None where nothing is withheld."""
        return await _in_time(Handshakes(self.pacer).withheld(seen, itself))

    def _sessions(self, target: Target) -> Sessions:
        return Sessions(Dialer(target.endpoint, self.pacer), _attempt(), target.session)


def _attempt() -> Attempt:
    return Attempt(("survey",))


async def _in_time(asked: Awaitable[T]) -> T | None:
    """What is found out; None where time or something else forbids: cases tell that better."""
    try:
        async with TimeLimit(WITHIN):
            return await asked
    except (TimeoutError, Outcome):
        return None
