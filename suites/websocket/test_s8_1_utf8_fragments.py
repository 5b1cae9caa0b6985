"""RFC 6455 sections 5.6 and 8.1: UTF-8 across frames, and across the segments of TCP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended
from wireproof.peer.table import each_row
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.session import Close
from wireproof.wire.websocket import CloseCode, Frame, Opcode, fragments

from .utf8_rows import BROKEN_GREEK, GREEK, MIXED, OVERLONG, SURROGATES, TRUNCATED, some

HEADER = 6  # bytes before the payload of a short masked frame

BAD = {
    "surrogate": BROKEN_GREEK["a surrogate behind it"],
    "beyond-unicode": BROKEN_GREEK["a character beyond U+10FFFF behind it"],
    "overlong": BROKEN_GREEK["an overlong character behind it"],
    "truncated": BROKEN_GREEK["its last byte missing"],
}


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
@pytest.mark.parametrize("what", list(BAD))
async def test_invalid_text_cut_into_frames(peers: Peers, attempt: Attempt, what: str) -> None:
    """An invalid text fails the connection wherever it is cut into two frames."""
    data = BAD[what]
    rows = {f"cut at {at}": fragments(Opcode.TEXT, data[:at], data[at:]) for at in range(len(data) + 1)}
    await each_row(attempt, peers, rows, _expect_failure)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
@pytest.mark.parametrize("what", list(BAD))
async def test_invalid_text_in_many_frames(peers: Peers, attempt: Attempt, what: str) -> None:
    """An invalid text fails the connection when every byte has a frame of its own."""
    data = [BAD[what][at : at + 1] for at in range(len(BAD[what]))]
    rows = {
        "byte by byte": fragments(Opcode.TEXT, *data),
        "between empty frames": fragments(Opcode.TEXT, b"", *data, b""),
        "between pings": _between_pings(fragments(Opcode.TEXT, *data)),
    }
    await each_row(attempt, peers, rows, _expect_failure)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
async def test_invalid_sequence_cut_at_every_byte(peers: Peers, attempt: Attempt) -> None:
    """An ill-formed sequence is found when a frame ends inside it, at any of its bytes."""
    rows = {}
    for name, bad in {**some(SURROGATES, 4), **some(OVERLONG, 6)}.items():
        for at in range(1, len(bad)):
            rows[f"{name} cut at {at}"] = fragments(Opcode.TEXT, b"x" + bad[:at], bad[at:] + b"y")
    await each_row(attempt, peers, rows, _expect_failure)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
async def test_message_ends_inside_a_character(peers: Peers, attempt: Attempt) -> None:
    """A fragmented text may not end inside a character, also when its last frame is empty."""
    rows = {}
    for name, bad in TRUNCATED.items():
        rows[f"{name} and an empty frame"] = fragments(Opcode.TEXT, bad, b"")
    rows["a character begun in the last frame"] = fragments(Opcode.TEXT, b"x", b"y\xc3")
    await each_row(attempt, peers, rows, _expect_failure)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
async def test_bad_fragment_of_a_long_message(peers: Peers, attempt: Attempt) -> None:
    """A bad byte fails the connection in whichever fragment it stands."""
    rows = {}
    for bad in range(6):
        parts = [b"\xff" if part == bad else GREEK.encode() for part in range(6)]
        rows[f"fragment {bad + 1} of 6"] = fragments(Opcode.TEXT, *parts)
    await each_row(attempt, peers, rows, _expect_failure)


@case("rfc6455/5.6/text-received", needs=["text"])
async def test_valid_text_cut_into_segments(peer: WebSocketPeer) -> None:
    """A valid text is accepted wherever TCP cuts it, also inside a character."""
    await peer.open()
    data = MIXED.encode()
    for at in range(1, len(data)):
        await peer.send_pieces(peer.encode(Frame.text(data)), [HEADER + at])
    await peer.send_pieces(peer.encode(Frame.text(data)), range(1, HEADER + len(data)))
    await peer.expect_alive()
    await peer.expect_alive()


@case("rfc6455/5.6/text-received", needs=["echo"])
async def test_valid_text_cut_into_segments_is_kept(peer: WebSocketPeer) -> None:
    """A valid text that TCP cuts inside a character comes through unchanged."""
    await peer.open()
    data = MIXED.encode()
    for at in range(1, len(data)):
        await peer.send_pieces(peer.encode(Frame.text(data)), [HEADER + at])
        await peer.expect_echo(Opcode.TEXT, data)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
@pytest.mark.parametrize("what", list(BAD))
async def test_invalid_text_cut_into_segments(peers: Peers, attempt: Attempt, what: str) -> None:
    """An invalid text fails the connection wherever TCP cuts it."""
    size = len(BAD[what])

    async def check(peer: WebSocketPeer, offsets: Sequence[int]) -> None:
        await peer.send_pieces(peer.encode(Frame.text(BAD[what])), offsets)
        await peer.expect_failure(CloseCode.INVALID_DATA)

    rows: dict[str, Sequence[int]] = {f"cut at {at}": [HEADER + at] for at in range(1, size)}
    await each_row(attempt, peers, rows | {"byte by byte": range(1, HEADER + size)}, check)


@case("rfc6455/8.1/invalid-utf8-message", needs=["text"])
async def test_where_invalid_text_is_noticed(peers: Peers, attempt: Attempt) -> None:
    """Whether invalid UTF-8 is noticed at its byte, at the end of its frame, or at the end of its message."""
    peer, clock = peers(), peers()
    await peer.open()
    await clock.open()
    data = peer.encode(Frame.text(b"x\xffyzz", fin=False))
    steps = {
        "at the bad byte, in the middle of its frame": data[:-3],
        "at the end of its frame, before the message was complete": data[-3:],
        "behind a ping inside the message": peer.encode(peer.ping()),
        "at the end of its message": peer.encode(Frame.continuation(b"!")),
    }
    failure = asyncio.create_task(_failure(peer))
    try:
        for where, step in steps.items():
            peer.connection.write(step)
            # Exchanges on another connection give time to notice: a ping here would be in the frame.
            for _ in range(5):
                await clock.expect_alive()
            if failure.done():
                attempt.report(f"noticed {where}")
                return
    finally:
        failure.cancel()
    attempt.report("not noticed at once, not even at the end of its message")


async def _failure(peer: WebSocketPeer) -> None:
    while not isinstance(await peer.event(), Close | Ended):
        pass


def _between_pings(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    return tuple(each for frame in frames for each in (Frame.ping(b"\xff"), frame))


async def _expect_failure(peer: WebSocketPeer, frames: tuple[Frame, ...]) -> None:
    peer.send(*frames)
    await peer.expect_failure(CloseCode.INVALID_DATA)
