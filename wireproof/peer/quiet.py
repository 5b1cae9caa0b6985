"""Waiting for what may rightly never come, without a clock: a second connection tells when to stop."""

from __future__ import annotations

import asyncio

from wireproof.peer.raw import PeerEvent
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.session import Ping

ROUNDS = 10


async def next_event(peer: WebSocketPeer, witness: WebSocketPeer) -> PeerEvent | None:
    """What the server says next on *peer*, its pings apart.

    None when it says nothing while *witness*, an open connection, has ten pings answered one after the other.
    """

    async def read() -> PeerEvent:
        while isinstance(event := await peer.event(), Ping):
            pass
        return event

    reading = asyncio.create_task(read())
    try:
        for _ in range(ROUNDS):
            await witness.expect_alive()
            if reading.done():
                break
        return reading.result() if reading.done() else None
    finally:
        reading.cancel()
