"""No secret is left in a transcript's frames, however it is spread over them, and compressed or not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.run.redact import Redactor
from wireproof.wire.deflate import Deflater, DeflateViolation, Inflater
from wireproof.wire.text import describe_frame
from wireproof.wire.websocket import Frame, FrameReader, Masking, Opcode, ReceivedFrame, Rsv, fragments

SECRET = "s3cr3t-T0k3n"
KEY = b"\x11\x22\x33\x44"
LEFT_OUT = {"t": 0.1, "peer": 0, "dir": "note", "kind": "tcp", "text": "9 entries left out", "hex": None}


def entries(frames: Sequence[Frame], mask: bytes | Masking, kept: int = 4096) -> list[dict[str, Any]]:
    made = []
    for frame in frames:
        data = frame.but(mask=mask).encode()
        entry = {"t": 0.1, "peer": 1, "dir": "in", "kind": "frame", "text": describe_frame(frame)}
        made.append({**entry, "hex": data[:kept].hex(), "size": len(data)})
    return made


def redacted(transcript: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = Redactor([SECRET]).record({"transcript": transcript})["transcript"]
    assert [len(one["hex"] or "") for one in made] == [len(one["hex"] or "") for one in transcript]
    return made


def frames_of(transcript: Sequence[dict[str, Any]]) -> list[ReceivedFrame]:
    reader = FrameReader()
    for entry in transcript:
        reader.receive_data(bytes.fromhex(entry["hex"] or ""))
    return list(reader.frames())


def payload_of(transcript: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(frame.payload for frame in frames_of(transcript) if frame.opcode < Opcode.CLOSE)


def cut(text: bytes, *offsets: int, rsv: Rsv = Rsv.NONE) -> list[Frame]:
    bounds = [0, *offsets, len(text)]
    parts = [text[start:end] for start, end in pairwise(bounds)]
    first, *others = fragments(Opcode.TEXT, *parts)
    return [first.but(rsv=rsv), *others]


@pytest.mark.parametrize("mask", [Masking.NONE, KEY], ids=["in", "out"])
def test_a_secret_over_fragments(mask: bytes | Masking) -> None:
    first, *others = cut(f"<{SECRET}>".encode(), 4, 9)
    made = redacted(entries([first, Frame.ping(b"between"), *others], mask))
    assert payload_of(made) == f"<{'*' * len(SECRET)}>".encode()
    assert [one["text"] for one in made] == [
        'text FIN=0 [4] "<***"',
        'ping [7] "between"',
        'continuation FIN=0 [5] "*****"',
        'continuation [5] "****>"',
    ]


@pytest.mark.parametrize("mask", [Masking.NONE, KEY], ids=["in", "out"])
@pytest.mark.parametrize(("text", "kept"), [(f"it is {SECRET}", False), ("nothing to hide", True)])
def test_a_compressed_message_over_fragments(mask: bytes | Masking, text: str, kept: bool) -> None:
    data = Deflater().compress(text.encode())
    told = entries(cut(data, 3, 8, rsv=Rsv.RSV1), mask)
    made = redacted(told)
    assert payload_of(made) == (data if kept else b"*" * len(data))
    assert ([one["text"] for one in made] == [one["text"] for one in told]) is kept
    assert kept or all(set(one["text"].partition('"')[2]) == {"*", '"'} for one in made)


def test_a_compressed_message_without_its_end() -> None:
    data = Deflater().compress(f"it is {SECRET}".encode())
    made = redacted(entries(cut(data, 8, rsv=Rsv.RSV1)[:1], Masking.NONE))
    assert payload_of(made) == b"*" * 8


def test_a_continuation_behind_a_gap_may_be_compressed() -> None:
    told = entries(cut(Deflater().compress(f"it is {SECRET}".encode()), 2, rsv=Rsv.RSV1), Masking.NONE)
    made = redacted([LEFT_OUT, told[1], *entries([Frame.text("hello")], Masking.NONE)])
    last, hello = frames_of(made)
    assert (set(last.payload), hello.payload) == (set(b"*"), b"hello")


def test_a_compressed_continuation_that_was_cut_off() -> None:
    data = Deflater(level=0).compress(f"{'x' * 40} {SECRET} {'y' * 40}".encode())
    first, second = entries(cut(data, 20, rsv=Rsv.RSV1), Masking.NONE)
    size = len(second["hex"]) // 2
    made = redacted([first, {**second, "hex": second["hex"][:-20]}])
    assert bytes.fromhex(made[1]["hex"]) == b"*" * (size - 10)
    assert SECRET not in made[1]["text"]
    assert set(made[1]["text"].partition('"')[2].partition('"')[0]) == {"*"}


@given(st.text(max_size=20), st.lists(st.integers(0, 40), max_size=4), st.booleans(), st.booleans())
def test_no_secret_survives(around: str, offsets: list[int], packed: bool, masked: bool) -> None:
    text = f"{around}{SECRET}{around}".encode()
    data = Deflater().compress(text) if packed else text
    told = cut(data, *sorted(min(at, len(data)) for at in offsets), rsv=Rsv.RSV1 if packed else Rsv.NONE)
    left = payload_of(redacted(entries(told, KEY if masked else Masking.NONE)))
    try:
        assert SECRET.encode() not in (Inflater().decompress(left) if packed else left)
    except DeflateViolation:
        assert set(left) == set(b"*")
