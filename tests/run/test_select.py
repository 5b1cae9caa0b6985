"""Which cases a run takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.case import CaseSpec, Intensity
from wireproof.errors import UsageError
from wireproof.run.select import CaseItem, match_ids, matches, select
from wireproof.run.settings import Settings

GENTLE = CaseSpec(("rfc6455/5.2/reserved-bits",))
HARSH = CaseSpec(("rfc6455/5.2/reserved-bits",), intensity=Intensity.HARSH)
IDS = ("websocket/a/bits[rsv1]", "websocket/a/bits[rsv2]", "websocket/b/bits", "websocket/b/bits-more")


def items(*ids: str, spec: CaseSpec = GENTLE) -> list[CaseItem]:
    return [CaseItem(name, "title", "websocket", spec, "test_x.py") for name in ids]


def chosen(settings: Settings, *ids: str) -> list[str]:
    return [case.id for case in select(items(*(ids or IDS)), settings)]


LOCAL = Settings("ws://localhost:1")


def test_all_without_a_wish() -> None:
    assert chosen(LOCAL) == list(IDS)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        pytest.param("websocket/a/bits[rsv1]", IDS[:1], id="exact"),
        pytest.param("websocket/b/bits", IDS[2:3], id="exact-though-others-begin-so"),
        pytest.param("websocket/a/*", IDS[:2], id="star"),
        pytest.param("*[rsv?]", IDS[:2], id="brackets-are-literal"),
        pytest.param("websocket/[ab]/bits", (), id="no-classes"),
        pytest.param("websocket/a", (), id="no-prefixes"),
        pytest.param("*", IDS, id="all"),
        pytest.param("WEBSOCKET/*", (), id="letter-case"),
    ],
)
def test_a_pattern(pattern: str, found: tuple[str, ...]) -> None:
    assert match_ids(pattern, IDS) == set(found)


def test_a_dot_is_a_dot() -> None:
    assert not matches("a.b", "axb")


def test_several_wishes_add_up_in_the_order_of_the_suites() -> None:
    assert chosen(replace(LOCAL, cases=("websocket/b/bits", "*[rsv1]"))) == [IDS[0], IDS[2]]


def test_a_wish_that_nothing_fits() -> None:
    with pytest.raises(UsageError, match=r"no case matches 'websocket/c/\*'"):
        chosen(replace(LOCAL, cases=("*", "websocket/c/*")))


def test_an_id_that_occurs_twice() -> None:
    with pytest.raises(UsageError, match="several cases have the id websocket/b/bits"):
        chosen(LOCAL, IDS[2], IDS[0], IDS[2])


def test_only_what_did_not_pass() -> None:
    assert chosen(replace(LOCAL, rerun=frozenset({IDS[3], "gone/since"}))) == [IDS[3]]


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        (LOCAL, 1),
        (replace(LOCAL, chosen_intensity=Intensity.HARSH), 2),
        (replace(LOCAL, chosen_intensity=Intensity.GENTLE), 1),
    ],
    ids=["default", "harsh", "gentle"],
)
def test_what_may_hurt_has_to_be_asked_for(settings: Settings, count: int) -> None:
    assert len(select([*items("a/b/c"), *items("a/b/d", spec=HARSH)], settings)) == count


@given(st.integers(1, 9), st.integers(0, 30))
def test_shards_are_disjoint_and_complete(parts: int, count: int) -> None:
    ids = [f"websocket/a/c{number}" for number in range(count)]
    shards = [select(items(*ids), replace(LOCAL, shard=(k, parts))) for k in range(1, parts + 1)]
    assert sorted(case.id for shard in shards for case in shard) == sorted(ids)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
