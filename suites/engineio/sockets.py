"""WebSocket connections by hand: some that must not be, two for one session."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from wireproof.peer.engineio import SessionPeer
from wireproof.peer.peers import Sessions
from wireproof.peer.quiet import PAUSE, ROUNDS, one_round
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.session import Transport
from wireproof.peer.websocket import WebSocketPeer, excuse_refusal
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame


async def watch(witness: WebSocketPeer, watched: Sequence[WebSocketPeer]) -> list[str]:
    """How those of *watched* were closed that the server closed meanwhile.

    It has as long as *witness*, an open connection, needs for ten pings one after the other. The heartbeat of
    the sessions on them is kept up.
    """
    readers = [asyncio.create_task(_read(peer)) for peer in watched]
    try:
        for _ in range(ROUNDS):
            await one_round(witness, partial(_keep_up, witness))
            done, _ = await asyncio.wait(readers, timeout=PAUSE, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
        return [task.result() for task in readers if task.done()]
    finally:
        for task in readers:
            task.cancel()


async def _read(peer: WebSocketPeer) -> str:
    while True:
        match await peer.event():
            case Close() | Ended() as end:
                return str(end)
            case Message() as message if not _keep_up(peer, message):
                peer.messages.append(message)
            case _:
                pass


def _keep_up(peer: WebSocketPeer, message: Message) -> bool:
    """Answer *message* where it is a ping of the heartbeat; whether it was one."""
    is_ping = message.data == b"2"
    if is_ping:
        peer.send(Frame.text("3"))
    return is_ping


async def open_witness(sessions: Sessions) -> WebSocketPeer:
    """The connection of a session over WebSocket that nothing is wrong with."""
    session = sessions()
    await session.begin(Transport.WEBSOCKET)
    if session.socket is None:
        raise RuntimeError("the session has no WebSocket")
    return session.socket


async def expect_no_session(
    session: SessionPeer,
    query: Mapping[str, str | None],
    witness: WebSocketPeer,
    requirement: str | None = None,
) -> None:
    """Demand that a WebSocket with *query* changed is refused, or closed with no packet sent on it."""
    expected = ("an HTTP error status", "the WebSocket is closed")
    with session.attempt.expecting(*expected, requirement=requirement) as expecting:
        found = await session.connect_socket(query)
        if isinstance(found, Refusal):
            excuse_refusal(found)
            return
        closed = await watch(witness, [found])
        if found.messages:
            expecting.broken(f"101, and the message {found.messages[0].data[:80]!r}")
        if not closed:
            expecting.broken("101, and the WebSocket stays open")
