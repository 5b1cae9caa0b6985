"""Blocks: what is seen of zlib's output, and what is written by hand, agrees with zlib."""

from __future__ import annotations

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.wire.blocks import BlockWriter, Copy
from wireproof.wire.deflate import TAIL
from wireproof.wire.inflate import Block, BlockType, DeflateDataError, blocks

DATA = st.one_of(
    st.binary(max_size=3000),
    st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=90), st.integers(0, 60)),
)
FINAL = st.booleans()


def compressed(data: bytes, level: int = 6, bits: int = 15, strategy: int = 0) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, -bits, 8, strategy)
    return stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)


def read(data: bytes) -> bytes:
    made = b""
    while data:
        stream = zlib.decompressobj(-15, zdict=made[-32768:])
        made += stream.decompress(data)
        data = stream.unused_data
    return made


# Looking at what zlib makes ----------------------------------------------------------------------------


@given(DATA, st.integers(0, 9), st.integers(9, 15), st.integers(0, 4))
def test_sizes_add_up_and_distances_keep_to_the_window(
    data: bytes, level: int, bits: int, strategy: int
) -> None:
    found = blocks(compressed(data, level, bits, strategy))
    assert sum(block.size for block in found) == len(data)
    assert max(block.farthest for block in found) <= 1 << bits
    assert found[-1] == Block(BlockType.STORED, final=False, size=0, farthest=0)


@pytest.mark.parametrize(
    ("kind", "level", "strategy"),
    [
        (BlockType.STORED, 0, zlib.Z_DEFAULT_STRATEGY),
        (BlockType.FIXED, 6, zlib.Z_FIXED),
        (BlockType.DYNAMIC, 9, zlib.Z_DEFAULT_STRATEGY),
        (BlockType.DYNAMIC, 9, zlib.Z_HUFFMAN_ONLY),
    ],
)
def test_types_are_told(kind: BlockType, level: int, strategy: int) -> None:
    data = b" ".join(b"%d" % (number * number) for number in range(500))
    assert blocks(compressed(data, level, strategy=strategy))[0].type is kind


@pytest.mark.parametrize("distance", [1, 2, 4, 5, 255, 256, 257, 4096, 8193, 24577, 32000])
def test_the_farthest_distance_is_told(distance: int) -> None:
    mark = b"a landmark that is not to be found anywhere else"
    data = mark[:distance] + b"." * (distance - len(mark)) + mark
    if distance >= len(mark):
        assert max(block.farthest for block in blocks(compressed(data, 9))) == distance


@given(DATA)
def test_what_breaks_off_is_told(data: bytes) -> None:
    whole = compressed(data)
    for at in range(max(0, len(whole) - 12), len(whole)):
        with suppress(DeflateDataError):
            assert sum(block.size for block in blocks(whole[:at])) < len(data) or at >= len(whole) - 5


@pytest.mark.parametrize("data", ["06", "0005000000", "000500faff48", "1b03", "f248cdc9c90700", "04", "00"])
def test_what_is_no_deflate_data_is_told(data: str) -> None:
    with pytest.raises(DeflateDataError):
        blocks(bytes.fromhex(data))


@given(st.binary(max_size=60))
def test_garbage_that_zlib_refuses_is_refused(data: bytes) -> None:
    stream = zlib.decompressobj(-15)
    try:
        stream.decompress(data)
    except zlib.error as exc:
        if "too far back" not in str(exc):  # the window is not looked at here
            with pytest.raises(DeflateDataError):
                blocks(data)


def test_padding_behind_a_final_block_is_told() -> None:
    clean = BlockWriter().fixed(b"Hello", final=True).data()
    assert [block.padding for block in blocks(clean)] == [0]
    assert blocks(clean[:-1] + bytes((clean[-1] | 0xFC,)))[0].padding == 0x3F


# Writing by hand ---------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.booleans(), FINAL, st.binary(max_size=80)), max_size=12))
def test_blocks_written_by_hand_are_read_by_zlib(parts: list[tuple[bool, bool, bytes]]) -> None:
    writer = BlockWriter()
    for stored, final, data in parts:
        if stored:
            writer.stored(data, final=final)
        else:
            writer.fixed(data, final=final)
    whole = b"".join(data for _, _, data in parts)
    assert read(writer.payload() + TAIL) == read(writer.payload() + TAIL) == whole
    found = blocks(writer.payload() + TAIL)
    assert [(block.final, block.size) for block in found[:-1]] == [(f, len(d)) for _, f, d in parts]


@given(st.binary(min_size=1, max_size=400), st.integers(3, 258), st.data())
def test_references_written_by_hand_are_read_by_zlib(data: bytes, length: int, draw: st.DataObject) -> None:
    distance = draw.draw(st.integers(1, len(data)))
    payload = BlockWriter().fixed(data, Copy(length, distance), b"!").payload()
    expected = data + (data[-distance:] * length)[:length] + b"!"
    assert read(payload + TAIL) == expected
    assert blocks(payload + TAIL)[0] == Block(
        BlockType.FIXED, final=False, size=len(expected), farthest=distance
    )


@pytest.mark.parametrize("distance", [16384, 16385, 24576, 24577, 32767, 32768])
def test_far_references_are_read_by_zlib(distance: int) -> None:
    data = bytes(n * n % 251 for n in range(32768))
    payload = BlockWriter().stored(data).fixed(Copy(9, distance)).payload()
    assert read(payload + TAIL) == data + (data[-distance:])[:9]


@given(DATA)
def test_blocks_of_a_compressor_fit_in(data: bytes) -> None:
    payload = BlockWriter().fixed(b"ahead ").raw(compressed(data)).fixed(b" behind").payload()
    assert read(payload + TAIL) == b"ahead " + data + b" behind"


def test_the_examples_of_the_text() -> None:
    assert BlockWriter().fixed(b"Hello").payload().hex() == "f248cdc9c90700"
    assert BlockWriter().fixed(b"H", Copy(4, 5)).payload().hex() == "f200110000"
    assert BlockWriter().stored(b"Hello").payload().hex() == "000500faff48656c6c6f00"
    assert BlockWriter().fixed(b"Hello", final=True).payload().hex() == "f348cdc9c9070000"
    assert BlockWriter().payload() == b"\x00"
