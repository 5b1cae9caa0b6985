"""Texts that an application sends back, whatever its events are called: what transports are judged by.

A Socket.IO server answers a request to join a namespace with the namespace's name, whether it has one or not;
any other application is asked only where it is known to echo. Either may answer each message in a task of its
own: that an answer is late, or overtakes another, is not the transport's doing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from wireproof.attempt import Attempt, NotApplicable
from wireproof.model.history import (
    Anomaly,
    History,
    Joined,
    Oddity,
    Received,
    SenderRule,
    Sent,
    summary,
)
from wireproof.peer.dialect import Application
from wireproof.peer.engineio import SessionPeer
from wireproof.target import CAPABILITIES
from wireproof.verdict import Ground
from wireproof.wire.engineio import Packet, PacketType

UNKNOWN_APPLICATION = CAPABILITIES["messages"]
_JOINING = re.compile(r"[04]/(?P<text>[^,]*)(?:,.*)?", re.DOTALL)


def question(session: SessionPeer, text: str, size: int = 0) -> Packet:
    """A message that is answered with *text*, which has no comma, filled up to a packet of *size* bytes."""
    short = session.dialect.question(text)
    if short is None:
        raise NotApplicable(UNKNOWN_APPLICATION)
    if not size:
        return Packet.message(short)
    before, behind = (
        ('{"filling":"', '"}') if session.dialect.application is Application.SOCKETIO else ("", "")
    )
    filling = "x" * max(0, size - len(f"4{short}{before}{behind}".encode()))
    return Packet.message(f"{short}{before}{filling}{behind}")


def questions(session: SessionPeer, texts: Iterable[str]) -> list[Packet]:
    """One question for each of *texts*."""
    return [question(session, text) for text in texts]


def answer_in(session: SessionPeer, packet: Packet) -> str | None:
    """The text of the question that *packet* answers; None when it answers none."""
    if packet.type is not PacketType.MESSAGE or not isinstance(packet.data, str):
        return None
    if session.dialect.application is Application.ECHO:
        return packet.data
    match = _JOINING.fullmatch(packet.data)
    return match["text"] if match else None


def answers_in(session: SessionPeer, packets: Iterable[Packet]) -> list[str]:
    """The texts of all questions that *packets* answer."""
    return [text for packet in packets if (text := answer_in(session, packet)) is not None]


async def heard(session: SessionPeer, texts: Sequence[str] = (), requirement: str | None = None) -> list[str]:
    """The answers that come, in order: those to *texts*, then all others that later questions are behind.

    The session must live on. Only the deadline tells that an answer is lost; *requirement* is broken then.
    """
    missing, came = set(texts), list[str]()
    if missing:
        with session.attempt.expecting(
            f"the answers to {_listed(texts)}", requirement=requirement
        ) as expecting:
            while missing:
                came += answers_in(session, [await session.next_message(expecting)])
                missing.difference_update(came)
    await session.expect_alive(requirement)
    came += answers_in(session, session.kept)
    session.kept.clear()
    return came


def _listed(texts: Sequence[str]) -> str:
    return f"{texts[0]} … {texts[-1]}" if len(texts) > 1 else texts[0]


def compare(
    attempt: Attempt, sent: Sequence[str], came: Sequence[str], rules: Mapping[Anomaly, str] | None = None
) -> None:
    """Note each of the answers that came not once, or not in the order of the questions.

    *rules* has the requirement that each anomaly breaks. By default that is the case's first, and order
    breaks none.
    """
    history = History(SenderRule.INCLUDED)
    history.take(Joined("the client"))
    for text in sent:
        history.take(Sent("the client", text))
    known = set(sent)
    for text in came:
        if text in known:
            history.take(Received("the client", text))
    told: dict[str, list[Oddity]] = {}
    for oddity in history.oddities():
        if rules is None and oddity.kind is Anomaly.REORDERED:
            continue
        rule = (rules or {}).get(oddity.kind, attempt.requirements[0])
        told.setdefault(rule, []).append(oddity)
    for rule, some in told.items():
        observed, seen = summary(some)
        lost = all(oddity.kind is Anomaly.LOST for oddity in some)
        attempt.found(
            observed,
            f"the answers to {len(sent)} messages, once each" + (" and in order" if rules else ""),
            seen=seen,
            requirement=rule,
            ground=Ground.MISSING if lost else Ground.SEEN,
        )
