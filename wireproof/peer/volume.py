"""Thousands of messages on one connection, each echo verified, at the least cost.

Both directions are under way at once, as far as a budget of bytes goes that the server may owe. Only the
first echo of each kind is read; the others are compared with it (see `wireproof.wire.volume`). The record
tells how far it came, and holds the bytes of the message that broke.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wireproof.attempt import Expectation
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer, cut_short, describe_message, difference
from wireproof.transcript import Direction, Kind
from wireproof.wire.deflate import Agreement
from wireproof.wire.session import Close, Message
from wireproof.wire.volume import Outbox, Recogniser, Rotation
from wireproof.wire.websocket import frame_end

LONGEST_HEADER = 14  # bytes (RFC 6455 section 5.2)
BUDGET = 1 << 20  # bytes of messages sent and not yet echoed, at least one message


async def expect_all_echoed(
    peer: WebSocketPeer,
    rotation: Rotation,
    fragment: int = 0,
    *,
    budget: int = BUDGET,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Send all messages of *rotation*, compressed as agreed on, and demand each of them back, in order.

    *fragment* is the payload of a frame in bytes (0: one frame for each message). *progress* is told how
    many bytes have come back, every time that some have.
    """
    flow = _Flow(peer, rotation, fragment, budget)
    try:
        while flow.echoed < rotation.count:
            flow.send()
            before = flow.echoed
            await flow.receive()
            if flow.echoed > before:
                progress(rotation.before(flow.echoed) - rotation.before(before))
    finally:
        flow.tell()
    peer.put_back(flow.rest, flow.history())
    await peer.expect_no_message()


@dataclass(slots=True)
class _Flow:
    """Both directions of one connection; ``rest`` has come and was not looked at yet."""

    peer: WebSocketPeer
    rotation: Rotation
    fragment: int
    budget: int
    sent: int = 0
    echoed: int = 0
    rest: bytes = b""
    outbox: Outbox = field(init=False)
    known: Recogniser | None = None
    inside: bool = False  # some fragments of an echo have been read
    bytes_out: int = 0
    bytes_in: int = 0

    def __post_init__(self) -> None:
        agreement = self.peer.agreement or Agreement()
        self.outbox = Outbox(self.rotation, agreement, self.peer.attempt.random, self.fragment)
        dialect = self.peer.dialect
        if dialect.echo is None and not dialect.ignore:
            self.known = Recogniser(self.rotation, agreement)
        self.rest = self.peer.unread()

    def send(self) -> None:
        """Send as many messages as the budget allows."""
        limit = self.rotation.before(self.echoed) + self.budget
        parts = []
        while self.sent < self.rotation.count and (
            self.sent == self.echoed or self.rotation.before(self.sent + 1) <= limit
        ):
            parts.append(self.outbox.message(self.sent))
            self.sent += 1
        data = b"".join(parts)
        self.bytes_out += len(data)
        self.peer.connection.write(data)

    async def receive(self) -> None:
        """Wait for more bytes, and look at all echoes that they complete."""
        number = self.echoed
        size = len(self.rotation.payload(number))
        what = f"the echo of message {number + 1} of {self.rotation.count}, {size} bytes"
        with self.peer.attempt.expecting(what) as expecting:
            data = await self.peer.connection.receive()
            self.bytes_in += len(data)
            self._take(self.rest + data, expecting)
            if not data and self.echoed < self.rotation.count:
                self.peer.put_back(self.rest)
                self._cut_short(expecting, await self.peer.event())

    def history(self) -> bytes | None:
        """What the server's window holds now; None when the peer has seen all of it."""
        return self.known.history(self.echoed) if self.known else None

    def _take(self, data: bytes, expecting: Expectation) -> None:
        at = 0
        while self.echoed < self.rotation.count:
            end = None if self.inside or not self.known else self.known.end(self.echoed, data, at)
            if end is not None and at < end <= len(data):
                self.echoed += 1
            else:
                end = frame_end(data, at)
                if end is None or len(data) < end <= at + self.peer.receive_limit + LONGEST_HEADER:
                    break
                self._read(data[at:end], expecting)
            at = min(end, len(data))
        self.rest = data[at:]

    def _read(self, frame: bytes, expecting: Expectation) -> None:
        """Read one frame; the peer refuses one that is beyond its limit by the header alone."""
        is_data, final = not frame[0] & 0x08, bool(frame[0] & 0x80)
        for event in self.peer.read(frame, self.history()):
            match event:
                case Message() as message:
                    self._verify(message, expecting)
                case Close() as end:
                    self._cut_short(expecting, end)
                case _:
                    pass
        if self.peer.ended is not None:
            self._cut_short(expecting, self.peer.ended)
        if is_data:
            self.inside = not final

    def _verify(self, message: Message, expecting: Expectation) -> None:
        wanted, dialect = self.rotation.payload(self.echoed), self.peer.dialect
        if message.opcode != self.rotation.opcode and dialect.echo is None:
            self._show(message)
            expecting.broken(f"{self._named()}: {describe_message(message)}, which was sent as another type")
        if (echoed := dialect.echoed(message)) != wanted:
            self._show(message)
            told = describe_message(message) + difference(wanted, echoed)
            other = self._mistaken_for(echoed)
            expecting.broken(f"{self._named()}: {told}{other}")
        if self.known:
            self.known.learn(self.echoed, message)
        self.echoed += 1

    def _named(self) -> str:
        return f"message {self.echoed + 1} of {self.rotation.count}"

    def _mistaken_for(self, echoed: bytes | None) -> str:
        """Which message near the one that was due has come in its place, if any."""
        payload = self.rotation.payload
        near = [self.echoed + step * way for step in range(1, len(self.rotation.payloads)) for way in (-1, 1)]
        found = next((n for n in near if 0 <= n < self.sent and payload(n) == echoed), None)
        return "" if found is None else f"; message {found + 1} was the same"

    def _cut_short(self, expecting: Expectation, event: object) -> None:
        if isinstance(event, Close | Ended):
            cut_short(expecting, event)
        raise TypeError(f"no end of a connection: {event!r}")

    def _show(self, message: Message) -> None:
        """Record the message that was due, and what came in its place."""
        add, number = self.peer.attempt.transcript.add, self.peer.connection.number
        sent = self.rotation.payload(self.echoed)
        add(number, Direction.NOTE, Kind.FRAME, f"{self._named()} as it was before it was compressed", sent)
        came = f"{describe_message(message)}, as it stood on the wire"
        add(number, Direction.IN, Kind.FRAME, came, b"".join(frame.encode() for frame in message.frames))

    def tell(self) -> None:
        """Record how far it came."""
        cut = f"in fragments of {self.fragment} bytes" if self.fragment else "in one frame each"
        size = len(self.rotation.payload(0))
        text = (
            f"{self.sent} of {self.rotation.count} messages of {size} bytes sent {cut} ({self.bytes_out} "
            f"bytes on the wire), {self.echoed} echoes found right ({self.bytes_in} bytes)"
        )
        self.peer.attempt.transcript.add(self.peer.connection.number, Direction.NOTE, Kind.FRAME, text)
