"""Which clients a balancer must keep on their node, and what happens where it does not."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Where, case
from wireproof.peer.concurrent import all_of
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.peers import Clients
from wireproof.peer.session import Transport
from wireproof.peer.websocket import WebSocketPeer
from wireproof.run.affinity import CURE, question, reason
from wireproof.run.network import Network
from wireproof.target import Target
from wireproof.wire.websocket import Frame, Opcode

from ..socketio.hall import Hall
from ..socketio.hall_talk import Audience, Mix
from .balancing import SOURCES, balancer, guest, need_loopback, opened, shown, sources, spread

COUNT = 6
POLICIES = ["round-robin", "random", "least-connections", "cookie", "source-hash"]
STICKY = [
    pytest.param(f"{proxy}:{policy}", id=f"{proxy}-{policy}")
    for proxy in ("simulated", "haproxy", "nginx")
    for policy in ("cookie", "source-hash")
]


@case("network/affinity/plain-websocket", where=Where.OUTSIDE)
@pytest.mark.parametrize("policy", POLICIES)
async def test_websocket_works_through_any_policy(
    network: Network, target: Target, attempt: Attempt, policy: str
) -> None:
    """WebSockets from several addresses work at whichever node a balancer takes them to."""
    network.need_nodes()
    need_loopback(network)
    async with network.through(f"simulated:{policy}") as along:
        guests = await all_of(*(guest(attempt, along, source) for source in SOURCES[:COUNT]))
        for number, one in enumerate(guests):
            with attempt.row(f"client {number + 1}"):
                await one.expect_alive()
                if isinstance(one, WebSocketPeer) and target.can("echo"):
                    one.send(Frame.text(f"client {number}"))
                    await one.expect_echo(Opcode.TEXT, b"client %d" % number)
        # Who stays where it came to says nothing; where all came to one node, nothing was shown either.
        attempt.report(spread(along))


async def refusal(session: SessionPeer, where: str) -> str | None:
    """Why, legibly, a POST is refused *where* it came to; None when it is served, which is told."""
    with session.attempt.expecting("400 and a reason that is legible, at once") as expecting:
        answer = await session.post(question(session))
        if answer.status == 200:
            told = "another node serves the session as well: they share it, or are one server"
            session.attempt.report(told)
            return None
        if (why := reason(answer)) is None:
            expecting.broken(f"{shown(answer)}, {where}")
    return why


@case("network/affinity/not-sticky", needs=["polling"], where=Where.OUTSIDE)
@pytest.mark.parametrize("policy", ["round-robin", "none-sticky"])
async def test_polling_without_affinity_is_refused_legibly(
    network: Network, attempt: Attempt, policy: str
) -> None:
    """A balancer that is not sticky breaks sessions over long-polling; the report says why and what helps."""
    network.need_nodes()
    async with network.through(f"simulated:{policy}") as along:
        session = along.session()
        await session.begin(Transport.POLLING)
        why = await refusal(session, "on another node")
        if why is None:
            return
        attempt.report(
            f"400 {why!r}: the second request of a session over long-polling came to another node; {CURE}"
        )


@case("network/affinity/sticky", needs=["polling"], where=Where.OUTSIDE)
@pytest.mark.parametrize("via", STICKY)
async def test_polling_sessions_stay_on_their_node(network: Network, attempt: Attempt, via: str) -> None:
    """With affinity, long-polling sessions from several addresses work at the same time."""
    await _sessions(network, attempt, via, Way.POLLING)


@case("network/affinity/upgrade", needs=["polling", "upgrade"], where=Where.OUTSIDE)
@pytest.mark.parametrize("via", STICKY)
async def test_sessions_upgrade_on_their_node(network: Network, attempt: Attempt, via: str) -> None:
    """With affinity, sessions from several addresses upgrade to WebSocket at the node that has them."""
    await _sessions(network, attempt, via, Way.UPGRADED)


async def _sessions(network: Network, attempt: Attempt, via: str, way: Way) -> None:
    network.need_nodes()
    need_loopback(network)
    async with network.through(via) as along:
        sessions = [along.session(source) for source in SOURCES[:COUNT]]
        await all_of(*(opened(attempt, session, way) for session in sessions))
        for _ in range(2):
            await all_of(*(session.expect_alive() for session in sessions))


@case("network/affinity/rooms", "network/nodes/order", needs=["rooms"], where=Where.OUTSIDE)
@pytest.mark.parametrize("via", STICKY)
async def test_rooms_work_behind_a_balancer(
    network: Network, clients: Clients, target: Target, via: str
) -> None:
    """Members of a room, over every transport and from several addresses, hear each other."""
    network.need_nodes()
    network.need_shared("rooms")
    need_loopback(network)
    async with network.through(via) as along:
        hall = Hall(clients, target, Audience.ROOMS, mix=Mix.MIXED)
        address = sources()
        await hall.enter("a", "b", "c", "d", make=lambda: along.client(next(address)))
        for name in "abc":
            await hall.join(name, "red")
        await hall.burst("abcd", 5, "red")
        await hall.settle()


@case("network/affinity/lost", needs=["polling"], where=Where.OUTSIDE)
async def test_session_that_lost_its_node_is_told_so(network: Network, attempt: Attempt) -> None:
    """When a balancer forgets, sessions over long-polling are refused at once and new ones work."""
    network.need_nodes()
    async with network.through("simulated:cookie") as along:
        session = along.session()
        await session.begin(Transport.POLLING)
        await session.post(question(session))
        balancer(along).forget()
        with attempt.expecting("an answer, at once"):
            answer = await session.post(question(session))
        if answer.status == 200:
            attempt.report("another node serves the session as well: they share it, or are one server")
        else:
            attempt.report(f"a session that comes to another node is refused with {shown(answer)}")
        again = along.session()
        await opened(attempt, again, Way.POLLING)
        await again.expect_alive()


@case("network/affinity/lost", needs=["websocket-transport"], where=Where.OUTSIDE)
async def test_websocket_outlives_affinity(network: Network, attempt: Attempt) -> None:
    """A session over WebSocket does not notice that its balancer forgot where it belongs."""
    network.need_nodes()
    async with network.through("simulated:cookie") as along:
        session = along.session()
        await opened(attempt, session, Way.WEBSOCKET)
        balancer(along).forget()
        await session.expect_alive()


@case("network/affinity/cookie-dropped", needs=["polling"], where=Where.OUTSIDE)
async def test_client_that_returns_no_cookie_is_refused_legibly(network: Network, attempt: Attempt) -> None:
    """Stickiness by cookie needs clients that return cookies; the report says what others are told."""
    network.need_nodes()
    async with network.through("simulated:cookie") as along:
        session = along.session()
        session.http.keeps_cookies = False
        await session.begin(Transport.POLLING)
        why = await refusal(session, "when the cookie of the balancer was not returned")
        if why is None:
            return
        attempt.report(
            f"400 {why!r}: a client that returns no cookie comes to another node with each request, though "
            "the balancer is sticky; clients must keep cookies, those of a bare IP address too"
        )
