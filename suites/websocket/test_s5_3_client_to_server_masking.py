"""RFC 6455 section 5.3: the server removes the mask, whatever the key is."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import Frame, Opcode, fragments

KEYS = {
    "zero": b"\x00\x00\x00\x00",
    "ones": b"\xff\xff\xff\xff",
    "nearly-zero": b"\x00\x00\x00\x01",
    "utf-8": b"\xc3\xa4\xc3\xb6",
    "invalid-utf-8": b"\xed\xa0\x80\xf5",
    "like-a-frame": b"\x81\x85\x37\xfa",
    "line-ends": b"\r\n\r\n",
}
TEXT = b"Unmask me, please: \xe2\x82\xac\xf0\x9f\x94\x91!"
FRAMES = bytes.fromhex("8100 8180 00000000 880203e8 890161 8a00 017f 7e7f")


@case("rfc6455/5.3/any-masking-key")
@pytest.mark.parametrize("key", KEYS)
async def test_masking_key_of_a_ping_is_accepted(peer: WebSocketPeer, key: str) -> None:
    """A ping is read whatever its masking key is, and its payload comes back."""
    await peer.open()
    await peer.expect_answered(Frame.ping(TEXT).but(mask=KEYS[key]))
    await peer.expect_alive()


@case("rfc6455/5.3/any-masking-key", needs=["echo"])
async def test_masking_key_of_a_message_is_accepted(peers: Peers, attempt: Attempt) -> None:
    """A text message is read whatever its masking key is, and comes back."""
    for name, key in KEYS.items():
        with attempt.row(f"key {name}"):
            peer = peers()
            await peer.open()
            peer.send(Frame.text(TEXT).but(mask=key))
            await peer.expect_echo(Opcode.TEXT, TEXT)


@case("rfc6455/5.3/unmasking")
async def test_ping_of_any_length_is_unmasked(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Pings of lengths from 0 to 125 bytes are unmasked to the last byte, with a new key for each."""
    await peer.open()
    for size in (*range(10), 15, 16, 17, 31, 62, 63, 64, 65, 122, 123, 124, 125):
        payload = attempt.random.randbytes(size)
        with attempt.row(f"a ping of {size} bytes"):
            await peer.expect_answered(Frame.ping(payload))


@case("rfc6455/5.3/unmasking", needs=["echo"])
async def test_text_of_every_short_length_is_unmasked(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Texts of 1 to 40 bytes are unmasked to the last byte."""
    await peer.open()
    texts = [(b"abcdefghijklmnopqrstuvwxyz-" * 2)[:size] for size in range(1, 41)]
    peer.send(*(Frame.text(text).but(mask=b"\x01\x22\x43\x64") for text in texts))
    for text in texts:
        with attempt.row(f"a text of {len(text)} bytes"):
            await peer.expect_echo(Opcode.TEXT, text)


@case("rfc6455/5.3/unmasking", needs=["echo-binary"])
@pytest.mark.parametrize("size", [1019, 4094, 16385, 65533])
async def test_long_payload_is_unmasked(peer: WebSocketPeer, attempt: Attempt, size: int) -> None:
    """A long payload is unmasked with one key from its first byte to its last."""
    data = attempt.random.randbytes(size)
    await peer.open()
    peer.send(Frame.binary(data))
    await peer.expect_echo(Opcode.BINARY, data)


@case("rfc6455/5.3/unmasking", needs=["echo-binary"])
async def test_payload_that_comes_in_pieces_is_unmasked(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The place in the key is kept where the network cut the payload, at each offset modulo 4."""
    data = bytes(range(64))
    await peer.open()
    for cut in range(1, 9):
        frame = peer.encode(Frame.binary(data).but(mask=b"\x9a\x4b\xfc\x0d"))
        with attempt.row(f"cut after {cut} bytes of the payload"):
            await peer.send_pieces(frame, [6 + cut, 6 + 2 * cut + 3])
            await peer.expect_echo(Opcode.BINARY, data)


@case("rfc6455/5.3/unmasking", needs=["echo"])
async def test_each_frame_has_its_own_key(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Each message is unmasked with the key of its own frame."""
    await peer.open()
    for key in (b"\x01\x02\x03\x04", b"\x80\x00\xff\x40", b"\x7f\x10\x55\xaa", b"\x01\x02\x03\x04"):
        with attempt.row(f"key {key.hex()}"):
            peer.send(Frame.text(TEXT).but(mask=key))
            await peer.expect_echo(Opcode.TEXT, TEXT)


@case("rfc6455/5.3/unmasking", needs=["echo"])
async def test_each_fragment_has_its_own_key(peer: WebSocketPeer) -> None:
    """Each fragment of a message is unmasked with its own key, which begins anew with the fragment."""
    keys = b"\x01\x02\x03\x04", b"\x80\x00\xff\x40", b"\xff\xee\xdd\xcc", b"\x10\x20\x40\x80"
    parts = fragments(Opcode.TEXT, TEXT[:5], TEXT[5:11], TEXT[11:12], TEXT[12:])
    await peer.open()
    peer.send(*(frame.but(mask=key) for frame, key in zip(parts, keys, strict=True)))
    await peer.expect_echo(Opcode.TEXT, TEXT)


@case("rfc6455/5.3/unmasking", needs=["echo"])
async def test_control_frame_between_fragments_has_its_own_key(peer: WebSocketPeer) -> None:
    """A ping between two fragments is unmasked with its own key and leaves theirs alone."""
    first, last = fragments(Opcode.TEXT, TEXT[:7], TEXT[7:])
    await peer.open()
    peer.send(first.but(mask=b"\x01\x02\x03\x04"))
    await peer.expect_answered(Frame.ping(TEXT).but(mask=b"\x00\xff\x00\xff"))
    peer.send(last.but(mask=b"\x05\x06\x07\x08"))
    await peer.expect_echo(Opcode.TEXT, TEXT)


@case("rfc6455/5.3/unmasking", needs=["echo-binary"])
async def test_payload_that_looks_like_frames_once_masked(peer: WebSocketPeer) -> None:
    """Bytes that look like frames on the wire, or once unmasked, are a payload all the same."""
    key = b"\x81\x82\x83\x84"
    disguised = Frame.binary(FRAMES).but(mask=key).encode()[6:]
    await peer.open()
    for data in (FRAMES, disguised):
        peer.send(Frame.binary(data).but(mask=key))
        await peer.expect_echo(Opcode.BINARY, data)
    await peer.expect_alive()
