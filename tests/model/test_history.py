"""The checker of broadcast histories: each anomaly is found, and nothing that could be legal is accused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wireproof.model.history import (
    Act,
    Anomaly,
    History,
    Joined,
    Joining,
    Leaving,
    Left,
    Received,
    SenderRule,
    Sent,
)

ROOM: list[Act] = [Joined("a"), Joined("b"), Joined("c")]


def judged(*acts: Act, rule: SenderRule = SenderRule.EXCLUDED) -> list[tuple[Anomaly, str, str]]:
    history = History(rule)
    for act in acts:
        history.take(act)
    return [(oddity.kind, oddity.member, oddity.key) for oddity in history.oddities()]


def test_complete_delivery_is_clean() -> None:
    assert judged(*ROOM, Sent("a", "1"), Received("b", "1"), Received("c", "1")) == []


def test_missing_delivery_is_lost() -> None:
    assert judged(*ROOM, Sent("a", "1"), Received("b", "1")) == [(Anomaly.LOST, "c", "1")]


def test_second_delivery_is_doubled() -> None:
    acts = (*ROOM, Sent("a", "1"), Received("b", "1"), Received("c", "1"), Received("c", "1"))
    assert judged(*acts) == [(Anomaly.DOUBLED, "c", "1")]


def test_own_message_is_stray_where_senders_are_excluded() -> None:
    acts = (*ROOM, Sent("a", "1"), Received("b", "1"), Received("c", "1"), Received("a", "1"))
    assert judged(*acts) == [(Anomaly.STRAY, "a", "1")]


def test_own_message_is_demanded_where_senders_are_included() -> None:
    acts = (*ROOM, Sent("a", "1"), Received("b", "1"), Received("c", "1"))
    assert judged(*acts, rule=SenderRule.INCLUDED) == [(Anomaly.LOST, "a", "1")]


def test_sender_that_may_not_be_in_the_room_may_miss_its_own_message() -> None:
    acts = (Joining("a"), Joined("b"), Sent("a", "1"), Received("b", "1"))
    assert judged(*acts, rule=SenderRule.INCLUDED) == []
    assert judged(*acts, Received("a", "1"), rule=SenderRule.INCLUDED) == []


def test_unknown_message_is_stray() -> None:
    assert judged(*ROOM, Received("b", "x")) == [(Anomaly.STRAY, "b", "x")]


def test_order_of_one_sender_is_kept() -> None:
    acts = (Joined("a"), Joined("b"), Sent("a", "1"), Sent("a", "2"), Received("b", "2"), Received("b", "1"))
    assert judged(*acts) == [(Anomaly.REORDERED, "b", "1")]


def test_order_between_senders_is_free() -> None:
    acts = (*ROOM, Sent("a", "1"), Sent("b", "2"))
    seen = (Received("c", "2"), Received("c", "1"), Received("a", "2"), Received("b", "1"))
    assert judged(*acts, *seen) == []


def test_member_that_is_leaving_may_miss_what_comes() -> None:
    assert judged(*ROOM, Leaving("c"), Sent("a", "1"), Received("b", "1")) == []


def test_member_that_has_left_gets_nothing() -> None:
    acts = (*ROOM, Leaving("c"), Left("c"), Sent("a", "1"), Received("b", "1"), Received("c", "1"))
    assert judged(*acts) == [(Anomaly.STRAY, "c", "1")]


def test_member_that_is_joining_may_get_what_was_sent_before() -> None:
    acts = (Joined("a"), Joined("b"), Sent("a", "1"), Joining("c"), Received("b", "1"), Received("c", "1"))
    assert judged(*acts) == []


def test_other_room_gets_nothing() -> None:
    acts = (Joined("a", "x"), Joined("b", "y"), Sent("a", "1", frozenset({"x"})), Received("b", "1"))
    assert judged(*acts) == [(Anomaly.STRAY, "b", "1")]


def test_overlapping_rooms_deliver_once() -> None:
    acts = (Joined("b", "x"), Joined("b", "y"), Sent("a", "1", frozenset({"x", "y"})), Received("b", "1"))
    assert judged(*acts) == []


def test_members_stand_where_they_may_be() -> None:
    history = History()
    for act in (Joining("a", "x"), Joined("b", "x"), Joined("b", "y"), Leaving("b", "x"), Left("b", "y")):
        history.take(act)
    assert history.standing() == [("a", "x"), ("b", "x")]


@given(st.lists(st.sampled_from("abc"), max_size=20), st.randoms())
def test_any_fair_server_is_clean(senders: list[str], random: object) -> None:
    acts: list[Act] = list(ROOM)
    queues: dict[str, list[str]] = {member: [] for member in "abc"}
    for number, sender in enumerate(senders):
        acts.append(Sent(sender, str(number)))
        for member in "abc":
            if member != sender:
                queues[member].append(str(number))
        member = random.choice("abc")  # type: ignore[attr-defined]
        acts += [Received(member, key) for key in queues[member]]
        queues[member].clear()
    acts += [Received(member, key) for member, keys in queues.items() for key in keys]
    assert judged(*acts) == []
