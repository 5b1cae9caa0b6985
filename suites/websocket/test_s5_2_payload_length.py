"""RFC 6455 section 5.2: the payload length, in its three forms, as the server reads it."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer, describe_close
from wireproof.verdict import Ground
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import CloseCode, Frame, LengthForm, Opcode

LETTERS = b"0123456789abcdefghijklmnopqrstuvwxyz-"  # 37 of them, so that no power of two repeats the pattern
BYTES = bytes(range(251))
SEVEN_BITS = (0, 1, 2, 63, 64, 124, 125)
SIXTEEN_BITS = (126, 127, 128, 255, 256, 257, 511, 512, 32767, 32768, 65534, 65535)
SIXTY_FOUR_BITS = (65536, 65537, 65791, 131072)
TOP_BIT = 1 << 63


def filled(size: int, pattern: bytes = LETTERS) -> bytes:
    return (pattern * (size // len(pattern) + 1))[:size]


@case("rfc6455/5.2/length-forms-received", "rfc6455/5.4/unfragmented-messages", needs=["echo"])
@pytest.mark.parametrize("size", [126, 127, 128, 65534, 65535])
async def test_text_of_boundary_length_comes_back(peer: WebSocketPeer, size: int) -> None:
    """A text message is read whole at each boundary of the 16-bit form."""
    await peer.open()
    peer.send(Frame.text(filled(size)))
    await peer.expect_echo(Opcode.TEXT, filled(size))


@case("rfc6455/5.2/length-forms-received", needs=["echo"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("size", [65536, 65537])
async def test_text_of_64_bit_length_comes_back(peer: WebSocketPeer, size: int) -> None:
    """A text message whose length takes 64 bits is read whole."""
    await peer.open()
    peer.send(Frame.text(filled(size)))
    await peer.expect_echo(Opcode.TEXT, filled(size))


async def echo_each(peer: WebSocketPeer, attempt: Attempt, opcode: Opcode, sizes: tuple[int, ...]) -> None:
    await peer.open()
    pattern = BYTES if opcode is Opcode.BINARY else LETTERS
    peer.send(*(Frame(opcode, filled(size, pattern)) for size in sizes))
    for size in sizes:
        with attempt.row(f"{size} bytes"):
            await peer.expect_echo(opcode, filled(size, pattern))


@case("rfc6455/5.2/length-forms-received", needs=["echo-binary"])
async def test_binary_of_each_boundary_length_comes_back(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Binary messages are read whole at the boundaries of the length's forms, one after the other."""
    await echo_each(peer, attempt, Opcode.BINARY, SEVEN_BITS + SIXTEEN_BITS)


@case("rfc6455/5.2/length-forms-received", needs=["echo-binary"], intensity=Intensity.NORMAL)
async def test_binary_of_each_64_bit_length_comes_back(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Binary messages whose length takes 64 bits are read whole, one after the other."""
    await echo_each(peer, attempt, Opcode.BINARY, SIXTY_FOUR_BITS)


@case("rfc6455/5.2/length-forms-received", needs=["echo"])
async def test_text_of_each_short_length_comes_back(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Text messages of every length up to 140 bytes are read whole, one after the other."""
    await echo_each(peer, attempt, Opcode.TEXT, tuple(range(141)))


@case("rfc6455/5.2/length-forms-received", needs=["text"])
async def test_message_of_each_length_is_taken(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Behind a message of any length the next frame is found where it begins."""
    await peer.open()
    for size in SEVEN_BITS + SIXTEEN_BITS:
        with attempt.row(f"{size} bytes"):
            peer.send(Frame.text(filled(size)))
            await peer.expect_alive()


@case("rfc6455/5.2/length-minimal-received", needs=["text"])
async def test_data_frame_with_a_longer_length_than_needed(peers: Peers, attempt: Attempt) -> None:
    """A data frame whose length is written in a longer form than it needs fails the connection."""
    rows = [
        (0, LengthForm.BITS_16),
        (5, LengthForm.BITS_16),
        (125, LengthForm.BITS_16),
        (5, LengthForm.BITS_64),
        (126, LengthForm.BITS_64),
        (200, LengthForm.BITS_64),
        (65535, LengthForm.BITS_64),
    ]
    for size, form in rows:
        with attempt.row(f"{size} bytes in the {form.value} form"):
            peer = peers()
            await peer.open()
            peer.send(Frame.text(filled(size)).but(length_form=form))
            await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.2/length-minimal-received")
async def test_control_frame_with_a_longer_length_than_needed(peers: Peers, attempt: Attempt) -> None:
    """A control frame whose length is written in a longer form than it needs fails the connection."""
    for form in (LengthForm.BITS_16, LengthForm.BITS_64):
        for frame in (Frame.ping(b"hello"), Frame.ping(), Frame.pong(b"hello")):
            with attempt.row(
                f"opcode {frame.opcode:#x}, {len(frame.payload)} bytes in the {form.value} form"
            ):
                peer = peers()
                await peer.open()
                peer.send(frame.but(length_form=form))
                await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


@case("rfc6455/5.2/length-top-bit-received", needs=["text"])
@pytest.mark.parametrize(
    "length",
    [
        pytest.param(TOP_BIT, id="2-63"),
        pytest.param(TOP_BIT + 5, id="2-63-plus-5"),
        pytest.param((1 << 64) - 1, id="2-64-minus-1"),
    ],
)
async def test_length_with_its_top_bit_set_fails_the_connection(
    peers: Peers, attempt: Attempt, length: int
) -> None:
    """A 64-bit length whose top bit is set fails the connection."""
    peer, witness = peers(), peers()
    await witness.open()
    await peer.open()
    ping = peer.ping()
    peer.send(Frame.text("hello").but(declared=length), ping)
    expected = "a Close frame (1002)", "the end of TCP"
    while True:
        match await next_event(peer, witness):
            case Close() | Ended():
                return
            case None:
                # Of such a length nothing can be waited for: no client could send so much.
                attempt.broken("the server waits for the payload", *expected, ground=Ground.MISSING)
            case Message() as message if b"hello".startswith(message.data):
                attempt.broken(f"{len(message.data)} bytes were taken for a message", *expected)
            case Pong(ping.payload):
                attempt.broken("the connection lives on: a ping behind it was answered", *expected)
            case _:
                pass  # of the server's own accord


@case("rfc6455/5.2/length-forms-received", needs=["text"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize(
    "length",
    [
        pytest.param(1 << 31, id="2-31"),
        pytest.param(1 << 32, id="2-32"),
        pytest.param(TOP_BIT - 1, id="2-63-minus-1"),
    ],
)
async def test_announcement_of_a_giant_payload(peers: Peers, attempt: Attempt, length: int) -> None:
    """What the server does about the header of a giant frame: to wait is as legal as to give up."""
    peer, witness = peers(), peers()
    await witness.open()
    await peer.open()
    peer.send(Frame.text("").but(declared=length))
    match await next_event(peer, witness):
        case None:
            seen = "the server waits for the payload"
        case Close() as close:
            seen = describe_close(close)
        case other:
            seen = str(other)
    attempt.report(f"a frame of {length} bytes announced: {seen}")
    # Whatever it does about this client, others are served.
    await witness.expect_alive()
