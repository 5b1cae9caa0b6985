"""Each real proxy starts, passes a WebSocket on, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from proxies import load
from proxies.process import LOG
from tests.proxies.ground import (
    FAST,
    PATIENCE,
    REAL,
    client,
    living,
    node_of,
    nodes,
    programs,
    through,
    until_none_lives,
)
from wireproof.proxy.route import RouteError, check_route, open_route
from wireproof.proxy.via import parse_via
from wireproof.run.process import StartError

LARGE = "0123456789" * 20_000


@pytest.mark.parametrize("name", REAL)
def test_a_websocket_passes(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams:
            async with through(name, upstreams, tmp_path) as route:
                async with client(route) as peer:
                    await peer.send(LARGE)
                    assert await asyncio.wait_for(peer.recv(), PATIENCE) == LARGE
                    await peer.close(4000, "enough")
                assert (peer.close_code, peer.close_reason) == (4000, "enough")
                assert living(tmp_path)
                assert not route.dead
            assert living(tmp_path) == []

    asyncio.run(scene())


@pytest.mark.parametrize("name", REAL)
def test_nothing_is_left_while_connections_are_open(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams, through(name, upstreams, tmp_path) as route:
            async with client(route) as peer:
                assert await node_of(peer) == 0
                await route.entrance.proxy.stop()
                assert living(tmp_path) == []
                with pytest.raises(ConnectionClosed):
                    await asyncio.wait_for(peer.recv(), PATIENCE)
            assert not route.dead

    asyncio.run(scene())


@pytest.mark.parametrize("name", REAL)
def test_nothing_is_left_when_the_harness_is_killed(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as (upstream,):
            async with through(name, [upstream], tmp_path / "first"):
                pass  # skipped here where it is not installed
            harness = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "wireproof", "proxy", name, "--upstream", f"ws://{upstream}"),
                *("--folder", str(tmp_path / "second")),
                stdout=asyncio.subprocess.PIPE,
            )
            assert harness.stdout is not None
            try:
                line = await asyncio.wait_for(harness.stdout.readline(), PATIENCE)
                assert b"127.0.0.1" in line
                assert living(tmp_path)
            finally:
                harness.kill()
                assert await harness.wait() == -signal.SIGKILL
            await until_none_lives(tmp_path)

    asyncio.run(scene())


def test_the_fast_ones_run_side_by_side(tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams:

            async def one(name: str) -> int:
                async with through(name, upstreams, tmp_path / name) as route, client(route) as peer:
                    return await node_of(peer)

            assert await asyncio.gather(*map(one, FAST)) == [0] * len(FAST)
        assert living(tmp_path) == []

    asyncio.run(scene())


def test_a_chain_leads_through_all_its_proxies(tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams, through("haproxy+nginx", upstreams, tmp_path) as route:
            assert [one.hop.proxy for one in route.hops] == ["nginx", "haproxy"]
            assert route.port == route.hops[1].proxy.port
            async with client(route) as peer:
                assert await node_of(peer) == 0
            await route.hops[0].proxy.stop()
            with pytest.raises(Exception, match=r"50[234]"):
                async with client(route):
                    pass
            # HAProxy writes it once it has answered.
            async with asyncio.timeout(PATIENCE):
                while " 503 " not in route.log:  # noqa: ASYNC110  # nothing tells of a new line
                    await asyncio.sleep(0.01)
            assert "--- haproxy at" in route.log

    asyncio.run(scene())


def test_a_proxy_that_dies_is_noticed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams, through("haproxy", upstreams, tmp_path) as route:
            signal_of_death = route.entrance.proxy.exited
            pid = route.entrance.proxy.pid  # type: ignore[attr-defined]
            os.kill(pid, signal.SIGKILL)
            await asyncio.wait_for(signal_of_death.wait(), PATIENCE)
            assert route.dead == (route.entrance,)

    asyncio.run(scene())


@pytest.mark.parametrize("name", REAL)
def test_a_port_that_is_taken_is_told(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            async with nodes() as upstreams:
                async with through(name, upstreams, tmp_path / "first"):
                    pass
                route = parse_via(name, load())
                port = taken.getsockname()[1]
                with pytest.raises(StartError) as caught:
                    async with open_route(route, upstreams, tmp_path / "second", load(), programs(), port):
                        pass
            assert load()[name].title in str(caught.value)
            assert "in use" in str(caught.value).lower()
        assert living(tmp_path) == []

    asyncio.run(scene())


def test_what_a_proxy_writes_is_kept(tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams, through("nginx", upstreams, tmp_path) as route:
            gone = route.entrance.layout.upstreams
        async with through("nginx", gone, tmp_path / "again") as route:
            with pytest.raises(Exception, match="502"):
                async with client(route):
                    pass
            assert "Connection refused" in route.log
        assert "Connection refused" in (tmp_path / "again" / "1-nginx" / LOG).read_text()

    asyncio.run(scene())


@pytest.mark.parametrize("name", REAL)
def test_software_that_is_missing_is_told_with_a_hint(name: str) -> None:
    with pytest.raises(RouteError) as caught:
        check_route(parse_via(name, load()), 1, load(), {name: "/nowhere/at/all"})
    assert f"--via {name}" in str(caught.value)
    assert f"WIREPROOF_{name.upper()}" in str(caught.value)
