"""One byte stream to a target: how it begins, how it ends, and how much of it is held."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.peer.serving import Line, all_of, dial, says_hello, server
from wireproof.attempt import Attempt, TargetGone
from wireproof.peer.connection import Dialer, End
from wireproof.peer.endpoint import parse_endpoint


def notes(attempt: Attempt) -> list[tuple[str, str]]:
    return [(str(entry.direction), entry.text) for entry in attempt.transcript.entries()]


async def echoes(line: Line) -> None:
    line.writer.write(await line.reader.read())


async def waits(line: Line) -> None:
    await line.reader.read()


# Beginnings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"], ids=["ipv4", "ipv6"])
def test_tcp(host: str) -> None:
    async def scene() -> None:
        async with server(says_hello, host=host) as there:
            connection, attempt = await dial(there.url)
            assert await all_of(connection) == b"hello"
            assert notes(attempt) == [("note", "connected"), ("in", "the server closed TCP")]

    asyncio.run(scene())


def test_a_name_with_several_addresses() -> None:
    async def scene() -> None:
        async with server(says_hello) as there:
            dialer = Dialer(parse_endpoint(f"ws://localhost:{there.port}"))
            for _ in range(2):
                connection, _ = await dial(dialer)
                assert await all_of(connection) == b"hello"

    asyncio.run(scene())


def test_a_unix_socket(tmp_path: Path) -> None:
    async def scene() -> None:
        async with server(says_hello, unix=str(tmp_path / "socket")) as there:
            connection, _ = await dial(there.url)
            assert await all_of(connection) == b"hello"

    asyncio.run(scene())


def test_nothing_listens(tmp_path: Path) -> None:
    async def scene() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(TargetGone):
                await dial(f"ws://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(TargetGone):
            await dial(f"unix:{tmp_path / 'missing'}")

    asyncio.run(scene())


def test_each_connection_has_its_number() -> None:
    async def scene() -> None:
        async with server(waits) as there:
            dialer, attempt = Dialer(there), Attempt(("x",))
            numbers = [(await dialer.dial(attempt)).number for _ in range(3)]
            assert (numbers, attempt.peers) == ([1, 2, 3], 3)

    asyncio.run(scene())


# Ends -------------------------------------------------------------------------------------------------


def test_a_reset_is_no_fin() -> None:
    async def resets(line: Line) -> None:
        await line.reader.read(1)
        line.writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )
        line.reset()

    async def scene() -> None:
        async with server(resets) as there:
            connection, attempt = await dial(there.url)
            connection.write(b"x")
            assert await all_of(connection) == b""
            assert connection.end is End.RESET
            assert ("in", "the server reset TCP") in notes(attempt)

    asyncio.run(scene())


def test_a_half_closed_connection_still_receives() -> None:
    async def scene() -> None:
        async with server(echoes) as there:
            connection, _ = await dial(there.url)
            connection.write(b"hello")
            connection.half_close()
            assert await all_of(connection) == b"hello"

    asyncio.run(scene())


def test_a_half_closed_connection_still_sends() -> None:
    async def scene() -> None:
        got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def finishes_first(line: Line) -> None:
            line.writer.write_eof()
            got.set_result(await line.reader.read())

        async with server(finishes_first) as there:
            connection, _ = await dial(there.url)
            assert await connection.receive() == b""
            connection.write(b"late")
            connection.half_close()
            assert await got == b"late"

    asyncio.run(scene())


def test_the_server_sees_a_reset() -> None:
    async def scene() -> None:
        seen: asyncio.Future[object] = asyncio.get_running_loop().create_future()

        async def watches(line: Line) -> None:
            try:
                seen.set_result(await line.reader.read())
            except ConnectionResetError as exc:
                seen.set_result(exc)

        async with server(watches) as there:
            connection, _ = await dial(there.url)
            connection.reset()
            assert isinstance(await seen, ConnectionResetError)
            assert connection.end is End.ABANDONED
            connection.write(b"dropped")

    asyncio.run(scene())


# Flow -------------------------------------------------------------------------------------------------


def test_pieces_arrive_in_order() -> None:
    async def scene() -> None:
        async with server(echoes) as there:
            connection, _ = await dial(there.url)
            await connection.write_pieces([b"a", b"bc", b"d"], pace=0)
            connection.half_close()
            assert await all_of(connection) == b"abcd"

    asyncio.run(scene())


def test_a_server_that_floods_does_not_fill_the_memory() -> None:
    total = 32 << 20

    async def scene() -> None:
        blocked = asyncio.Event()

        async def floods(line: Line) -> None:
            line.writer.transport.set_write_buffer_limits(high=0)
            for _ in range(total >> 16):
                line.writer.write(b"x" * 65536)
                if line.writer.transport.get_write_buffer_size():
                    blocked.set()
                await line.writer.drain()

        async with server(floods) as there:
            connection, _ = await dial(there.url)
            await blocked.wait()
            assert len(connection._buffer) < total / 8
            assert len(await all_of(connection)) == total

    asyncio.run(scene())


def test_writing_waits_for_a_server_that_does_not_read() -> None:
    async def scene() -> None:
        go = asyncio.Event()

        async def dawdles(line: Line) -> None:
            await go.wait()
            await line.reader.read()

        async with server(dawdles) as there:
            connection, _ = await dial(there.url)
            connection.write(b"x" * (32 << 20))
            draining = asyncio.create_task(connection.drain())
            await asyncio.sleep(0)
            assert not draining.done()
            go.set()
            await draining
            connection.discard()

    asyncio.run(scene())
