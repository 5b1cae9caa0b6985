"""A search for a limit ends near it, and exactly at it where that is cheap or the limit a round number."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suites.websocket.measuring import OWN, STEPS, WHOLE, Limit, Search, reach, tell
from wireproof.attempt import Attempt
from wireproof.case import Intensity

KIB, MIB = 1 << 10, 1 << 20
FIRST, LAST = 4 * KIB, 64 * MIB


def one_by_one(limit: int, steps: int, factor: int = 2) -> tuple[Limit, list[int]]:
    probed: list[int] = []

    async def is_taken(size: int) -> bool:
        probed.append(size)
        return size <= limit

    search = Search(Attempt((OWN,)), FIRST, LAST, steps)
    return asyncio.run(search.one_by_one(is_taken, factor)), probed


def at_once(limit: int) -> tuple[Limit, int]:
    rounds = 0

    async def refused_of(sizes: Sequence[int]) -> set[int]:
        nonlocal rounds
        rounds += 1
        return {size for size in sizes if size > limit}

    return asyncio.run(Search(Attempt((OWN,)), FIRST, LAST).at_once(refused_of)), rounds


@given(st.integers(FIRST, LAST - 1), st.sampled_from([2, 4]))
def test_a_search_with_many_steps_is_exact(limit: int, factor: int) -> None:
    found, probed = one_by_one(limit, WHOLE, factor)
    assert found == Limit(limit, limit + 1)
    assert len(probed) == len(set(probed))
    assert max(probed) <= factor * limit


@given(st.integers(FIRST, LAST - 1), st.sampled_from([2, 4]))
def test_a_search_with_few_steps_comes_near(limit: int, factor: int) -> None:
    found, probed = one_by_one(limit, STEPS, factor)
    assert found.taken <= limit < found.refused
    assert found.exact or found.refused - found.taken <= found.taken / 8
    assert len(probed) <= 24


@pytest.mark.parametrize(
    "limit", [MIB, MIB - 1, 10 * MIB, 100_000, 1_500_000, 3_000_000, 5_000_000, 24 * MIB]
)
@pytest.mark.parametrize("factor", [2, 4])
def test_round_numbers_are_found_with_few_steps(limit: int, factor: int) -> None:
    assert one_by_one(limit, STEPS, factor)[0] == Limit(limit, limit + 1)


@given(st.integers(FIRST, LAST - 1))
def test_many_at_once_are_exact(limit: int) -> None:
    found, rounds = at_once(limit)
    assert found == Limit(limit, limit + 1)
    assert rounds <= 9


@pytest.mark.parametrize("limit", [FIRST - 1, 0])
def test_what_refuses_everything(limit: int) -> None:
    assert one_by_one(limit, WHOLE)[0] == at_once(limit)[0] == Limit(0, FIRST)


def test_what_takes_everything() -> None:
    assert one_by_one(LAST, WHOLE)[0] == at_once(LAST)[0] == Limit(LAST, 0)


@pytest.mark.parametrize(
    ("found", "limits", "text"),
    [
        (Limit(8, 9), {"size (bytes)": 8}, "size: 8 bytes"),
        (Limit(8, 12), {"size (bytes)": 8}, "size: 8 bytes or more, less than 12"),
        (Limit(8, 0), {"size (bytes, at least)": 8}, "size: at least 8 bytes"),
        (Limit(0, 4), {}, "size: less than 4 bytes"),
    ],
)
def test_what_is_told(found: Limit, limits: dict[str, float], text: str) -> None:
    attempt = Attempt((OWN,))
    tell(attempt, "size", "bytes", found)
    assert (attempt.limits, attempt.reports) == (limits, [text])


@pytest.mark.parametrize(("intensity", "most"), [("gentle", 1), ("normal", 2), ("harsh", 3)])
def test_how_far_a_search_goes(intensity: str, most: int) -> None:
    assert reach(Attempt((OWN,), intensity=Intensity.parse(intensity)), 1, 2, 3) == most
