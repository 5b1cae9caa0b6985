"""RFC 6455 section 5.5.1: Close frames from the client, and the answers to them."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.table import each_row
from wireproof.peer.websocket import WebSocketPeer, describe_close
from wireproof.verdict import Ground
from wireproof.wire.session import Pong
from wireproof.wire.websocket import CloseCode, Frame

from .closings import PATIENCE, answer_to, takes_for_error, takes_for_valid, within_patience
from .utf8_rows import LANGUAGES, MIXED

BODIES = {
    "no body": Frame.close(None),
    "a code": Frame.close(CloseCode.NORMAL),
    "a code and a reason": Frame.close(CloseCode.GOING_AWAY, "leaving"),
    "a private code and the longest reason": Frame.close(4000, "r" * 123),
    "a library's code and a reason beyond ASCII": Frame.close(3000, LANGUAGES["Japanese"]),
}


@case("rfc6455/5.5.1/close-reply")
async def test_close_frame_is_answered(peer: WebSocketPeer) -> None:
    """A Close frame is answered with a Close frame."""
    await peer.open()
    await peer.close()


@case("rfc6455/5.5.1/close-reply-prompt")
async def test_close_frame_is_answered_soon(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The answer to a Close frame comes as soon as practical."""
    await peer.open()
    if await within_patience(peer, answer_to(peer, Frame.close())) is None:
        attempt.broken(
            f"no answer within {PATIENCE:g} s", "a Close frame without delay", ground=Ground.MISSING
        )


@case("rfc6455/5.5.1/close-without-body-received", "rfc6455/5.5.1/close-reply")
async def test_close_frame_without_body(peer: WebSocketPeer) -> None:
    """A Close frame without a body is a valid one, and is answered."""
    await peer.open()
    answer = await answer_to(peer, Frame.close(None))
    if answer.close is None:
        peer.attempt.broken(str(answer), "a Close frame", requirement="rfc6455/5.5.1/close-reply")
    if takes_for_error(answer, None):
        peer.attempt.broken(str(answer), "a Close frame that tells no error")


@case("rfc6455/5.5.1/close-body-of-one-byte-received")
async def test_close_frame_with_body_of_one_byte(peers: Peers, attempt: Attempt) -> None:
    """A Close frame whose body is a single byte is an error."""

    async def check(peer: WebSocketPeer, body: bytes) -> None:
        answer = await answer_to(peer, Frame.close(None, body))
        if takes_for_valid(answer, None):
            peer.attempt.broken(str(answer), "a Close frame that tells an error (1002)", "the end of TCP")

    await each_row(
        attempt, peers, {f"{byte:#04x}": bytes([byte]) for byte in (0x00, 0x03, 0x20, 0xFF)}, check
    )


@case("rfc6455/5.5.1/close-reason-received", "rfc6455/5.5.1/close-reply")
async def test_close_reason_of_any_size(peers: Peers, attempt: Attempt) -> None:
    """A Close frame with a reason, up to the 123 bytes that fit, is answered."""
    sizes = (0, 1, 2, 3, 16, 61, 62, 63, 64, 121, 122, 123)
    await each_row(attempt, peers, {f"{size} bytes": "r" * size for size in sizes}, _expect_taken)


@case("rfc6455/5.5.1/close-reason-received", "rfc6455/5.5.1/close-reply")
async def test_close_reason_in_many_languages(peers: Peers, attempt: Attempt) -> None:
    """A Close frame with a reason in any language is answered."""
    longest = {"123 bytes in four-byte characters": "\U0001f41f" * 30 + "\u6c34", "all lengths": MIXED}
    await each_row(attempt, peers, {**LANGUAGES, **longest}, _expect_taken)


async def _expect_taken(peer: WebSocketPeer, reason: str) -> None:
    answer = await answer_to(peer, Frame.close(CloseCode.NORMAL, reason))
    if answer.close is None:
        peer.attempt.broken(str(answer), "a Close frame", requirement="rfc6455/5.5.1/close-reply")
    if takes_for_error(answer, CloseCode.NORMAL):
        peer.attempt.broken(
            str(answer),
            "a Close frame that tells no error",
            requirement="rfc6455/5.5.1/close-reason-received",
        )


@case("rfc6455/5.5.1/close-reply", needs=["text"])
@pytest.mark.parametrize("parts", [1, 3], ids=["first-fragment", "third-fragment"])
async def test_close_frame_inside_a_fragmented_message(peer: WebSocketPeer, parts: int) -> None:
    """A Close frame between the fragments of a message is answered; the message need not be finished."""
    await peer.open()
    peer.send(Frame.text("begun", fin=False), *[Frame.continuation(b", more", fin=False)] * (parts - 1))
    await peer.close()


@case("rfc6455/5.5.1/close-reply")
async def test_close_frame_in_pieces(peer: WebSocketPeer) -> None:
    """A Close frame that comes byte by byte is answered."""
    await peer.open()
    data = peer.encode(Frame.close(CloseCode.NORMAL, "bye"))
    await peer.send_pieces(data, range(1, len(data)))
    await peer.expect_close()


@case("rfc6455/5.5.1/close-reply")
async def test_close_frame_behind_other_control_frames(peer: WebSocketPeer) -> None:
    """A Close frame in one segment with pings and pongs before it is answered."""
    await peer.open()
    peer.send(Frame.ping(b"1"), Frame.pong(b"2"), Frame.ping(b"3"))
    await peer.close()


@case("rfc6455/5.5.1/close-reply", needs=["send"])
async def test_close_frame_while_the_server_sends(peer: WebSocketPeer) -> None:
    """A Close frame is answered while the server sends a long series of messages."""
    peer.receive_limit = 8 << 20
    await peer.open(peer.request("/send?type=binary&size=65536&count=40&fragment=4096"))
    peer.send(Frame.text("go"))
    await peer.expect_message()
    await peer.close()


@case(
    "rfc6455/5.5.1/close-body-code",
    "rfc6455/5.5.1/close-reason-utf8-sent",
    "rfc6455/5.5/control-length",
    "rfc6455/7.4.1/code-1005-sent",
)
async def test_answer_is_well_formed(peers: Peers, attempt: Attempt) -> None:
    """The answer to a Close frame is well formed, whatever was in the client's."""

    async def check(peer: WebSocketPeer, frame: Frame) -> None:
        await within_patience(peer, answer_to(peer, frame))
        for requirement in attempt.requirements:
            peer.expect_no_violation(requirement)

    await each_row(attempt, peers, BODIES, check)


@case("rfc6455/5.5.1/close-reply-code")
async def test_code_of_the_answer(peers: Peers, attempt: Attempt) -> None:
    """Which code the answer to a Close frame carries; the text leaves it open."""
    answers = []
    for what, frame in BODIES.items():
        peer = peers()
        await peer.open()
        answer = await answer_to(peer, frame)
        answers.append(f"{what}: {describe_close(answer.close) if answer.close else answer}")
    attempt.report("; ".join(answers))


@case("rfc6455/5.5.1/close-reply")
async def test_ping_behind_the_close_frame(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A ping behind a Close frame does no harm to the closing handshake; it needs no answer."""
    await peer.open()
    peer.send(Frame.close(), Frame.ping(b"late"))
    await peer.expect_close()
    peer.half_close()
    while isinstance(event := await peer.event(), Pong):
        attempt.report(f"a ping behind the Close frame was answered: {event.payload!r}")


@case("rfc6455/5.5.1/close-reply", needs=["echo"])
async def test_message_before_the_close_frame(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Whether a message right before the Close frame is still answered; the text gives no guarantee."""
    await peer.open()
    peer.send(Frame.text("last words"))
    await peer.close()
    attempt.report(
        "the last message was " + ("echoed" if peer.messages else "not echoed before the Close frame")
    )
