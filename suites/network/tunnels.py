"""What the cases about intermediaries share: a WebSocket through the proxies, with both of its ends here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from wireproof.attempt import Attempt, NotApplicable
from wireproof.peer.connection import End
from wireproof.peer.far_end import Blocked, Tunnel, Wire
from wireproof.run.network import Network
from wireproof.verdict import Ground
from wireproof.wire.http1 import Header
from wireproof.wire.text import describe_frame
from wireproof.wire.websocket import Frame, Opcode, ReceivedFrame, fragments

T = TypeVar("T")
SOON = 4.0  # seconds in which what passes a proxy on this machine has passed
MUCH = "both ends of much data are in this process, and would take its time from other cases"
ENDS = {End.FIN: "FIN", End.RESET: "RST", End.BROKEN: "an error", End.ABANDONED: "our own end of it"}
UP, DOWN = "to the server", "to the client"


async def soon(
    attempt: Attempt,
    waiting: Awaitable[T],
    what: str,
    requirement: str | None = None,
    hearer: Wire | None = None,
) -> T:
    """Await what must come; both ends are here, so that nobody but a proxy can hold it up.

    As long as more comes to *hearer*, the proxy is slow and not silent: then the case's deadline counts.
    """
    task = asyncio.ensure_future(waiting)
    try:
        while True:
            before = hearer.received if hearer else 0
            await asyncio.wait((task,), timeout=SOON)
            if task.done():
                return task.result()
            if hearer is None or hearer.received == before:
                attempt.broken(
                    f"nothing within {SOON:g} s", what, requirement=requirement, ground=Ground.MISSING
                )
    finally:
        task.cancel()


@asynccontextmanager
async def tunnel(
    network: Network, headers: Sequence[Header] = (), answer: Sequence[Header] = ()
) -> AsyncIterator[Tunnel]:
    """A WebSocket for the length of the block; where none gets through, a case of its own tells it."""
    far = await network.far_end()
    try:
        async with asyncio.timeout(SOON):
            made = await far.tunnel(headers, answer)
            if isinstance(made, Blocked):
                raise NotApplicable(f"no WebSocket gets through: {made}")
            for _, speaker, hearer in both(made):
                speaker.send(Frame.text("hello"))
                if await _whole(hearer) != b"hello":
                    raise NotApplicable("no WebSocket gets through: its first message does not")
    except TimeoutError:
        raise NotApplicable(f"no WebSocket gets through: nothing within {SOON:g} s") from None
    yield made


async def _whole(hearer: Wire) -> bytes | None:
    """The payload of the next message, in however many frames; None where the connection ends."""
    payload = b""
    while not isinstance(frame := await hearer.frame(), End):
        payload += b"" if frame.is_control else frame.payload
        if frame.fin and not frame.is_control:
            return payload
    return None


def both(made: Tunnel) -> tuple[tuple[str, Wire, Wire], ...]:
    """Each direction: its name, who speaks and who hears."""
    return (UP, made.near, made.far), (DOWN, made.far, made.near)


async def next_frame(
    attempt: Attempt, wire: Wire, what: str, requirement: str | None = None
) -> ReceivedFrame:
    """The next frame of a connection that has no reason to end."""
    frame = await soon(attempt, wire.frame(), what, requirement, wire)
    if isinstance(frame, End):
        attempt.broken(f"the connection ended with {ENDS[frame]}", what, requirement=requirement)
    return frame


async def frames(attempt: Attempt, wire: Wire, count: int, what: str) -> list[ReceivedFrame] | End:
    """So many frames, or how the connection ended instead."""
    found: list[ReceivedFrame] = []
    while len(found) < count:
        frame = await soon(attempt, wire.frame(), what, hearer=wire)
        if isinstance(frame, End):
            return frame
        found.append(frame)
    return found


async def message(
    attempt: Attempt, wire: Wire, what: str, requirement: str | None = None
) -> tuple[int, bytes, int]:
    """The opcode and payload of the next message, and of how many frames it was; pings are passed over."""
    opcode, parts = 0, []
    while True:
        frame = await next_frame(attempt, wire, what, requirement)
        if frame.is_control:
            continue
        opcode = frame.opcode or opcode
        parts.append(frame.payload)
        if frame.fin:
            return opcode, b"".join(parts), len(parts)


async def carried(
    attempt: Attempt, speaker: Wire, hearer: Wire, sent: Sequence[Frame], requirement: str | None = None
) -> int:
    """Send one message as the frames *sent* and demand it at the other end; of how many frames it came."""
    payload = b"".join(frame.payload for frame in sent)
    what = f"a message of {len(payload)} bytes"
    speaker.send(*sent)
    opcode, came, count = await message(attempt, hearer, what, requirement)
    if came != payload or opcode != sent[0].opcode:
        at = next(
            (i for i, (a, b) in enumerate(zip(payload, came, strict=False)) if a != b),
            min(len(came), len(payload)),
        )
        attempt.broken(
            f"{len(came)} bytes with the opcode {opcode}, different from byte {at} on",
            what,
            requirement=requirement,
        )
    return count


def in_pieces(data: bytes, size: int) -> tuple[Frame, ...]:
    """A binary message cut into frames of *size* bytes."""
    return fragments(Opcode.BINARY, *(data[i : i + size] for i in range(0, len(data), size)))


def listed(found: Sequence[Frame | ReceivedFrame]) -> str:
    """Frames in a few words."""
    shown = "; ".join(
        describe_frame(one)
        if isinstance(one, Frame)
        else f"opcode {one.opcode:#x}, {len(one.payload)} bytes, fin {one.fin:d}, rsv {int(one.rsv):#04x}"
        for one in found[:8]
    )
    return shown + (f" and {len(found) - 8} more" if len(found) > 8 else "")


def alike(sent: Sequence[Frame], came: Sequence[ReceivedFrame]) -> bool:
    """Whether the same frames came: opcodes, ends, reserved bits and payloads."""
    return [(f.opcode, f.fin, f.rsv, f.payload) for f in sent] == [
        (f.opcode, f.fin, f.rsv, f.payload) for f in came
    ]
