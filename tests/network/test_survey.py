"""What several nodes don't share, and what a route takes away, is told once and then not tried in vain."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.servers import running_nodes
from fixtures.strict import serve
from fixtures.strict.serving import connection_class
from proxies import load
from suites.network import test_nodes as nodes_cases
from suites.network import test_sessions as sessions_cases
from suites.socketio import test_rooms as rooms_cases
from suites.socketio.hall_talk import Mix
from tests.network import ground
from tests.network.ground import fly, told
from tests.network.test_between import before
from tests.network.test_several_nodes import UNHURRIED, behind
from wireproof.peer.connection import Dialer
from wireproof.peer.pacing import Pacer
from wireproof.proxy.route import open_route
from wireproof.proxy.via import parse_upstream, parse_via
from wireproof.run import sharing
from wireproof.run.discover import discover
from wireproof.run.route import DEPLOYED, DIRECT, Route, seen_through
from wireproof.run.settings import Settings
from wireproof.run.sharing import Gap
from wireproof.run.survey import SHARING, Survey, Surveyor
from wireproof.target import Target
from wireproof.verdict import Verdict

EVERY_WAY = {Gap(name, *pair) for name in sharing.EVENTS for pair in ((0, 1), (1, 0))}
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def apart(name: str, count: int = 2) -> AsyncIterator[list[str]]:
    """The URLs of servers that know nothing of each other."""
    async with AsyncExitStack() as stack:
        sites = [
            await stack.enter_async_context(serve(connection_class=connection_class(name)))
            for _ in range(count)
        ]
        yield [site.url for site in sites]


async def found(url: str) -> Target:
    settings = Settings(url)
    return await discover(settings, Dialer(settings.endpoint()))


async def gaps_of(urls: Sequence[str]) -> frozenset[Gap]:
    return await Surveyor(Pacer()).gaps(await found(urls[0]), [parse_upstream(url) for url in urls])


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers of this process share nothing: no broker has to be waited for."""
    monkeypatch.setattr(sharing, "PATIENCE", 0.2)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(("name", "verdict"), [("strict-socketio", Verdict.FAIL), ("strict", Verdict.INFO)])
def test_nodes_that_share_nothing_are_told(name: str, verdict: Verdict) -> None:
    async def scene() -> None:
        async with apart(name) as urls:
            gaps = await gaps_of(urls)
            assert {(gap.speaker, gap.listener) for gap in gaps} == {(0, 1), (1, 0)}
            assert name == "strict" or gaps == EVERY_WAY
            (cause,) = Survey(("n1", "n2"), gaps).causes.values()
            assert cause.startswith("the nodes share nothing: what is said to all")
            result = await fly(nodes_cases.test_nodes_hear_each_other, None, urls)
            assert (result.verdict, "share nothing" in told(result)) == (verdict, True), told(result)

    asyncio.run(scene())


@pytest.mark.usefixtures("hurried")
def test_a_node_that_cuts_its_clients_off_is_not_accused_of_sharing_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with (
            apart("strict") as urls,
            behind("simulated-relay:cuts-after=450", tmp_path, *urls) as nodes,
        ):
            result = await fly(nodes_cases.test_nodes_hear_each_other, None, nodes)
            assert result.verdict is Verdict.INCONCLUSIVE, told(result)
            assert result.reason.startswith("a client of one of the nodes: "), told(result)

    asyncio.run(scene())


def test_what_was_not_so_before_the_run_does_not_pass() -> None:
    async def scene() -> None:
        async with running_nodes("socket.io", 2, *UNHURRIED) as nodes:
            urls = [node.url for node in nodes]
            survey = Survey(tuple(urls), frozenset(EVERY_WAY), {"direct": "Session ID unknown"})
            for case, words in (
                (
                    nodes_cases.test_nodes_hear_each_other,
                    "heard now, but not before the run: the nodes share",
                ),
                (sessions_cases.test_requests_of_a_session_find_its_node, "before the run, each served now"),
            ):
                result = await fly(case, None, urls, survey=survey)
                assert (result.verdict, words in told(result)) == (Verdict.INCONCLUSIVE, True), told(result)

    asyncio.run(scene())


def test_one_deaf_node_is_named() -> None:
    gaps = {Gap("rooms", 0, 2), Gap("rooms", 1, 2)}
    (cause,) = Survey(("a:1", "b:2", "c:3"), frozenset(gaps)).causes.values()
    assert "to a room at a:1 is not heard at c:3, at b:2 is not heard at c:3, though" in cause


def test_nodes_that_share_rooms_and_sticky_routes_lose_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with running_nodes("socket.io", 2, *UNHURRIED) as nodes:
            urls = [node.url for node in nodes]
            assert await gaps_of(urls) == frozenset()
            result = await fly(nodes_cases.test_nodes_hear_each_other, None, urls)
            assert result.verdict is Verdict.PASS, told(result)
            for via, verdict in (("simulated:cookie", Verdict.PASS), ("simulated:round-robin", Verdict.FAIL)):
                async with before(via, tmp_path / via, urls) as url:
                    result = await fly(sessions_cases.test_requests_of_a_session_find_its_node, None, [url])
                    assert (result.verdict, via) == (verdict, via), told(result)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("via", "lacking"),
    [
        ("simulated:round-robin", {"polling", "upgrade", *sharing.EVENTS}),
        ("simulated:cookie", {*sharing.EVENTS}),
        ("simulated:source-hash", set()),
    ],
)
def test_routes_take_away_what_cannot_work_through_them(via: str, lacking: set[str], tmp_path: Path) -> None:
    async def scene() -> None:
        async with apart("strict-socketio") as urls:
            target, surveyor, drivers = await found(urls[0]), Surveyor(Pacer()), load()
            upstreams = [parse_upstream(url) for url in urls]
            async with open_route(parse_via(via, drivers), upstreams, tmp_path, drivers) as way:
                seen = seen_through(target, way)
                why = await surveyor.lost(seen)
                assert (why is not None) is ("polling" in lacking)
                survey = Survey(("a", "b"), frozenset(EVERY_WAY), {via: why} if why else {})
                left = survey.seen(seen, Route(via, "simulated"), way)
                missing = {name for name in target.capabilities if target.can(name) and not left.can(name)}
                assert missing - {"recovery"} == lacking
                assert all(left.reasons[name] for name in missing)
                assert left.spread is bool(lacking)
                assert survey.seen(target, DIRECT) == target
                assert not survey.seen(target, DEPLOYED).can("rooms")

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["engineio-sid-bound-to-connection", "strict-socketio"])
def test_no_server_is_excused_by_itself(name: str) -> None:
    async def scene() -> None:
        async with apart(name, 1) as (url,):
            assert await Surveyor(Pacer()).lost(await found(url)) is None

    asyncio.run(scene())


def test_order_is_a_promise_of_one_node_and_told_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    case = rooms_cases.test_burst_to_a_room_keeps_its_order

    async def spread(settings: Settings, dialer: Dialer) -> Target:
        return replace(await discover(settings, dialer), spread=True)

    async def scene() -> None:
        async with apart("socketio-every-24th-event-is-late", 1) as urls:
            alone = await fly(case, None, urls, mix=Mix.WEBSOCKET)
            assert alone.verdict is Verdict.FAIL, told(alone)
            monkeypatch.setattr(ground, "discover", spread)
            among = await fly(case, None, urls, mix=Mix.WEBSOCKET)
            assert (among.verdict, "between nodes" in told(among)) == (Verdict.INFO, True), told(among)

    asyncio.run(scene())


def test_a_run_tells_the_causes_once_and_waits_for_nothing(tmp_path: Path) -> None:
    async def scene() -> dict[str, Any]:
        async with apart("strict-socketio") as urls:
            cases = ("socketio/rooms/*", "engineio/message/*", "network/sessions/*", "network/nodes/*")
            words = [word for name in cases for word in ("--case", name)]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "wireproof", "run", *urls, "--via", "simulated:round-robin"),
                *(*words, "--json", "report.json"),
                cwd=tmp_path,
                env={"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path), "COLUMNS": "80"},
                stdout=asyncio.subprocess.PIPE,
            )
            out, _ = await process.communicate()
            assert process.returncode == 1, out.decode()
            assert out.startswith(b"CAUSE stickiness of simulated:round-robin: none"), out.decode()
            assert out.count(b"stickiness of ") == 1, out.decode()
            made: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
            return made

    report = asyncio.run(scene())
    assert list(report["causes"]) == ["stickiness of simulated:round-robin", SHARING]
    assert report["causes"].items() <= report["between"].items()
    broken = {
        (case["id"], case["route"]): case["blame"]
        for case in report["cases"]
        if case["verdict"] in ("fail", "warn")
    }
    assert broken == {
        ("network/nodes/nodes_hear_each_other", "direct"): "server",
        ("network/sessions/requests_of_a_session_find_its_node", "simulated:round-robin"): "route-or-nodes",
    }
    through = {case["id"]: case["verdict"] for case in report["cases"] if case["route"] != "direct"}
    assert through["engineio/message/messages_are_exchanged[websocket]"] == "pass"
