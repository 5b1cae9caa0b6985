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

from .provocations import echoes, letters, next_message, open_two, provoke, provoke_messages, provoke_pongs

SIZES = (0, 1, 124, 125, 126, 127, 128, 65534, 65535)
LONG_SIZES = (65536, 65537)


@case("rfc6455/5.1/masked-frame-sent")
@pytest.mark.parametrize("kind", ["pong", "message", "close", "failure"])
async def test_frame_is_not_masked(peers: Peers, target: Target, kind: str) -> None:
    """The server's frames are not masked: pongs, messages, the answers to a Close frame and to an error."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.2/reserved-bits-sent", "rfc6455/5.8/extension-not-negotiated")
@pytest.mark.parametrize("kind", ["pong", "message", "close"])
async def test_frame_has_no_reserved_bit(peers: Peers, target: Target, kind: str) -> None:
    """The server's frames have no reserved bit set while no extension is negotiated."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.2/opcode-sent", "rfc6455/5.8/extension-not-negotiated")
async def test_frame_has_a_known_opcode(peers: Peers, target: Target) -> None:
    """The server's frames have no reserved opcode while no extension is negotiated."""
    (await provoke_messages(peers, target)).expect_no_violation()


@case("rfc6455/5.5/control-fragmented", "rfc6455/5.4/fragment-type")
@pytest.mark.parametrize("kind", ["pong", "close"])
async def test_control_frame_is_whole(peers: Peers, target: Target, kind: str) -> None:
    """The server's control frames have FIN set, so that none of them begins a fragmented message."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.5/control-length")
@pytest.mark.parametrize("kind", ["pong", "failure"])
async def test_control_frame_is_short(peers: Peers, target: Target, kind: str) -> None:
    """The server's control frames have 125 bytes at most, also where they tell the reason of a failure."""
    (await provoke(kind, peers, target)).expect_no_violation()


@case("rfc6455/5.2/length-minimal-sent")
async def test_length_of_a_pong_is_minimal(peers: Peers) -> None:
    """The length of a pong is written in 7 bits."""
    (await provoke_pongs(peers)).expect_no_violation()


@case("rfc6455/5.2/length-minimal-sent", needs=["echo"])
async def test_length_of_an_echo_is_minimal(peers: Peers, attempt: Attempt) -> None:
    """The length of an echo is written in the shortest form, at each boundary of the forms."""
    async for peer, data, _ in echoes(peers, Opcode.TEXT, SIZES):
        with attempt.row(f"{len(data)} bytes"):
            peer.expect_no_violation()


async def check_lengths(peers: Peers, attempt: Attempt, kind: str, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        with attempt.row(f"{size} bytes"):
            peer = peers()
            await peer.open(peer.request(f"/send?type={kind}&size={size}&count=2"))
            peer.send(Frame.text("go"))
            for _ in range(2):
                try:
                    message = await peer.expect_message()
                finally:
                    # A length that is out of all reason ends the connection; then this is the better word.
                    peer.expect_no_violation("rfc6455/5.2/length-top-bit-sent")
                peer.expect_no_violation("rfc6455/5.2/length-minimal-sent")
                if len(message.data) != size:
                    attempt.broken(f"a message of {len(message.data)} bytes", f"one of {size} bytes")


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
async def test_payload_is_application_data_alone(peers: Peers, attempt: Attempt) -> None:
    """Nothing stands before the application data while no extension is negotiated."""
    async for _, data, message in echoes(peers, Opcode.BINARY, (1, 200, 3000)):
        if len(message.data) > len(data) and message.data.endswith(data):
            more = len(message.data) - len(data)
            attempt.broken(f"{more} bytes more before a message of {len(data)}", "the data alone")


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
            peer, witness = await open_two(
                peers, f"/send?type={kind}&size={size}&count=2&fragment={fragment}"
            )
            peer.send(Frame.text("go"))
            for _ in range(2):
                try:
                    await next_message(peer, witness)
                finally:
                    expect_sequence(peer)


@case(*SEQUENCE, needs=["echo"])
async def test_frames_of_a_long_message_make_a_sequence(peers: Peers, attempt: Attempt) -> None:
    """A long message that comes back is one frame or a proper sequence of fragments."""
    for size in (2000, 20000, 60000):
        with attempt.row(f"{size} bytes"):
            peer, witness = await open_two(peers)
            peer.send(Frame.text(letters(size)))
            try:
                await next_message(peer, witness)
            finally:
                expect_sequence(peer)


def expect_sequence(peer: WebSocketPeer) -> None:
    for requirement in SEQUENCE[:2]:
        peer.expect_no_violation(requirement)


@case("rfc6455/5.4/fragment-order", needs=["echo-binary"])
async def test_fragments_of_a_long_message_are_in_order(peers: Peers, attempt: Attempt) -> None:
    """A long message that comes back in fragments has them in their order."""
    async for _, data, message in echoes(peers, Opcode.BINARY, (2000, 60000)):
        parts = [frame.payload for frame in message.frames]
        if message.data != data and len(message.data) == len(data) and all(part in data for part in parts):
            attempt.broken(f"{len(parts)} fragments of {len(data)} bytes in another order", "the right order")


@case("rfc6455/5.5/control-length", needs=["close"])
async def test_close_frame_with_a_long_reason_is_short(peers: Peers) -> None:
    """Told to close with a reason that no Close frame can hold, the server sends none that is too long."""
    peer, witness = await open_two(peers, "/close?code=3000&reason=" + "r" * 130)
    peer.send(Frame.text("go"))
    while (event := await next_event(peer, witness)) is not None:
        if isinstance(event, (Close, Ended)):
            break
    peer.expect_no_violation()


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
