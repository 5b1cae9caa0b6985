"""What a driver says that its proxy can, the proxy does."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.proxies.ground import (
    PATIENCE,
    able,
    asked,
    client,
    cookie_of_a_page,
    curt_nodes,
    node_of,
    nodes,
    of_client,
    status_of,
    through,
)
from tests.proxies.over_http2 import said_over_http2
from wireproof.proxy.driver import Feature

CLIENTS = range(24)  # that all come to one of two nodes happens once in millions of runs


@pytest.mark.parametrize("name", able(Feature.ROUND_ROBIN))
def test_round_robin_takes_the_nodes_in_turn(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(2) as upstreams, through(f"{name}:round-robin", upstreams, tmp_path) as route:
            seen = [(await asked(route))[0] for _ in range(6)]
            assert sorted(seen) == [0, 0, 0, 1, 1, 1]

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.ROUND_ROBIN))
def test_several_nodes_are_taken_in_turn_where_nothing_is_said(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(2) as upstreams, through(name, upstreams, tmp_path) as route:
            assert {(await asked(route))[0] for _ in range(4)} == {0, 1}

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.ROUND_ROBIN))
def test_nodes_that_end_requests_without_an_answer_stay_in(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            curt_nodes(2) as upstreams,
            through(f"{name}:round-robin", upstreams, tmp_path) as route,
        ):
            for _ in range(4):
                await status_of(route, "/no-answer")
            assert [await status_of(route, "/") for _ in range(4)] == [200] * 4

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.RANDOM))
def test_random_reaches_every_node(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(2) as upstreams, through(f"{name}:random", upstreams, tmp_path) as route:
            assert {(await asked(route))[0] for _ in range(40)} == {0, 1}

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.LEAST_CONNECTIONS))
def test_least_connections_goes_where_fewest_are(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            nodes(2) as upstreams,
            through(f"{name}:least-connections", upstreams, tmp_path) as route,
            client(route) as one,
            client(route) as other,
        ):
            assert {await node_of(one), await node_of(other)} == {0, 1}

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.COOKIE))
def test_a_cookie_leads_to_the_same_node(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(2) as upstreams, through(f"{name}:cookie", upstreams, tmp_path) as route:
            first = [await asked(route) for _ in CLIENTS]
            assert {node for node, _ in first} == {0, 1}
            for node, told in first[:4]:
                # Apache adds no header fields to a 101.
                cookie = told or await cookie_of_a_page(route)
                again = {(await asked(route, headers={"Cookie": cookie}))[0] for _ in range(4)}
                assert again == {node} if told else len(again) == 1

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.SOURCE_HASH))
def test_an_address_leads_to_the_same_node(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(2) as upstreams, through(f"{name}:source-hash", upstreams, tmp_path) as route:
            sources = [f"127.0.{number}.{7 * number + 1}" for number in CLIENTS]
            first = {source: (await asked(route, source=source))[0] for source in sources}
            again = {source: (await asked(route, source=source))[0] for source in sources}
            assert first == again
            assert {*first.values()} == {0, 1}

    try:
        asyncio.run(scene())
    except OSError as exc:
        pytest.skip(f"this machine has one loopback address only: {exc}")


@pytest.mark.parametrize("name", able(Feature.HEADER_HASH))
def test_a_header_field_leads_to_the_same_node(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(2) as upstreams, through(f"{name}:header-hash", upstreams, tmp_path) as route:
            names = [f"client-{number}" for number in CLIENTS]
            first = {one: (await asked(route, headers=of_client(one)))[0] for one in names}
            again = {one: (await asked(route, headers=of_client(one)))[0] for one in names}
            assert first == again
            assert {*first.values()} == {0, 1}

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.TLS))
def test_tls_ends_at_the_proxy(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams, through(f"{name}:tls", upstreams, tmp_path) as route:
            assert route.url == f"wss://127.0.0.1:{route.port}"
            # The client checks the certificate and the address in it.
            assert await asked(route) == (0, None)

    asyncio.run(scene())


@pytest.mark.parametrize("name", able(Feature.IDLE_TIMEOUT))
def test_an_idle_connection_is_cut_and_a_busy_one_is_not(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            nodes() as upstreams,
            through(f"{name}:idle-timeout=1", upstreams, tmp_path) as route,
            client(route) as idle,
            client(route) as busy,
        ):
            begun = time.monotonic()
            cut = asyncio.ensure_future(asyncio.wait_for(idle.recv(), PATIENCE))
            while not cut.done():
                assert await node_of(busy) == 0
                await asyncio.wait([cut], timeout=0.2)
            with pytest.raises(ConnectionClosed):
                cut.result()
            assert time.monotonic() - begun > 0.9
            assert await node_of(busy) == 0

    asyncio.run(scene())


@pytest.mark.parametrize("settings", ["h2", "tls,h2"])
@pytest.mark.parametrize("name", able(Feature.H2))
def test_a_websocket_passes_over_http2(name: str, settings: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes() as upstreams, through(f"{name}:{settings}", upstreams, tmp_path) as route:
            assert await said_over_http2(route, "hello") == (True, "200", "hello")
            # HTTP/1.1 is spoken at the same port.
            assert (await asked(route))[0] == 0

    asyncio.run(scene())


def test_each_node_has_its_own_inner_proxy_where_the_outer_one_balances(tmp_path: Path) -> None:
    async def scene() -> None:
        async with nodes(2) as upstreams, through("haproxy:cookie+nginx", upstreams, tmp_path) as route:
            assert [one.hop.proxy for one in route.hops] == ["nginx", "nginx", "haproxy"]
            node, cookie = await asked(route)
            assert {(await asked(route, headers={"Cookie": str(cookie)}))[0] for _ in range(4)} == {node}
            assert {(await asked(route))[0] for _ in range(4)} == {0, 1}

    asyncio.run(scene())
