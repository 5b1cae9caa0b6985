"""What of a transcript is shown where there is no room for all of it."""

from __future__ import annotations

from typing import Any

from tests.reports.made import FAILING, case, entry
from wireproof.cli.excerpt import LINES, Excerpt, excerpt


def of(*texts: str, at: int | None = None, peers: dict[int, int] | None = None) -> Excerpt:
    """The excerpt of a transcript with *texts*; those that begin with ``>`` went out."""
    entries: list[dict[str, Any]] = [
        entry(
            number / 10,
            "out" if text.startswith(">") else "in",
            "frame",
            text.removeprefix(">"),
            peer=(peers or {}).get(number, 1),
        )
        for number, text in enumerate(texts)
    ]
    return excerpt(case(FAILING, "fail", transcript=entries, findings=[{"at": at}]))


PING, PONG = '>ping [11] "wireproof-1"', 'pong [11] "wireproof-1"'


def test_a_short_one_is_shown_whole() -> None:
    assert of("a", PING, PONG, at=0) == Excerpt((0, 1, 2), 0, 0, True)
    assert of("a", PING, PONG, at=0).rest == ""


def test_signs_of_life_make_way_for_what_is_accused() -> None:
    told = of("a", "b", "c", *[PING, PONG] * 9, at=2)
    assert told == Excerpt((0, 1, 2), 2, 18, True)
    assert told.rest == "… 18 more, pings and the like: in --html and --json"


def test_some_lines_lead_to_it_and_two_of_its_connection_follow() -> None:
    told = of(*"abcdefghijklmnop", at=9, peers={10: 2, 13: 2})
    assert told == Excerpt((4, 5, 6, 7, 8, 9, 11, 12), 9, 8, False)
    assert told.rest == "… 8 more: in --html and --json"
    assert len(told.shown) == LINES


def test_its_own_connection_comes_first() -> None:
    told = of(*"abcdefghijklmnop", at=15, peers=dict.fromkeys(range(5, 15), 2))
    assert told.shown == (1, 2, 3, 4, 12, 13, 14, 15)


def test_what_fits_is_shown_where_few_lines_lead_to_it() -> None:
    told = of("a", "b", "c", "d", *[PING, PONG] * 4, "e", peers={0: 2, 1: 2, 2: 2}, at=12)
    assert told.shown == (0, 1, 2, 3, 12)


def test_a_sign_of_life_may_be_what_is_accused() -> None:
    assert of("a", "b", *[PING, PONG] * 5, at=5).shown == (0, 1, 5)


def test_the_end_is_shown_where_nothing_in_it_is_accused() -> None:
    assert of(*"abcdefghij", PING, PONG).shown == tuple(range(2, 10))
    assert of(*[PING, PONG] * 6).shown == tuple(range(4, 12))


def test_what_a_server_sends_by_itself_leaves_room_for_what_was_sent() -> None:
    pushed = [f'text [40] "presence of number {number}"' for number in range(20)]
    told = of("a", '>text [5] "hello"', *pushed[:12], "b", *pushed[12:], at=22)
    assert told.shown == (0, 1, 14, 18, 19, 20, 21, 22)
    assert of('>text [5] "hello"', *pushed).shown == (0, *range(14, 21))
    assert of(">x", ">y", *pushed, at=21, peers={1: 2}).shown == (0, 1, 16, 17, 18, 19, 20, 21)


def test_a_place_that_is_not_there_marks_nothing() -> None:
    assert of("a", at=7).marked is None
