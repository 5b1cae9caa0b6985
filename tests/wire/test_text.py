"""Frames and bytes in words: short, printable, and exact about what is unusual."""

from __future__ import annotations

import pytest

from wireproof.wire.text import describe_frame, printable, shorten
from wireproof.wire.websocket import Frame, FrameReader, LengthForm, Masking, Rsv


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"abc", '"abc"'),
        (b"\x00\\\xff", r'"\x00\x5c\xff"'),
        (b"abcdef", '"abcde" and 1 bytes more'),
        (b"", '""'),
    ],
    ids=["plain", "unprintable", "long", "empty"],
)
def test_bytes_in_quotes(data: bytes, shown: str) -> None:
    assert shorten(data, 5) == shown


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (Frame.text("hi"), 'text [2] "hi"'),
        (Frame.ping(), "ping [0]"),
        (Frame.text("a", fin=False, rsv=Rsv.RSV1 | Rsv.RSV3), 'text FIN=0 RSV1 RSV3 [1] "a"'),
        (Frame(0xB), "opcode 0xb [0]"),
        (Frame.close(1000, "bye"), 'close 1000 "bye"'),
        (Frame.close(None), "close without a code"),
        (Frame.close(None, b"x"), "close with a body of one byte"),
        (Frame.binary(b"").but(mask=Masking.NONE), "binary unmasked [0]"),
        (Frame.binary(b"").but(length_form=LengthForm.BITS_64), "binary 64-bit length [0]"),
        (Frame.binary(b"").but(declared=9), "binary announcing 9 bytes [0]"),
    ],
)
def test_a_frame_to_send(frame: Frame, shown: str) -> None:
    assert describe_frame(frame) == shown


def test_a_received_frame_that_is_masked() -> None:
    reader = FrameReader()
    reader.receive_data(Frame.text("hi").encode(b"abcd"))
    assert [describe_frame(frame) for frame in reader.frames()] == ['text masked [2] "hi"']


def test_nothing_reaches_a_terminal_that_it_would_obey() -> None:
    assert printable("a\x1b[2J\n\u202eö") == r"a\x1b[2J\x0a\x202eö"
