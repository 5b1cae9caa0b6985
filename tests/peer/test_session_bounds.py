"""What a server may make a session keep, whatever it sends."""

from __future__ import annotations

import asyncio

import pytest

from fixtures.hostile import serve
from fixtures.hostile.server import Behaviour
from fixtures.hostile.sessions import a_cookie_for_each_poll, greeting, opening
from wireproof.attempt import Attempt, Inconclusive
from wireproof.peer.connection import Dialer
from wireproof.peer.endpoint import parse_endpoint
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import MOST_COOKIES
from wireproof.wire.engineio import MOST_VIOLATIONS


async def polled(behaviour: Behaviour, times: int) -> SessionPeer:
    """A session with a server that behaves so, after that many polls."""
    async with serve(behaviour) as port, asyncio.timeout(20):
        session = SessionPeer(Dialer(parse_endpoint(f"http://127.0.0.1:{port}/")), Attempt(("probe",)))
        try:
            await session.begin()
            for _ in range(times):
                session.read_answer(await session.poll())
        finally:
            session.discard()
    return session


def test_cookies_are_kept_up_to_a_bound() -> None:
    session = asyncio.run(polled(a_cookie_for_each_poll, 3))
    assert len(session.http.cookies) == MOST_COOKIES


def test_violations_are_kept_up_to_a_bound() -> None:
    wrong = "\x1e".join(f"9{number}" for number in range(3 * MOST_VIOLATIONS)).encode()
    session = asyncio.run(polled(greeting(opening(), later=wrong), 2))
    assert len(session.violations) == MOST_VIOLATIONS


def test_session_that_is_sent_too_much_is_given_up() -> None:
    async def flooded() -> None:
        async with serve(greeting(opening(), later=b"4" + b"x" * 1_000_000)) as port, asyncio.timeout(20):
            session = SessionPeer(Dialer(parse_endpoint(f"http://127.0.0.1:{port}/")), Attempt(("probe",)))
            try:
                await session.begin()
                session.listen()
                while True:
                    await session.event()
            finally:
                session.discard()

    with pytest.raises(Inconclusive, match="16 MiB"):
        asyncio.run(flooded())
