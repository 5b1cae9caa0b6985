"""WebSocket frames (RFC 6455 section 5): writing any of them, and reading a server's strictly."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum, IntFlag


class Opcode(IntEnum):
    """The opcodes that RFC 6455 section 5.2 defines; a `Frame` takes any number from 0 to 15."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


DATA_OPCODES = frozenset({Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY})
CONTROL_OPCODES = frozenset({Opcode.CLOSE, Opcode.PING, Opcode.PONG})
RESERVED_DATA_OPCODES = range(0x3, 0x8)
RESERVED_CONTROL_OPCODES = range(0xB, 0x10)


class Rsv(IntFlag):
    """The reserved bits, at their places in the first byte of a frame."""

    NONE = 0
    RSV1 = 0x40
    RSV2 = 0x20
    RSV3 = 0x10


_RSV = {bits: Rsv(bits) for bits in range(0, 0x80, 0x10)}  # looked up, for there are many frames


class CloseCode(IntEnum):
    """Status codes of RFC 6455 section 7.4.1 and of the IANA registry."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    RESERVED = 1004
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015


class CodeClass(Enum):
    """What a status code on the wire is worth (RFC 6455 sections 7.4.1 and 7.4.2)."""

    LEGAL = "legal"
    UNASSIGNED = "unassigned"  # 1016-2999: reserved for the protocol, not registered
    FORBIDDEN = "forbidden"


def classify_code(code: int) -> CodeClass:
    """Classify a close code as it stands in a Close frame."""
    if code < 1000 or code > 4999 or code in (1004, 1005, 1006, 1015):
        return CodeClass.FORBIDDEN
    if 1016 <= code <= 2999:
        return CodeClass.UNASSIGNED
    return CodeClass.LEGAL


class LengthForm(Enum):
    """How a payload length is written (RFC 6455 section 5.2); the longer forms may be illegal."""

    SHORTEST = "shortest"
    BITS_16 = "16-bit"
    BITS_64 = "64-bit"


class Masking(Enum):
    """How an outgoing frame is masked when no particular key is wanted."""

    FRESH = "fresh"  # an unpredictable key, as section 5.3 wants it
    NONE = "none"  # illegal for a client (section 5.1)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame to send, right or wrong.

    ``declared`` puts another payload length into the header than the payload has.
    """

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: Rsv = Rsv.NONE
    mask: bytes | Masking = Masking.FRESH
    length_form: LengthForm = LengthForm.SHORTEST
    declared: int | None = None

    @classmethod
    def text(cls, text: str | bytes, *, fin: bool = True, rsv: Rsv = Rsv.NONE) -> Frame:
        """A text frame; bytes are taken as they are, valid UTF-8 or not."""
        return cls(Opcode.TEXT, text.encode() if isinstance(text, str) else text, fin, rsv)

    @classmethod
    def binary(cls, data: bytes, *, fin: bool = True, rsv: Rsv = Rsv.NONE) -> Frame:
        """A binary frame."""
        return cls(Opcode.BINARY, data, fin, rsv)

    @classmethod
    def continuation(cls, data: bytes, *, fin: bool = True, rsv: Rsv = Rsv.NONE) -> Frame:
        """A continuation frame."""
        return cls(Opcode.CONTINUATION, data, fin, rsv)

    @classmethod
    def ping(cls, data: bytes = b"") -> Frame:
        """A ping frame."""
        return cls(Opcode.PING, data)

    @classmethod
    def pong(cls, data: bytes = b"") -> Frame:
        """A pong frame."""
        return cls(Opcode.PONG, data)

    @classmethod
    def close(cls, code: int | None = CloseCode.NORMAL, reason: str | bytes = b"") -> Frame:
        """A Close frame; without a code its payload is the reason alone, legal or not."""
        text = reason.encode() if isinstance(reason, str) else reason
        return cls(Opcode.CLOSE, (b"" if code is None else struct.pack("!H", code)) + text)

    def but(self, **changes: object) -> Frame:
        """The same frame with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # checked by dataclasses at run time

    def encode(self, fresh_key: bytes = b"\0\0\0\0") -> bytes:
        """The frame's bytes; *fresh_key* is used when ``mask`` asks for a fresh key."""
        length = len(self.payload) if self.declared is None else self.declared
        first = (0x80 if self.fin else 0) | int(self.rsv) | (self.opcode & 0xF)
        key = fresh_key if self.mask is Masking.FRESH else self.mask
        bit = 0 if isinstance(key, Masking) else 0x80
        if self.length_form is LengthForm.BITS_64 or length > 0xFFFF:
            head = struct.pack("!BBQ", first, bit | 127, length)
        elif self.length_form is LengthForm.BITS_16 or length > 125:
            head = struct.pack("!BBH", first, bit | 126, length)
        else:
            head = struct.pack("!BB", first, bit | length)
        return head + self.payload if isinstance(key, Masking) else head + key + apply_mask(self.payload, key)


def apply_mask(data: bytes | bytearray, key: bytes) -> bytes:
    """Mask or unmask *data* (RFC 6455 section 5.3): one XOR of two big integers."""
    if not data or key == b"\0\0\0\0":
        return bytes(data)
    size = len(data)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def fragments(opcode: int, *parts: bytes) -> tuple[Frame, ...]:
    """One message as a sequence of frames, one for each of *parts*."""
    last = len(parts) - 1
    return tuple(
        Frame(opcode if i == 0 else Opcode.CONTINUATION, part, fin=i == last) for i, part in enumerate(parts)
    )


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """One frame of the server's, as it stood on the wire; ``payload`` is unmasked."""

    opcode: int
    payload: bytes
    fin: bool
    rsv: Rsv
    mask: bytes | None
    header: bytes
    minimal: bool

    @property
    def is_control(self) -> bool:
        """Whether the opcode's most significant bit is set (section 5.5)."""
        return self.opcode >= 0x8

    def encode(self) -> bytes:
        """The bytes as they were received."""
        return self.header + (apply_mask(self.payload, self.mask) if self.mask else self.payload)


class FrameTooLargeError(Exception):
    """A frame header announced more than the reader is prepared to take."""

    def __init__(self, header: bytes, length: int) -> None:
        super().__init__(f"a frame header announced a payload of {length} bytes")
        self.header = header
        self.length = length


@dataclass(slots=True)
class FrameReader:
    """Cuts a byte stream into frames; judges nothing but the length, which may not exceed ``limit`` bytes."""

    limit: int = 1 << 20
    _buffer: bytearray = field(default_factory=bytearray)

    @property
    def pending(self) -> bytes:
        """Bytes received that make no whole frame yet."""
        return bytes(self._buffer)

    def receive_data(self, data: bytes) -> None:
        """Append *data* to what is to be cut."""
        self._buffer += data

    def hand_over(self) -> bytes:
        """The bytes received that were not cut yet; the reader forgets them."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def check(self, length: int, header: bytes) -> None:
        """Raise `FrameTooLargeError` when a frame or message of *length* bytes is beyond ``limit``."""
        if length > self.limit:
            raise FrameTooLargeError(header, length)

    def frames(self) -> Iterator[ReceivedFrame]:
        """Every frame that is complete by now; raise `FrameTooLargeError` at a header beyond ``limit``."""
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> ReceivedFrame | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        masked, short = buffer[1] & 0x80, buffer[1] & 0x7F
        size = 2 + {126: 2, 127: 8}.get(short, 0) + (4 if masked else 0)
        if len(buffer) < size:
            return None
        header = bytes(buffer[:size])
        length, minimal = _read_length(header, short)
        self.check(length, header)
        end = size + length
        if len(buffer) < end:
            return None
        mask = header[-4:] if masked else None
        with memoryview(buffer) as view:
            payload = bytes(view[size:end])
        del buffer[:end]
        return ReceivedFrame(
            opcode=header[0] & 0x0F,
            payload=apply_mask(payload, mask) if mask else payload,
            fin=bool(header[0] & 0x80),
            rsv=_RSV[header[0] & 0x70],
            mask=mask,
            header=header,
            minimal=minimal,
        )


def frame_end(data: bytes, start: int) -> int | None:
    """Where the frame ends that begins at *start*, by its header; None when that is not all there."""
    if len(data) < start + 2:
        return None
    masked, short = data[start + 1] & 0x80, data[start + 1] & 0x7F
    size = 2 + {126: 2, 127: 8}.get(short, 0) + (4 if masked else 0)
    if len(data) < start + size:
        return None
    return start + size + _read_length(data[start : start + size], short)[0]


def _read_length(header: bytes, short: int) -> tuple[int, bool]:
    if short == 126:
        length = int.from_bytes(header[2:4], "big")
        return length, length > 125
    if short == 127:
        length = int.from_bytes(header[2:10], "big")
        return length, length > 0xFFFF
    return short, True
