"""RFC 6455 section 5.5.1: what comes behind Close frames, and Close frames that cross."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.websocket import WebSocketPeer, describe_message
from wireproof.wire.websocket import CloseCode, Frame

from .closings import close_path, leave, request_close

LATE = b"behind the Close frame"


@case("rfc6455/5.5.1/data-after-close-received", needs=["echo"])
@pytest.mark.parametrize("behind", ["same-segment", "own-segment"])
async def test_message_behind_the_close_frame_is_discarded(peer: WebSocketPeer, behind: str) -> None:
    """A message that follows the client's Close frame is discarded."""
    await _send_behind_close(peer, behind)
    for message in peer.messages:
        if LATE in message.data:
            peer.attempt.broken(
                f"it was answered with {describe_message(message)}", "no answer to the message"
            )


@case("rfc6455/5.5.1/data-after-close-sent", needs=["text"])
@pytest.mark.parametrize("behind", ["same-segment", "own-segment"])
async def test_no_data_behind_the_answer(peer: WebSocketPeer, behind: str) -> None:
    """No data frame follows the server's Close frame, not even an answer to one that came late."""
    await _send_behind_close(peer, behind)
    peer.expect_no_violation()


async def _send_behind_close(peer: WebSocketPeer, behind: str) -> None:
    await peer.open()
    data = peer.encode(Frame.close(), Frame.text(LATE))
    await peer.send_pieces(data, [] if behind == "same-segment" else [8])
    await leave(peer)


@case("rfc6455/5.5.1/data-after-close-sent", needs=["send"])
async def test_series_ends_with_the_close_frame(peer: WebSocketPeer) -> None:
    """A long series of messages under way ends before the server's Close frame, or with it."""
    peer.receive_limit = 8 << 20
    await peer.open(peer.request("/send?type=binary&size=65536&count=40&fragment=4096"))
    peer.send(Frame.text("go"))
    await peer.expect_message()
    peer.send(Frame.close())
    await leave(peer)
    peer.expect_no_violation()


@case("rfc6455/5.5.1/data-after-close-sent", "rfc6455/5.5.1/second-close-sent", needs=["close"])
async def test_messages_behind_the_servers_close_frame(peer: WebSocketPeer) -> None:
    """Messages behind the server's Close frame are answered neither with data nor with a Close frame."""
    await request_close(peer, CloseCode.NORMAL, "done")
    await peer.expect_close()
    peer.send(Frame.text(LATE), Frame.text(LATE))
    await leave(peer)
    for requirement in peer.attempt.requirements:
        peer.expect_no_violation(requirement)


@case("rfc6455/5.5.1/second-close-sent")
@pytest.mark.parametrize("count", [1, 2, 5])
async def test_one_answer_to_close_frames(peer: WebSocketPeer, count: int) -> None:
    """However often the client says it, the server sends one Close frame."""
    await peer.open()
    peer.send(*[Frame.close(CloseCode.NORMAL, "again and again")] * count)
    await leave(peer)
    peer.expect_no_violation()


@case("rfc6455/5.5.1/second-close-sent", needs=["close"])
async def test_answer_is_not_answered(peer: WebSocketPeer) -> None:
    """The client's answer to the server's Close frame is not answered again."""
    await request_close(peer, CloseCode.NORMAL)
    close = await peer.expect_close()
    peer.send(Frame.close(close.code))
    await leave(peer)
    peer.expect_no_violation()


@case("rfc6455/5.5.1/simultaneous-close", "rfc6455/5.5.1/second-close-sent", needs=["close"])
@pytest.mark.parametrize("code", [1000, 4999])
@pytest.mark.parametrize("apart", ["same-segment", "own-segment"])
async def test_close_frames_that_cross(peer: WebSocketPeer, apart: str, code: int) -> None:
    """When both sides start the closing handshake, one Close frame of each is enough and TCP is closed."""
    await peer.open(peer.request(close_path(3000, "crossing")))
    start = peer.encode(Frame.text("close, please"))
    data = start + peer.encode(Frame.close(code, "crossing too"))
    await peer.send_pieces(data, [] if apart == "same-segment" else [len(start)])
    await peer.expect_close()
    await peer.expect_end()
    peer.expect_no_violation("rfc6455/5.5.1/second-close-sent")


@case("rfc6455/5.5.1/close-reply", needs=["text"])
async def test_rest_of_a_message_behind_the_close_frame(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The rest of a fragmented message behind a Close frame does no harm to the closing handshake."""
    await peer.open()
    peer.send(Frame.text("begun", fin=False), Frame.close(), Frame.continuation(b" and finished"))
    await peer.expect_close()
    await leave(peer)
    if peer.messages:
        attempt.report(f"the message was still answered: {describe_message(peer.messages[0])}")


@case("rfc6455/5.5.1/close-reply")
async def test_close_frame_and_fin_at_once(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Whether a Close frame with a FIN right behind it is answered; the client may well not read any more."""
    await peer.open()
    peer.send(Frame.close())
    peer.half_close()
    await peer.expect_end()
    attempt.report("answered" if peer.close_received else "not answered")
