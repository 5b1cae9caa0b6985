"""Frames survive the way there and back: every form of length, every mask, any pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.wire.websocket import (
    CloseCode,
    CodeClass,
    Frame,
    FrameReader,
    FrameTooLargeError,
    LengthForm,
    Masking,
    Opcode,
    ReceivedFrame,
    Rsv,
    apply_mask,
    classify_code,
    fragments,
)

KEY = b"\x37\xfa\x21\x3d"
MASKS = st.one_of(st.sampled_from(list(Masking)), st.binary(min_size=4, max_size=4))
PAYLOADS = st.one_of(
    st.binary(max_size=300), st.sampled_from([125, 126, 127, 65535, 65536]).map(lambda size: b"p" * size)
)
FRAMES = st.builds(
    Frame,
    opcode=st.integers(0, 15),
    payload=PAYLOADS,
    fin=st.booleans(),
    rsv=st.integers(0, 7).map(lambda bits: Rsv(bits << 4)),
    mask=MASKS,
    length_form=st.sampled_from(LengthForm),
)


def read(data: bytes) -> list[ReceivedFrame]:
    reader = FrameReader()
    reader.receive_data(data)
    return list(reader.frames())


def unmasked(size: int, form: LengthForm = LengthForm.SHORTEST) -> bytes:
    return Frame(Opcode.BINARY, b"x" * size, mask=Masking.NONE, length_form=form).encode()


@given(st.lists(FRAMES, max_size=4), st.binary(min_size=4, max_size=4), st.data())
def test_frames_come_back_as_they_were_in_any_pieces(
    sent: list[Frame], key: bytes, data: st.DataObject
) -> None:
    wire = b"".join(frame.encode(key) for frame in sent)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(wire)), max_size=20)))
    reader = FrameReader()
    received: list[ReceivedFrame] = []
    for start, end in pairwise([0, *cuts, len(wire)]):
        reader.receive_data(wire[start:end])
        received += reader.frames()
    assert [(f.opcode, f.payload, f.fin, f.rsv) for f in received] == [
        (f.opcode, f.payload, f.fin, f.rsv) for f in sent
    ]
    assert [f.mask for f in received] == [
        key if f.mask is Masking.FRESH else None if f.mask is Masking.NONE else f.mask for f in sent
    ]
    assert b"".join(frame.encode() for frame in received) == wire
    assert reader.pending == b""


@pytest.mark.parametrize(
    ("frame", "wire"),
    [
        (Frame.text("Hello", rsv=Rsv.NONE).but(mask=Masking.NONE), "810548656c6c6f"),
        (Frame.text("Hello").but(mask=KEY), "818537fa213d7f9f4d5158"),
        (Frame.text("Hel", fin=False).but(mask=Masking.NONE), "010348656c"),
        (Frame.continuation(b"lo").but(mask=Masking.NONE), "80026c6f"),
        (Frame.pong(b"Hello").but(mask=KEY), "8a8537fa213d7f9f4d5158"),
    ],
    ids=["text", "masked-text", "first-fragment", "last-fragment", "masked-pong"],
)
def test_the_examples_of_section_5_7(frame: Frame, wire: str) -> None:
    assert frame.encode().hex() == wire


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, "8200"),
        (125, "827d"),
        (126, "827e007e"),
        (65535, "827effff"),
        (65536, "827f0000000000010000"),
    ],
)
def test_the_shortest_form_of_a_length(size: int, header: str) -> None:
    wire = unmasked(size)
    assert wire[: len(wire) - size].hex() == header
    assert [(len(f.payload), f.minimal) for f in read(wire)] == [(size, True)]


@pytest.mark.parametrize(
    ("size", "form", "minimal"),
    [
        (125, LengthForm.BITS_16, False),
        (126, LengthForm.BITS_16, True),
        (125, LengthForm.BITS_64, False),
        (65535, LengthForm.BITS_64, False),
        (65536, LengthForm.BITS_64, True),
    ],
)
def test_whether_a_length_is_minimal(size: int, form: LengthForm, minimal: bool) -> None:
    assert [(len(f.payload), f.minimal) for f in read(unmasked(size, form))] == [(size, minimal)]


def test_a_form_too_short_for_its_length_becomes_the_next() -> None:
    assert unmasked(65536, LengthForm.BITS_16) == unmasked(65536, LengthForm.BITS_64)


def test_a_declared_length_stands_in_the_header_alone() -> None:
    assert Frame.binary(b"ab").but(declared=1 << 63, mask=KEY).encode().hex() == (
        "82ff8000000000000000" + KEY.hex() + apply_mask(b"ab", KEY).hex()
    )


@pytest.mark.parametrize("length", [11, 1 << 31, 1 << 63, (1 << 64) - 1])
def test_a_length_beyond_the_limit_is_refused_at_the_header(length: int) -> None:
    reader = FrameReader(limit=10)
    reader.receive_data(Frame.binary(b"").but(declared=length, mask=Masking.NONE).encode())
    with pytest.raises(FrameTooLargeError, match=f"a payload of {length} bytes") as caught:
        list(reader.frames())
    assert caught.value.length == length


def test_what_makes_no_frame_yet_is_pending() -> None:
    reader = FrameReader()
    reader.receive_data(unmasked(3) + b"\x82\x05abc")
    assert [frame.payload for frame in reader.frames()] == [b"xxx"]
    assert reader.pending == b"\x82\x05abc"


@given(st.binary(max_size=100), st.binary(min_size=4, max_size=4))
def test_masking_is_the_exclusive_or_with_the_repeated_key(data: bytes, key: bytes) -> None:
    assert apply_mask(data, key) == bytes(byte ^ key[i % 4] for i, byte in enumerate(data))


def test_a_message_in_fragments() -> None:
    assert [(f.opcode, f.payload, f.fin) for f in fragments(Opcode.TEXT, b"a", b"", b"b")] == [
        (Opcode.TEXT, b"a", False),
        (Opcode.CONTINUATION, b"", False),
        (Opcode.CONTINUATION, b"b", True),
    ]


def test_one_fragment_is_a_whole_message() -> None:
    assert fragments(Opcode.BINARY, b"a") == (Frame.binary(b"a"),)


@pytest.mark.parametrize(
    ("frame", "payload"),
    [
        (Frame.close(), b"\x03\xe8"),
        (Frame.close(CloseCode.GOING_AWAY, "bye"), b"\x03\xe9bye"),
        (Frame.close(None), b""),
        (Frame.close(None, b"x"), b"x"),
    ],
    ids=["normal", "reason", "empty", "one-byte"],
)
def test_the_body_of_a_close_frame(frame: Frame, payload: bytes) -> None:
    assert (frame.opcode, frame.payload) == (Opcode.CLOSE, payload)


@pytest.mark.parametrize(
    ("codes", "worth"),
    [
        ((0, 999, 1004, 1005, 1006, 1015, 5000, 65535), CodeClass.FORBIDDEN),
        ((1016, 2999), CodeClass.UNASSIGNED),
        ((1000, 1003, 1007, 1011, 1012, 1014, 3000, 4999), CodeClass.LEGAL),
    ],
    ids=["forbidden", "unassigned", "legal"],
)
def test_what_a_close_code_is_worth(codes: tuple[int, ...], worth: CodeClass) -> None:
    assert {classify_code(code) for code in codes} == {worth}


@pytest.mark.parametrize(("opcode", "control"), [(0, False), (2, False), (7, False), (8, True), (15, True)])
def test_which_opcodes_are_control(opcode: int, control: bool) -> None:
    assert [frame.is_control for frame in read(bytes([0x80 | opcode, 0]))] == [control]
