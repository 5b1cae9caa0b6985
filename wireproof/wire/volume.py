"""Many messages that are a few again and again: compressing, masking and reading each of them only once.

What compressed data says depends on itself and on the window alone, that is on the last 32 KiB before it
(RFC 7692 section 7.2.2). Once that much has gone by, equal messages behind equal ones are *at the same
place*: a payload compressed for one may be sent for all, and an echo that is made of the bytes of one that
was read and found right needs no reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from wireproof.wire.deflate import WINDOW, Agreement, Deflater, compress_behind
from wireproof.wire.session import Message
from wireproof.wire.websocket import Frame, Opcode, Rsv

VARIANTS = 4  # forms of one echo that are kept: how a server compresses may depend on more than its window


@dataclass(slots=True)
class Rotation:
    """*count* messages of one type: ``payloads``, none of them empty, in order, again and again."""

    opcode: Opcode
    payloads: tuple[bytes, ...]
    count: int
    _starts: list[int] = field(default_factory=list)
    _whole: bytes = b""

    def __post_init__(self) -> None:
        at = 0
        for payload in self.payloads:
            self._starts.append(at)
            at += len(payload)
        self._starts.append(at)
        self._whole = b"".join(self.payloads) * (WINDOW // at + 2)

    def payload(self, number: int) -> bytes:
        """The data of message *number*, counted from 0."""
        return self.payloads[number % len(self.payloads)]

    def before(self, number: int) -> int:
        """How many bytes all messages before message *number* have."""
        turns, rest = divmod(number, len(self.payloads))
        return turns * self._starts[-1] + self._starts[rest]

    def history(self, number: int, window: int = WINDOW) -> bytes:
        """The last *window* bytes, at most 32 KiB, of all messages before message *number*."""
        end = self.before(number)
        length = min(end, window)
        start = (end - length) % self._starts[-1]
        return self._whole[start : start + length]

    def place(self, number: int, window: int = WINDOW) -> int | None:
        """What messages with the same data behind the same *window* of bytes have in common.

        None for a message that has fewer bytes before it.
        """
        return number % len(self.payloads) if self.before(number) >= window else None


class Outbox:
    """The bytes of a rotation's messages, compressed as agreed, in frames with payloads of *fragment* bytes.

    A *fragment* of 0 makes one frame of each message. They are to be asked for in order.
    """

    def __init__(self, rotation: Rotation, agreement: Agreement, random: Random, fragment: int = 0) -> None:
        self.rotation = rotation
        self.fragment = fragment
        self._random = random
        self._bits = agreement.client_max_window_bits
        self._window = 0 if agreement.client_no_context_takeover else 1 << self._bits
        self._start = Deflater(self._bits, keeps_context=bool(self._window))
        self._made: dict[int, bytes] = {}

    def message(self, number: int) -> bytes:
        """What to send for message *number*.

        RFC 6455 section 5.3 wants every mask fresh, so that nobody foresees the bytes on the wire; what
        this client sends has no author to be kept from that, and so a frame keeps its mask when it is
        sent again.
        """
        place = self.rotation.place(number, self._window)
        data = self.rotation.payload(number)
        if place is None:
            return self._encode(self._start.compress(data))
        if (made := self._made.get(place)) is None:
            history = self.rotation.history(number, self._window)
            made = self._made[place] = self._encode(compress_behind(history, data, self._bits))
        return made

    def _encode(self, payload: bytes) -> bytes:
        size = self.fragment or len(payload) or 1
        parts = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
        last = len(parts) - 1
        return b"".join(
            Frame(
                Opcode.CONTINUATION if i else self.rotation.opcode,
                part,
                fin=i == last,
                rsv=Rsv.NONE if i else Rsv.RSV1,
            ).encode(self._random.randbytes(4))
            for i, part in enumerate(parts)
        )


class Recogniser:
    """Knows the bytes of echoes that were read and found right, by their place in the rotation.

    Every echo has to be told in order, by `end` or by `learn`. One that is unlike what was sent, or among
    other messages, must be kept from it: then what the server's window holds is not known here.
    """

    def __init__(self, rotation: Rotation, agreement: Agreement) -> None:
        self.rotation = rotation
        self._window = 0 if agreement.server_no_context_takeover else WINDOW
        self._compressed: bool | None = None  # what all echoes have been so far
        self._mixed = False
        self._passed = False
        self._known: dict[int, list[bytes]] = {}

    def end(self, number: int, data: bytes, start: int) -> int | None:
        """Where the echo of message *number* ends in *data* if it is known, and begins at *start*.

        That may be behind the end of *data*, when all that is there is the beginning of a known echo. None
        when it has to be read.
        """
        known = self._known.get(-1 if (place := self._place(number)) is None else place, ())
        for form in known:
            if data.startswith(form, start):
                self._passed = True
                return start + len(form)
        if not known:
            return None
        rest = data[start:]
        return next((start + len(form) for form in known if form.startswith(rest)), None)

    def learn(self, number: int, message: Message) -> None:
        """Take *message* as the echo of message *number*: it was read and found right."""
        compressed = message.compressed is not None
        if self._compressed is None:
            self._compressed = compressed
        # RFC 7692 section 6 lets a server compress some messages only, and then its window holds only those.
        self._mixed = self._mixed or compressed is not self._compressed
        if (place := self._place(number)) is None:
            return
        forms = self._known.setdefault(place, [])
        forms.insert(0, b"".join(frame.encode() for frame in message.frames))
        del forms[VARIANTS:]

    def history(self, number: int) -> bytes | None:
        """What the server's window holds before the echo of message *number*.

        None when whoever reads the echoes has seen it all.
        """
        return (
            self.rotation.history(number) if self._passed and self._compressed and not self._mixed else None
        )

    def _place(self, number: int) -> int | None:
        if self._mixed:
            return None
        # What is not compressed depends on nothing before it.
        return self.rotation.place(number, 0 if self._compressed is False else self._window)
