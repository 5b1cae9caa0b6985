"""Looks into DEFLATE data (RFC 1951): which blocks it has, and how far back it reaches.

zlib tells neither, and a server that agreed on a small window is judged by the distances it uses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from itertools import accumulate


class DeflateDataError(ValueError):
    """The data is no DEFLATE data, or ends in the middle of a block."""


class BlockType(IntEnum):
    """BTYPE of RFC 1951 section 3.2.3."""

    STORED = 0
    FIXED = 1
    DYNAMIC = 2


@dataclass(frozen=True, slots=True)
class Block:
    """One block; ``farthest`` is the largest distance in it (0: no reference back), both sizes in bytes.

    ``padding`` is what the bits between a final block and the next byte say, which should be 0.
    """

    type: BlockType
    final: bool
    size: int
    farthest: int
    padding: int = 0


# RFC 1951 section 3.2.5: extra bits of each length and distance code; each begins where the last one ends.
LENGTH_EXTRA = (*(0,) * 8, *(1,) * 4, *(2,) * 4, *(3,) * 4, *(4,) * 4, *(5,) * 4, 0)
DISTANCE_EXTRA = (0, 0, *(bits for bits in range(14) for _ in range(2)))


def _bases(first: int, extra: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(accumulate((1 << bits for bits in extra[:-1]), initial=first))


# The last length code stands for 258 alone, which the one before it would reach too.
LENGTH_BASE = (*_bases(3, LENGTH_EXTRA)[:-1], 258)
DISTANCE_BASE = _bases(1, DISTANCE_EXTRA)
_CODE_LENGTH_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
_END_OF_BLOCK = 256

Codes = dict[tuple[int, int], int]


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at >= 8 * len(self._data)

    def take(self, count: int) -> int:
        value = 0
        for shift in range(count):
            value |= self._one() << shift
        return value

    def symbol(self, codes: Codes) -> int:
        code = 0
        for length in range(1, 16):
            code = code << 1 | self._one()
            if (found := codes.get((length, code))) is not None:
                return found
        raise DeflateDataError("no such code")

    def _one(self) -> int:
        if self.at_end:
            raise DeflateDataError("the data ends inside a block")
        bit = self._data[self._at >> 3] >> (self._at & 7) & 1
        self._at += 1
        return bit

    def take_to_byte(self) -> int:
        return self.take(-self._at % 8)

    def skip_bytes(self, count: int) -> None:
        self._at += 8 * count
        if self._at > 8 * len(self._data):
            raise DeflateDataError("the data ends inside a stored block")


def blocks(data: bytes) -> list[Block]:
    """The blocks of one message's compressed data, the removed tail put back by the caller.

    A block with BFINAL set may be followed by others (RFC 7692 section 7.2.3.4), from the next byte on.
    Raise `DeflateDataError` for anything else than whole blocks.
    """
    bits, found = _Bits(data), []
    while not bits.at_end:
        block = _block(bits)
        found.append(replace(block, padding=bits.take_to_byte()) if block.final else block)
    return found


def _block(bits: _Bits) -> Block:
    final, kind = bool(bits.take(1)), bits.take(2)
    if kind == BlockType.STORED:
        bits.take_to_byte()
        size, inverse = bits.take(16), bits.take(16)
        if size ^ inverse != 0xFFFF:
            raise DeflateDataError("a stored block's length and its complement differ")
        bits.skip_bytes(size)
        return Block(BlockType.STORED, final, size, 0)
    if kind == BlockType.FIXED:
        size, farthest = _run(bits, *_fixed())
        return Block(BlockType.FIXED, final, size, farthest)
    if kind == BlockType.DYNAMIC:
        size, farthest = _run(bits, *_dynamic(bits))
        return Block(BlockType.DYNAMIC, final, size, farthest)
    raise DeflateDataError("a block of type 3")


def _run(bits: _Bits, literals: Codes, distances: Codes) -> tuple[int, int]:
    size = farthest = 0
    while (symbol := bits.symbol(literals)) != _END_OF_BLOCK:
        if symbol < _END_OF_BLOCK:
            size += 1
            continue
        if symbol > 285:
            raise DeflateDataError("a reserved length code")
        size += LENGTH_BASE[symbol - 257] + bits.take(LENGTH_EXTRA[symbol - 257])
        code = bits.symbol(distances)
        if code > 29:
            raise DeflateDataError("a reserved distance code")
        farthest = max(farthest, DISTANCE_BASE[code] + bits.take(DISTANCE_EXTRA[code]))
    return size, farthest


@cache
def _fixed() -> tuple[Codes, Codes]:
    return _codes([8] * 144 + [9] * 112 + [7] * 24 + [8] * 8), _codes([5] * 30)


def _dynamic(bits: _Bits) -> tuple[Codes, Codes]:
    literals, distances, used = bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4
    lengths = [0] * 19
    for symbol in _CODE_LENGTH_ORDER[:used]:
        lengths[symbol] = bits.take(3)
    codes, told = _codes(lengths), list[int]()
    while len(told) < literals + distances:
        symbol = bits.symbol(codes)
        if symbol < 16:
            told.append(symbol)
        elif symbol == 16:
            if not told:
                raise DeflateDataError("nothing to repeat")
            told += [told[-1]] * (3 + bits.take(2))
        else:
            told += [0] * (3 + bits.take(3) if symbol == 17 else 11 + bits.take(7))
    return _codes(told[:literals]), _codes(told[literals : literals + distances])


def _codes(lengths: list[int]) -> Codes:
    """The canonical Huffman code of RFC 1951 section 3.2.2, by length and value."""
    made: Codes = {}
    code = 0
    for length in range(1, 16):
        for symbol, wanted in enumerate(lengths):
            if wanted == length:
                made[length, code] = symbol
                code += 1
        code <<= 1
    return made
