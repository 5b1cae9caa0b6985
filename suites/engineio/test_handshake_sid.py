"""Engine.IO, the handshake: session identifiers."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import with_body
from wireproof.peer.peers import Sessions
from wireproof.peer.session import POLL_TYPE, Transport
from wireproof.target import Target
from wireproof.wire.engineio import encode_payload

from .asking import question
from .greeting import collect_sids

BOTH = pytest.mark.parametrize("transport", list(Transport))
SESSIONS = 24  # enough to tell what varies at random from what counts up
BITS = 64  # below that, guessing becomes thinkable
_ALPHABETS = (10, 16, 26, 36, 52, 64)
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


@case("engineio/handshake/sid-unique")
@BOTH
async def test_every_session_has_its_sid(
    sessions: Sessions, target: Target, attempt: Attempt, transport: Transport
) -> None:
    """Sessions that are open at the same time have different sids."""
    sids = await collect_sids(sessions, target, transport, SESSIONS)
    if doubled := sorted({sid for sid in sids if sids.count(sid) > 1}):
        attempt.broken(f"{SESSIONS - len(set(sids))} of {SESSIONS} sids came again: {doubled[0]}", "none")


@case("engineio/handshake/sid-unpredictable")
@BOTH
async def test_sid_is_hard_to_guess(
    sessions: Sessions, target: Target, attempt: Attempt, transport: Transport
) -> None:
    """Enough characters of the sids vary, over an alphabet large enough."""
    sids = await collect_sids(sessions, target, transport, SESSIONS)
    bits = varying_bits(sids)
    if bits < BITS:
        attempt.broken(
            f"{SESSIONS} sids vary in about {bits:.0f} bits at the most, such as {sids[0]} and {sids[1]}",
            f"at least {BITS} bits",
        )


def varying_bits(names: Sequence[str]) -> float:
    """How many bits of *names* could be random, judged by what differs: fewer for a counter or a clock."""
    letters = len(set("".join(names)))
    alphabet = next((size for size in _ALPHABETS if letters <= size), 64)
    # So many different ones are to be expected of independent draws; half of them will do.
    expected = alphabet * (1 - (1 - 1 / alphabet) ** len(names))
    places = range(max(map(len, names)))
    varying = sum(len({name[at : at + 1] for name in names}) >= expected / 2 for at in places)
    return varying * math.log2(alphabet)


@case("engineio/handshake/sid-plain")
@BOTH
async def test_sid_needs_no_encoding(
    sessions: Sessions, target: Target, attempt: Attempt, transport: Transport
) -> None:
    """A sid consists of letters, digits, hyphens and underscores."""
    for sid in await collect_sids(sessions, target, transport, 4):
        if not _PLAIN.fullmatch(sid):
            attempt.broken(f"the sid {sid!r:.100}", "letters, digits, - and _")


@case("engineio/handshake/sid-accepted", needs=["polling", "messages"])
async def test_sid_is_known_on_other_connections(session: SessionPeer, attempt: Attempt) -> None:
    """A session is found again by its sid, also when each request comes over a new TCP connection."""
    await session.begin()
    for turn in ("first", "second"):
        body = encode_payload([question(session, turn)]).encode()
        posting = with_body(session.request(method=b"POST"), body, POLL_TYPE)
        with attempt.row(f"{turn} POST"), attempt.expecting("200"):
            closing = posting.with_header(b"Connection", b"close")
            await session.expect_status(await session.fetch(closing, body), 200)
        with attempt.row(f"{turn} GET"), attempt.expecting("200"):
            closing = session.request().with_header(b"Connection", b"close")
            await session.expect_status(await session.fetch(closing), 200)
