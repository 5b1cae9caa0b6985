"""Texts that any application sends back, whatever its events are called: what transports are judged by.

A Socket.IO server answers a request to join a namespace with the namespace's name, whether it has one or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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
from wireproof.wire.engineio import Packet, PacketType

UNKNOWN_APPLICATION = "nothing is known that the server's application answers to"
_JOINING = re.compile(r"[04]/(?P<text>[^,]*)(?:,.*)?", re.DOTALL)


def question(session: SessionPeer, text: str, size: int = 0) -> Packet:
    """A message that is answered with *text*, which has no comma, filled up to a packet of *size* bytes."""
    match session.dialect.application:
        case Application.SOCKETIO:
            short = f"0/{text},"
            if not size:
                return Packet.message(short)
            frame = f'4{short}{{"filling":""}}'
            filling = "x" * (size - len(frame.encode()))
            return Packet.message(f'{short}{{"filling":"{filling}"}}')
        case Application.ECHO:
            return Packet.message(text + "x" * max(0, size - 1 - len(text.encode())))
        case _:
            raise NotApplicable(UNKNOWN_APPLICATION)


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


async def heard(session: SessionPeer, requirement: str | None = None) -> list[str]:
    """The answers that have come when later questions are answered, in order; the session must live on."""
    await session.expect_alive(requirement)
    texts = answers_in(session, session.kept)
    session.kept.clear()
    return texts


def compare(
    attempt: Attempt, sent: Sequence[str], came: Sequence[str], rules: dict[Anomaly, str] | None = None
) -> None:
    """Note each of the answers that came not once, or not in the order of the questions.

    *rules* has the requirement that each anomaly breaks; by default it is the case's first.
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
        rule = (rules or {}).get(oddity.kind, attempt.requirements[0])
        told.setdefault(rule, []).append(oddity)
    for rule, some in told.items():
        observed, seen = summary(some)
        attempt.found(
            observed,
            f"the answers to {len(sent)} messages, once each and in order",
            seen=seen,
            requirement=rule,
        )
