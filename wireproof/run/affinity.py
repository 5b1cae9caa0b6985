"""Whether the requests of a session over long-polling all come to the node that has it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from wireproof.attempt import Inconclusive, NotApplicable
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import Answer
from wireproof.peer.session import Transport
from wireproof.target import CAPABILITIES
from wireproof.wire.engineio import Packet
from wireproof.wire.strict_json import JsonError, TooDeep, parse_json
from wireproof.wire.text import printable

ASKED = 50  # requests, at most, until one was refused and a later one served: there may be many nodes
SERVED = 6  # requests in a row that show that none is refused
LONGEST = 4096  # bytes of a body that may hold a reason
SHOWN = 80  # letters of a reason that are told

STICKINESS = "stickiness"
CURE = (
    "a session over long-polling lives in one node, so that the balancer must be sticky (by cookie or by the "
    "client's address), or clients must use WebSocket alone"
)
_UNKNOWN = re.compile(r"invalid session|.*unknown.*", re.IGNORECASE)  # the session's id stands behind it


def unsticky(why: str) -> str:
    """The stickiness of a way on which requests are refused because of *why*, and what helps."""
    return f"none ({why}): {CURE}"


def reason(answer: Answer) -> str | None:
    """Why a request of a session was refused, where its node does not know the session; fit to be printed.

    Node's server answers an object with the code 1, the one in Python a text; the words may change.
    """
    if answer.status != 400 or len(answer.body) > LONGEST:
        return None
    try:
        said = parse_json(answer.body.decode("utf-8", "replace"))
    except (JsonError, TooDeep):
        return None
    if isinstance(said, dict):
        message = said.get("message")
        words = message[:SHOWN] if isinstance(message, str) else ""
        return printable(words or "code 1") if said.get("code") == 1 or "unknown" in words.lower() else None
    if isinstance(said, str) and (found := _UNKNOWN.search(said[:SHOWN])):
        return printable(found[0])
    return None


def question(session: SessionPeer) -> Packet:
    """A packet that any application of the kind takes, also several times.

    Raise `NotApplicable` where nothing is known of the application: it may end a session for any packet.
    """
    said = session.dialect.question("wireproof-nowhere")
    if said is None:
        raise NotApplicable(CAPABILITIES["messages"])
    return Packet.message(said)


async def scattered(make: Callable[[], SessionPeer]) -> str | None:
    """Why requests of one session are refused by nodes that do not know it; None where none are.

    Each request comes over a connection of its own. It shows where a request is refused and a later one is
    served: one server that has lost a session does not find it again. Nothing is asked any more once the
    session may have ended, since nobody answers its pings. Raises `Inconclusive` when neither that nor
    `SERVED` requests in a row were seen until then, `NotApplicable` as `question` does.
    """
    session = make()
    packet = question(session)
    timers = await session.begin(Transport.POLLING)
    until = time.monotonic() + timers.ping_interval + timers.ping_timeout
    refused, served = None, 0
    for _ in range(ASKED):
        other = make()
        other.handshake, other.heartbeat = session.handshake, session.heartbeat
        other.http.cookies = dict(session.http.cookies)
        answer = await other.post(packet)
        session.http.cookies |= other.http.cookies
        if answer.status == 200:
            session.heartbeat.hear()  # whoever refused it spoke of itself alone
            served += 1
            if refused is not None or served == SERVED:
                return refused
        elif (refused := reason(answer)) is None:
            raise Inconclusive(f"a request of a session over long-polling was answered with {answer}")
        if time.monotonic() > until:
            break
    seen = f"{served} served" + (f", then all refused ({refused})" if refused else "")
    raise Inconclusive(f"of the requests of a session over long-polling, {seen}, until it may have ended")
