"""RFC 6455 section 7.1.7: how a connection is failed. That it is failed at all is demanded elsewhere."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended
from wireproof.peer.table import each_row
from wireproof.peer.websocket import WebSocketPeer, describe_message
from wireproof.verdict import Ground
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import CloseCode, Frame

from .closings import PATIENCE, PROVOCATIONS, expect_survivor, leave, provoke, within_patience

SOME = ["reserved-bit", "unmasked", "continuation-alone", "invalid-text"]
LATE = b"behind the failure"


@case("rfc6455/7.1.7/failure-close-frame", "rfc6455/7.1.7/failure-code", needs=["text"])
@pytest.mark.parametrize("what", list(PROVOCATIONS))
async def test_close_frame_tells_the_failure(peer: WebSocketPeer, what: str) -> None:
    """A connection is failed with a Close frame, whose code fits the failure."""
    await peer.open()
    closing = await provoke(peer, *PROVOCATIONS[what].frames)
    fitting = " or ".join(str(int(code)) for code in PROVOCATIONS[what].fitting)
    if closing.close is None:
        peer.attempt.broken(str(closing), f"a Close frame with {fitting}")
    if closing.close.code not in PROVOCATIONS[what].fitting:
        peer.attempt.broken(
            str(closing), f"a Close frame with {fitting}", requirement="rfc6455/7.1.7/failure-code"
        )


@case("rfc6455/7.1.7/failure-closes", needs=["text"])
@pytest.mark.parametrize("what", ["reserved-bit", "invalid-text"])
async def test_failed_connection_ends(peer: WebSocketPeer, what: str) -> None:
    """TCP ends when a connection was failed, at the latest when the client has ended its own side."""
    await peer.open()
    await provoke(peer, *PROVOCATIONS[what].frames)
    peer.send(Frame.close(CloseCode.PROTOCOL_ERROR))
    peer.half_close()
    await peer.expect_end()


@case("rfc6455/7.1.1/prompt-tcp-close", needs=["text"])
@pytest.mark.parametrize("what", ["reserved-bit", "invalid-text"])
async def test_failed_connection_ends_at_once(peer: WebSocketPeer, what: str) -> None:
    """TCP ends right after a connection was failed: the server does not wait for the client."""
    await peer.open()
    await provoke(peer, *PROVOCATIONS[what].frames)
    if await within_patience(peer, peer.expect_end()) is None:
        peer.attempt.broken(
            f"TCP was still open after {PATIENCE:g} s",
            "the server's FIN right behind its Close frame",
            ground=Ground.MISSING,
        )


@case("rfc6455/7.1.7/processing-after-failure", needs=["text"])
@pytest.mark.parametrize("what", SOME)
async def test_nothing_is_processed_in_the_same_segment(peer: WebSocketPeer, what: str) -> None:
    """What comes behind the frame that fails the connection, in the same segment, is not processed."""
    await peer.open()
    peer.send(*PROVOCATIONS[what].frames, Frame.text(LATE), Frame.ping(LATE), peer.ping())
    await _expect_nothing_processed(peer)


@case("rfc6455/7.1.7/processing-after-failure", needs=["text"])
@pytest.mark.parametrize("what", ["reserved-bit", "invalid-text"])
async def test_nothing_is_processed_behind_the_close_frame(peer: WebSocketPeer, what: str) -> None:
    """Messages and pings that come behind the server's Close frame are not processed."""
    await peer.open()
    closing = await provoke(peer, *PROVOCATIONS[what].frames)
    peer.send(Frame.text(LATE), Frame.ping(LATE))
    if left := closing.close is not None:
        peer.half_close()
    await _expect_nothing_processed(peer, left=left)


async def _expect_nothing_processed(peer: WebSocketPeer, *, left: bool = False) -> None:
    """Demand that no late message is answered, and no late ping behind the server's Close frame.

    A pong before the Close frame may come from a server that reads ahead of what it judges. *left* tells
    that the Close frame has come and been answered with FIN.
    """
    pongs, processed = 0, ""
    with peer.attempt.expecting("a Close frame", "the end of TCP"):
        while (event := await within_patience(peer, peer.event())) is not None:
            match event:
                case Ended():
                    break
                case Close() if not left:
                    peer.half_close()
                    left = True
                case Message() as message if LATE in message.data:
                    processed = f"the message behind it was processed: {describe_message(message)}"
                case Pong(payload) if payload == LATE and left:
                    processed = "the ping behind it was answered, after the server's Close frame"
                case Pong() if not left:
                    pongs += 1
                    if pongs > 3:
                        raise NotApplicable(
                            "the server does not fail the connection, which other cases demand"
                        )
                    peer.send(peer.ping())
                case _:
                    pass
    if processed:
        peer.attempt.broken(processed, "nothing but a Close frame and the end of TCP")


@case("rfc6455/5.5.1/second-close-sent", needs=["text"])
@pytest.mark.parametrize("what", ["reserved-bit", "invalid-text"])
async def test_failure_sends_one_close_frame(peer: WebSocketPeer, what: str) -> None:
    """A connection is failed with one Close frame, also when the client answers it."""
    await peer.open()
    closing = await provoke(peer, *PROVOCATIONS[what].frames)
    if closing.close is not None:
        peer.send(Frame.close(CloseCode.PROTOCOL_ERROR), Frame.close(CloseCode.NORMAL))
        await leave(peer)
    peer.expect_no_violation()


@case(
    "rfc6455/7.4.1/code-1005-sent",
    "rfc6455/7.4.1/code-1006-sent",
    "rfc6455/7.4.1/code-1004-sent",
    "rfc6455/7.4.1/code-1010-sent",
    "rfc6455/7.4.1/code-1015-sent",
    "rfc6455/7.4.2/code-below-1000-sent",
    "rfc6455/7.4.2/code-above-4999-sent",
    "rfc6455/7.4.2/unassigned-code-sent",
    "rfc6455/5.5.1/close-body-code",
    "rfc6455/5.5.1/close-reason-utf8-sent",
    needs=["text"],
)
async def test_close_frame_of_a_failure_is_well_formed(peers: Peers, attempt: Attempt) -> None:
    """The Close frame that fails a connection is well formed, and its code one that a server may send."""

    async def check(peer: WebSocketPeer, frames: tuple[Frame, ...]) -> None:
        closing = await provoke(peer, *frames)
        if closing.close is not None and closing.close.code == CloseCode.MANDATORY_EXTENSION:
            peer.attempt.broken(
                str(closing), "a code for servers", requirement="rfc6455/7.4.1/code-1010-sent"
            )
        for requirement in attempt.requirements:
            peer.expect_no_violation(requirement)

    await each_row(attempt, peers, {name: p.frames for name, p in PROVOCATIONS.items()}, check)


@case("rfc6455/7.1.7/failure-close-frame", needs=["text"])
async def test_other_connections_outlive_a_failure(peers: Peers) -> None:
    """Failing one connection does no harm to another one that is open."""
    other, peer = peers(), peers()
    await other.open()
    await peer.open()
    await provoke(peer, *PROVOCATIONS["reserved-bit"].frames)
    await leave(peer)
    await other.expect_alive("rfc6455/7.1.7/failure-close-frame")
    await expect_survivor(peers)
