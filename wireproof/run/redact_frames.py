"""Takes secrets out of the frames of a transcript, message by message.

A secret may be spread over fragments, and a compressed message shows none of it to the eye: it goes whole
unless it is seen to hold none. The bytes' number stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wireproof.wire.deflate import DeflateViolation, Inflater, MessageTooLarge
from wireproof.wire.text import shorten
from wireproof.wire.websocket import DATA_OPCODES, FrameReader, FrameTooLargeError, Opcode, ReceivedFrame, Rsv

Clean = Callable[[bytes], bytes]
SHOWN = 32  # bytes of a payload that the text of an entry shows
_QUOTED = re.compile(r'(?<=\] )".*"', re.DOTALL)


def clean_transcript(entries: Sequence[Mapping[str, Any]], clean: Clean) -> list[dict[str, Any]]:
    """*entries* without secrets, neither in bytes nor in what texts show of frames; *clean* knows them."""
    flows: dict[tuple[Any, Any], _Flow] = {}
    slots: dict[int, _Bytes] = {}
    gap = False
    for number, entry in enumerate(entries):
        if entry.get("dir") == "note" and not entry.get("hex"):
            gap = gap or "left out" in str(entry.get("text"))
            for flow in flows.values() if gap else ():
                flow.lose()
        elif entry.get("kind") == "frame" and entry.get("hex"):
            flow = flows.setdefault((entry.get("peer"), entry.get("dir")), _Flow(clean, lost=gap))
            slots[number] = flow.take(bytes.fromhex(entry["hex"]))
    for flow in flows.values():
        flow.finish()
    return [
        slots[number].put_into(entry, clean) if number in slots else _plain(entry, clean)
        for number, entry in enumerate(entries)
    ]


def _plain(entry: Mapping[str, Any], clean: Clean) -> dict[str, Any]:
    if not entry.get("hex"):
        return dict(entry)
    return {**entry, "hex": clean(bytes.fromhex(entry["hex"])).hex()}


@dataclass(slots=True)
class _Slot:
    """One frame, and the payload that is to stand in it."""

    frame: ReceivedFrame
    payload: bytes


@dataclass(slots=True)
class _Bytes:
    """The bytes of one entry: whole frames, and what comes behind them."""

    frames: list[_Slot] = field(default_factory=list)
    rest: bytes = b""
    hidden: bool = False  # the rest is not readable as it is

    def put_into(self, entry: Mapping[str, Any], clean: Clean) -> dict[str, Any]:
        made = b"".join(replace(slot.frame, payload=slot.payload).encode() for slot in self.frames)
        made += b"*" * len(self.rest) if self.hidden else self.rest
        return {**entry, "hex": clean(made).hex(), "text": self._text(str(entry.get("text", "")))}

    def _text(self, text: str) -> str:
        for slot in self.frames:
            if slot.payload != slot.frame.payload:
                text = text.replace(shorten(slot.frame.payload, SHOWN), shorten(slot.payload, SHOWN))
        return _QUOTED.sub(lambda found: '"' + "*" * (len(found[0]) - 2) + '"', text) if self.hidden else text


class _Flow:
    """What one side of a connection sends."""

    def __init__(self, clean: Clean, *, lost: bool) -> None:
        self._clean = clean
        self._message: list[_Slot] = []
        self._compressed = lost  # what continues nothing that was seen may continue anything
        self._whole = not lost

    def take(self, data: bytes) -> _Bytes:
        """The next bytes; their secrets are gone once the flow is finished."""
        made = _Bytes()
        reader = FrameReader(limit=1 << 30)
        reader.receive_data(data)
        try:
            for frame in reader.frames():
                made.frames.append(slot := _Slot(frame, frame.payload))
                self._sort(slot)
            made.rest = reader.pending
        except FrameTooLargeError:
            made.rest, made.hidden = reader.pending, True
        if made.rest:
            continues = not made.rest[0] & 0x0F and self._compressed
            masked, marked = made.rest[1:2] >= b"\x80", bool(made.rest[0] & Rsv.RSV1)
            made.hidden = made.hidden or masked or marked or continues
            self._whole = False
            if marked:
                self._compressed = True
        return made

    def lose(self) -> None:
        """Some of the frames are not told."""
        self.finish()
        self._compressed, self._whole = True, False

    def finish(self) -> None:
        """Clean the message that is under way, as far as it came."""
        self._end(whole=False)

    def _sort(self, slot: _Slot) -> None:
        frame = slot.frame
        if frame.opcode not in DATA_OPCODES:
            slot.payload = b"".join(self._cleaned([slot], compressed=bool(frame.rsv & Rsv.RSV1), whole=True))
            return
        if frame.opcode != Opcode.CONTINUATION:
            self._end(whole=False)
            self._compressed, self._whole = bool(frame.rsv & Rsv.RSV1), True
        elif frame.rsv & Rsv.RSV1:
            self._compressed = True
        self._message.append(slot)
        if frame.fin:
            self._end(whole=self._whole)

    def _end(self, *, whole: bool) -> None:
        cleaned = self._cleaned(self._message, compressed=self._compressed, whole=whole)
        for slot, payload in zip(self._message, cleaned, strict=True):
            slot.payload = payload
        self._message = []
        self._compressed, self._whole = False, True

    def _cleaned(self, slots: Sequence[_Slot], *, compressed: bool, whole: bool) -> Iterator[bytes]:
        data = b"".join(slot.frame.payload for slot in slots)
        if compressed and not (whole and self._is_harmless(data)):
            data = b"*" * len(data)
        data = self._clean(data)
        for slot in slots:
            size = len(slot.frame.payload)
            yield data[:size]
            data = data[size:]

    def _is_harmless(self, data: bytes) -> bool:
        try:
            plain = Inflater().decompress(data)
        except (DeflateViolation, MessageTooLarge):  # such as what refers to messages before it
            return False
        return self._clean(plain) == plain
