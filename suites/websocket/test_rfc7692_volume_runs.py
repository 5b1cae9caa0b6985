"""RFC 7692: whoever keeps a window for long still has it right after thousands of messages."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.table import each_row
from wireproof.peer.volume import expect_all_echoed
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.volume import Rotation

from .deflating import PLAIN, agree
from .volumes import DIFFERENT, KINDS, OFFERS, RUNS, Run, content, opcode_of

MESSAGES = 1000  # in each run
CONNECTIONS = 4  # runs at a time
ENOUGH = 2  # broken runs after which no more are tried
SECONDS = 15.0
TOTAL = MESSAGES * sum(run.size for run in RUNS)


async def exchange(attempt: Attempt, peers: Peers, kind: str, *offers: DeflateOffer) -> None:
    """Demand every message of all runs back, each run on a connection of its own."""

    async def check(peer: WebSocketPeer, run: Run) -> None:
        payloads = tuple(content(kind, run.size, number) for number in range(DIFFERENT))
        await expect_all_echoed(
            peer,
            Rotation(opcode_of(kind), payloads, MESSAGES),
            run.fragment,
            progress=lambda size: attempt.progress(size / TOTAL),
        )
        await peer.close()

    async def open_one(peer: WebSocketPeer) -> None:
        await agree(peer, *offers)

    rows = {str(run): run for run in RUNS}
    await each_row(attempt, peers, rows, check, opening=open_one, width=CONNECTIONS, enough=ENOUGH)


@case(
    "rfc7692/6.2/compressed-message-received",
    "rfc7692/6.1/compressed-message-sent",
    needs=["deflate", "echo", "echo-binary"],
    intensity=Intensity.HARSH,
    seconds=SECONDS,
)
@pytest.mark.serial("it keeps the target busy")
@pytest.mark.parametrize("kind", KINDS)
async def test_thousands_of_messages_come_back(attempt: Attempt, peers: Peers, kind: str) -> None:
    """18 times 1000 messages of one kind come back, of 16 bytes to 128 KiB, whole and in fragments."""
    await exchange(attempt, peers, kind, PLAIN)


@case(
    "rfc7692/6.2/compressed-message-received",
    "rfc7692/6.1/compressed-message-sent",
    needs=["deflate", "echo"],
    intensity=Intensity.HARSH,
    seconds=SECONDS,
)
@pytest.mark.serial("it keeps the target busy")
@pytest.mark.parametrize("offers", OFFERS)
async def test_parameters_last(attempt: Attempt, peers: Peers, offers: tuple[DeflateOffer, ...]) -> None:
    """18 times 1000 messages come back under the parameters agreed on, of 16 bytes to 128 KiB."""
    await exchange(attempt, peers, "json", *offers)
