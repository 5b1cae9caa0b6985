"""Messages that are compressed and read once for many say the same as if each were done by itself."""

from __future__ import annotations

import zlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wireproof.wire.deflate import TAIL, WINDOW, Agreement, Deflater, Inflater, compress_behind
from wireproof.wire.session import Message, ServerSession
from wireproof.wire.volume import VARIANTS, Outbox, Recogniser, Rotation
from wireproof.wire.websocket import Frame, FrameReader, Masking, Opcode, Rsv, frame_end

PAYLOADS = st.lists(
    st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=9), st.integers(1, 400)),
    min_size=1,
    max_size=5,
)
AGREEMENTS = st.builds(
    Agreement,
    server_no_context_takeover=st.booleans(),
    client_no_context_takeover=st.booleans(),
    client_max_window_bits=st.integers(8, 15),
)
TEXTS = tuple(bytes([letter]) * 5000 + b"tail %d" % letter for letter in b"abcdefg")


def rotation(payloads: list[bytes] | tuple[bytes, ...] = TEXTS, count: int = 40) -> Rotation:
    return Rotation(Opcode.TEXT, tuple(payloads), count)


def echo(payload: bytes, *, marked: bool = True, step: int = 0) -> bytes:
    step = step or len(payload) or 1
    parts = [payload[at : at + step] for at in range(0, len(payload), step)]
    return b"".join(
        Frame(
            Opcode.CONTINUATION if at else Opcode.TEXT,
            part,
            fin=at == len(parts) - 1,
            rsv=Rsv.NONE if at or not marked else Rsv.RSV1,
            mask=Masking.NONE,
        ).encode()
        for at, part in enumerate(parts)
    )


def read(data: bytes, inflater: Inflater | None = None) -> Message:
    session = ServerSession(inflater=inflater or Inflater())
    (message,) = [one for one in session.receive_data(data) if isinstance(one, Message)]
    return message


# What is sent ------------------------------------------------------------------------------------------


@given(PAYLOADS, st.integers(0, 60), st.integers(0, WINDOW))
def test_history_is_what_came_before(payloads: list[bytes], number: int, window: int) -> None:
    turned = rotation(payloads, 61)
    before = b"".join(turned.payload(one) for one in range(number))
    assert turned.before(number) == len(before)
    assert turned.history(number, window) == before[len(before) - min(window, len(before)) :]


@given(PAYLOADS, st.integers(0, WINDOW))
def test_messages_at_the_same_place_have_the_same_history(payloads: list[bytes], window: int) -> None:
    turned = rotation(payloads, 60)
    seen: dict[int, tuple[bytes, bytes]] = {}
    for number in range(60):
        if (place := turned.place(number, window)) is not None:
            told = (turned.payload(number), turned.history(number, window))
            assert seen.setdefault(place, told) == told


@settings(max_examples=60)
@given(PAYLOADS, AGREEMENTS, st.integers(0, 300))
def test_server_that_keeps_what_was_agreed_reads_every_message(
    payloads: list[bytes], agreement: Agreement, fragment: int
) -> None:
    turned = rotation(payloads, 50)
    outbox = Outbox(turned, agreement, Random(1), fragment)
    stream = zlib.decompressobj(-agreement.client_max_window_bits)
    for number in range(turned.count):
        if agreement.client_no_context_takeover:
            stream = zlib.decompressobj(-agreement.client_max_window_bits)
        reader = FrameReader()
        reader.receive_data(outbox.message(number))
        frames = list(reader.frames())
        assert reader.pending == b""
        assert [frame.fin for frame in frames] == [*[False] * (len(frames) - 1), True]
        assert frames[0].rsv is Rsv.RSV1
        assert all(frame.mask is not None for frame in frames)
        assert not fragment or max(len(frame.payload) for frame in frames) <= fragment
        payload = b"".join(frame.payload for frame in frames)
        assert stream.decompress(payload + TAIL) == turned.payload(number)


def test_each_message_is_compressed_once_in_each_place() -> None:
    outbox = Outbox(rotation(), Agreement(), Random(1))
    sent = [outbox.message(number) for number in range(40)]
    settled = next(n for n in range(40) if outbox.rotation.before(n) >= WINDOW)
    assert sent[settled : settled + 7] * 2 == sent[settled + 7 : settled + 21]
    assert len(set(sent[settled:])) == 7


@given(st.binary(max_size=2000), st.binary(max_size=2000), st.integers(8, 15))
def test_message_behind_a_history_needs_no_other(history: bytes, data: bytes, bits: int) -> None:
    stream = zlib.decompressobj(-bits, zdict=history[-(1 << bits) :])
    assert stream.decompress(compress_behind(history, data, bits) + TAIL) == data


# What comes back ---------------------------------------------------------------------------------------


def follow(turned: Rotation, agreement: Agreement, echoes: list[bytes]) -> tuple[list[int], list[bytes]]:
    """Which echoes were read, and what all of them say when those are read that were not known."""
    known, inflater, reads, said = Recogniser(turned, agreement), Inflater(), [], list[bytes]()
    inflater.keeps_context = not agreement.server_no_context_takeover
    for number, data in enumerate(echoes):
        if known.end(number, data, 0) == len(data):
            said.append(turned.payload(number))
            continue
        if (history := known.history(number)) is not None:
            inflater.remember(history)
        message = read(data, inflater)
        reads.append(number)
        said.append(message.data)
        known.learn(number, message)
    return reads, said


@pytest.mark.parametrize("takeover", [True, False], ids=["takeover", "no-takeover"])
@pytest.mark.parametrize("step", [0, 100], ids=["whole", "fragments"])
def test_echoes_are_read_until_they_are_known(takeover: bool, step: int) -> None:
    turned, deflater = rotation(), Deflater(keeps_context=takeover)
    echoes = [echo(deflater.compress(turned.payload(n)), step=step) for n in range(40)]
    reads, said = follow(turned, Agreement(server_no_context_takeover=not takeover), echoes)
    assert said == [turned.payload(n) for n in range(40)]
    settled = next(n for n in range(40) if turned.before(n) >= WINDOW) if takeover else 0
    assert len(reads) <= settled + VARIANTS * 7


def test_echoes_that_are_not_compressed_are_known_at_once() -> None:
    turned = rotation()
    echoes = [echo(turned.payload(n), marked=False) for n in range(40)]
    assert follow(turned, Agreement(), echoes)[0] == list(range(7))


@given(st.sets(st.integers(0, 39)))
def test_server_may_compress_some_messages_only(plain: set[int]) -> None:
    turned, deflater = rotation(), Deflater()
    echoes = [
        echo(turned.payload(n), marked=False) if n in plain else echo(deflater.compress(turned.payload(n)))
        for n in range(40)
    ]
    assert follow(turned, Agreement(), echoes)[1] == [turned.payload(n) for n in range(40)]


@given(st.integers(0, 39))
def test_echo_of_other_bytes_is_never_taken_for_a_known_one(wrong: int) -> None:
    turned, deflater = rotation(), Deflater()
    payloads = [turned.payload(n) for n in range(40)]
    payloads[wrong] = payloads[wrong][:-1] + b"!"
    echoes = [echo(deflater.compress(payload)) for payload in payloads]
    assert follow(turned, Agreement(), echoes)[1][: wrong + 1] == payloads[: wrong + 1]


@given(st.integers(1, 60))
def test_beginning_of_a_known_echo_waits_for_the_rest(cut: int) -> None:
    turned = rotation()
    known, whole = Recogniser(turned, Agreement()), echo(turned.payload(0), marked=False)
    known.learn(0, read(whole))
    assert known.end(7, b"xx" + whole, 2) == 2 + len(whole)
    assert known.end(7, b"xx" + whole[:cut], 2) == 2 + len(whole)
    assert known.end(8, whole, 0) is None


# Frames ------------------------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.sampled_from([0, 125, 126, 65535, 65536]), st.sampled_from(list(Masking)))
def test_end_of_a_frame_by_its_header(before: bytes, size: int, mask: Masking) -> None:
    data = before + Frame(Opcode.BINARY, bytes(size), mask=mask).encode(b"abcd")
    assert frame_end(data + b"more", len(before)) == len(data)
    assert frame_end(data[: len(before) + 1], len(before)) is None
