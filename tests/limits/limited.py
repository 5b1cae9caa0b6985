"""Servers whose limits are known: set here, or their library's defaults. Run as `limited.py NAME`."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from typing import Any

from aiohttp import WSMsgType, web
from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketHandler
from websockets.asyncio.server import ServerConnection, serve

SHORT = 1.0  # seconds


async def websockets(listener: socket.socket) -> None:
    """`websockets` with its own limits on sizes: 1 MiB, 128 fields, 8192 bytes a line."""

    async def handle(connection: ServerConnection) -> None:
        async for message in connection:
            if connection.request is not None and connection.request.path.startswith("/close"):
                await connection.close()
            await connection.send(message)

    async with serve(
        handle,
        sock=listener,
        open_timeout=SHORT,
        close_timeout=SHORT,
        ping_interval=SHORT / 2,
        ping_timeout=SHORT / 2,
    ) as server:
        await server.wait_closed()


async def aiohttp(listener: socket.socket) -> None:
    """`aiohttp` with its own limits on sizes: 4 MiB, 8190 bytes a field's value."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        connection = web.WebSocketResponse(heartbeat=SHORT, timeout=SHORT)
        await connection.prepare(request)
        async for message in connection:
            if request.path == "/close":
                await connection.close()
            elif message.type is WSMsgType.BINARY:
                await connection.send_bytes(message.data)
            else:
                await connection.send_str(message.data)
        return connection

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    await asyncio.Event().wait()


class Echo(WebSocketHandler):
    """Answers each message with itself."""

    async def on_message(self, message: str | bytes) -> None:
        """Do so, or close."""
        if self.request.path == "/close":
            self.close()
        else:
            await self.write_message(message, binary=isinstance(message, bytes))


async def tornado(listener: socket.socket) -> None:
    """Tornado with its own limits on sizes: 10 MiB, 64 KiB for the head of a request."""
    app = Application([("/.*", Echo)], websocket_ping_interval=SHORT / 2, websocket_ping_timeout=SHORT / 2)
    listener.setblocking(False)
    HTTPServer(app, idle_connection_timeout=SHORT).add_socket(listener)
    await asyncio.Event().wait()


async def wsproto(listener: socket.socket) -> None:
    """`wsproto` in Uvicorn with a limit that is no power of two."""
    import uvicorn  # noqa: PLC0415  # takes long to load

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            if scope["path"] == "/close":
                await send({"type": "websocket.close"})
            else:
                await send({**event, "type": "websocket.send"})

    config = uvicorn.Config(echo, ws="wsproto", ws_max_size=1_500_000, lifespan="off", log_config=None)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    made = socket.create_server(("127.0.0.1", 0))
    print(f"listening on ws://127.0.0.1:{made.getsockname()[1]}", flush=True)
    asyncio.run(
        {"websockets": websockets, "aiohttp": aiohttp, "tornado": tornado, "wsproto": wsproto}[sys.argv[1]](
            made
        )
    )
