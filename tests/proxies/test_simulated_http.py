"""A simulated balancer that behaves: what HTTP demands of an intermediary."""

from __future__ import annotations

import asyncio
import json

import pytest

from proxies.simulated import Balancer, Conduct, RoundRobin
from tests.proxies.simulated_ground import (
    ACCEPTED,
    HANDSHAKE,
    Site,
    ask,
    dialled,
    echoed,
    fetch,
    get,
    play,
    scripted,
    site,
)


def before(here: Site, conduct: Conduct | None = None) -> Balancer:
    return Balancer(RoundRobin(), [here.node], conduct or Conduct())


def test_a_websocket_goes_through() -> None:
    async def scene() -> None:
        async with site() as here, before(here) as balancer:
            assert await echoed(balancer.url, "x" * 300_000) == "x" * 300_000
            (entry,) = balancer.account
            await balancer.account.until(lambda _: entry.ended)
            assert (entry.node, entry.status, entry.upgraded) == ("a", 101, True)
            assert entry.to_client > 200 < entry.to_node

    play(scene())


def test_frames_behind_the_handshake_are_kept_for_the_tunnel() -> None:
    async def scene() -> None:
        frame = b"\x81\x82\0\0\0\0hi"
        async with site() as here, before(here) as balancer, dialled(balancer.port) as stream:
            stream[1].write(HANDSHAKE + frame)
            await stream[0].readuntil(b"\r\n\r\n")
            assert await stream[0].readexactly(4) == b"\x81\x02hi"

    play(scene())


def test_fields_for_one_hop_are_not_passed_on() -> None:
    async def scene() -> None:
        lines = ("Connection: x-mine, close", "X-Mine: 1", "Keep-Alive: 5", "TE: trailers", "Upgrade: h2c",
                 "X-Forwarded-For: 192.0.2.1", "X-Other: kept", "Cookie: a=b")  # fmt: skip
        async with site() as here, before(here) as balancer:
            response, body = await fetch(balancer.port, get("/mirror", *lines))
            seen = {name.lower(): value for name, value in json.loads(body)["headers"]}
            assert not {"x-mine", "keep-alive", "te", "upgrade", "connection"} & seen.keys()
            assert seen["x-forwarded-for"] == "192.0.2.1, 127.0.0.1"
            assert (seen["host"], seen["x-other"], seen["cookie"]) == ("x", "kept", "a=b")
            assert seen["via"] == "1.1 wireproof"
            assert response.items(b"Connection") == [b"close"]

    play(scene())


def test_connections_are_kept_on_both_sides() -> None:
    async def scene() -> None:
        dials = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal dials
            dials += 1
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        async with scripted(script) as node, Balancer(RoundRobin(), [node]) as balancer:
            for _ in range(2):
                async with dialled(balancer.port) as stream:
                    for _ in range(3):
                        assert (await ask(stream, get("/")))[1] == b"ok"
            assert dials == 1

    play(scene())


def test_a_kept_connection_that_closes_costs_no_request() -> None:
    async def scene() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await reader.readuntil(b"\r\n\r\n")

        async with scripted(script) as node, Balancer(RoundRobin(), [node]) as balancer:
            for _ in range(2):
                assert (await fetch(balancer.port, get("/")))[1] == b"ok"

    play(scene())


@pytest.mark.parametrize("old", [False, True], ids=["http11", "http10-upstream"])
def test_contents_go_both_ways(old: bool) -> None:
    async def scene() -> None:
        chunked = b"4;x=y\r\nabcd\r\n1\r\ne\r\n0\r\nT: 1\r\n\r\n"
        spoilt = Conduct(upstream_http10=old)
        async with site() as here, before(here, spoilt) as balancer, dialled(balancer.port) as stream:
            _, body = await ask(stream, get("/mirror", method="POST", body=b"y" * 200_000))
            assert json.loads(body)["body"] == "y" * 200_000
            head = get("/mirror", "Transfer-Encoding: chunked", method="POST")
            assert json.loads((await ask(stream, head + chunked))[1])["body"] == "abcde"
            head = get("/mirror", "Expect: 100-continue", method="POST", body=b"later")
            assert json.loads((await ask(stream, head))[1])["body"] == "later"
            here.released.set()
            response, body = await ask(stream, get("/chunks"))
            assert (response.items(b"Transfer-Encoding"), body) == ([b"chunked"], b"one two")

    play(scene())


def test_responses_without_content_leave_the_connection_usable() -> None:
    async def scene() -> None:
        async with site() as here, before(here) as balancer, dialled(balancer.port) as stream:
            response, _ = await ask(stream, get("/mirror", method="HEAD"), body_follows=False)
            assert int(response.get(b"Content-Length") or b"0") > 2
            for status in (204, 304):
                assert (await ask(stream, get(f"/status/{status}")))[0].status == status
            assert (await ask(stream, get("/who")))[1] == b"a"
            assert (await ask(stream, get("/who").replace(b"/1.1", b"/1.0")))[0].items(b"Connection") == [
                b"close"
            ]
            assert await stream[0].read() == b""

    play(scene())


def test_a_client_that_leaves_takes_its_long_poll_along() -> None:
    async def scene() -> None:
        async with site() as here, before(here) as balancer:
            async with dialled(balancer.port) as (_, writer):
                writer.write(get("/hold"))
                await here.held.wait()
            await here.left.wait()
            await balancer.account.until(lambda account: all(entry.ended for entry in account))
            assert balancer.account.entries[0].outcome == "the client left"

    play(scene())


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000, 431),
    ],
)
def test_what_is_no_request_is_refused(request_bytes: bytes, status: int) -> None:
    async def scene() -> None:
        async with site() as here, before(here) as balancer:
            assert (await fetch(balancer.port, request_bytes))[0].status == status

    play(scene())


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        ACCEPTED,
    ],
    ids=["nonsense", "nothing", "length", "coding", "unasked-101"],
)
def test_what_is_no_response_becomes_502(answer: bytes) -> None:
    async def scene() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)

        async with scripted(script) as node, Balancer(RoundRobin(), [node]) as balancer:
            assert (await fetch(balancer.port, get("/")))[0].status == 502

    play(scene())


def test_a_response_cut_short_is_cut_short_for_the_client_too() -> None:
    async def scene() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")

        async with scripted(script) as node, Balancer(RoundRobin(), [node]) as balancer:
            async with dialled(balancer.port) as (reader, writer):
                writer.write(get("/"))
                assert (await reader.read()).endswith(b"\r\n\r\n2\r\nab\r\n")
            assert "broke off" in balancer.account.entries[0].outcome

    play(scene())
