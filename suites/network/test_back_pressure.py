"""What a proxy does when one side sends and the other reads nothing: both ends are here."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, Where, case
from wireproof.peer.connection import End
from wireproof.peer.far_end import Wire
from wireproof.run.network import Network
from wireproof.wire.websocket import Frame

from .tunnels import ENDS, MUCH, both, soon, tunnel

PIECE = 256 << 10  # bytes of one message
MOST = 48 << 20  # bytes after which it is told that nothing stops the sender
STUCK = 0.6  # seconds for which nothing more is taken from a sender that has to wait
MIB = 1 << 20


@case(
    "network/tunnel/slow-reader",
    "network/tunnel/back-pressure",
    intensity=Intensity.NORMAL,
    where=Where.PROXIED,
    seconds=1.5,
)
@pytest.mark.serial(MUCH)
@pytest.mark.parametrize("way", [pytest.param(0, id="to-the-server"), pytest.param(1, id="to-the-client")])
async def test_reader_that_stops_stops_the_sender(network: Network, attempt: Attempt, way: int) -> None:
    """While one side reads nothing, the other can't send without end, and all that it sent arrives later."""
    message = Frame.binary(attempt.random.randbytes(PIECE))
    async with tunnel(network) as made:
        _, speaker, hearer = both(made)[way]
        hearer.connection.stop_reading()
        sent = await _send_until_stuck(speaker, message)
        taken = sent * PIECE - speaker.connection.unsent
        if sent * PIECE >= MOST:
            observed = f"{taken / MIB:.0f} MiB were taken in while the other side read nothing"
            attempt.found(observed, "a sender that has to wait", requirement="network/tunnel/back-pressure")
        else:
            attempt.report(f"the sender had to wait after {taken / MIB:.1f} MiB")
        for number in range(sent):
            what = f"message {number + 1} of the {sent} that were sent"
            came, payload = 0, b""
            while True:
                frame = await soon(attempt, hearer.frame(), what, hearer=hearer)
                if isinstance(frame, End):
                    attempt.broken(f"the connection ended before {what}: {ENDS[frame]}", what)
                if frame.is_control:
                    continue
                payload += frame.payload
                came += 1
                if frame.fin:
                    break
            if payload != message.payload:
                attempt.broken(f"{what} has {len(payload)} bytes and others", "every message as it was sent")


async def _send_until_stuck(speaker: Wire, message: Frame) -> int:
    """How many messages could be sent until nothing more was taken, or until it is enough."""
    number = 0
    while number * PIECE < MOST:
        speaker.send(message)
        number += 1
        try:
            async with asyncio.timeout(STUCK):
                await speaker.connection.drain()
        except TimeoutError:
            return number
    return number
