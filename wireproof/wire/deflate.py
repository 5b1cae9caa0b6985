"""permessage-deflate (RFC 7692): what was agreed, and compressing and decompressing by it."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from wireproof.wire.extensions import Extension, Parameter

TAIL = b"\x00\x00\xff\xff"
WINDOW = 1 << 15  # bytes: the largest one (section 7.2.1)
EXTENSION = b"permessage-deflate"
_BITS = re.compile(rb"[89]|1[0-5]")


class DeflateViolation(Exception):
    """The server's answer or its compressed data breaks RFC 7692; ``requirement`` is the one it breaks."""

    def __init__(self, requirement: str, text: str) -> None:
        super().__init__(text)
        self.requirement = requirement
        self.text = text


class MessageTooLarge(Exception):
    """A message inflates, or is cut into fragments, beyond what the reader is prepared to take."""


@dataclass(frozen=True, slots=True)
class DeflateOffer:
    """One offer of permessage-deflate (section 7.1); ``client_max_window_bits`` 0 has no value."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | None = None

    def encode(self) -> bytes:
        """The offer as it stands in Sec-WebSocket-Extensions."""
        words = [EXTENSION]
        if self.server_no_context_takeover:
            words.append(b"server_no_context_takeover")
        if self.client_no_context_takeover:
            words.append(b"client_no_context_takeover")
        if self.server_max_window_bits is not None:
            words.append(b"server_max_window_bits=%d" % self.server_max_window_bits)
        if self.client_max_window_bits is not None:
            value = b"=%d" % self.client_max_window_bits if self.client_max_window_bits else b""
            words.append(b"client_max_window_bits" + value)
        return b"; ".join(words)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a response agreed on; window sizes are base-2 logarithms of bytes."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int = 15
    client_max_window_bits: int = 15


def read_agreement(extension: Extension) -> Agreement:
    """Read the parameters of an accepted permessage-deflate by themselves; raise `DeflateViolation`.

    Whether they fit the offer is for a case to judge.
    """
    values: dict[str, int | bool] = {}
    for parameter in extension.parameters:
        name = parameter.name.decode("latin-1")
        if name in values:
            raise DeflateViolation("rfc7692/7/repeated-parameter-sent", f"{name} twice")
        if name in ("server_no_context_takeover", "client_no_context_takeover"):
            if parameter.value is not None:
                section = "7.1.1.1" if name.startswith("server") else "7.1.1.2"
                raise DeflateViolation(f"rfc7692/{section}/no-value-sent", f"{name} with a value")
            values[name] = True
        elif name in ("server_max_window_bits", "client_max_window_bits"):
            values[name] = _bits(name, parameter)
        else:
            raise DeflateViolation("rfc7692/7/undefined-parameter-sent", f"the parameter {name}")
    return Agreement(**values)  # type: ignore[arg-type]  # the names decide the types


def _bits(name: str, parameter: Parameter) -> int:
    if parameter.value is None or not _BITS.fullmatch(parameter.value):
        section = "7.1.2.1" if name.startswith("server") else "7.1.2.2"
        raise DeflateViolation(f"rfc7692/{section}/value-sent", f"{name} with the value {parameter.value!r}")
    return int(parameter.value)


@dataclass(slots=True)
class Deflater:
    """Compresses messages as a client does that holds *window_bits* and keeps its context, or not.

    zlib has no raw window of 8 bits for compressing; with 8 every message is written as stored blocks.
    """

    window_bits: int = 15
    keeps_context: bool = True
    level: int = 6
    _stream: zlib._Compress | None = None

    def compress(self, data: bytes) -> bytes:
        """The payload of one compressed message, its tail removed (section 7.2.1)."""
        if self._stream is None or not self.keeps_context:
            level = self.level if self.window_bits > 8 else 0
            self._stream = zlib.compressobj(level, zlib.DEFLATED, -max(9, self.window_bits))
        made = self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        return made[:-4] if made.endswith(TAIL) else made


def compress_behind(history: bytes, data: bytes, window_bits: int = 15, level: int = 6) -> bytes:
    """The payload of one message, its tail removed, for a server whose window holds the end of *history*.

    It is what a client may send whose context was kept, whatever else it has sent before (section 7.2.1);
    with an empty history any server can read it.
    """
    if window_bits == 8:
        return Deflater(window_bits).compress(data)
    known = history[-(1 << window_bits) :]
    if not known:
        return Deflater(window_bits, level=level).compress(data)
    stream = zlib.compressobj(level, zlib.DEFLATED, -window_bits, zdict=known)
    made = stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
    return made.removesuffix(TAIL)


@dataclass(slots=True)
class Inflater:
    """Decompresses messages with the context that the server keeps, or without; ``limit`` is in bytes."""

    keeps_context: bool = True
    limit: int = 1 << 20
    _history: bytes = b""

    def remember(self, history: bytes) -> None:
        """Take *history* as what came before, where messages were read by other means."""
        self._history = history[-WINDOW:]

    def decompress(self, payload: bytes) -> bytes:
        """The data of one compressed message (section 7.2.2).

        Raise `DeflateViolation` for what is no DEFLATE data, `MessageTooLarge` beyond the limit.
        """
        try:
            made = self._inflate(payload + TAIL, self._history if self.keeps_context else b"")
        except zlib.error as exc:
            if not self.keeps_context and self._reaches_back(payload):
                text = "a message that can't be read without those before it"
                raise DeflateViolation("rfc7692/7.2.1/no-context-takeover", text) from exc
            raise DeflateViolation("rfc7692/7.2.1/deflate-data-sent", f"not DEFLATE data: {exc}") from exc
        self._history = (self._history + made)[-WINDOW:]
        return made

    def _reaches_back(self, payload: bytes) -> bool:
        try:
            return bool(self._inflate(payload + TAIL, self._history))
        except (zlib.error, MessageTooLarge):
            return False

    def _inflate(self, rest: bytes, history: bytes) -> bytes:
        made = bytearray()
        # Section 7.2.3.4: a block with BFINAL set ends zlib's stream; more blocks may follow it.
        while rest:
            stream = zlib.decompressobj(-15, zdict=(history + made)[-WINDOW:])
            made += stream.decompress(rest, self.limit + 1 - len(made))
            if len(made) > self.limit or stream.unconsumed_tail:
                raise MessageTooLarge(f"a message inflates beyond {self.limit} bytes")
            rest = stream.unused_data if stream.eof else b""
        return bytes(made)
