"""Whether sessions and WebSockets survive what stands between a client and the nodes."""

from __future__ import annotations

from contextlib import suppress

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.pacing import TimeLimit
from wireproof.peer.peers import Sessions
from wireproof.peer.session import Transport
from wireproof.run.affinity import CURE, scattered
from wireproof.run.network import Network
from wireproof.run.upgrading import CURE as PASS_ON
from wireproof.run.upgrading import WITHIN


@case("network/affinity/kept")
async def test_requests_of_a_session_find_its_node(
    network: Network, sessions: Sessions, attempt: Attempt
) -> None:
    """Each request of a session over long-polling comes to the node that has the session."""
    # The route may have taken it away from the target as the case sees it.
    network.itself.require("polling")
    if (why := await scattered(sessions)) is not None:
        attempt.broken(
            f"refused with 400 {why!r} at another node, served again at its own: {CURE}",
            "200 for every request of one session",
        )
    if network.lost_here:
        raise Inconclusive("refused at another node before the run, each served now: is there one node less?")


@case("network/tunnel/to-the-server")
async def test_websocket_is_opened_on_the_way(network: Network, attempt: Attempt) -> None:
    """Where the server itself opens WebSockets, one is opened on the way to it, too."""
    network.itself.require("websocket" if network.itself.can("websocket") else "websocket-transport")
    with suppress(Inconclusive, TimeoutError):  # for the record of what is on the wire
        async with TimeLimit(WITHIN):
            if network.itself.can("websocket"):
                await network.outside.peer().open()
            else:
                await network.outside.session().begin(Transport.WEBSOCKET)
    if (why := await network.withheld()) is not None:
        attempt.broken(f"{why}; reached directly, the server opens one: {PASS_ON}", "a WebSocket")
    if network.withheld_here:
        raise Inconclusive("no WebSocket was opened on this way before the run, and now one was")
