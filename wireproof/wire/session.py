"""What a server's frames amount to: messages, pings, pongs, a close; and every rule they break on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wireproof.wire.deflate import DeflateViolation, Inflater, MessageTooLarge
from wireproof.wire.text import shorten
from wireproof.wire.websocket import (
    CONTROL_OPCODES,
    DATA_OPCODES,
    CodeClass,
    FrameReader,
    Opcode,
    ReceivedFrame,
    Rsv,
    classify_code,
)

FRAGMENT_LIMIT = 8192  # of one message: empty fragments fill the memory too


@dataclass(frozen=True, slots=True)
class Message:
    """A whole text or binary message and the frames that carried it."""

    opcode: int
    data: bytes
    frames: tuple[ReceivedFrame, ...]

    @property
    def compressed(self) -> bytes | None:
        """The payload as it was sent, when RSV1 marks it as compressed (RFC 7692 section 6)."""
        marked = self.frames and self.frames[0].rsv & Rsv.RSV1
        return b"".join(frame.payload for frame in self.frames) if marked else None


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping that the server sent."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """A pong that the server sent."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The server's Close frame; ``code`` is None when it has no body."""

    code: int | None
    reason: bytes

    def __str__(self) -> str:
        if self.code is None:
            return "a Close frame without a code"
        return f"a Close frame with {self.code}" + (f" {shorten(self.reason)}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the server's output broke: the requirement's id and what was seen."""

    requirement: str
    text: str


SessionEvent = Message | Ping | Pong | Close | Violation


@dataclass(slots=True)
class ServerSession:
    """Turns a server's bytes into events; reading goes on behind a violation wherever that makes sense.

    ``inflater`` is there once permessage-deflate was agreed on, which gives RSV1 a meaning.
    """

    reader: FrameReader = field(default_factory=FrameReader)
    inflater: Inflater | None = None
    closed: bool = False
    _parts: list[ReceivedFrame] = field(default_factory=list)
    _held: int = 0

    def remember(self, history: bytes | None) -> None:
        """Take *history* as all that was compressed before, where it was read by other means."""
        if history is not None and self.inflater is not None:
            self.inflater.remember(history)

    def receive_data(self, data: bytes) -> Iterator[ReceivedFrame | SessionEvent]:
        """Yield each frame that *data* completes, then what it breaks, then what it means.

        Raise `FrameTooLargeError` or `MessageTooLarge` when a frame or a message exceeds its limit.
        """
        self.reader.receive_data(data)
        for frame in self.reader.frames():
            yield frame
            yield from self._frame_violations(frame)
            yield from self._handle(frame)

    def _frame_violations(self, frame: ReceivedFrame) -> Iterator[Violation]:
        if frame.mask is not None:
            yield Violation("rfc6455/5.1/masked-frame-sent", "a masked frame")
        if undefined := frame.rsv & ~(Rsv.RSV1 if self.inflater else Rsv.NONE):
            yield Violation(
                "rfc6455/5.2/reserved-bits-sent",
                f"{Rsv(undefined).name} set, which nothing negotiated defines",
            )
        if self.inflater and frame.rsv & Rsv.RSV1 and frame.is_control:
            yield Violation("rfc7692/6.1/bit-on-control-frame-sent", "RSV1 set on a control frame")
        if self.inflater and frame.rsv & Rsv.RSV1 and frame.opcode == Opcode.CONTINUATION:
            yield Violation("rfc7692/6.1/bit-on-continuation-sent", "RSV1 set on a continuation frame")
        if frame.opcode not in DATA_OPCODES and frame.opcode not in CONTROL_OPCODES:
            yield Violation("rfc6455/5.2/opcode-sent", f"reserved opcode {frame.opcode:#x}")
        if not frame.minimal:
            yield Violation(
                "rfc6455/5.2/length-minimal-sent", f"{len(frame.payload)} bytes announced in a longer form"
            )
        if frame.is_control and len(frame.payload) > 125:
            yield Violation("rfc6455/5.5/control-length", f"a control frame of {len(frame.payload)} bytes")
        if frame.is_control and not frame.fin:
            yield Violation("rfc6455/5.5/control-fragmented", "a control frame without FIN")
        if self.closed:
            if frame.opcode == Opcode.CLOSE:
                yield Violation("rfc6455/5.5.1/second-close-sent", "a second Close frame")
            elif not frame.is_control:
                yield Violation("rfc6455/5.5.1/data-after-close-sent", "a data frame behind its Close frame")

    def _handle(self, frame: ReceivedFrame) -> Iterator[SessionEvent]:
        if frame.opcode == Opcode.PING:
            yield Ping(frame.payload)
        elif frame.opcode == Opcode.PONG:
            yield Pong(frame.payload)
        elif frame.opcode == Opcode.CLOSE:
            yield from self._handle_close(frame)
        elif frame.opcode in DATA_OPCODES:
            yield from self._handle_data(frame)

    def _handle_data(self, frame: ReceivedFrame) -> Iterator[SessionEvent]:
        if frame.opcode == Opcode.CONTINUATION and not self._parts:
            yield Violation(
                "rfc6455/5.4/fragment-sequence-sent", "a continuation frame with nothing to continue"
            )
            return
        if frame.opcode != Opcode.CONTINUATION and self._parts:
            yield Violation("rfc6455/5.4/interleaving-sent", "a new data frame inside a fragmented message")
            self._parts.clear()
            self._held = 0
        self._parts.append(frame)
        self._held += len(frame.payload)
        self.reader.check(self._held, frame.header)
        if len(self._parts) > FRAGMENT_LIMIT:
            raise MessageTooLarge(f"a message of more than {FRAGMENT_LIMIT} fragments")
        if not frame.fin:
            return
        message = Message(
            self._parts[0].opcode, b"".join(part.payload for part in self._parts), tuple(self._parts)
        )
        self._parts.clear()
        self._held = 0
        if self.inflater is not None and (compressed := message.compressed) is not None:
            try:
                message = replace(message, data=self.inflater.decompress(compressed))
            except DeflateViolation as exc:
                yield Violation(exc.requirement, exc.text)
        if (
            message.opcode == Opcode.TEXT
            and message.frames[0].rsv in self._understood
            and not is_utf8(message.data)
        ):
            yield Violation("rfc6455/5.6/text-utf8-sent", "a text message that is not valid UTF-8")
        yield message

    @property
    def _understood(self) -> tuple[Rsv, ...]:
        """The reserved bits under which a message's data is known to be the application's."""
        return (Rsv.NONE, Rsv.RSV1) if self.inflater else (Rsv.NONE,)

    def _handle_close(self, frame: ReceivedFrame) -> Iterator[SessionEvent]:
        self.closed = True
        body = frame.payload
        if len(body) == 1:
            yield Violation("rfc6455/5.5.1/close-body-code", "a Close frame with a body of one byte")
        code = int.from_bytes(body[:2], "big") if len(body) >= 2 else None
        if code is not None and classify_code(code) is CodeClass.FORBIDDEN:
            yield Violation(forbidden_code_requirement(code), f"close code {code} in a Close frame")
        if code is not None and classify_code(code) is CodeClass.UNASSIGNED:
            yield Violation(
                "rfc6455/7.4.2/unassigned-code-sent", f"close code {code}, which nobody has registered"
            )
        if not is_utf8(body[2:]):
            yield Violation("rfc6455/5.5.1/close-reason-utf8-sent", "a close reason that is not valid UTF-8")
        yield Close(code, body[2:])


def forbidden_code_requirement(code: int) -> str:
    """The requirement that forbids *code* in a Close frame that a server sends."""
    if code < 1000:
        return "rfc6455/7.4.2/code-below-1000-sent"
    if code > 4999:
        return "rfc6455/7.4.2/code-above-4999-sent"
    return f"rfc6455/7.4.1/code-{code}-sent"


def is_utf8(data: bytes) -> bool:
    """Whether *data* is valid UTF-8: Python's strict decoder refuses surrogates and overlong forms."""
    try:
        data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        return False
    return True
