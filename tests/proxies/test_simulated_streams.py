"""How simulated proxies hold back, end and stop."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from proxies.simulated import Balancer, Conduct, Front, Node, Relay, RoundRobin
from tests.proxies.simulated_ground import (
    ACCEPTED,
    HANDSHAKE,
    Stream,
    ask,
    dialled,
    get,
    play,
    scripted,
    site,
    who,
)

KINDS = ["relay", "balancer"]


def front(kind: str, node: Node, conduct: Conduct | None = None) -> Front:
    conduct = conduct or Conduct()
    return Relay(node, conduct) if kind == "relay" else Balancer(RoundRobin(), [node], conduct)


async def opened(stream: Stream) -> None:
    """Send the handshake, and read its answer."""
    stream[1].write(HANDSHAKE)
    await stream[0].readuntil(b"\r\n\r\n")


@pytest.mark.parametrize("conduct", [Conduct(), Conduct(cuts_after=1 << 40)], ids=["handed-on", "looked-at"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_reader_stops_the_sender(kind: str, conduct: Conduct) -> None:
    async def scene() -> None:
        size, block = 48 * 2**20, bytes(65536)
        stuck = asyncio.Event()
        sent = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ACCEPTED)
            while sent < size:
                writer.write(block)
                sent += len(block)
                try:
                    await asyncio.wait_for(writer.drain(), 0.5)
                except TimeoutError:
                    stuck.set()
                    await writer.drain()

        async with scripted(script) as node, front(kind, node, conduct) as here:
            reader, writer = await asyncio.open_connection("127.0.0.1", here.port, limit=1024)
            await opened((reader, writer))
            await stuck.wait()
            # What the system's own buffers hold on two connections, and a little of the proxy's.
            assert sent < size
            received = 0
            while data := await reader.read(1 << 20):
                received += len(data)
            assert received == size
            writer.close()

    play(scene())


@pytest.mark.parametrize("kind", KINDS)
def test_a_half_close_goes_through(kind: str) -> None:
    async def scene() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ACCEPTED)
            writer.write(b"heard " + await reader.read())

        async with (
            scripted(script) as node,
            front(kind, node) as here,
            dialled(here.port) as (reader, writer),
        ):
            await opened((reader, writer))
            writer.write(b"all")
            writer.write_eof()
            assert await reader.read() == b"heard all"

    play(scene())


def _reset(writer: asyncio.StreamWriter) -> None:
    there = writer.get_extra_info("socket")
    there.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("whose", ["client", "node"])
def test_a_reset_goes_through(kind: str, whose: str) -> None:
    async def scene() -> None:
        seen: asyncio.Future[type[BaseException] | None] = asyncio.get_running_loop().create_future()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ACCEPTED)
            if whose == "node":
                await reader.readexactly(1)
                _reset(writer)
                return
            try:
                await reader.read()
                seen.set_result(None)
            except ConnectionError as exc:
                seen.set_result(type(exc))

        async with (
            scripted(script) as node,
            front(kind, node) as here,
            dialled(here.port) as (reader, writer),
        ):
            await opened((reader, writer))
            if whose == "client":
                _reset(writer)
                assert await seen is ConnectionResetError
            else:
                writer.write(b"x")
                with pytest.raises(ConnectionResetError):
                    await reader.read()

    play(scene())


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxys_own_closing_can_be_a_reset(kind: str) -> None:
    async def scene() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ACCEPTED)
            await reader.readexactly(1)

        conduct = Conduct(closes_with_reset=True)
        async with scripted(script) as node, front(kind, node, conduct) as here, dialled(here.port) as stream:
            await opened(stream)
            stream[1].write(b"x")
            with pytest.raises(ConnectionResetError):
                await stream[0].read()

    play(scene())


def test_a_relay_without_a_node_resets() -> None:
    async def scene() -> None:
        async def nothing(*_: object) -> None:
            pass

        async with scripted(nothing) as gone:
            pass
        async with Relay(gone) as relay, dialled(relay.port) as (reader, _):
            with pytest.raises(ConnectionResetError):
                await reader.read()

    play(scene())


def test_stopping_cuts_what_is_open() -> None:
    async def scene() -> None:
        async with site() as there:
            balancer = Balancer(RoundRobin(), [there.node])
            await balancer.start()
            async with dialled(balancer.port) as tunnel, dialled(balancer.port) as resting:
                await ask(tunnel, HANDSHAKE)
                await ask(resting, get("/who"))
                await balancer.stop()
                assert [await tunnel[0].read(), await resting[0].read()] == [b"", b""]
                assert balancer.account.entries[0].outcome == "cut when the proxy stopped"
                with pytest.raises(ConnectionRefusedError):
                    await who(balancer.port)
                await balancer.stop()

    play(scene())


def test_draining_lets_what_is_open_go_on() -> None:
    async def scene() -> None:
        async with site() as there:
            balancer = Balancer(RoundRobin(), [there.node], Conduct(drains=10))
            await balancer.start()
            async with dialled(balancer.port) as poll, dialled(balancer.port) as resting:
                await ask(resting, get("/who"))
                waiting = asyncio.create_task(ask(poll, get("/hold")))
                await there.held.wait()
                stopping = asyncio.create_task(balancer.stop())
                assert await resting[0].read() == b""
                assert not stopping.done()
                there.released.set()
                response, body = await waiting
                assert (body, response.items(b"Connection")) == (b"a", [b"close"])
                await stopping

    play(scene())
