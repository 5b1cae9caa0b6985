"""Frames and bytes in words, for transcripts and messages."""

from __future__ import annotations

from wireproof.wire.websocket import Frame, LengthForm, Masking, Opcode, ReceivedFrame, Rsv

_OPCODES = {int(opcode): opcode.name.lower() for opcode in Opcode}
_ESCAPED = {n: f"\\x{n:02x}" for n in (*range(32), ord("\\"), *range(127, 256))}


def shorten(data: bytes, limit: int = 60) -> str:
    """*data* as printable text in quotes, cut after *limit* bytes."""
    text = data[:limit].decode("latin-1").translate(_ESCAPED)
    return f'"{text}"' + (f" and {len(data) - limit} bytes more" if len(data) > limit else "")


def opcode_name(opcode: int) -> str:
    """The opcode's name, or its number when it is reserved."""
    return _OPCODES.get(opcode) or f"opcode {opcode:#x}"


def describe_code(payload: bytes) -> str:
    """What the body of a Close frame says."""
    if not payload:
        return "without a code"
    if len(payload) == 1:
        return "with a body of one byte"
    reason = f" {shorten(payload[2:])}" if payload[2:] else ""
    return f"{int.from_bytes(payload[:2], 'big')}{reason}"


def describe_frame(frame: Frame | ReceivedFrame) -> str:
    """One frame in one short line: what it is, what is unusual about it, how its payload starts."""
    words = [opcode_name(frame.opcode)]
    if not frame.fin:
        words.append("FIN=0")
    if frame.rsv:
        words += [bit.name for bit in (Rsv.RSV1, Rsv.RSV2, Rsv.RSV3) if bit in frame.rsv and bit.name]
    if isinstance(frame, Frame):
        words += _oddities(frame)
    elif frame.mask is not None:
        words.append("masked")
    if frame.opcode == Opcode.CLOSE:
        words.append(describe_code(frame.payload))
    elif frame.payload:
        words.append(f"[{len(frame.payload)}] {shorten(frame.payload, 32)}")
    else:
        words.append("[0]")
    return " ".join(words)


def _oddities(frame: Frame) -> list[str]:
    words = []
    if frame.mask is Masking.NONE:
        words.append("unmasked")
    if frame.length_form is not LengthForm.SHORTEST:
        words.append(f"{frame.length_form.value} length")
    if frame.declared is not None:
        words.append(f"announcing {frame.declared} bytes")
    return words


def printable(text: str) -> str:
    """*text* with everything that a terminal would obey written out: control and format characters."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def percent_encoded(value: str) -> str:
    """*value* with what a request line can't carry escaped (RFC 3986 section 2.1), and nothing else."""
    raw = value.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if 0x21 <= b <= 0x7E else f"%{b:02X}" for b in raw)
