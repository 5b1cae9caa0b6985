"""RFC 6455 section 5.4: messages in fragments, as the rules allow them."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer, cut_short, describe_message
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame, Opcode, fragments

from .provocations import open_two

TEXT = b"A message in fragments."


@case("rfc6455/5.4/fragmented-messages", needs=["text"])
@pytest.mark.parametrize("count", [2, 3, 10])
async def test_fragmented_text_is_accepted(peer: WebSocketPeer, count: int) -> None:
    """A text message in several fragments is accepted."""
    parts = [b"fragment %d, " % n for n in range(count)]
    await peer.open()
    peer.send(*fragments(Opcode.TEXT, *parts))
    await peer.expect_alive()


@case("rfc6455/5.4/fragmented-messages", needs=["binary"])
async def test_fragmented_binary_is_accepted(peer: WebSocketPeer) -> None:
    """A binary message in several fragments is accepted."""
    await peer.open()
    peer.send(*fragments(Opcode.BINARY, b"\x00\xff", b"\x80", b"\x00\x01\x02"))
    await peer.expect_alive()


@case("rfc6455/5.4/fragmented-messages", needs=["text"])
async def test_fragments_in_segments_of_their_own_are_accepted(peer: WebSocketPeer) -> None:
    """A message is accepted when each of its fragments comes alone."""
    await peer.open()
    for frame in fragments(Opcode.TEXT, b"one ", b"two ", b"three"):
        data = peer.encode(frame)
        await peer.send_pieces(data, [len(data)])
    await peer.expect_alive()


@case("rfc6455/5.4/frame-boundaries", "rfc6455/6.2/reassembly", needs=["echo"])
async def test_text_cut_anywhere_is_the_same_text(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A text cut into two frames at any place is the same message."""
    await peer.open()
    for at in range(1, len(TEXT)):
        peer.send(*fragments(Opcode.TEXT, TEXT[:at], TEXT[at:]))
    for at in range(1, len(TEXT)):
        with attempt.row(f"cut at byte {at}"):
            await peer.expect_echo(Opcode.TEXT, TEXT, requirement="rfc6455/5.4/frame-boundaries")


@case("rfc6455/6.2/reassembly", needs=["echo"])
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([TEXT[:9], TEXT[9:]], id="two"),
        pytest.param([TEXT[:3], TEXT[3:14], TEXT[14:]], id="three"),
        pytest.param([b"%03d." % n for n in range(50)], id="fifty"),
    ],
)
async def test_fragmented_text_comes_back_whole(peer: WebSocketPeer, parts: list[bytes]) -> None:
    """The fragments of a text are joined in their order."""
    await peer.open()
    peer.send(*fragments(Opcode.TEXT, *parts))
    await peer.expect_echo(Opcode.TEXT, b"".join(parts))


@case("rfc6455/6.2/reassembly", needs=["echo-binary"])
async def test_fragmented_binary_comes_back_whole(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The fragments of a binary message are joined in their order, each of another length form."""
    parts = [attempt.random.randbytes(size) for size in (3, 125, 126, 5000, 1, 127)]
    await peer.open()
    peer.send(*fragments(Opcode.BINARY, *parts))
    await peer.expect_echo(Opcode.BINARY, b"".join(parts))


@case("rfc6455/6.2/message-type", needs=["echo", "echo-binary"])
async def test_type_of_a_fragmented_message_is_kept(peer: WebSocketPeer) -> None:
    """The type of a message is that of its first frame, also when messages of both types alternate."""
    await peer.open()
    for opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.BINARY, Opcode.TEXT):
        peer.send(*fragments(opcode, b"of ", b"one ", b"type"))
        await peer.expect_echo(opcode, b"of one type")


@case("rfc6455/6.2/reassembly", needs=["echo"])
async def test_unfinished_message_is_not_delivered(peers: Peers, attempt: Attempt) -> None:
    """What has come of a message is not delivered before its final fragment."""
    peer, witness = await open_two(peers)
    first, middle, last = fragments(Opcode.TEXT, b"not ", b"yet ", b"done")
    peer.send(first, middle)
    with attempt.expecting("no message before the final fragment") as expecting:
        match await next_event(peer, witness):
            case Message() as message:
                expecting.broken(describe_message(message))
            case Close() | Ended() as end:
                cut_short(expecting, end)
            case _:
                pass
    peer.send(last)
    await peer.expect_echo(Opcode.TEXT, b"not yet done")


@case("rfc6455/6.2/reassembly", needs=["echo"])
async def test_fragments_of_two_connections_are_kept_apart(peers: Peers) -> None:
    """Two clients send fragments at the same time, and each gets its own message back."""
    one, witness = await open_two(peers)
    two = peers()
    await two.open()
    ours, theirs = (fragments(Opcode.TEXT, name, b"-", name) for name in (b"ours", b"theirs"))
    for frame, other in zip(ours, theirs, strict=True):
        one.send(frame)
        await witness.expect_alive()
        two.send(other)
        await witness.expect_alive()
    await one.expect_echo(Opcode.TEXT, b"ours-ours")
    await two.expect_echo(Opcode.TEXT, b"theirs-theirs")


@case("rfc6455/5.4/fragment-size-received", needs=["text"])
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"", b"hello"), id="first"),
        pytest.param((b"hel", b"", b"lo"), id="middle"),
        pytest.param((b"hello", b""), id="last"),
        pytest.param((b"", b"", b""), id="all"),
        pytest.param((b"", b"hel", b"", b"", b"lo", b""), id="every-other"),
    ],
)
async def test_empty_fragment_is_accepted(peer: WebSocketPeer, parts: tuple[bytes, ...]) -> None:
    """A message may have empty fragments, wherever they stand; the next message is accepted too."""
    await peer.open()
    peer.send(*fragments(Opcode.TEXT, *parts), Frame.text("next"))
    await peer.expect_alive()


@case("rfc6455/5.4/fragment-size-received", needs=["echo"])
async def test_empty_fragments_add_nothing(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Empty fragments add nothing to their message, and the message made of them alone is empty."""
    await peer.open()
    for parts in (("", "a"), ("a", "", "b"), ("a", ""), ("", "", "", "a", ""), ("", ""), ("", "", "")):
        with attempt.row(f"fragments {parts}"):
            peer.send(*fragments(Opcode.TEXT, *(part.encode() for part in parts)))
            await peer.expect_echo(Opcode.TEXT, "".join(parts).encode())


@case("rfc6455/5.4/fragment-size-received", needs=["echo"])
async def test_fragments_of_one_byte_are_accepted(peer: WebSocketPeer) -> None:
    """A text in 300 fragments of one byte each comes back whole."""
    text = b"0123456789" * 30
    await peer.open()
    peer.send(*fragments(Opcode.TEXT, *(text[i : i + 1] for i in range(len(text)))))
    await peer.expect_echo(Opcode.TEXT, text)


@case("rfc6455/6.2/next-message", needs=["echo"])
async def test_message_behind_a_fragmented_one_is_new(peer: WebSocketPeer) -> None:
    """Frames behind a final fragment belong to a new message, whole or fragmented, of whatever type."""
    await peer.open()
    for _ in range(2):
        peer.send(*fragments(Opcode.TEXT, b"frag", b"mented"), Frame.text("whole"))
        peer.send(*fragments(Opcode.TEXT, b"an", b"other"), *fragments(Opcode.TEXT, b"th", b"ird"))
        for text in (b"fragmented", b"whole", b"another", b"third"):
            await peer.expect_echo(Opcode.TEXT, text)


@case("rfc6455/6.2/next-message", needs=["text"])
async def test_message_behind_a_fragmented_one_is_accepted(peer: WebSocketPeer) -> None:
    """A message is accepted behind the final fragment of another one."""
    await peer.open()
    peer.send(*fragments(Opcode.TEXT, b"frag", b"mented"))
    await peer.expect_alive()
    peer.send(Frame.text("whole"))
    await peer.expect_alive()
