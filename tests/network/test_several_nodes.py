"""The cases about several nodes pass with nodes that share rooms, and notice those that do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fixtures.servers import running, running_nodes
from proxies import load
from suites.network import test_affinity as affinity
from suites.network import test_nodes as cases
from suites.network import test_timeouts as timeouts
from tests.network.ground import Case, fly, told
from wireproof.peer.engineio import Way
from wireproof.proxy.route import open_route
from wireproof.proxy.via import parse_upstream, parse_via
from wireproof.run.judge import Result
from wireproof.verdict import Verdict

FAIL, WARN, INFO, PASS = Verdict.FAIL, Verdict.WARN, Verdict.INFO, Verdict.PASS
SILENCE = 6.0  # seconds that a case may wait for what does not come
Row = tuple[Case, dict[str, Any]]
DISORDERLY = ("python-socketio-asgi",)
"""Servers that carry out the events of one client side by side, so that other nodes get them in any order."""
QUIET: Case = timeouts.test_idle_timeout_above_the_heartbeat_cuts_nothing

ROOMS: tuple[Row, ...] = (
    (cases.test_rooms_reach_over_all_nodes, {}),
    (cases.test_room_without_a_member_near_is_reached, {}),
    (cases.test_broadcast_reaches_the_clients_of_all_nodes, {}),
    (cases.test_clients_of_a_lost_node_go_on_at_another, {"way": Way.POLLING}),
    (cases.test_clients_of_a_lost_node_go_on_at_another, {"way": Way.WEBSOCKET}),
    (cases.test_node_that_joins_takes_part, {}),
    (cases.test_scale_out_under_traffic_loses_nothing, {}),
    (affinity.test_rooms_work_behind_a_balancer, {"via": "simulated:cookie"}),
)
SESSIONS: tuple[Row, ...] = (
    (affinity.test_polling_sessions_stay_on_their_node, {"via": "simulated:cookie"}),
    (affinity.test_sessions_upgrade_on_their_node, {"via": "simulated:source-hash"}),
    (affinity.test_session_that_lost_its_node_is_told_so, {}),
    (QUIET, {"way": Way.POLLING, "proxy": "simulated"}),
)
SOCKETS: tuple[Row, ...] = (
    (affinity.test_websocket_works_through_any_policy, {"policy": "round-robin"}),
    (affinity.test_websocket_outlives_affinity, {}),
    (cases.test_drained_node_serves_who_is_there, {}),
    (
        timeouts.test_idle_timeout_above_the_heartbeat_cuts_nothing,
        {"way": Way.WEBSOCKET, "proxy": "simulated"},
    ),
)
TOLD: tuple[tuple[Case, dict[str, Any], str], ...] = (
    (affinity.test_polling_without_affinity_is_refused_legibly, {"policy": "round-robin"}, "must be sticky"),
    (affinity.test_polling_without_affinity_is_refused_legibly, {"policy": "none-sticky"}, "must be sticky"),
    (affinity.test_client_that_returns_no_cookie_is_refused_legibly, {}, "keep cookies"),
    (timeouts.test_idle_timeout_within_the_heartbeat_is_told, {"way": Way.WEBSOCKET, "part": 0.5}, "cut off"),
    (timeouts.test_idle_timeout_within_the_heartbeat_is_told, {"way": Way.POLLING, "part": 0.5}, "504"),
)


UNHURRIED = ("--ping-interval", "1000", "--ping-timeout", "2000")
"""Timers that a busy machine keeps, where the heartbeat is not what is tried."""


def named(case: Case, parameters: dict[str, Any]) -> str:
    return " ".join([case.__name__, *map(str, parameters.values())])


async def judged(urls: Sequence[str], *rows: Row) -> dict[str, Result]:
    """Each case's result, by its name and parameters; one after the other."""
    return {named(*row): await fly(row[0], None, urls, **row[1]) for row in rows}


async def judged_at_once(urls: Sequence[str], *rows: Row) -> dict[str, Result]:
    """The same, for those that wait for what does not come."""
    results = await asyncio.gather(
        *(fly(case, None, urls, within=SILENCE, **values) for case, values in rows)
    )
    return dict(zip((named(*row) for row in rows), results, strict=True))


def wrong(results: dict[str, Result], *verdicts: Verdict) -> dict[str, str]:
    return {name: told(one) for name, one in results.items() if one.verdict not in verdicts}


@asynccontextmanager
async def behind(via: str, folder: Path, *urls: str) -> AsyncIterator[tuple[str, ...]]:
    """For each URL, or for all of them where *via* balances, a proxy to stand for a node."""
    async with AsyncExitStack() as stack:
        upstreams = [parse_upstream(url) for url in urls]
        groups = [upstreams, upstreams] if "sticky" in via else [[one] for one in upstreams]
        drivers = load()
        routes = [
            await stack.enter_async_context(
                open_route(parse_via(via, drivers), group, folder / str(number), drivers)
            )
            for number, group in enumerate(groups)
        ]
        yield tuple(route.url.replace("ws:", "http:") for route in routes)


@pytest.mark.parametrize("server", ["socket.io", "python-socketio-asgi"])
def test_nodes_that_share_rooms_are_not_accused(server: str) -> None:
    async def scene() -> None:
        async with running_nodes(server, 2, *UNHURRIED) as nodes:
            urls = [node.url for node in nodes]
            results = await judged(urls, *ROOMS, *SESSIONS, *SOCKETS)
            assert wrong(results, PASS, INFO, *((WARN,) if server in DISORDERLY else ())) == {}
            broken = {finding.requirement for one in results.values() for finding in one.findings}
            assert broken <= {"network/nodes/order"}
            for case, parameters, words in TOLD:
                result = await fly(case, None, urls, **parameters)
                assert (result.verdict, words in told(result)) == (INFO, True), told(result)

    asyncio.run(scene())


def test_nodes_that_share_nothing_are_noticed() -> None:
    async def scene() -> None:
        async with (
            running("socket.io", 0, *UNHURRIED) as (one, _),
            running("socket.io", 0, *UNHURRIED) as (other, _),
        ):
            assert wrong(await judged_at_once([one, other], *ROOMS), FAIL) == {}

    asyncio.run(scene())


def test_nodes_that_forget_their_sessions_are_noticed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            running("socket.io", 0, *UNHURRIED) as (one, _),
            running("socket.io", 0, *UNHURRIED) as (other, _),
            behind("simulated:none-sticky", tmp_path, one, other) as nodes,
        ):
            assert wrong(await judged(nodes, *SESSIONS), FAIL) == {}

    asyncio.run(scene())


def test_nodes_that_cut_websockets_are_noticed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            running("socket.io", 0, *UNHURRIED) as (one, _),
            running("socket.io", 0, *UNHURRIED) as (other, _),
            behind("simulated-relay:cuts-after=700", tmp_path, one, other) as nodes,
        ):
            assert wrong(await judged(nodes, *SOCKETS), FAIL) == {}

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("status", "verdict"), [(400, FAIL), (429, Verdict.INCONCLUSIVE), (503, Verdict.INCONCLUSIVE)]
)
def test_a_node_without_room_is_not_accused(status: int, verdict: Verdict, tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            running("socket.io", 0, *UNHURRIED) as (one, _),
            behind(f"simulated:refuses-upgrade={status}", tmp_path, one) as (other,),
        ):
            case = affinity.test_websocket_works_through_any_policy
            result = await fly(case, None, [one, other], policy="round-robin")
            assert result.verdict is verdict, told(result)

    asyncio.run(scene())
