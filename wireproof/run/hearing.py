"""Whether one client of a WebSocket server hears what another one says."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from wireproof.peer.dialect import Dialect, Room
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.session import Close, Message
from wireproof.wire.text import shorten
from wireproof.wire.websocket import Frame, Opcode

QUIET_PINGS = 10  # answered pings after which an application that said nothing is taken to be silent
_SPOKEN_AT = (0, 2, 5)  # rounds of pings in which a room is spoken to: clients may join it behind their 101


async def is_shared(make: Callable[[], WebSocketPeer], dialect: Dialect) -> bool:
    """Whether the echo of what one client says comes to it and to others, as in a chat."""
    room = Room(None, includes_sender=True, receive=dialect.echo)
    sample = secrets.token_hex(8).encode()
    speaker, listener = make(), make()
    try:
        await speaker.open()
        await listener.open()
        if not await hears(room, sample, speaker, listener, []):
            return False
        # An echo that comes to others alone is a fault, which cases tell.
        await speaker.expect_alive()
        return any(room.heard(message) == sample for message in speaker.messages)
    finally:
        speaker.discard()
        listener.discard()


async def hears(
    room: Room, sample: bytes, speaker: WebSocketPeer, listener: WebSocketPeer, came: list[str]
) -> bool:
    """Whether *listener* gets what *speaker* says, within so many answered pings; the rest goes to *came*."""
    for number in range(QUIET_PINGS):
        if number in _SPOKEN_AT:
            speaker.send(Frame.text(room.spoken(sample)))
        pings = [(peer, peer.ping()) for peer in (speaker, listener)]
        for peer, ping in pings:
            peer.send(ping)
        for peer, ping in pings:
            await peer.expect_pong(ping.payload)
        if any(
            message.opcode == Opcode.TEXT and room.heard(message) == sample for message in listener.messages
        ):
            return True
        came += map(said, listener.messages)
        listener.messages.clear()
    return False


def said(event: Message | Close | Ended) -> str:
    """What came, in a few words."""
    return shorten(event.data) if isinstance(event, Message) else str(event)
