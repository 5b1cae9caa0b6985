"""Why a request of a session was refused is read from whatever a server sends, and told in bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from types import SimpleNamespace
from typing import cast

import pytest

from wireproof.attempt import Inconclusive, NotApplicable
from wireproof.peer.dialect import Application, SessionDialect
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import Answer
from wireproof.peer.heartbeat import Heartbeat
from wireproof.peer.session import Transport
from wireproof.run.affinity import ASKED, SERVED, SHOWN, reason, scattered
from wireproof.wire.engineio import Handshake, Packet
from wireproof.wire.http1 import Response

UNKNOWN = b'{"code":1,"message":"Session ID unknown"}'
LASTING = Handshake("s", (), 25.0, 20.0, 1_000_000, ())
SOCKETIO = SessionDialect()


def answer(status: int | None, body: bytes = b"") -> Answer:
    response = None if status is None else Response(b"HTTP/1.1", status, b"", ())
    return Answer(response, body, "no answer" if status is None else str(status))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (UNKNOWN, "Session ID unknown"),
        (b'{"code":1}', "code 1"),
        (b'{"code":1,"message":["a","list"]}', "code 1"),
        (b'{"message":"unknown \\u001b[31msession"}', "unknown \\x1b[31msession"),
        (b'"Invalid session 12345"', "Invalid session"),
        (b'"the session is unknown"', "the session is unknown"),
        (b'{"code":3,"message":"Bad request"}', None),
        (b"[" * 100_000, None),
        (b"[" * 4_000, None),
        (b"9" * 4_096, None),
        (json.dumps("a" * 1_000_000).encode(), None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_reason_is_read_from_anything(body: bytes, why: str | None) -> None:
    assert reason(answer(400, body)) == why


def test_a_reason_is_short() -> None:
    found = reason(answer(400, json.dumps({"message": "unknown " * 300}).encode()))
    assert len(found or "") == SHOWN


@dataclass
class Session:
    """Answers requests as it was told, in place of a server behind a balancer."""

    answers: Iterator[Answer]
    timers: Handshake
    dialect: SessionDialect = SOCKETIO
    handshake: Handshake | None = None
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    http: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(cookies={}))

    async def begin(self, transport: Transport) -> Handshake:
        assert transport is Transport.POLLING
        self.handshake = self.timers
        return self.timers

    async def post(self, packet: Packet) -> Answer:
        assert self.handshake is not None
        assert packet == Packet.message("0/wireproof-nowhere,")
        return next(self.answers)


def ask(*answers: Answer, timers: Handshake = LASTING, dialect: SessionDialect = SOCKETIO) -> str | None:
    """What is found of a session whose requests are answered so, the last answer again and again."""
    given = chain(answers, repeat(answers[-1]))

    def make() -> SessionPeer:
        return cast("SessionPeer", Session(given, timers, dialect))

    return asyncio.run(scattered(make))


OK, REFUSED = answer(200, b"ok"), answer(400, UNKNOWN)


def test_one_refusal_before_a_service_is_enough() -> None:
    assert ask(REFUSED, OK) == "Session ID unknown"
    assert ask(OK, OK, REFUSED, OK) == "Session ID unknown"


def test_turns_over_many_nodes_are_waited_for() -> None:
    assert ask(*[REFUSED] * (ASKED - 1), OK) == "Session ID unknown"


def test_services_in_a_row_clear() -> None:
    assert ask(*[OK] * SERVED, REFUSED) is None


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([answer(403, b"no")], "answered with 403"),
        ([answer(502)], "answered with 502"),
        ([answer(None)], "answered with no answer"),
        ([OK, OK, answer(502), OK], "answered with 502"),
        ([REFUSED], "0 served, then all refused"),
        ([OK, REFUSED], "1 served, then all refused"),
    ],
    ids=["403", "502", "no-answer", "502-later", "never-served", "served-once"],
)
def test_nothing_shown_clears_nobody(answers: Sequence[Answer], words: str) -> None:
    with pytest.raises(Inconclusive, match=words):
        ask(*answers)


def test_nothing_is_asked_of_a_session_that_may_have_ended() -> None:
    brief = replace(LASTING, ping_interval=0.0, ping_timeout=0.0)
    with pytest.raises(Inconclusive, match="1 served, until it may have ended"):
        ask(OK, timers=brief)


def test_an_unknown_application_is_sent_nothing() -> None:
    with pytest.raises(NotApplicable, match="nothing is known"):
        ask(OK, dialect=SessionDialect(application=Application.UNKNOWN))
