"""How a started command shows that it is ready, and how users say so."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import sys
import textwrap
from pathlib import Path

import pytest
import trustme

from wireproof.errors import UsageError
from wireproof.run.process import Command, StartError, started
from wireproof.run.ready import (
    Ready,
    ReadyHttp,
    ReadyLine,
    ReadyTcp,
    ReadyUnix,
    is_free,
    parse_ready,
    until_it_answers,
)

TEAPOT = """
    import http.server, sys
    class Teapot(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(418)
    http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Teapot).serve_forever()
"""
LISTENER = """
    import signal, socket, sys
    family = socket.AF_UNIX if "/" in sys.argv[1] else socket.AF_INET
    listener = socket.socket(family)
    listener.bind(sys.argv[1] if "/" in sys.argv[1] else ("127.0.0.1", int(sys.argv[1])))
    listener.listen()
    signal.pause()
"""


def python(program: str, argument: object) -> list[str]:
    return [sys.executable, "-I", "-S", "-u", "-c", textwrap.dedent(program), str(argument)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_http_with_any_status() -> None:
    async def scene() -> None:
        port = free_port()
        ready = ReadyHttp(f"http://127.0.0.1:{port}/health?deep=1")
        async with started(Command(python(TEAPOT, port), ready=ready)) as child:
            assert '"GET /health?deep=1 HTTP/1.1" 418' in child.log

    asyncio.run(scene())


def test_https_with_any_certificate() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        writer.close()

    async def scene() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("nobody.example").configure_cert(context)
        server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
        async with server, asyncio.timeout(10):
            await until_it_answers(ReadyHttp(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}"))

    asyncio.run(scene())


def test_tcp_and_unix_sockets(tmp_path: Path) -> None:
    async def scene() -> None:
        port, path = free_port(), tmp_path / "socket"
        async with started(Command(python(LISTENER, port), ready=ReadyTcp("127.0.0.1", port))):
            assert not await is_free(ReadyTcp("127.0.0.1", port))
        async with started(Command(python(LISTENER, path), ready=ReadyUnix(path))):
            assert not await is_free(ReadyUnix(path))
        assert await is_free(ReadyUnix(path))

    asyncio.run(scene())


def test_somebody_else_is_not_taken_for_the_command() -> None:
    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            command = Command(["sleep", "600"], ready=ReadyTcp("127.0.0.1", other.getsockname()[1]))
            with pytest.raises(StartError, match="something else already answers"):
                async with started(command):
                    pass

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("http://localhost:8080/health", ReadyHttp("http://localhost:8080/health")),
        ("wss://localhost", ReadyHttp("wss://localhost")),
        ("tcp://[::1]:80", ReadyTcp("::1", 80)),
        ("unix:/run/server.sock", ReadyUnix(Path("/run/server.sock"))),
        ("unix:///run/server.sock", ReadyUnix(Path("/run/server.sock"))),
        ("line:listening on: .*", ReadyLine(re.compile("listening on: .*"))),
    ],
    ids=["http", "wss", "tcp", "unix", "unix-slashes", "line"],
)
def test_what_users_may_say(text: str, ready: Ready) -> None:
    assert parse_ready(text) == ready


@pytest.mark.parametrize(
    "text", ["", "localhost:80", "tcp://localhost", "http://:80/", "http://h:99999", "unix:", "line:("]
)
def test_what_they_may_not(text: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(text))):
        parse_ready(text)
