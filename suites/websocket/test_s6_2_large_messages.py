"""RFC 6455 section 6.2: large messages are received whole."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer, cut_short
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame, Opcode, fragments

MIB = 1 << 20


def letters(size: int) -> bytes:
    """Text whose pattern no power of two repeats."""
    pattern = b"".join(b"%05d " % n for n in range(9973))
    return (pattern * (size // len(pattern) + 1))[:size]


@case("rfc6455/6.2/reassembly", needs=["echo"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("fragment", [0, 4096], ids=["whole", "in-fragments"])
async def test_text_of_1_mib_comes_back(peer: WebSocketPeer, fragment: int) -> None:
    """A text message of 1 MiB comes back, sent in one frame or in fragments of 4 KiB."""
    await echo_large(peer, Opcode.TEXT, letters(MIB), fragment)


@case("rfc6455/6.2/reassembly", needs=["echo-binary"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("fragment", [0, 4096], ids=["whole", "in-fragments"])
async def test_binary_of_1_mib_comes_back(peer: WebSocketPeer, attempt: Attempt, fragment: int) -> None:
    """A binary message of 1 MiB comes back, sent in one frame or in fragments of 4 KiB."""
    await echo_large(peer, Opcode.BINARY, attempt.random.randbytes(MIB), fragment)


@case("rfc6455/6.2/reassembly", needs=["echo-binary"], intensity=Intensity.NORMAL)
@pytest.mark.serial("the server is busy with 16 MiB meanwhile")
@pytest.mark.parametrize("fragment", [0, 65536], ids=["whole", "in-fragments"])
async def test_binary_of_16_mib_comes_back(peer: WebSocketPeer, attempt: Attempt, fragment: int) -> None:
    """A binary message of 16 MiB comes back, sent in one frame or in fragments of 64 KiB."""
    await echo_large(peer, Opcode.BINARY, attempt.random.randbytes(MIB + 1) * 16, fragment)


async def echo_large(peer: WebSocketPeer, opcode: Opcode, data: bytes, fragment: int) -> None:
    peer.receive_limit = 2 * len(data)
    await peer.open()
    if fragment:
        peer.send(*fragments(opcode, *(data[at : at + fragment] for at in range(0, len(data), fragment))))
    else:
        peer.send(Frame(opcode, data))
    if len(data) > 2 * MIB:
        await arrival(peer)
    await peer.expect_echo(opcode, data)
    peer.send(Frame(opcode, b"next"))
    await peer.expect_echo(opcode, b"next")


async def arrival(peer: WebSocketPeer) -> None:
    """Wait for the echo, expecting nothing: a server that takes longer than a case may breaks no rule."""
    while not isinstance(event := await peer.event(), Message):
        if isinstance(event, Close | Ended):
            with peer.attempt.expecting("the echo") as expecting:
                cut_short(expecting, event)
    peer.messages.append(event)
