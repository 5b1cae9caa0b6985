"""Which node gets what: each policy, and nodes that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise

import pytest

from proxies.simulated import (
    Balancer,
    Conduct,
    Cookie,
    Forgetful,
    HeaderHash,
    LeastConnections,
    NoneSticky,
    Policy,
    Random,
    RoundRobin,
    SourceHash,
)
from tests.proxies.simulated_ground import (
    HANDSHAKE,
    Site,
    ask,
    dialled,
    echoed,
    fetch,
    get,
    play,
    scripted,
    site,
    who,
)
from wireproof.errors import UsageError


@asynccontextmanager
async def balanced(policy: Policy, names: str = "abc") -> AsyncIterator[tuple[Balancer, list[Site]]]:
    async with AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(site(name)) for name in names]
        yield await stack.enter_async_context(Balancer(policy, [one.node for one in sites])), sites


async def answers(balancer: Balancer, count: int, *lines: str) -> str:
    return "".join([await who(balancer.port, *lines) for _ in range(count)])


def test_round_robin_goes_by_request_and_not_by_connection() -> None:
    async def scene() -> None:
        async with balanced(RoundRobin()) as (balancer, _), dialled(balancer.port) as stream:
            seen = [(await ask(stream, get("/who")))[1] for _ in range(4)]
            assert seen == [b"a", b"b", b"c", b"a"]
            assert await echoed(balancer.url) == "hello"
            assert balancer.account.nodes() == ["a", "b", "c", "a", "b"]
            assert balancer.account.served == {"a": 2, "b": 2, "c": 1}

    play(scene())


def test_chance_repeats_itself_with_the_same_seed() -> None:
    async def scene() -> None:
        seen = []
        for seed in (1, 1, 2):
            async with balanced(Random(seed)) as (balancer, _):
                seen.append(await answers(balancer, 12))
        assert seen[0] == seen[1] != seen[2]
        assert set(seen[0]) == set("abc")

    play(scene())


def test_least_connections_counts_what_is_open() -> None:
    async def scene() -> None:
        async with balanced(LeastConnections(), "ab") as (balancer, sites), dialled(balancer.port) as stream:
            waiting = asyncio.create_task(ask(stream, get("/hold")))
            await sites[0].held.wait()
            assert balancer.open_at("a") == 1
            assert await answers(balancer, 2) == "bb"
            sites[0].released.set()
            assert (await waiting)[1] == b"a"
            assert await answers(balancer, 2) == "aa"

    play(scene())


def test_source_hash_keeps_an_address_at_one_node() -> None:
    async def scene() -> None:
        async with balanced(SourceHash()) as (balancer, _):
            assert len(set(await answers(balancer, 4))) == 1

    play(scene())


def test_header_hash_goes_by_its_header() -> None:
    async def scene() -> None:
        async with balanced(HeaderHash("X-Room")) as (balancer, _):
            rooms = [await answers(balancer, 2, f"X-Room: {number}") for number in range(12)]
            assert all(pair[0] == pair[1] for pair in rooms)
            assert {pair[0] for pair in rooms} == set("abc")
            assert await answers(balancer, 3) == "abc"
            balancer.remove("b")
            after = [await answers(balancer, 1, f"X-Room: {number}") for number in range(12)]
            # Those who were not at b have stayed.
            assert all(new == old[0] for old, new in zip(rooms, after, strict=True) if old[0] != "b")

    play(scene())


def test_a_cookie_ties_a_client_to_its_node() -> None:
    async def scene() -> None:
        async with balanced(Cookie("node")) as (balancer, _):
            first, _ = await fetch(balancer.port, get("/who"))
            assert first.get_all(b"Set-Cookie") == [b"node=a.0; Path=/; HttpOnly"]
            assert await answers(balancer, 2, "Cookie: x=y; node=b.0") == "bb"
            again, body = await fetch(balancer.port, get("/who", "Cookie: node=gone.0"))
            assert (again.get(b"Set-Cookie"), body) == (b"node=b.0; Path=/; HttpOnly", b"b")

    play(scene())


def test_none_sticky_never_takes_the_same_node_twice_in_a_row() -> None:
    async def scene() -> None:
        async with balanced(NoneSticky()) as (balancer, _):
            seen = [(await fetch(balancer.port, get("/who")))[1]]
            seen += [(await fetch(balancer.port, get("/who?EIO=4&sid=s1")))[1] for _ in range(4)]
            assert all(one != other for one, other in pairwise(seen))

    play(scene())


@pytest.mark.parametrize("sticky", [SourceHash, Cookie, HeaderHash])
def test_the_forgetful_forgets_after_so_many_requests_and_when_told(sticky: type[Policy]) -> None:
    async def scene() -> None:
        async with balanced(Forgetful(sticky(), after=3)) as (balancer, _):
            lines = ["X-Wireproof-Client: 1"]

            async def once() -> str:
                response, body = await fetch(balancer.port, get("/who", *lines))
                for cookie in response.get_all(b"Set-Cookie"):
                    lines[1:] = [f"Cookie: {cookie.decode().partition(';')[0]}"]
                return body.decode()

            seen = [await once() for _ in range(5)]
            assert seen[:3] == [seen[0]] * 3
            assert seen[3] == seen[4] != seen[0]
            balancer.forget()
            assert await once() != seen[4]

    play(scene())


def test_a_node_that_drains_gets_nobody_new() -> None:
    async def scene() -> None:
        async with balanced(Cookie(), "ab") as (balancer, _):
            balancer.drain("a")
            assert await answers(balancer, 2) == "bb"
            assert await answers(balancer, 1, "Cookie: wireproof_node=a.0") == "a"
            balancer.drain("b")
            assert (await fetch(balancer.port, get("/who")))[0].status == 503
            with pytest.raises(UsageError, match="no node 'z'"):
                balancer.drain("z")

    play(scene())


def test_nodes_come_and_go() -> None:
    async def scene() -> None:
        async with balanced(RoundRobin(), "ab") as (balancer, _), site("late") as late:
            balancer.add(late.node)
            assert await answers(balancer, 3) == "ablate"
            with pytest.raises(UsageError, match="already"):
                balancer.add(late.node)
            async with dialled(balancer.port) as stream:
                assert (await ask(stream, HANDSHAKE))[0].status == 101
                balancer.remove("a")
                assert await stream[0].read() == b""
            for name in ("b", "late"):
                balancer.remove(name)
            assert (await fetch(balancer.port, get("/who")))[0].status == 503

    play(scene())


def test_a_dead_node_is_passed_over() -> None:
    async def scene() -> None:
        async def nothing(*_: object) -> None:
            pass

        async with scripted(nothing, "dead") as dead:
            pass
        async with site("a") as here, Balancer(RoundRobin(), [dead, here.node], Conduct()) as balancer:
            assert await answers(balancer, 3) == "aaa"
            assert balancer.account.served["a"] == 3
            balancer.remove("a")
            assert (await fetch(balancer.port, get("/who")))[0].status == 502

    play(scene())
