"""Waiting for what may rightly never come: a second connection tells when to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wireproof.attempt import Inconclusive
from wireproof.peer.raw import Ended, PeerEvent
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.session import Close, Message, Ping, Pong

ROUNDS = 10
PAUSE = 0.03  # seconds between two rounds; all together outlast a delayed acknowledgement of TCP's


async def next_event(peer: WebSocketPeer, witness: WebSocketPeer) -> PeerEvent | None:
    """What the server says next on *peer*, its pings apart.

    None when it says nothing while *witness*, an open connection, has ten pings answered one after the other.
    Nobody is accused when these answers take longer than the case may; when the witness's connection ends,
    `Inconclusive` is raised.
    """

    async def read() -> PeerEvent:
        while isinstance(event := await peer.event(), Ping):
            pass
        return event

    attempt = peer.attempt
    outer, attempt.waiting = attempt.waiting, None
    reading = asyncio.create_task(read())
    try:
        for _ in range(ROUNDS):
            await one_round(witness)
            done, _ = await asyncio.wait({reading}, timeout=PAUSE)
            if done:
                break
        attempt.waiting = outer
        return reading.result() if reading.done() else None
    finally:
        reading.cancel()


async def one_round(witness: WebSocketPeer, heed: Callable[[Message], object] = lambda _: None) -> None:
    """Have one ping of *witness* answered; *heed* is told of the messages that come before."""
    ping = witness.ping()
    witness.send(ping)
    while (event := await witness.event()) != Pong(ping.payload):
        if isinstance(event, (Close, Ended)):
            raise Inconclusive(f"the second connection ended: {event}")
        if isinstance(event, Message):
            heed(event)
