"""Every way in which a simulated proxy spoils things, seen by a client and by a node."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from websockets.asyncio.client import connect

from proxies.simulated import (
    Balancer,
    Coalesce,
    Conduct,
    Cut,
    HalfClose,
    Pieces,
    Relay,
    RoundRobin,
    Side,
    conduct_of,
)
from tests.proxies.simulated_ground import (
    ACCEPTED,
    HANDSHAKE,
    Site,
    Stream,
    ask,
    dialled,
    echoed,
    fetch,
    get,
    play,
    scripted,
    site,
)
from wireproof.errors import UsageError

ALL_SEGMENTS = [Pieces(1), Pieces(7), Cut(3), Cut(), Coalesce(100, 0.01), Coalesce(1 << 20, 0.01)]


@asynccontextmanager
async def behind(conduct: Conduct) -> AsyncIterator[tuple[Site, Balancer, Stream]]:
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(site())
        balancer = await stack.enter_async_context(Balancer(RoundRobin(), [here.node], conduct))
        yield here, balancer, await stack.enter_async_context(dialled(balancer.port))


def test_upgrade_is_stripped() -> None:
    async def scene() -> None:
        async with behind(Conduct(strips_upgrade=True)) as (_, _balancer, stream):
            assert (await ask(stream, HANDSHAKE))[0].status in (400, 426)
            _, body = await ask(stream, HANDSHAKE.replace(b"/ws", b"/mirror"))
            assert not {"Upgrade", "Connection"} & {name for name, _ in json.loads(body)["headers"]}

    play(scene())


@pytest.mark.parametrize("status", [400, 403, 404, 426, 502, 503])
def test_upgrade_is_refused(status: int) -> None:
    async def scene() -> None:
        async with behind(Conduct(refuses_upgrade=status)) as (_, balancer, stream):
            response, _ = await ask(stream, HANDSHAKE)
            assert response.status == status
            assert (response.items(b"Upgrade") == [b"websocket"]) == (status == 426)
            assert (await ask(stream, get("/who")))[1] == b"a"
            assert balancer.account.nodes() == [None, "a"]

    play(scene())


def test_upgrade_is_never_answered() -> None:
    async def scene() -> None:
        async with behind(Conduct(ignores_upgrade=True)) as (_, balancer, stream):
            assert (await fetch(balancer.port, get("/who")))[1] == b"a"
            stream[1].write(HANDSHAKE)
            await balancer.account.until(lambda account: len(account) == 2)
            stream[1].write_eof()
            assert await stream[0].read() == b""
            assert balancer.account.entries[1].outcome == "never answered"

    play(scene())


def test_silence_follows_the_101() -> None:
    async def scene() -> None:
        async with behind(Conduct(silent_after_101=True)) as (_, _balancer, stream):
            assert (await ask(stream, HANDSHAKE))[0].status == 101
            stream[1].write(b"\x89\x80\0\0\0\0")
            stream[1].write_eof()
            assert await stream[0].read() == b""

    play(scene())


def test_http10_is_spoken_to_the_node() -> None:
    async def scene() -> None:
        lines: list[bytes] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.append((await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")[0])
            writer.write(b"HTTP/1.0 400 No\r\n\r\nno")

        async with (
            scripted(script) as node,
            Balancer(RoundRobin(), [node], Conduct(upstream_http10=True)) as here,
        ):
            response, body = await fetch(here.port, HANDSHAKE)
            assert (response.status, body, lines) == (400, b"no", [b"GET /ws HTTP/1.0"])

    play(scene())


@pytest.mark.parametrize(("limit", "at_once"), [(0, True), (4, True), (5, False), (math.inf, False)])
def test_responses_are_buffered(limit: float, at_once: bool) -> None:
    async def scene() -> None:
        async with behind(Conduct(buffers=limit)) as (here, balancer, stream):
            stream[1].write(get("/chunks"))
            await here.held.wait()
            await balancer.account.until(lambda account: account.entries[0].status)
            first = asyncio.create_task(stream[0].read(1))
            if at_once:
                assert await first == b"H"
                here.released.set()
            else:
                assert (await fetch(balancer.port, get("/status/204")))[0].status == 204
                assert not first.done()
                here.released.set()
                assert await first == b"H"
            rest = await stream[0].readuntil(b"0\r\n\r\n")
            assert b"one " in rest
            assert b"two" in rest

    play(scene())


def test_content_is_capped() -> None:
    async def scene() -> None:
        async with behind(Conduct(body_limit=10)) as (_, balancer, stream):
            assert (await ask(stream, get("/mirror", method="POST", body=b"y" * 10)))[0].status == 200
            assert (await ask(stream, get("/mirror", method="POST", body=b"y" * 11)))[0].status == 413
            chunked = get("/mirror", "Transfer-Encoding: chunked", method="POST") + b"b\r\n" + b"z" * 11
            assert (await fetch(balancer.port, chunked))[0].status == 413

    play(scene())


@pytest.mark.parametrize(
    ("switch", "value", "cookie", "set_cookie", "host", "origin"),
    [
        ("drops-cookies", "", None, None, "x", "http://o"),
        ("rewrites-cookies", "", "a=rewritten; b=rewritten", "session=rewritten; Path=/", "x", "http://o"),
        ("rewrites-host", "h.invalid", "a=1; b=2", "session=abc; Path=/", "h.invalid", "http://o"),
        ("drops-header", "Origin", "a=1; b=2", "session=abc; Path=/", "x", None),
    ],
)
def test_fields_and_cookies_are_changed(switch: str, value: str, cookie: str | None, set_cookie: str | None,
                                        host: str, origin: str | None) -> None:  # fmt: skip
    async def scene() -> None:
        async with behind(conduct_of({switch: value})) as (_, _balancer, stream):
            response, body = await ask(stream, get("/mirror", "Cookie: a=1; b=2", "Origin: http://o"))
            seen = dict(json.loads(body)["headers"])
            assert (seen.get("Cookie"), seen["Host"], seen.get("Origin")) == (cookie, host, origin)
            there = response.get(b"Set-Cookie")
            assert (there.decode() if there else None) == set_cookie

    play(scene())


@pytest.mark.parametrize("segments", ALL_SEGMENTS)
def test_segments_are_cut_anew_and_nothing_is_lost(segments: Pieces | Cut | Coalesce) -> None:
    async def scene() -> None:
        conduct = Conduct(segments=segments)
        async with site() as here, Balancer(RoundRobin(), [here.node], conduct) as balancer:
            async with connect(f"{balancer.url}/ws") as socket:
                for number in range(5):
                    await socket.send(f"{number}" * 40)
                assert [await socket.recv() for _ in range(5)] == [f"{number}" * 40 for number in range(5)]
            assert (await fetch(balancer.port, get("/who")))[1] == b"a"
            async with Relay(here.node, conduct) as relay:
                assert await echoed(relay.url) == "hello"

    play(scene())


def test_idle_connections_are_cut_and_silent_nodes_reported() -> None:
    async def scene() -> None:
        async with behind(Conduct(idle_timeout=0.05)) as (_, balancer, stream):
            assert (await ask(stream, HANDSHAKE))[0].status == 101
            assert await stream[0].read() == b""
            assert balancer.account.entries[0].outcome == "idle for 0.05 s"
            assert (await fetch(balancer.port, get("/hold")))[0].status == 504
            async with dialled(balancer.port) as (reader, _):
                assert await reader.read() == b""

    play(scene())


def test_half_of_a_tunnel_is_closed() -> None:
    async def scene() -> None:
        heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ACCEPTED + b"abcdef")
            heard.set_result(await reader.read())

        conduct = Conduct(half_closes=HalfClose(Side.CLIENT, 4))
        async with (
            scripted(script) as node,
            Balancer(RoundRobin(), [node], conduct) as balancer,
            dialled(balancer.port) as (reader, writer),
        ):
            writer.write(HANDSHAKE)
            assert (await reader.read()).endswith(b"\r\n\r\nabcd")
            writer.write(b"still heard")
            writer.write_eof()
            assert await heard == b"still heard"

    play(scene())


def test_a_tunnel_is_cut_in_the_middle_and_with_a_reset() -> None:
    async def scene() -> None:
        for resets in (False, True):
            async with behind(Conduct(cuts_after=8, closes_with_reset=resets)) as (_, _balancer, stream):
                assert (await ask(stream, HANDSHAKE))[0].status == 101
                stream[1].write(b"\x81\x86\0\0\0\0abcdef")
                if resets:
                    with pytest.raises(ConnectionResetError):
                        await stream[0].read()
                else:
                    assert await stream[0].read() == b""

    play(scene())


def test_what_cannot_be_is_refused() -> None:
    for wrong in ("refuses-upgrade=200", "splits=0", "buffers=x", "dances=", "drains=-1"):
        name, _, value = wrong.partition("=")
        with pytest.raises(UsageError):
            conduct_of({name: value})
