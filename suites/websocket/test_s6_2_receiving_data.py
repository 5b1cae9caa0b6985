"""RFC 6455 section 6.2: incoming bytes are read as frames, however the network cut them."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import Frame, Opcode, fragments

TEXT = b"cut me \xe2\x82\xac anywhere"


@case("rfc6455/6.2/frame-parsing")
async def test_ping_cut_anywhere_is_read(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A ping is answered wherever the network cuts it into two segments."""
    await peer.open()
    for at in range(1, len(peer.ping().encode())):
        ping = peer.ping()
        with attempt.row(f"cut at byte {at}"):
            await peer.send_pieces(peer.encode(ping), [at])
            await peer.expect_pong(ping.payload)


@case("rfc6455/6.2/frame-parsing", needs=["echo"])
async def test_text_cut_anywhere_is_read(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A text message comes back wherever the network cuts its frame into two segments."""
    await peer.open()
    places = range(1, len(Frame.text(TEXT).encode()))
    for at in places:
        await peer.send_pieces(peer.encode(Frame.text(TEXT)), [at])
    for at in places:
        with attempt.row(f"cut at byte {at}"):
            await peer.expect_echo(Opcode.TEXT, TEXT)


@case("rfc6455/6.2/frame-parsing", needs=["echo"])
@pytest.mark.parametrize("size", [126, 40000])
async def test_16_bit_length_cut_anywhere_is_read(peer: WebSocketPeer, attempt: Attempt, size: int) -> None:
    """A frame with a length of 16 bits is read wherever the network cuts its header."""
    await echo_cut_header(peer, attempt, size, 8)


@case("rfc6455/6.2/frame-parsing", needs=["echo"], intensity=Intensity.NORMAL)
async def test_64_bit_length_cut_anywhere_is_read(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A frame with a length of 64 bits is read wherever the network cuts its header."""
    await echo_cut_header(peer, attempt, 65536, 14)


async def echo_cut_header(peer: WebSocketPeer, attempt: Attempt, size: int, header: int) -> None:
    text = (b"0123456789-" * (size // 11 + 1))[:size]
    await peer.open()
    for at in range(1, header + 2):
        with attempt.row(f"cut at byte {at}"):
            await peer.send_pieces(peer.encode(Frame.text(text)), [at])
            await peer.expect_echo(Opcode.TEXT, text)


@case("rfc6455/6.2/frame-parsing", needs=["echo"])
async def test_fragmented_message_cut_anywhere_is_read(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Three fragments are read wherever the network cuts them into two segments."""
    frames = fragments(Opcode.TEXT, b"one ", b"two ", b"three")
    places = range(1, sum(len(frame.encode()) for frame in frames))
    await peer.open()
    for at in places:
        await peer.send_pieces(peer.encode(*frames), [at])
    for at in places:
        with attempt.row(f"cut at byte {at}"):
            await peer.expect_echo(Opcode.TEXT, b"one two three")


@case("rfc6455/6.2/frame-parsing")
async def test_ping_byte_by_byte_is_read(peer: WebSocketPeer) -> None:
    """A ping that comes byte by byte is answered."""
    await peer.open()
    ping = peer.encode(peer.ping().but(payload=b"byte by byte"))
    await peer.send_pieces(ping, range(1, len(ping)))
    await peer.expect_pong(b"byte by byte")


@case("rfc6455/6.2/frame-parsing", needs=["echo"])
async def test_message_byte_by_byte_is_read(peer: WebSocketPeer) -> None:
    """A fragmented text and a whole one come back when they come in byte by byte."""
    await peer.open()
    data = peer.encode(*fragments(Opcode.TEXT, b"frag", b"mented"), Frame.text("w" * 130))
    await peer.send_pieces(data, range(1, len(data)))
    await peer.expect_echo(Opcode.TEXT, b"fragmented")
    await peer.expect_echo(Opcode.TEXT, b"w" * 130)


@case("rfc6455/6.2/frame-parsing", needs=["echo"])
async def test_many_messages_in_one_segment_are_read(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A hundred messages in one segment are all read, and in their order."""
    await peer.open()
    peer.send(*(Frame.text(f"{n}" * (n % 7)) for n in range(100)))
    for n in range(100):
        with attempt.row(f"message {n}"):
            await peer.expect_echo(Opcode.TEXT, f"{n}".encode() * (n % 7))


@case("rfc6455/6.2/frame-parsing", needs=["text"])
async def test_message_ping_and_message_in_one_segment_are_read(peer: WebSocketPeer) -> None:
    """A ping between two messages in one segment is answered, and the second message accepted."""
    await peer.open()
    between = peer.ping()
    peer.send(Frame.text("one"), between, Frame.text("two"))
    await peer.expect_pong(between.payload)
    await peer.expect_alive()


@case("rfc6455/6.2/frame-parsing", needs=["echo"])
async def test_segments_that_end_inside_the_next_frame_are_read(
    peer: WebSocketPeer, attempt: Attempt
) -> None:
    """Segments that hold the end of one frame and the beginning of the next are read."""
    texts = [b"message %02d" % n for n in range(12)]
    await peer.open()
    for shift in (1, 2, 5, 6, 7, 11):
        data = peer.encode(*(Frame.text(text) for text in texts))
        one = len(data) // len(texts)
        with attempt.row(f"cut {shift} bytes behind each frame"):
            await peer.send_pieces(data, [n * one + shift for n in range(1, len(texts))])
            for text in texts:
                await peer.expect_echo(Opcode.TEXT, text)


@case("rfc6455/6.2/frame-parsing", needs=["echo"])
async def test_slow_payload_is_read(peer: WebSocketPeer) -> None:
    """A frame whose header comes first and whose payload follows in many pieces is read."""
    text = b"slowly " * 600
    await peer.open()
    data = peer.encode(Frame.text(text))
    head = len(data) - len(text)
    await peer.send_pieces(data, [head, *range(head + 97, len(data), 97)])
    await peer.expect_echo(Opcode.TEXT, text)
    await peer.expect_alive()


@case("rfc6455/6.2/message-type", needs=["echo", "echo-binary"])
async def test_types_of_messages_are_kept_apart(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Text and binary messages with the same bytes come back as what they were, in their order."""
    order = [Opcode.TEXT, Opcode.BINARY, Opcode.BINARY, Opcode.TEXT, Opcode.TEXT, Opcode.BINARY]
    await peer.open()
    peer.send(*(Frame(opcode, b"alike") for opcode in order))
    for n, opcode in enumerate(order):
        with attempt.row(f"message {n}"):
            await peer.expect_echo(opcode, b"alike")
