"""Binary messages that an application sends back."""

from __future__ import annotations

from wireproof.attempt import NotApplicable
from wireproof.peer.dialect import Application
from wireproof.peer.engineio import SessionPeer
from wireproof.target import Target
from wireproof.wire import socketio
from wireproof.wire.engineio import Packet
from wireproof.wire.text import shorten

from .asking import UNKNOWN_APPLICATION

ROWS = {
    "one": b"\x00",
    "two": b"\xff\xfe",
    "three": b"4hi",
    "all": bytes(range(256)),
    "separators": b"\x1e4\x1eb",
}
_BACK = '["message-back"'


async def ask_binary(session: SessionPeer, target: Target, data: bytes) -> None:
    """Send *data* so that the application sends it back; raise `NotApplicable` where none does."""
    match session.dialect.application:
        case Application.SOCKETIO:
            target.require("events")
            if session.dialect.echo is not None:
                raise NotApplicable("the profile's echo is one of texts")
            namespace = session.dialect.namespace
            event = socketio.Packet.event("message", data, namespace=namespace)
            await session.send(*(Packet.message(part) for part in socketio.encode(event)))
        case Application.ECHO:
            await session.send(Packet.message(data))
        case _:
            raise NotApplicable(UNKNOWN_APPLICATION)


async def expect_binary(session: SessionPeer, data: bytes) -> None:
    """Demand *data* back in a binary message, with nothing wrong around it."""
    with session.attempt.expecting(f"a binary message {shorten(data, 32)}") as expecting:
        await session.expect_alive()
        for violation in session.violations:
            if violation.requirement.startswith("engineio/handshake/"):
                continue  # another chapter's
            known = violation.requirement in session.attempt.requirements
            accused = violation.requirement if known else None
            session.attempt.broken(violation.text, *expecting.expected, requirement=accused)
        if session.dialect.application is Application.ECHO and not session.kept:
            raise NotApplicable("the server's application answers no binary messages")
        # Bytes behind another event are somebody else's.
        ours = session.dialect.application is Application.ECHO
        while not isinstance((packet := await session.next_message(expecting)).data, bytes) or not ours:
            if isinstance(packet.data, bytes) or session.dialect.application is Application.ECHO:
                continue
            ours = _BACK in packet.data
            if ours and not packet.data.startswith("5"):
                expecting.broken(f"no binary message, but {packet}")
        if packet.data != data:
            expecting.broken(f"a binary message {shorten(packet.data, 32)}")
