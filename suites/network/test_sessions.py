"""Whether a session over long-polling survives what stands between a client and the nodes."""

from __future__ import annotations

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.peers import Sessions
from wireproof.run.affinity import CURE, scattered
from wireproof.run.network import Network


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
