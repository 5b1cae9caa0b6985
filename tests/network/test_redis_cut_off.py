"""Nodes whose Redis is cut off and comes back: each serves its own clients, and in the end all hear again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from fixtures.servers import BUNDLED, running_nodes
from fixtures.servers.nodes import _redis, _until_heard
from suites.network import test_nodes as cases
from suites.network.test_affinity import test_websocket_outlives_affinity as serves
from tests.network.ground import WITHIN, fly, told
from wireproof.run.judge import Result
from wireproof.verdict import Verdict

pytestmark = pytest.mark.alone

DEAF = 4.0  # seconds in which a case shows that events do not cross


class Relay:
    """Leads to Redis, at a path of its own, unless it is cut."""

    def __init__(self, there: Path, here: Path) -> None:
        self.there, self.here = there, here
        self.server: asyncio.Server | None = None
        self.writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self.here.unlink(missing_ok=True)
        self.server = await asyncio.start_unix_server(self._attend, str(self.here))

    async def cut(self) -> None:
        assert self.server is not None
        self.server.close()
        for writer in tuple(self.writers):
            writer.transport.abort()
        await self.server.wait_closed()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(str(self.there))
        mine = {writer, far_writer}
        self.writers |= mine
        try:
            await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.writers -= mine
            for one in mine:
                one.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def nodes(name: str, folder: Path) -> AsyncIterator[tuple[Relay, Path, list[str]]]:
    """Two nodes whose Redis stands behind a relay."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(_redis())
        relay = Relay(redis, folder / "relay")
        await relay.open()
        stack.push_async_callback(relay.cut)
        urls = []
        for number in (1, 2):
            own = ("--node", f"n{number}", "--redis", f"unix:{relay.here}")
            (node,) = await stack.enter_async_context(running_nodes(name, 1, *own))
            urls.append(node.url)
        await heard(name, redis)
        yield relay, redis, urls


async def heard(name: str, redis: Path) -> None:
    """Wait until both nodes listen to Redis; `StartError` when one stays deaf."""
    await _until_heard(redis, f" cmd={BUNDLED[name].hears_by} ", 2, f"the nodes of {name}")


async def remote_room(urls: list[str], within: float = WITHIN) -> Result:
    """Whether an event crosses from one node to the other."""
    return await fly(cases.test_room_without_a_member_near_is_reached, None, urls, within=within)


@pytest.mark.parametrize("name", ["socket.io", "python-socketio-asgi"])
def test_no_node_stays_deaf_when_redis_is_back(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(name, tmp_path) as (relay, redis, urls):
            before = await remote_room(urls)
            assert before.verdict is Verdict.PASS, told(before)
            await relay.cut()
            alone = await fly(serves, None, urls)
            assert alone.verdict is Verdict.PASS, told(alone)
            cut_off = await remote_room(urls, DEAF)
            assert cut_off.verdict is Verdict.FAIL, told(cut_off)
            await relay.open()
            await heard(name, redis)
            for _ in range(2):
                after = await remote_room(urls)
                assert after.verdict is Verdict.PASS, told(after)

    asyncio.run(scene())
