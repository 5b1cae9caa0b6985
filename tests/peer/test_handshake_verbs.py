"""Demanding that a handshake is accepted, or refused."""

from __future__ import annotations

import asyncio

import pytest

from tests.peer.serving import Line, Script, peer_of
from wireproof.attempt import Broken


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
