"""The evidence: entries in order, with times, within bounds."""

from __future__ import annotations

from itertools import count

from wireproof.transcript import Direction, Kind, Transcript


def transcript(*, data: int = 100, head: int = 100, tail: int = 100) -> Transcript:
    ticks = count(100)
    return Transcript(data, head, tail, clock=lambda: float(next(ticks)))


def add(record: Transcript, *texts: str) -> None:
    for text in texts:
        record.add(1, Direction.OUT, Kind.FRAME, text)


def test_times_begin_with_the_transcript() -> None:
    record = transcript()
    add(record, "a", "b")
    assert [(entry.t, entry.text) for entry in record.entries()] == [(1.0, "a"), (2.0, "b")]


def test_long_data_keeps_its_start_and_its_size() -> None:
    record = transcript(data=3)
    record.add(2, Direction.IN, Kind.HTTP, "head", b"abcdef")
    (entry,) = record.entries()
    assert (entry.peer, entry.direction, entry.kind, entry.data, entry.size) == (2, "in", "http", b"abc", 6)


def test_no_data_is_not_empty_data() -> None:
    record = transcript()
    add(record, "a")
    record.add(1, Direction.OUT, Kind.FRAME, "b", b"")
    assert [entry.data for entry in record.entries()] == [None, b""]


def test_a_long_transcript_keeps_its_start_and_its_end() -> None:
    record = transcript(head=2, tail=2)
    add(record, *"abcdefg")
    assert [entry.text for entry in record.entries()] == ["a", "b", "3 entries left out", "f", "g"]


def test_nothing_is_said_where_nothing_is_left_out() -> None:
    record = transcript(head=2, tail=2)
    add(record, *"abcd")
    assert [entry.text for entry in record.entries()] == list("abcd")
