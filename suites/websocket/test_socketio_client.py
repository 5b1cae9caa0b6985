"""A client of Socket.IO where plain WebSocket is served, and no Socket.IO."""

from __future__ import annotations

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import excuse_answer
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Refusal
from wireproof.peer.session import Transport
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.websocket import Frame

LEGIBLY = "socketio/plain-server/refused-legibly"


def need_strangers(target: Target) -> None:
    """Raise `NotApplicable` where Socket.IO's own transport is what is judged."""
    if {"engineio", "socketio"} & set(target.protocols):
        raise NotApplicable("the server speaks Engine.IO")


@case(LEGIBLY)
async def test_socketio_client_is_refused_legibly(
    sessions: Sessions, target: Target, attempt: Attempt
) -> None:
    """A client of Socket.IO that begins by long-polling gets an HTTP error status."""
    need_strangers(target)
    session = sessions()
    with attempt.expecting("an HTTP error status") as expecting:
        answer = await session.handshake_with(session.request())
        if session.handshake is not None:
            raise NotApplicable("the server speaks Engine.IO")
        excuse_answer(answer)
        if answer.status is None or answer.status < 400:
            expecting.broken(str(answer), Ground.MISSING if answer.status is None else Ground.SEEN)


@case(LEGIBLY)
async def test_answer_to_a_socketio_client_is_told(
    sessions: Sessions, target: Target, attempt: Attempt
) -> None:
    """What a client of Socket.IO is answered that begins by WebSocket is told."""
    need_strangers(target)
    session = sessions()
    with attempt.expecting("an answer of any kind"):
        peer = await session.connect_socket()
    if isinstance(peer, Refusal):
        attempt.report(f"transport={Transport.WEBSOCKET} is refused: {peer.detail}")
        return
    # Whatever comes of it: what a client says that does not wait.
    peer.send(Frame.text("40"), Frame.text('42["message","hello"]'))
    attempt.report(f"transport={Transport.WEBSOCKET} is accepted: any path will do")
