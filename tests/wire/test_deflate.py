"""permessage-deflate: what is compressed here zlib reads, and what zlib compresses is read here."""

from __future__ import annotations

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.wire.blocks import BlockWriter, Copy
from wireproof.wire.deflate import (
    TAIL,
    Agreement,
    DeflateOffer,
    Deflater,
    DeflateViolation,
    Inflater,
    MessageTooLarge,
    read_agreement,
)
from wireproof.wire.extensions import Extension, parse_extensions
from wireproof.wire.inflate import BlockType, blocks

HELLO = bytes.fromhex("f248cdc9c90700")
MESSAGES = st.lists(
    st.one_of(
        st.binary(max_size=300),
        st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=20), st.integers(0, 400)),
    ),
    min_size=1,
    max_size=8,
)
BITS = st.integers(8, 15)


def accepted(text: str) -> Extension:
    return parse_extensions(text.encode())[0]


# Reading and writing data ------------------------------------------------------------------------------


@given(MESSAGES, BITS, st.booleans(), st.integers(0, 9))
def test_what_is_compressed_is_read_again(
    messages: list[bytes], bits: int, keeps_context: bool, level: int
) -> None:
    deflater, inflater = Deflater(bits, keeps_context, level), Inflater(keeps_context)
    assert [inflater.decompress(deflater.compress(one)) for one in messages] == messages


@given(MESSAGES, BITS)
def test_zlib_reads_what_is_compressed(messages: list[bytes], bits: int) -> None:
    deflater, stream = Deflater(bits), zlib.decompressobj(-bits)
    assert [stream.decompress(deflater.compress(one) + TAIL) for one in messages] == messages


@given(MESSAGES, st.integers(9, 15), st.sampled_from([0, 1, 6, 9]), st.integers(0, 4))
def test_what_zlib_compresses_is_read(messages: list[bytes], bits: int, level: int, strategy: int) -> None:
    stream, inflater = zlib.compressobj(level, zlib.DEFLATED, -bits, 8, strategy), Inflater()
    for one in messages:
        made = stream.compress(one) + stream.flush(zlib.Z_SYNC_FLUSH)
        assert inflater.decompress(made.removesuffix(TAIL)) == one


@given(MESSAGES)
def test_messages_of_final_blocks_are_read(messages: list[bytes]) -> None:
    inflater = Inflater()
    for one in messages:
        stream = zlib.compressobj(6, zlib.DEFLATED, -15)
        assert inflater.decompress(stream.compress(one) + stream.flush() + b"\x00") == one


@given(MESSAGES)
def test_a_window_of_8_bits_never_refers_back(messages: list[bytes]) -> None:
    deflater = Deflater(window_bits=8)
    for one in messages:
        assert {block.farthest for block in blocks(deflater.compress(one) + TAIL)} == {0}


@given(MESSAGES)
def test_without_context_every_message_is_read_alone(messages: list[bytes]) -> None:
    deflater = Deflater(keeps_context=False)
    for one in messages:
        assert Inflater().decompress(deflater.compress(one)) == one


@given(st.binary(max_size=200))
def test_garbage_is_read_as_zlib_reads_it_or_not_at_all(data: bytes) -> None:
    with suppress(DeflateViolation):
        made = Inflater().decompress(data)
        assert made.startswith(zlib.decompressobj(-15).decompress(data + TAIL))


def test_the_examples_of_the_text() -> None:
    inflater = Inflater()
    for payload in ("f248cdc9c90700", "f200110000", "000500faff48656c6c6f00", "f348cdc9c9070000"):
        assert inflater.decompress(bytes.fromhex(payload)) == b"Hello"
    assert inflater.decompress(b"\x00") == b""


def test_what_refers_to_an_earlier_message_breaks_an_agreement_to_forget() -> None:
    inflater = Inflater(keeps_context=False)
    inflater.decompress(HELLO)
    with pytest.raises(DeflateViolation) as caught:
        inflater.decompress(BlockWriter().fixed(b"H", Copy(4, 5)).payload())
    assert caught.value.requirement == "rfc7692/7.2.1/no-context-takeover"
    assert inflater.decompress(HELLO) == b"Hello"


def test_what_refers_to_nothing_is_no_deflate_data() -> None:
    for inflater in (Inflater(), Inflater(keeps_context=False)):
        with pytest.raises(DeflateViolation) as caught:
            inflater.decompress(BlockWriter().fixed(b"H", Copy(4, 5)).payload())
        assert caught.value.requirement == "rfc7692/7.2.1/deflate-data-sent"


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_a_message_up_to_the_limit_is_read(size: int) -> None:
    inflater = Inflater(limit=1000)
    assert inflater.decompress(Deflater().compress(b"x" * size)) == b"x" * size


@pytest.mark.parametrize("size", [1001, 5000, 5_000_000])
def test_a_message_beyond_the_limit_is_not(size: int) -> None:
    inflater = Inflater(limit=1000)
    with pytest.raises(MessageTooLarge):
        inflater.decompress(Deflater().compress(b"x" * size))


def test_a_message_beyond_the_limit_in_final_blocks_is_not_read() -> None:
    writer = BlockWriter()
    for _ in range(11):
        writer.stored(b"x" * 100, final=True)
    with pytest.raises(MessageTooLarge):
        Inflater(limit=1000).decompress(writer.payload())


# Offers and answers ------------------------------------------------------------------------------------


@given(
    st.builds(
        DeflateOffer,
        st.booleans(),
        st.booleans(),
        st.none() | BITS,
        st.none() | st.just(0) | BITS,
    )
)
def test_an_offer_says_what_it_is_made_of(offer: DeflateOffer) -> None:
    found = {p.name.decode(): p.value for p in accepted(offer.encode().decode()).parameters}
    assert ("server_no_context_takeover" in found) == offer.server_no_context_takeover
    assert ("client_no_context_takeover" in found) == offer.client_no_context_takeover
    server, client = offer.server_max_window_bits, offer.client_max_window_bits
    assert found.get("server_max_window_bits") == (None if server is None else b"%d" % server)
    assert ("client_max_window_bits" in found) == (client is not None)
    assert found.get("client_max_window_bits") == (b"%d" % client if client else None)


def test_an_answer_is_read() -> None:
    assert read_agreement(accepted("permessage-deflate")) == Agreement(False, False, 15, 15)
    words = "permessage-deflate; client_max_window_bits=9; server_no_context_takeover"
    assert read_agreement(accepted(words)) == Agreement(True, False, 15, 9)
    words = 'permessage-deflate; client_no_context_takeover; server_max_window_bits="8"'
    assert read_agreement(accepted(words)) == Agreement(False, True, 8, 15)


@pytest.mark.parametrize(
    ("parameters", "requirement"),
    [
        ("server_no_context_takeover=1", "rfc7692/7.1.1.1/no-value-sent"),
        ("client_no_context_takeover=1", "rfc7692/7.1.1.2/no-value-sent"),
        *((f"server_max_window_bits{v}", "rfc7692/7.1.2.1/value-sent") for v in ("", "=7", "=16", "=08")),
        *((f"client_max_window_bits{v}", "rfc7692/7.1.2.2/value-sent") for v in ("", "=7", "=16", "=x")),
        ("level=6", "rfc7692/7/undefined-parameter-sent"),
        ("server_no_context_takeover; server_no_context_takeover", "rfc7692/7/repeated-parameter-sent"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_named(parameters: str, requirement: str) -> None:
    with pytest.raises(DeflateViolation) as caught:
        read_agreement(accepted(f"permessage-deflate; {parameters}"))
    assert caught.value.requirement == requirement


def test_a_stored_block_keeps_the_mark_of_its_type() -> None:
    made = Deflater(level=0).compress(b"Hello")
    assert blocks(made + TAIL)[0].type is BlockType.STORED
