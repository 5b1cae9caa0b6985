"""Bytes with their meaning beside them: each field of a WebSocket frame's header named, then the payload."""

from __future__ import annotations

from dataclasses import dataclass

from wireproof.wire.websocket import CloseCode, CodeClass, Opcode, apply_mask, classify_code

from .shown import visible

ROW = 16  # bytes in a row
SHOWN = 512  # bytes of a payload that are shown
MOST_FRAMES = 8  # of one write that are taken apart


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a header: its bits as they stand on the wire, what they mean, what is unusual about it."""

    name: str
    bits: str
    meaning: str = ""
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the dump. ``parts`` are pairs of a field's key and its bytes in hexadecimal."""

    offset: str
    parts: tuple[tuple[str, str], ...]
    text: str

    @property
    def gap(self) -> str:
        """What fills a row that is not full, so that the characters stand below each other."""
        return " " * (3 * (ROW - len(self.text)))


@dataclass(frozen=True, slots=True)
class FrameDump:
    """One frame taken apart.

    ``plain`` is the payload after unmasking, when it was masked. ``reading`` says what the payload means.
    ``left_out`` counts payload bytes that the record or this page does not hold.
    """

    fields: tuple[Field, ...]
    rows: tuple[Row, ...]
    plain: tuple[Row, ...]
    reading: str
    left_out: int


@dataclass(frozen=True, slots=True)
class Dump:
    """The bytes of one entry: the frames in them, and the rows of what makes no whole header."""

    frames: tuple[FrameDump, ...]
    rest: tuple[Row, ...]
    left_out: int = 0


def take_apart(data: bytes, size: int, *, from_client: bool) -> Dump:
    """Read *data* as frames; *size* is how long it was before the record cut it."""
    frames: list[FrameDump] = []
    at = 0
    while at < len(data) and len(frames) < MOST_FRAMES:
        end = header_end(data[at : at + 14])
        if end is None:
            break
        frame, used = _frame(data[at:], size - at, end, from_client)
        frames.append(frame)
        at += used
    rest = data[at:]
    cut = size - max(at, len(data)) if not frames or rest else 0
    return Dump(tuple(frames), rows_of(rest[:SHOWN], (("raw", len(rest)),)), max(0, cut) + len(rest[SHOWN:]))


def header_end(data: bytes) -> int | None:
    """How long the header at the start of *data* is, or None when it is not all there."""
    if len(data) < 2:
        return None
    end = 2 + {126: 2, 127: 8}.get(data[1] & 0x7F, 0) + (4 if data[1] & 0x80 else 0)
    return end if end <= len(data) else None


def header_fields(header: bytes, *, from_client: bool) -> tuple[Field, ...]:
    """Each field of a whole frame header (RFC 6455 section 5.2)."""
    first, second = header[0], header[1]
    opcode, short, masked = first & 0x0F, second & 0x7F, bool(second & 0x80)
    control, fin = opcode >= 8, bool(first & 0x80)
    # Section 5.5: a control frame is not fragmented.
    fragmented = "a fragmented control frame" if control and not fin else ""
    fields = [Field("FIN", str(first >> 7), "last frame" if fin else "more follow", fragmented)]
    for name, bit in (("RSV1", 6), ("RSV2", 5), ("RSV3", 4)):
        value = first >> bit & 1
        fields.append(Field(name, str(value), "set" if value else "", "a reserved bit" if value else ""))
    fields.append(_opcode_field(opcode))
    fields.append(_mask_field(masked, from_client))
    fields += _length_fields(header, short, control=control)
    if masked:
        fields.append(Field("Masking key", header[-4:].hex(" ")))
    return tuple(fields)


def _opcode_field(opcode: int) -> Field:
    try:
        return Field("Opcode", f"{opcode:04b}", f"{opcode:#x} {Opcode(opcode).name.lower()}")
    except ValueError:
        kind = "control" if opcode >= 8 else "data"
        return Field("Opcode", f"{opcode:04b}", f"{opcode:#x}", f"reserved for {kind} frames")


def _mask_field(masked: bool, from_client: bool) -> Field:
    # Section 5.1: a client masks every frame, a server none.
    odd = (
        "" if masked == from_client else "a client’s frame, unmasked" if from_client else "a server’s, masked"
    )
    return Field("MASK", str(int(masked)), "masked" if masked else "not masked", odd)


def _length_fields(header: bytes, short: int, *, control: bool) -> list[Field]:
    # Section 5.5: a control frame's payload has 125 bytes at most.
    long = "too long for a control frame" if control and short > 125 else ""
    if short < 126:
        return [Field("Length", f"{short:07b}", f"{short} bytes" if short != 1 else "1 byte")]
    width, least = (2, 126) if short == 126 else (8, 1 << 16)
    length = int.from_bytes(header[2 : 2 + width], "big")
    odd = long or ("not the shortest form" if length < least else "")
    if width == 8 and length >> 63:
        odd = "the most significant bit is set"
    return [
        Field("Length", f"{short:07b}", f"{short}: the next {width * 8} bits tell"),
        Field(f"Length, {width * 8} bits", header[2 : 2 + width].hex(" "), f"{length} bytes", odd),
    ]


def _frame(data: bytes, size: int, end: int, from_client: bool) -> tuple[FrameDump, int]:
    header, masked, short = data[:end], bool(data[1] & 0x80), data[1] & 0x7F
    width = {126: 2, 127: 8}.get(short, 0)
    length = int.from_bytes(header[2 : 2 + width], "big") if width else short
    there = data[end : end + length]
    shown = there[:SHOWN]
    layout = (("flags", 1), ("length", 1 + width), ("key", 4 * masked), ("payload", len(shown)))
    plain = apply_mask(there, header[-4:]) if masked else there
    whole = len(there) == length
    fields = header_fields(header, from_client=from_client)
    if length > max(0, size - end):
        fields = (
            *fields,
            Field("Payload", "", "", f"only {max(0, size - end)} of {length} bytes in this write"),
        )
    frame = FrameDump(
        fields=fields,
        rows=rows_of(header + shown, layout),
        plain=rows_of(plain[:SHOWN], (("payload", len(shown)),)) if masked else (),
        reading=_reading(header, plain, whole=whole),
        left_out=min(length, max(0, size - end)) - len(shown),
    )
    return frame, end + len(there)


def rows_of(data: bytes, layout: tuple[tuple[str, int], ...]) -> tuple[Row, ...]:
    """*data* in rows of 16 bytes; *layout* names the fields that follow each other, with their sizes."""
    bounds: list[tuple[int, int, str]] = []
    at = 0
    for key, size in layout:
        bounds.append((at, at + size, key))
        at += size
    rows = []
    for start in range(0, len(data), ROW):
        stop = min(start + ROW, len(data))
        parts = tuple(
            (key, data[max(start, a) : min(stop, b)].hex(" "))
            for a, b, key in bounds
            if a < stop and b > start
        )
        rows.append(
            Row(f"{start:04x}", tuple(part for part in parts if part[1]), ascii_text(data[start:stop]))
        )
    return tuple(rows)


def ascii_text(data: bytes) -> str:
    """One character for each byte, a dot where ASCII has nothing to show."""
    return "".join(chr(b) if 32 <= b < 127 else "·" for b in data)


def _reading(header: bytes, plain: bytes, *, whole: bool) -> str:
    opcode = header[0] & 0x0F
    if opcode == Opcode.CLOSE:
        return _close_reading(plain)
    if opcode != Opcode.TEXT or not plain or header[0] & 0x40:
        return ""
    try:
        text = plain.decode()
    except UnicodeDecodeError as exc:
        if not whole and exc.start >= len(plain) - 3:
            text = plain[: exc.start].decode()
        else:
            return (
                f"no UTF-8 of its own from byte {exc.start} on: {plain[exc.start : exc.start + 4].hex(' ')}"
            )
    return f"UTF-8: “{visible(text[:200])}{'…' if len(text) > 200 or not whole else ''}”"


def _close_reading(plain: bytes) -> str:
    if not plain:
        return "no status code"
    if len(plain) == 1:
        return "one byte: too short for a status code"
    code = int.from_bytes(plain[:2], "big")
    try:
        name = CloseCode(code).name.lower().replace("_", " ")
    except ValueError:
        name = "for applications" if 3000 <= code <= 4999 else "not assigned"
    barred = ", never sent in a frame" if classify_code(code) is CodeClass.FORBIDDEN else ""
    reason = visible(plain[2:].decode("utf-8", "backslashreplace"))
    return f"status code {code} ({name}{barred})" + (f", reason “{reason}”" if reason else "")
