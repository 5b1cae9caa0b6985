"""Whether a target lives, asked over a connection of its own: None, or in a few words what went wrong."""

from __future__ import annotations

import time
from collections.abc import Awaitable

from wireproof.attempt import Attempt, Broken, Inconclusive, NotApplicable
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import LIFELESS, Dialect, SessionDialect
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.pacing import TimeLimit
from wireproof.peer.raw import RawPeer
from wireproof.peer.session import Transport
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.engineio import Packet


async def is_alive(dialer: Dialer, dialect: Dialect, within: float) -> str | None:
    """None when a new connection's ping is answered within *within* seconds, else what went wrong."""
    peer = WebSocketPeer(dialer, Attempt(("check",)), dialect)

    async def answers() -> None:
        await peer.open()
        if dialect.pongs not in LIFELESS:
            await peer.expect_alive()

    try:
        return await _in_time(answers(), within, "no answer")
    finally:
        peer.discard()


async def takes_connections(dialer: Dialer, within: float) -> str | None:
    """None when a connection is taken within *within* seconds, else what went wrong."""
    peer = RawPeer(dialer, Attempt(("check",)))
    try:
        wrong = await _in_time(peer.connect(), within, "no connection")
    finally:
        peer.discard()
    if wrong is None:
        dialer.last_alive = time.monotonic()
    return wrong


async def session_is_alive(
    dialer: Dialer, dialect: SessionDialect, within: float, transport: Transport = Transport.POLLING
) -> str | None:
    """None when a handshake over *transport* is answered within *within* seconds, else what went wrong."""
    session = SessionPeer(dialer, Attempt(("check",)), dialect)

    async def answers() -> str | None:
        if transport is Transport.WEBSOCKET:
            await session.begin(transport)
            return None
        answer = await session.handshake_with(session.request())
        if answer.status != 200:
            return f"an ordinary handshake over polling failed: {answer}"
        if session.handshake is not None:  # what else it holds is for cases to judge
            await session.post(Packet.close())
        return None

    try:
        return await _in_time(answers(), within, "no answer")
    finally:
        session.discard()


async def _in_time(asked: Awaitable[str | None], within: float, lacking: str) -> str | None:
    """What *asked* tells, or why it could not; *lacking* is what had not come when the time was up."""
    try:
        async with TimeLimit(within):
            return await asked
    except TimeoutError:
        return f"{lacking} within {within:g} s"
    except (Broken, Inconclusive, NotApplicable) as exc:
        return str(exc)
