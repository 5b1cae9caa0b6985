"""Nodes to stand behind simulated proxies, and a client that sees every byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from websockets.asyncio.client import connect

from proxies.simulated import Node
from wireproof.wire.http1 import Response, ResponseReader, accept_for

WITHIN = 20.0
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + accept_for(b"dGhlIHNhbXBsZSBub25jZQ==") + b"\r\n\r\n"
)

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene; nothing of it may be left over."""

    async def whole() -> None:
        async with asyncio.timeout(WITHIN):
            await scene
        await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left

    asyncio.run(whole())


@dataclass(slots=True)
class Site:
    """An HTTP and WebSocket server; it says its name at /who, and holds what asks for /hold."""

    node: Node
    released: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def site(name: str = "a") -> AsyncIterator[Site]:
    """A well-behaved node."""
    app = web.Application(client_max_size=2**24)
    here = Site(Node(name, "127.0.0.1", 1))

    async def who(request: web.Request) -> web.StreamResponse:
        return web.Response(text=name)

    async def mirror(request: web.Request) -> web.StreamResponse:
        response = web.json_response(
            {"headers": [[n, v] for n, v in request.headers.items()], "body": await request.text()}
        )
        response.set_cookie("session", "abc")
        return response

    async def status(request: web.Request) -> web.StreamResponse:
        return web.Response(status=int(request.match_info["status"]))

    async def chunks(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if request.version >= (1, 1):
            response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(b"one ")
        here.held.set()
        await here.released.wait()
        await response.write(b"two")
        return response

    async def hold(request: web.Request) -> web.StreamResponse:
        here.held.set()
        try:
            await here.released.wait()
        except asyncio.CancelledError:
            here.left.set()
            raise
        return web.Response(text=name)

    async def echo(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("p",))
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket

    app.add_routes([web.get("/who", who), web.get("/hold", hold), web.get("/chunks", chunks)])
    app.add_routes(
        [web.route("*", "/mirror", mirror), web.get("/status/{status}", status), web.get("/ws", echo)]
    )
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    here.node = Node(name, "127.0.0.1", runner.addresses[0][1])
    try:
        yield here
    finally:
        here.released.set()
        await runner.cleanup()


@asynccontextmanager
async def scripted(script: Callable[..., Awaitable[None]], name: str = "a") -> AsyncIterator[Node]:
    """A node that does with each connection what *script* says, and then closes it."""
    tasks: set[asyncio.Task[None]] = set()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await script(reader, writer)
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    try:
        yield Node(name, "127.0.0.1", server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def dialled(port: int) -> AsyncIterator[Stream]:
    """A plain TCP connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ask(stream: Stream, request: bytes, body_follows: bool = True) -> tuple[Response, bytes]:
    """Send a request on this connection, and read exactly one response."""
    stream[1].write(request)
    reader = ResponseReader(body_limit=2**24)
    while reader.response is None or (body_follows and not reader.complete):
        data = await stream[0].read(65536)
        reader.receive_data(data)
        if not data:
            reader.receive_eof()
            break
    assert reader.response is not None, "no response"
    return reader.response, bytes(reader.body)


def get(path: str, *lines: str, method: str = "GET", body: bytes = b"") -> bytes:
    """The bytes of a request."""
    length = [f"Content-Length: {len(body)}"] if body else []
    fields = [f"{method} {path} HTTP/1.1", "Host: x", *lines, *length]
    return "\r\n".join([*fields, "", ""]).encode() + body


async def fetch(port: int, request: bytes) -> tuple[Response, bytes]:
    """One request on a connection of its own."""
    async with dialled(port) as stream:
        return await ask(stream, request)


async def who(port: int, *lines: str) -> str:
    """Which node answers."""
    return (await fetch(port, get("/who", *lines)))[1].decode()


async def echoed(url: str, text: str = "hello") -> str:
    """What a WebSocket says to a text."""
    async with connect(f"{url}/ws", open_timeout=5, close_timeout=5) as socket:
        await socket.send(text)
        return str(await socket.recv())
