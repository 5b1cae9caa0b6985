"""RFC 6455 section 8.1: close reasons that are not valid UTF-8."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.table import each_row
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame

from .closings import answer_to, takes_for_error, takes_for_valid
from .utf8_rows import (
    BEYOND_UNICODE,
    BROKEN_GREEK,
    CORNERS,
    EDGES,
    INVALID,
    NONCHARACTERS,
    OVERLONG,
    SURROGATES,
    TRUNCATED,
    some,
)

TABLES = {
    "broken-greek": BROKEN_GREEK,
    "truncated": some(TRUNCATED, 10),
    "overlong": some(OVERLONG, 8),
    "surrogates": some(SURROGATES, 6),
    "beyond-unicode": some(BEYOND_UNICODE, 6),
    "longest": {
        "a bad byte last": b"r" * 122 + b"\xff",
        "a bad byte first": b"\xff" + b"r" * 122,
        "a character that does not fit": b"r" * 122 + b"\xc3",
    },
}

VALID = {"corners": some(CORNERS, 20), "edges": EDGES, "noncharacters": some(NONCHARACTERS, 12)}


@case("rfc6455/8.1/invalid-utf8-close-reason")
@pytest.mark.parametrize("table", list(TABLES))
async def test_invalid_close_reason_is_an_error(peers: Peers, attempt: Attempt, table: str) -> None:
    """A Close frame whose reason is not valid UTF-8 is an error."""
    await each_row(attempt, peers, TABLES[table], _expect_error)


@case("rfc6455/8.1/invalid-utf8-close-reason", intensity=Intensity.NORMAL)
@pytest.mark.parametrize("part", [0, 1, 2, 3])
async def test_every_invalid_sequence_in_a_close_reason(peers: Peers, attempt: Attempt, part: int) -> None:
    """Every ill-formed sequence of the tables is an error in a close reason."""
    rows = list(INVALID.items())[part::4]
    await each_row(attempt, peers, {name: b"bye " + bad + b"." for name, bad in rows}, _expect_error)


async def _expect_error(peer: WebSocketPeer, reason: bytes) -> None:
    answer = await answer_to(peer, Frame.close(CloseCode.NORMAL, reason))
    if takes_for_valid(answer, CloseCode.NORMAL):
        peer.attempt.broken(str(answer), "a Close frame that tells an error (1007)", "the end of TCP")


@case("rfc6455/5.5.1/close-reason-received", "rfc6455/5.5.1/close-reply")
@pytest.mark.parametrize("table", list(VALID))
async def test_valid_close_reason_is_taken(peers: Peers, attempt: Attempt, table: str) -> None:
    """A Close frame whose reason is valid UTF-8 is answered, whatever its characters are."""

    async def check(peer: WebSocketPeer, reason: bytes) -> None:
        answer = await answer_to(peer, Frame.close(CloseCode.NORMAL, reason))
        if answer.close is None:
            peer.attempt.broken(str(answer), "a Close frame", requirement="rfc6455/5.5.1/close-reply")
        if takes_for_error(answer, CloseCode.NORMAL):
            peer.attempt.broken(str(answer), "a Close frame that tells no error")

    await each_row(attempt, peers, VALID[table], check)
