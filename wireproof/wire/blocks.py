"""Writes DEFLATE blocks by hand (RFC 1951), such as no compressor makes: any distance, any block type."""

from __future__ import annotations

from dataclasses import dataclass, field

from wireproof.wire.inflate import DISTANCE_BASE, DISTANCE_EXTRA, LENGTH_BASE, LENGTH_EXTRA, BlockType

_END_OF_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Copy:
    """A reference: *length* bytes (3 to 258) from *distance* bytes back (1 to 32768)."""

    length: int
    distance: int


@dataclass(slots=True)
class BlockWriter:
    """Collects blocks; every method returns the writer, so that calls can be chained."""

    _value: int = 0
    _size: int = 0
    _done: list[bytes] = field(default_factory=list)

    def stored(self, data: bytes, *, final: bool = False) -> BlockWriter:
        """A block without compression, of 65535 bytes at most (section 3.2.4)."""
        self._head(BlockType.STORED, final)
        self._to_byte()
        self._bits(len(data), 16)
        self._bits(len(data) ^ 0xFFFF, 16)
        return self.raw(data)

    def fixed(self, *items: bytes | Copy, final: bool = False) -> BlockWriter:
        """A block with the fixed Huffman codes (section 3.2.6)."""
        self._head(BlockType.FIXED, final)
        for item in items:
            if isinstance(item, Copy):
                self._copy(item)
            else:
                for byte in item:
                    self._symbol(byte)
        self._symbol(_END_OF_BLOCK)
        if final:
            # RFC 7692 section 7.2.1: bits of 0 up to the next byte.
            self._to_byte()
        return self

    def raw(self, data: bytes) -> BlockWriter:
        """Bytes as they are, such as blocks that a compressor made; an empty block aligns them if need be."""
        if self._size % 8:
            return self.stored(b"").raw(data)
        self._flush()
        self._done.append(data)
        return self

    def payload(self) -> bytes:
        """The blocks as the payload of a message: an empty stored block behind them, less its tail."""
        whole = BlockWriter(self._value, self._size, [*self._done])
        whole._head(BlockType.STORED, final=False)
        return whole.data()

    def data(self) -> bytes:
        """The blocks alone, up to the next byte."""
        self._to_byte()
        self._flush()
        return b"".join(self._done)

    def _head(self, kind: BlockType, final: bool) -> None:
        self._bits(final, 1)
        self._bits(kind, 2)

    def _copy(self, copy: Copy) -> None:
        code = max(i for i, base in enumerate(LENGTH_BASE) if base <= copy.length)
        self._symbol(257 + code)
        self._bits(copy.length - LENGTH_BASE[code], LENGTH_EXTRA[code])
        code = max(i for i, base in enumerate(DISTANCE_BASE) if base <= copy.distance)
        self._code(code, 5)
        self._bits(copy.distance - DISTANCE_BASE[code], DISTANCE_EXTRA[code])

    def _symbol(self, symbol: int) -> None:
        if symbol < 144:
            self._code(0x30 + symbol, 8)
        elif symbol < 256:
            self._code(0x190 + symbol - 144, 9)
        elif symbol < 280:
            self._code(symbol - 256, 7)
        else:
            self._code(0xC0 + symbol - 280, 8)

    def _code(self, code: int, length: int) -> None:
        # Section 3.1.1: a Huffman code is packed from its most significant bit on, all else the other way.
        for shift in reversed(range(length)):
            self._bits(code >> shift & 1, 1)

    def _bits(self, value: int, count: int) -> None:
        self._value |= value << self._size
        self._size += count

    def _to_byte(self) -> None:
        self._size += -self._size % 8

    def _flush(self) -> None:
        self._done.append(self._value.to_bytes(self._size // 8, "little"))
        self._value = self._size = 0
