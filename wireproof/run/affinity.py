"""Whether the requests of a session over long-polling all come to the node that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from wireproof.attempt import Inconclusive
from wireproof.peer.dialect import Application
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import Answer
from wireproof.peer.session import Transport
from wireproof.wire.engineio import Packet

ASKED = 10  # requests, at most, until one was refused and a later one served
SERVED = 6  # requests in a row that show that none is refused

CURE = (
    "a session over long-polling lives in one node, so that the balancer must be sticky (by cookie or by the "
    "client's address), or clients must use WebSocket alone"
)


def reason(answer: Answer) -> str | None:
    """Why a request of a session was refused, where its node does not know the session.

    Node's server answers an object with the code 1, the one in Python a text; the words may change.
    """
    if answer.status != 400:
        return None
    try:
        said = json.loads(answer.body)
    except ValueError:
        return None
    if isinstance(said, dict) and (said.get("code") == 1 or "unknown" in str(said.get("message")).lower()):
        return str(said.get("message") or "code 1")
    if isinstance(said, str) and (words := re.search(r"invalid session|.*unknown.*", said, re.IGNORECASE)):
        return words[0]  # the session's id stands behind it
    return None


def question(session: SessionPeer) -> Packet:
    """A packet that any application of the kind takes, also several times."""
    known = session.dialect.application is Application.SOCKETIO
    return Packet.message("0/wireproof-nowhere," if known else "wireproof")


async def scattered(make: Callable[[], SessionPeer]) -> str | None:
    """Why requests of one session are refused by nodes that do not know it; None where none are.

    Each request comes over a connection of its own. It shows where a request is refused and a later one is
    served: one server that has lost a session does not find it again. Raises `Inconclusive` when an
    ordinary handshake over polling fails, and when the session may have ended meanwhile.
    """
    session = make()
    await session.begin(Transport.POLLING)
    refused, served = None, 0
    for _ in range(ASKED):
        other = make()
        other.handshake, other.heartbeat = session.handshake, session.heartbeat
        other.http.cookies = dict(session.http.cookies)
        answer = await other.post(question(session))
        session.http.cookies |= other.http.cookies
        if answer.status == 200:
            session.heartbeat.lost = None  # whoever refused it spoke of itself alone
            served += 1
            if refused is not None or served == SERVED:
                return refused
        elif (refused := reason(answer)) is None:
            return None
    if served:
        raise Inconclusive(f"a session was served and then refused ({refused}): it may have ended meanwhile")
    return None
