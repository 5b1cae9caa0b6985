"""Nodes to put behind proxies, and clients to go through them."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from proxies import load
from wireproof.proxy.driver import COOKIE, HASH_HEADER, Feature, Missing, Supported, Upstream
from wireproof.proxy.route import OpenRoute, RouteError, check_route, open_route
from wireproof.proxy.via import parse_programs, parse_via

REAL = tuple(name for name, driver in load().items() if driver.kind == "real")
FAST = ("nginx", "haproxy", "envoy", "caddy", "traefik")
PATIENCE = 20.0  # seconds for what must happen, but on a busy machine


def programs() -> dict[str, str]:
    """Where the environment says that programs are."""
    return parse_programs((), os.environ, load())


@asynccontextmanager
async def nodes(count: int = 1) -> AsyncIterator[tuple[Upstream, ...]]:
    """Servers that echo, and that tell their number when they are asked `who`."""
    async with AsyncExitStack() as stack:
        ports = []
        for number in range(count):

            async def echo(peer: ServerConnection, number: int = number) -> None:
                try:
                    async for message in peer:
                        await peer.send(str(number) if message == "who" else message)
                except ConnectionClosed:
                    pass  # a code that is no usual one, or no code

            server = await stack.enter_async_context(
                serve(echo, "127.0.0.1", 0, max_size=None, ping_interval=None)
            )
            ports.append(next(iter(server.sockets)).getsockname()[1])
        yield tuple(Upstream("127.0.0.1", port) for port in ports)


@asynccontextmanager
async def curt_nodes(count: int) -> AsyncIterator[tuple[Upstream, ...]]:
    """Servers that answer every request but those for /no-answer, whose connections they end."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b" /no-answer " not in head:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(await asyncio.start_server(attend, "127.0.0.1", 0))
            for _ in range(count)
        ]
        yield tuple(Upstream("127.0.0.1", one.sockets[0].getsockname()[1]) for one in servers)


async def status_of(route: OpenRoute, path: str) -> int:
    """The status of a page."""
    reader, writer = await asyncio.open_connection("127.0.0.1", route.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: wireproof.invalid\r\nConnection: close\r\n\r\n".encode())
    async with asyncio.timeout(PATIENCE):
        line = await reader.readline()
    writer.close()
    return int(line.split()[1])


@asynccontextmanager
async def through(text: str, upstreams: Sequence[Upstream], folder: Path) -> AsyncIterator[OpenRoute]:
    """The route, open; the test is skipped with the reason where it can't run."""
    drivers, route = load(), parse_via(text, load())
    try:
        check_route(route, len(upstreams), drivers, programs())
    except RouteError as exc:
        pytest.skip(str(exc))
    async with open_route(route, upstreams, folder, drivers, programs()) as opened:
        yield opened


def able(feature: Feature) -> list[str]:
    """The real proxies that are here and have the feature, and those that are not here."""
    found = []
    for name in REAL:
        software = load()[name].find(programs().get(name))
        if isinstance(software, Missing) or isinstance(load()[name].supports(feature, software), Supported):
            found.append(name)
    return found


def client(
    route: OpenRoute, *, source: str | None = None, headers: Mapping[str, str] | None = None
) -> connect:
    """A connection to the route's entrance."""
    context = ssl.create_default_context(cafile=route.certificate.authority) if route.certificate else None
    return connect(
        route.url,
        ssl=context,
        max_size=None,
        ping_interval=None,
        proxy=None,
        open_timeout=PATIENCE,
        local_addr=(source, 0) if source else None,
        additional_headers=headers,
    )


async def node_of(peer: ClientConnection) -> int:
    """The node at the other end."""
    await peer.send("who")
    return int(await asyncio.wait_for(peer.recv(), PATIENCE))


async def asked(
    route: OpenRoute, *, source: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str | None]:
    """The node that a new connection leads to, and the affinity cookie that came with it."""
    async with client(route, source=source, headers=headers) as peer:
        assert peer.response is not None
        cookies = [
            value.partition(";")[0]
            for value in peer.response.headers.get_all("Set-Cookie")
            if value.startswith(f"{COOKIE}=")
        ]
        return await node_of(peer), cookies[0] if cookies else None


async def cookie_of_a_page(route: OpenRoute) -> str:
    """The affinity cookie that comes with an answer other than 101."""
    reader, writer = await asyncio.open_connection("127.0.0.1", route.port)
    async with asyncio.timeout(PATIENCE):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        fields = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
    writer.transport.abort()
    (found,) = (field for field in fields if field.startswith(f"Set-Cookie: {COOKIE}="))
    return found.removeprefix("Set-Cookie: ").partition(";")[0]


def of_client(name: str) -> Mapping[str, str]:
    """The header field that header-hash goes by."""
    return {HASH_HEADER: name}


def living(folder: Path) -> list[str]:
    """The processes that work in *folder*."""
    found = []
    for process in psutil.process_iter(["cwd", "cmdline", "status"]):
        cwd = process.info["cwd"]
        if cwd and Path(cwd).is_relative_to(folder) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(" ".join(process.info["cmdline"] or [str(process.pid)]))
    return found


async def until_none_lives(folder: Path) -> None:
    """Return once no process works in *folder*; fail with their names when some stay."""
    left = living(folder)
    try:
        async with asyncio.timeout(PATIENCE):
            while left:
                await asyncio.sleep(0.05)
                left = living(folder)
    except TimeoutError:
        pytest.fail(f"these stay: {left}")
