"""RFC 6455 section 5.4: control frames in the middle of a fragmented message."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame, Opcode, fragments


@case("rfc6455/5.4/control-between-fragments-received", needs=["text"])
async def test_ping_between_fragments_is_answered_before_the_message_ends(peer: WebSocketPeer) -> None:
    """A ping behind the first fragment of a message is answered though the message is not complete."""
    await peer.open()
    first, last = fragments(Opcode.TEXT, b"hel", b"lo")
    peer.send(first)
    await peer.expect_answered(Frame.ping(b"in the middle"))
    peer.send(last)
    await peer.expect_alive()


@case("rfc6455/5.4/control-between-fragments-received", needs=["text"])
async def test_pings_between_fragments_are_accepted(peer: WebSocketPeer) -> None:
    """Pings may stand between all fragments, with a payload and without."""
    await peer.open()
    a, b, c, d = fragments(Opcode.TEXT, b"one ", b"two ", b"three ", b"four")
    peer.send(a, Frame.ping(b"one"), b, Frame.ping(b"two"), Frame.ping(), c, Frame.ping(), d)
    await peer.expect_alive()


@case("rfc6455/5.4/control-between-fragments-received", needs=["echo"])
@pytest.mark.parametrize(
    "control",
    [
        pytest.param(Frame.ping(b"ping payload"), id="ping"),
        pytest.param(Frame.ping(), id="empty-ping"),
        pytest.param(Frame.pong(b"pong payload"), id="pong"),
        pytest.param(Frame.pong(), id="empty-pong"),
    ],
)
async def test_message_goes_on_behind_a_control_frame(peer: WebSocketPeer, control: Frame) -> None:
    """A message whose fragments have control frames between them comes back as if there were none."""
    await peer.open()
    a, b, c = fragments(Opcode.TEXT, b"one ", b"two ", b"three")
    peer.send(a, control, b, control, control, c)
    await peer.expect_echo(Opcode.TEXT, b"one two three")


@case("rfc6455/5.4/control-between-fragments-received", needs=["echo"])
async def test_ping_behind_each_of_many_fragments(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A ping behind each of twenty fragments is answered at its place, and the message stays whole."""
    await peer.open()
    parts = [b"%02d " % n for n in range(20)]
    for n, frame in enumerate(fragments(Opcode.TEXT, *parts)):
        with attempt.row(f"fragment {n}"):
            peer.send(frame)
            await peer.expect_answered(Frame.ping(b"behind %02d" % n))
    await peer.expect_echo(Opcode.TEXT, b"".join(parts))


@case("rfc6455/5.4/control-between-fragments-received", needs=["text"])
async def test_close_between_fragments_is_answered(peer: WebSocketPeer) -> None:
    """A Close frame is answered also while a message is unfinished."""
    await peer.open()
    peer.send(Frame.text("unfinished", fin=False), Frame.close(CloseCode.NORMAL))
    await peer.expect_close()
