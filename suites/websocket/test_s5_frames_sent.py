"""RFC 6455 section 5: the frames that a server sends, whatever it is provoked to."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target
from wireproof.wire.session import Close
from wireproof.wire.websocket import Frame, Opcode

SIZES = (0, 1, 124, 125, 126, 127, 128, 65534, 65535)
LONG_SIZES = (65536, 65537)
LETTERS = b"0123456789abcdefghijklmnopqrstuvwxyz-"


def letters(size: int) -> bytes:
    return (LETTERS * (size // len(LETTERS) + 1))[:size]


async def provoke_pongs(peers: Peers) -> WebSocketPeer:
    peer = peers()
    await peer.open()
    for size in (0, 1, 5, 125):
        peer.send(Frame.ping(b"p" * size))
        await peer.expect_alive()
    return peer


async def provoke_messages(peers: Peers, target: Target) -> WebSocketPeer:
    """Messages of any kind may come; where none does, nothing is shown."""
    target.require("text")
    peer = peers()
    await peer.open()
    kinds = [Opcode.TEXT, Opcode.BINARY] if target.can("binary") else [Opcode.TEXT]
    for size in (5, 200, 5000):
        for opcode in kinds:
            peer.send(Frame(opcode, letters(size)))
            await peer.expect_alive()
    if not peer.messages:
        raise NotApplicable("the server sent no message")
    return peer


async def provoke_close(peers: Peers, last: Frame) -> WebSocketPeer:
    peer, witness = peers(), peers()
    await witness.open()
    await peer.open()
    peer.send(last)
    while (event := await next_event(peer, witness)) is not None:
        if isinstance(event, Close):
            return peer
        if isinstance(event, Ended):
            break
    raise NotApplicable("no Close frame came that could be looked at")


async def provoke(kind: str, peers: Peers, target: Target) -> WebSocketPeer:
    match kind:
        case "pong":
            return await provoke_pongs(peers)
        case "message":
            return await provoke_messages(peers, target)
        case "close":
            return await provoke_close(peers, Frame.close(1000, "bye"))
        case _:
            return await provoke_close(peers, Frame(0xF, b"reserved"))


KINDS = pytest.mark.parametrize("kind", ["pong", "message", "close", "failure"])


@case("rfc6455/5.1/masked-frame-sent")
@KINDS
async def test_frame_is_not_masked(peers: Peers, target: Target, kind: str) -> None:
    """The server's frames are not masked: pongs, messages, the answers to a Close frame and to an error."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.2/reserved-bits-sent", "rfc6455/5.8/extension-not-negotiated")
@KINDS
async def test_frame_has_no_reserved_bit(peers: Peers, target: Target, kind: str) -> None:
    """The server's frames have no reserved bit set while no extension is negotiated."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.2/opcode-sent", "rfc6455/5.8/extension-not-negotiated")
@KINDS
async def test_frame_has_a_known_opcode(peers: Peers, target: Target, kind: str) -> None:
    """The server's frames have no reserved opcode while no extension is negotiated."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.5/control-fragmented", "rfc6455/5.4/fragment-type")
@pytest.mark.parametrize("kind", ["pong", "close", "failure"])
async def test_control_frame_is_whole(peers: Peers, target: Target, kind: str) -> None:
    """The server's control frames have FIN set, so that none of them begins a fragmented message."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.5/control-length")
@pytest.mark.parametrize("kind", ["pong", "close", "failure"])
async def test_control_frame_is_short(peers: Peers, target: Target, kind: str) -> None:
    """The server's control frames have 125 bytes at most."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.2/length-minimal-sent")
async def test_length_of_a_pong_is_minimal(peers: Peers) -> None:
    """The length of a pong is written in 7 bits."""
    (await provoke_pongs(peers)).expect_no_violation()


@case("rfc6455/5.2/length-minimal-sent", needs=["echo"])
async def test_length_of_an_echo_is_minimal(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The length of an echo is written in the shortest form, at each boundary of the forms."""
    await peer.open()
    for size in SIZES:
        with attempt.row(f"{size} bytes"):
            peer.send(Frame.text(letters(size)))
            await peer.expect_message()
            peer.expect_no_violation()


async def told_to_send(peers: Peers, kind: str, size: int, fragment: int = 0) -> WebSocketPeer:
    """A peer on a connection whose server has been told to send two messages."""
    peer = peers()
    await peer.open(peer.request(f"/send?type={kind}&size={size}&count=2&fragment={fragment}"))
    peer.send(Frame.text("go"))
    return peer


async def check_lengths(peers: Peers, attempt: Attempt, kind: str, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        with attempt.row(f"{size} bytes"):
            peer = await told_to_send(peers, kind, size)
            for _ in range(2):
                try:
                    message = await peer.expect_message()
                finally:
                    # A length that is out of all reason ends the connection; then this is the better word.
                    peer.expect_no_violation("rfc6455/5.2/length-top-bit-sent")
                peer.expect_no_violation("rfc6455/5.2/length-minimal-sent")
                if len(message.data) != size:
                    attempt.broken(f"a message of {len(message.data)} bytes", f"one of {size} bytes")
            await peer.expect_alive()


LENGTHS = (
    "rfc6455/5.2/length-forms-sent",
    "rfc6455/5.2/length-minimal-sent",
    "rfc6455/5.2/length-top-bit-sent",
)


@case(*LENGTHS, needs=["send"])
@pytest.mark.parametrize("kind", ["text", "binary"])
async def test_length_of_a_message_is_right(peers: Peers, attempt: Attempt, kind: str) -> None:
    """A message's length is that of its payload and in the shortest form, at each boundary of the forms."""
    await check_lengths(peers, attempt, kind, SIZES)


@case(*LENGTHS, needs=["send"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("kind", ["text", "binary"])
async def test_64_bit_length_of_a_message_is_right(peers: Peers, attempt: Attempt, kind: str) -> None:
    """A message's length that takes 64 bits is that of its payload, in network byte order."""
    await check_lengths(peers, attempt, kind, LONG_SIZES)


@case("rfc6455/5.2/extension-data", "rfc6455/5.8/extension-not-negotiated", needs=["echo-binary"])
async def test_payload_is_application_data_alone(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Nothing stands before the application data while no extension is negotiated."""
    await peer.open()
    for size in (0, 1, 200, 3000):
        data = attempt.random.randbytes(size)
        with attempt.row(f"{size} bytes"):
            peer.send(Frame.binary(data))
            message = await peer.expect_message()
            if len(message.data) > size and message.data.endswith(data):
                attempt.broken(f"{len(message.data) - size} bytes more before the data", "the data alone")


SEQUENCE = (
    "rfc6455/5.4/fragment-sequence-sent",
    "rfc6455/5.4/interleaving-sent",
    "rfc6455/5.4/fragment-type",
)


@case(*SEQUENCE, needs=["send"])
@pytest.mark.parametrize("kind", ["text", "binary"])
async def test_fragments_of_a_message_make_a_sequence(peers: Peers, attempt: Attempt, kind: str) -> None:
    """A message that may be sent in fragments is a first frame, then continuations, the last alone final."""
    for size, fragment in ((10, 1), (10, 3), (9, 3), (1000, 999), (0, 5)):
        with attempt.row(f"{size} bytes in fragments of {fragment}"):
            peer = await told_to_send(peers, kind, size, fragment)
            for _ in range(2):
                await expect_sequence(peer)


@case(*SEQUENCE, needs=["echo"])
async def test_frames_of_a_long_message_make_a_sequence(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A long message that comes back is one frame or a proper sequence of fragments."""
    await peer.open()
    for size in (2000, 20000, 60000):
        with attempt.row(f"{size} bytes"):
            peer.send(Frame.text(letters(size)))
            await expect_sequence(peer)


async def expect_sequence(peer: WebSocketPeer) -> None:
    await peer.expect_message()
    for requirement in (*SEQUENCE[:2], "rfc6455/5.5/control-fragmented"):
        if requirement in peer.attempt.requirements:
            peer.expect_no_violation(requirement)


@case("rfc6455/6.1/frame-format")
@pytest.mark.parametrize("kind", ["close", "failure"])
async def test_nothing_but_frames_is_sent(peers: Peers, target: Target, attempt: Attempt, kind: str) -> None:
    """The last byte that the server sends is the last byte of a frame."""
    peer, witness = await provoke(kind, peers, target), peers()
    await witness.open()
    peer.send(Frame.close())
    while not isinstance(event := await next_event(peer, witness), Ended):
        if event is None:
            raise NotApplicable("the server does not close TCP")
    if peer.leftover:
        attempt.broken(f"{len(peer.leftover)} bytes at the end that make no frame", "frames and nothing else")
