"""Engine.IO: messages in both directions."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.model.history import Anomaly
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.peers import Sessions
from wireproof.target import Target

from .asking import compare, heard, question, questions
from .polling import fence
from .ways import WAYS, need

RULES = {
    Anomaly.LOST: "engineio/message/exchanged",
    Anomaly.DOUBLED: "engineio/message/order-kept",
    Anomaly.REORDERED: "engineio/message/order-kept",
}
IN_ONE_PAYLOAD = 5  # packets: python-engineio and others set a limit, which is policy


@case("engineio/message/exchanged", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_messages_are_exchanged(session: SessionPeer, target: Target, way: Way) -> None:
    """A message is answered as soon as the session is open."""
    need(target, way)
    await session.begin_way(way)
    await session.expect_alive()


@case("engineio/message/order-kept", "engineio/message/exchanged", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_order(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """Twenty-five messages, some of them in one payload, are answered once each and in order."""
    need(target, way)
    await session.open(way)
    texts = [f"in-order-{n}" for n in range(5 * IN_ONE_PAYLOAD)]
    for start in range(0, len(texts), IN_ONE_PAYLOAD):
        await session.send(*questions(session, texts[start : start + IN_ONE_PAYLOAD]))
    compare(attempt, texts, await heard(session, texts, RULES[Anomaly.LOST]), RULES)


@case("engineio/message/order-kept", "engineio/message/exchanged", needs=["polling", "messages"])
async def test_order_of_what_waits(session: SessionPeer, attempt: Attempt) -> None:
    """Ten messages that wait for a GET request come in order."""
    await session.begin()
    texts = [f"waiting-{n}" for n in range(10)]
    for text in texts:
        await session.post(question(session, text))
    await fence(session)
    compare(attempt, texts, await heard(session, texts, RULES[Anomaly.LOST]), RULES)


@case("engineio/message/exchanged", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_sessions_are_kept_apart(
    sessions: Sessions, attempt: Attempt, target: Target, way: Way
) -> None:
    """Of several sessions each gets the answers to its own messages, and no others."""
    need(target, way)
    made = [sessions() for _ in range(4)]
    for session in made:
        await session.open(way)
    for number, session in enumerate(made):
        await session.send(*questions(session, [f"session-{number}-{n}" for n in range(3)]))
    for number, session in enumerate(made):
        own = [f"session-{number}-{n}" for n in range(3)]
        with attempt.row(f"session {number}"):
            came = [text for text in await heard(session, own) if text.startswith("session-")]
            if sorted(came) != own:
                attempt.broken(f"the answers {', '.join(came) or 'none'}", f"the answers {', '.join(own)}")
