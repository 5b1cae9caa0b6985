"""What a server says around the cases: what to send and expect first, what to ignore, how its echo looks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from wireproof.wire.session import Message
from wireproof.wire.websocket import Opcode


class Act(StrEnum):
    """One step of a preamble."""

    SEND = "send"
    EXPECT = "expect"


@dataclass(frozen=True, slots=True)
class Step:
    """Send a text, or await one that matches a regular expression."""

    act: Act
    text: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one server's application talks.

    ``echo`` matches a whole text message; its group ``payload`` is what was sent. ``pings`` tells whether
    the server answers pings at all.
    """

    preamble: tuple[Step, ...] = ()
    ignore: tuple[re.Pattern[str], ...] = ()
    echo: re.Pattern[str] | None = None
    pings: bool = True

    def is_noise(self, message: Message) -> bool:
        """Whether *message* is one of those to be ignored."""
        if not self.ignore or message.opcode != Opcode.TEXT:
            return False
        text = message.data.decode("utf-8", "surrogateescape")
        return any(pattern.fullmatch(text) for pattern in self.ignore)

    def matches(self, step: Step, message: Message) -> bool:
        """Whether *message* is what an expecting *step* waits for."""
        text = message.data.decode("utf-8", "surrogateescape")
        return re.fullmatch(step.text, text, re.DOTALL) is not None

    def echoed(self, message: Message) -> bytes | None:
        """The payload that *message* brings back; None when it does not look like an echo."""
        if self.echo is None or message.opcode != Opcode.TEXT:
            return message.data
        match = self.echo.fullmatch(message.data.decode("utf-8", "surrogateescape"))
        return None if match is None else match["payload"].encode("utf-8", "surrogateescape")
