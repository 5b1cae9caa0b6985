"""What stands between is told as it is, through balancers whose ways are known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fixtures.servers import running, running_nodes
from proxies import load
from suites.network import test_between as cases
from suites.network import test_timeouts as timeouts
from tests.network.ground import Case, fly, told
from wireproof.proxy.route import open_route
from wireproof.proxy.via import parse_upstream, parse_via
from wireproof.verdict import Verdict


@asynccontextmanager
async def before(via: str, folder: Path, urls: Sequence[str]) -> AsyncIterator[str]:
    """The URL of a proxy that stands before these."""
    upstreams = [parse_upstream(url) for url in urls]
    async with open_route(parse_via(via, load()), upstreams, folder, load()) as route:
        yield route.url


@pytest.mark.parametrize(
    ("via", "case", "words"),
    [
        ("simulated:cookie", cases.test_nodes_seen, "nodes: 2 (n1, n2), as whoami tells"),
        ("simulated:cookie", cases.test_stickiness, "by cookie (wireproof_node)"),
        ("simulated:source-hash", cases.test_stickiness, "by the client's address"),
        ("simulated:cookie", cases.test_affinity_cookies, "wireproof_node (a proxy of wireproof's own)"),
        ("simulated:source-hash", cases.test_affinity_cookies, "none are set"),
    ],
)
def test_balancers_are_told(via: str, case: Case, words: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            running_nodes("socket.io", 2) as nodes,
            before(via, tmp_path, [node.url for node in nodes]) as url,
        ):
            result = await fly(case, None, [url])
            assert (result.verdict, words in told(result)) == (Verdict.INFO, True), told(result)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("via", "case", "words", "patience"),
    [
        ("simulated", cases.test_nodes_seen, "one, or nothing tells them apart", 0.0),
        ("simulated:caps-body=100000", cases.test_largest_body, "96.5 KiB and 100 KiB; above it, 413", 0.0),
        ("simulated", cases.test_largest_body, "1 GiB may be announced", 0.0),
        ("simulated", cases.test_longest_header_field, "431", 0.0),
        ("simulated", cases.test_header_fields, "Server: Python", 0.0),
        ("simulated", cases.test_who_answers_errors, "what is no HTTP: 400", 0.0),
        ("simulated:idle-timeout=1", cases.test_idle_timeout, "idle time-out: 1.", 4.0),
        ("simulated", cases.test_idle_timeout, "none within 1 s", 2.0),
    ],
)
def test_proxies_are_told(via: str, case: Case, words: str, patience: float, tmp_path: Path) -> None:
    async def scene() -> None:
        async with running("websockets") as (there, _), before(via, tmp_path, [there]) as url:
            result = await fly(case, None, [url], patience=patience)
            assert (result.verdict, words in told(result)) == (Verdict.INFO, True), told(result)

    asyncio.run(scene())


def test_http2_is_not_looked_for_without_tls() -> None:
    async def scene() -> None:
        async with running("websockets") as (there, _):
            result = await fly(cases.test_http2, None, [there])
            assert result.verdict is Verdict.NOT_APPLICABLE, told(result)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("via", "case"),
    [
        ("simulated-relay:cuts-after=450", timeouts.test_pings_of_the_client_keep_a_connection_alive),
        ("simulated-relay:cuts-after=900000", timeouts.test_client_that_reads_late_misses_nothing),
    ],
)
def test_servers_that_cut_off_clients_are_noticed(via: str, case: Case, tmp_path: Path) -> None:
    async def scene() -> None:
        async with running("websockets") as (there, _):
            fine = await fly(case, None, [there], proxy="simulated")
            assert fine.verdict in (Verdict.PASS, Verdict.INFO), told(fine)
            async with before(via, tmp_path, [there]) as url:
                result = await fly(case, None, [url], proxy="simulated")
                assert result.verdict is Verdict.FAIL, told(result)

    asyncio.run(scene())
