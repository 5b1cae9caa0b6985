"""Tables of opening handshakes: every row on a connection of its own, told by its name."""

from __future__ import annotations

from collections.abc import Mapping

from wireproof.attempt import Attempt, Broken
from wireproof.peer.peers import Peers
from wireproof.wire.http1 import Request


async def expect_each_refused(peers: Peers, attempt: Attempt, rows: Mapping[str, Request]) -> None:
    """Demand of every row what `WebSocketPeer.expect_refused` demands; name all rows that are accepted."""
    accepted: list[str] = []
    for name, request in rows.items():
        try:
            with attempt.row(name):
                await peers().expect_refused(request)
        except Broken:
            accepted.append(name)
    if accepted:
        attempt.found(f"accepted with 101: {', '.join(accepted)}", "an HTTP error status", "the end of TCP")


async def expect_each_accepted(peers: Peers, attempt: Attempt, rows: Mapping[str, Request]) -> None:
    """Demand of every row what `WebSocketPeer.expect_accepted` demands; tell how others are refused."""
    for name, request in rows.items():
        try:
            with attempt.row(name):
                await peers().expect_accepted(request)
        except Broken as broken:
            attempt.findings.append(broken.finding)


async def report_each(
    peers: Peers, attempt: Attempt, rows: Mapping[str, Request], silence: str | None = None
) -> None:
    """Tell what the server makes of every row; *silence* is the requirement that no answer at all breaks."""
    for name, request in rows.items():
        with attempt.row(name):
            answer = await peers().answer_to(request, silence)
        attempt.report(f"{name}: {answer}")
