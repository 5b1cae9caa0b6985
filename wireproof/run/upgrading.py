"""Whether WebSocket gets through a way on which plain HTTP does.

A proxy that does not pass Upgrade and Connection on turns an opening handshake into an ordinary GET; one that
waits for the whole of an answer never hands out what comes behind a 101.
"""

from __future__ import annotations

from dataclasses import dataclass

from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer, PromptDialer
from wireproof.peer.exchange import HttpClient
from wireproof.peer.pacing import Pacer, TimeLimit
from wireproof.peer.session import Transport
from wireproof.run.alive import is_alive, session_is_alive
from wireproof.target import Target
from wireproof.wire.http1 import Request

WITHIN = 3.0  # seconds for one opening handshake and an answer behind it
TRIES = 2
CURE = (
    "a proxy has to speak HTTP/1.1 to the server, pass Upgrade and Connection on, and hold nothing back "
    "behind a 101; without that, clients are left with long-polling"
)


def is_withheld(why: str) -> str:
    """What is told of WebSocket on a way where handshakes end with *why*, and what helps."""
    return f"not available ({why}), and the server itself opens it: {CURE}"


@dataclass(frozen=True, slots=True)
class Handshakes:
    """Opens WebSockets to targets; *pacer* says when it may connect."""

    pacer: Pacer

    async def withheld(self, seen: Target, itself: Target, tries: int = TRIES) -> str | None:
        """Why *seen* opens no WebSocket though *itself* does, and HTTP gets through; else None.

        Raises `Inconclusive` or `TimeoutError` where HTTP does not get through either.
        """
        why = None
        for _ in range(tries):
            if (why := await self._wrong(seen)) is None:
                return None
        if await self._wrong(itself) is not None:
            return None
        status = await self._status(itself)
        return why if status is not None and await self._status(seen) == status else None

    async def _wrong(self, target: Target) -> str | None:
        """None where a WebSocket is opened and answers, else what comes instead."""
        if "websocket" in target.protocols:
            dialer = PromptDialer(target.sockets or target.endpoint, self.pacer)
            return await is_alive(dialer, target.dialect, WITHIN)
        if target.can("websocket-transport"):
            dialer = PromptDialer(target.endpoint, self.pacer)
            return await session_is_alive(dialer, target.session, WITHIN, Transport.WEBSOCKET)
        return None

    async def _status(self, target: Target) -> int | None:
        """The status that answers an ordinary GET where the opening handshake goes."""
        there = target.sockets or target.endpoint
        fields = (field for field in there.all_headers if not field[0].lower().startswith(b"sec-websocket-"))
        client = HttpClient(Dialer(there, self.pacer), Attempt(("survey",)))
        try:
            async with TimeLimit(WITHIN):
                answer = await client.fetch(
                    Request(there.resource.encode(), ((b"Host", there.authority), *fields))
                )
            return answer.status
        finally:
            client.discard()
