"""A client of plain WebSocket where Socket.IO is served."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer, excuse_refusal
from wireproof.verdict import Ground
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame

LEGIBLY = "socketio/plain-client/refused-legibly"
EXPECTED = ("an HTTP error status", "a Close frame with a reason")
NOTHING: dict[str, str | None] = {"EIO": None, "transport": None}


@case(LEGIBLY)
async def test_plain_client_is_refused_legibly(sessions: Sessions, attempt: Attempt) -> None:
    """A WebSocket client that does not speak Socket.IO is refused by a status or a reason that tells why."""
    rows: dict[str, dict[str, str | None]] = {
        "no query": NOTHING,
        "no EIO": {"EIO": None},
        "no transport": {"transport": None},
    }
    for row, query in rows.items():
        with attempt.row(row):
            await expect_refused(sessions, attempt, query)


async def expect_refused(sessions: Sessions, attempt: Attempt, query: dict[str, str | None]) -> None:
    """Demand that a WebSocket with this query is refused, or closed with a reason."""
    with attempt.expecting(*EXPECTED) as expecting:
        peer = await sessions().connect_socket(query)
        if isinstance(peer, Refusal):
            if peer.response is None:
                expecting.broken(peer.detail, Ground.MISSING)
            excuse_refusal(peer)
            return
        peer.send(Frame.text("hello"))
        while not isinstance(event := await peer.event(), Close | Ended):
            if isinstance(event, Message):
                expecting.broken(f"the handshake is accepted, and a message comes: {event.data[:40]!r}")
        if isinstance(event, Ended) or not event.reason:
            expecting.broken(f"the handshake is accepted, then {event}")


@case(LEGIBLY)
async def test_answer_to_a_plain_client_is_told(peer: WebSocketPeer, attempt: Attempt) -> None:
    """What a WebSocket client is answered is told that knows no more than the host."""
    answer = await peer.answer_to(peer.request("/"))
    attempt.report(f"a WebSocket at the path / is {answer}")
