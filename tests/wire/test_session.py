"""A server's frames become events; each rule that they break is named once, and reading goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.catalogue.requirement import load_catalogue
from wireproof.wire.session import (
    Close,
    Message,
    Ping,
    Pong,
    ServerSession,
    SessionEvent,
    Violation,
    forbidden_code_requirement,
)
from wireproof.wire.websocket import (
    Frame,
    FrameReader,
    FrameTooLargeError,
    LengthForm,
    Masking,
    Opcode,
    ReceivedFrame,
    Rsv,
    fragments,
)

KEY = b"\x01\x02\x03\x04"
TEXT = Frame.text("hi")


def wire(*frames: Frame) -> bytes:
    return b"".join(
        (frame.but(mask=Masking.NONE) if frame.mask is Masking.FRESH else frame).encode() for frame in frames
    )


def events(*frames: Frame, session: ServerSession | None = None) -> list[SessionEvent]:
    items = (session or ServerSession()).receive_data(wire(*frames))
    return [item for item in items if not isinstance(item, ReceivedFrame)]


def broken(*frames: Frame, session: ServerSession | None = None) -> list[str]:
    return [e.requirement for e in events(*frames, session=session) if isinstance(e, Violation)]


def messages(*frames: Frame) -> list[tuple[int, bytes, int]]:
    return [(e.opcode, e.data, len(e.frames)) for e in events(*frames) if isinstance(e, Message)]


# What conforms ---------------------------------------------------------------------------------------


def test_a_fragmented_message_with_control_frames_inside() -> None:
    first, middle, last = fragments(Opcode.TEXT, b"h\xc3", b"", b"\xb6!")
    got = events(first, Frame.ping(b"1"), middle, Frame.pong(b"2"), last)
    assert [type(event) for event in got] == [Ping, Pong, Message]
    assert messages(first, middle, last) == [(Opcode.TEXT, "hö!".encode(), 3)]


def test_empty_messages() -> None:
    assert messages(Frame.text(""), Frame.binary(b"")) == [(Opcode.TEXT, b"", 1), (Opcode.BINARY, b"", 1)]


def test_each_frame_is_told_before_its_meaning() -> None:
    items = list(ServerSession().receive_data(wire(Frame.ping(b"a"))))
    assert [type(item) for item in items] == [ReceivedFrame, Ping]


@pytest.mark.parametrize(
    ("frame", "close"),
    [
        (Frame.close(None), Close(None, b"")),
        (Frame.close(1001), Close(1001, b"")),
        (Frame.close(4999, "bye"), Close(4999, b"bye")),
        (Frame.close(1014), Close(1014, b"")),
    ],
    ids=["empty", "code", "reason", "registered-later"],
)
def test_a_close_frame(frame: Frame, close: Close) -> None:
    assert events(frame) == [close]


def test_control_frames_behind_a_close_frame_are_no_violation() -> None:
    assert broken(Frame.close(), Frame.ping(), Frame.pong()) == []


# What does not ---------------------------------------------------------------------------------------

VIOLATIONS = [
    pytest.param([TEXT.but(mask=KEY)], "rfc6455/5.1/masked-frame-sent", id="masked"),
    pytest.param([Frame.text("x", rsv=Rsv.RSV1)], "rfc6455/5.2/reserved-bits-sent", id="rsv1"),
    pytest.param(
        [Frame.ping().but(rsv=Rsv.RSV2 | Rsv.RSV3)], "rfc6455/5.2/reserved-bits-sent", id="rsv2-rsv3"
    ),
    pytest.param([Frame(0x3)], "rfc6455/5.2/opcode-sent", id="opcode-3"),
    pytest.param([Frame(0xF)], "rfc6455/5.2/opcode-sent", id="opcode-15"),
    pytest.param(
        [TEXT.but(length_form=LengthForm.BITS_16)], "rfc6455/5.2/length-minimal-sent", id="16-bit-length"
    ),
    pytest.param(
        [TEXT.but(length_form=LengthForm.BITS_64)], "rfc6455/5.2/length-minimal-sent", id="64-bit-length"
    ),
    pytest.param([Frame.ping(b"x" * 126)], "rfc6455/5.5/control-length", id="long-ping"),
    pytest.param([Frame.pong(b"x").but(fin=False)], "rfc6455/5.5/control-fragmented", id="fragmented-pong"),
    pytest.param([Frame.close(), Frame.close()], "rfc6455/5.5.1/second-close-sent", id="second-close"),
    pytest.param([Frame.close(), TEXT], "rfc6455/5.5.1/data-after-close-sent", id="text-after-close"),
    pytest.param([Frame.continuation(b"x")], "rfc6455/5.4/fragment-sequence-sent", id="continuation"),
    pytest.param(
        [TEXT, Frame.continuation(b"")], "rfc6455/5.4/fragment-sequence-sent", id="continuation-behind"
    ),
    pytest.param(
        [Frame.text("a", fin=False), Frame.binary(b"b")], "rfc6455/5.4/interleaving-sent", id="interleaved"
    ),
    pytest.param([Frame.text(b"\xff")], "rfc6455/5.6/text-utf8-sent", id="text-utf8"),
    pytest.param(
        [*fragments(Opcode.TEXT, b"\xed", b"\xa0\x80")], "rfc6455/5.6/text-utf8-sent", id="surrogate"
    ),
    pytest.param([Frame.close(None, b"x")], "rfc6455/5.5.1/close-body-code", id="close-of-one-byte"),
    pytest.param([Frame.close(999)], "rfc6455/7.4.2/code-below-1000-sent", id="code-999"),
    pytest.param([Frame.close(1005)], "rfc6455/7.4.1/code-1005-sent", id="code-1005"),
    pytest.param([Frame.close(2000)], "rfc6455/7.4.2/unassigned-code-sent", id="code-2000"),
    pytest.param([Frame.close(5000)], "rfc6455/7.4.2/code-above-4999-sent", id="code-5000"),
    pytest.param([Frame.close(1000, b"\xff")], "rfc6455/5.5.1/close-reason-utf8-sent", id="close-reason"),
]


@pytest.mark.parametrize(("frames", "requirement"), VIOLATIONS)
def test_a_rule_is_broken(frames: list[Frame], requirement: str) -> None:
    assert broken(*frames) == [requirement]


@pytest.mark.parametrize(("frames", "requirement"), VIOLATIONS)
def test_reading_goes_on_behind_a_violation(frames: list[Frame], requirement: str) -> None:
    assert events(*frames, Frame.ping(b"next"))[-1] == Ping(b"next")


def test_every_rule_is_in_the_catalogue() -> None:
    named = {str(param.values[1]) for param in VIOLATIONS}
    named |= {forbidden_code_requirement(code) for code in (1004, 1005, 1006, 1015)}
    assert named <= set(load_catalogue())


def test_an_interleaving_message_replaces_the_one_it_breaks() -> None:
    assert messages(Frame.text("a", fin=False), Frame.binary(b"b")) == [(Opcode.BINARY, b"b", 1)]


def test_binary_data_need_not_be_utf8() -> None:
    assert broken(Frame.binary(b"\xff")) == []


def test_one_frame_may_break_several_rules() -> None:
    frame = Frame.ping(b"x" * 126).but(fin=False, rsv=Rsv.RSV1, mask=KEY)
    assert broken(frame) == [
        "rfc6455/5.1/masked-frame-sent",
        "rfc6455/5.2/reserved-bits-sent",
        "rfc6455/5.5/control-length",
        "rfc6455/5.5/control-fragmented",
    ]


def test_a_message_in_fragments_counts_against_the_limit_as_a_whole() -> None:
    session = ServerSession(FrameReader(limit=10))
    with pytest.raises(FrameTooLargeError, match="11 bytes"):
        events(*fragments(Opcode.TEXT, b"x" * 6, b"x" * 5), session=session)


def test_fragments_that_carry_nothing_do_not_count() -> None:
    session = ServerSession(FrameReader(limit=1))
    assert broken(*fragments(Opcode.TEXT, b"", b"", b"x"), session=session) == []


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_give_the_same_events_in_two_pieces(noise: bytes, at: int) -> None:
    assert _tolerant(noise) == _tolerant(noise[:at], noise[at:])


def _tolerant(*pieces: bytes) -> list[object]:
    session = ServerSession()
    seen: list[object] = []
    try:
        for piece in pieces:
            seen.extend(session.receive_data(piece))
    except FrameTooLargeError as exc:
        seen.append(str(exc))
    return seen
