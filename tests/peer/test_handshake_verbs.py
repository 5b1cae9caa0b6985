"""Demanding that a handshake is accepted, or refused."""

from __future__ import annotations

import asyncio

import pytest

from tests.peer.serving import Line, Script, peer_of, server
from wireproof.attempt import Attempt, Broken, Inconclusive
from wireproof.peer.connection import Dialer
from wireproof.peer.engineio import SessionPeer
from wireproof.verdict import Ground


def responds(head: bytes, *, stays: bool = False) -> Script:
    async def script(line: Line) -> None:
        await line.reader.readuntil(b"\r\n\r\n")
        line.writer.write(head)
        if stays:
            await line.reader.read()

    return script


@pytest.mark.parametrize("stays", [False, True], ids=["closed", "left-open"])
@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno"]
)
def test_a_refusal(head: bytes, stays: bool) -> None:
    async def scene() -> None:
        async with peer_of(responds(head, stays=stays)) as peer:
            refusal = await peer.expect_refused(peer.request())
            assert refusal.response is not None
            assert refusal.response.status == 400

    asyncio.run(scene())


def test_the_end_of_tcp_is_a_refusal() -> None:
    async def scene() -> None:
        async with peer_of(responds(b"")) as peer:
            assert (await peer.expect_refused(peer.request())).response is None

    asyncio.run(scene())


def test_a_handshake_that_should_have_been_refused() -> None:
    async def scene() -> None:
        async with peer_of(Line.accept) as peer:
            with pytest.raises(Broken, match="accepted with 101"):
                await peer.expect_refused(peer.request())

    asyncio.run(scene())


def test_a_handshake_that_should_have_been_accepted() -> None:
    async def scene() -> None:
        async with peer_of(responds(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as peer:
            with pytest.raises(Broken, match="refused: 403 Forbidden"):
                await peer.expect_accepted()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("head", "ground"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", Ground.SEEN),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", Ground.MISSING),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", Ground.MISSING),
        (b"", Ground.MISSING),
    ],
    ids=["refused", "bad-gateway", "gateway-timeout", "no-answer"],
)
def test_what_a_refusal_rests_on(head: bytes, ground: Ground) -> None:
    async def scene() -> None:
        async with peer_of(responds(head)) as peer:
            with pytest.raises(Broken) as caught:
                await peer.expect_accepted()
            assert caught.value.finding.ground is ground
        async with server(responds(head)) as there:
            session = SessionPeer(Dialer(there), Attempt(("probe",)))
            with pytest.raises(Broken) as caught:
                await session.expect_open(session.request())
            assert caught.value.finding.ground is ground
            session.discard()

    asyncio.run(scene())


def test_a_limit_on_how_often_one_may_ask_is_no_refusal_of_what_was_asked() -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"

    async def scene() -> None:
        async with peer_of(responds(head)) as peer:
            with pytest.raises(Inconclusive, match="429"):
                await peer.expect_refused(peer.request())
        async with server(responds(head)) as there:
            session = SessionPeer(Dialer(there), Attempt(("probe",)))
            with pytest.raises(Inconclusive, match="429"):
                await session.expect_bad_request(session.request())
            session.discard()

    asyncio.run(scene())
