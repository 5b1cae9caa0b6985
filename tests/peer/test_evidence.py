"""An accusation names the entry of the transcript in which it was seen, never a sign of life beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.on_loop import on_loop
from tests.peer.serving import Line, Script, opened
from tests.peer.test_session_verbs import session_with
from tests.peer.test_websocket_peer import ends, pongs, says
from wireproof.attempt import Attempt, Broken
from wireproof.peer.engineio import Way
from wireproof.peer.socketio import SocketIOPeer
from wireproof.peer.websocket import WebSocketPeer
from wireproof.transcript import Transcript, is_aside
from wireproof.wire.websocket import CloseCode, Frame, Opcode, Rsv

HELLO = Frame.text("hello")


async def echoes(line: Line) -> None:
    """Send back every message, whatever its bits, and answer every ping."""
    async for frame in line.frames():
        if frame.opcode == Opcode.PING:
            line.send(Frame.pong(frame.payload))
        else:
            line.send(Frame(frame.opcode, frame.payload))


async def fails(peer: WebSocketPeer) -> None:
    peer.send(Frame.text("hello", rsv=Rsv.RSV1))
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


async def quiet(peer: WebSocketPeer) -> None:
    await peer.expect_no_message()


async def alive(peer: WebSocketPeer) -> None:
    await peer.expect_alive()


async def echo(peer: WebSocketPeer) -> None:
    peer.send(Frame.text("other"))
    await peer.expect_alive()
    await peer.expect_echo(Opcode.TEXT, b"other")


async def faultless(peer: WebSocketPeer) -> None:
    await peer.expect_alive()
    await peer.expect_alive()
    peer.expect_no_violation("rfc6455/5.2/reserved-bits-sent")


@pytest.mark.parametrize(
    ("script", "verb", "text"),
    [
        (echoes, fails, 'text [5] "hello"'),
        (pongs(), fails, 'pong [11] "wireproof-2"'),
        (pongs(HELLO), quiet, 'text [5] "hello"'),
        (pongs(HELLO, Frame.text("more")), quiet, 'text [5] "hello"'),
        (pongs(HELLO), echo, 'text [5] "hello"'),
        (says(Frame.close(3000)), alive, "close 3000"),
        (ends, alive, "the server closed TCP"),
        (
            pongs(Frame.text("hello", rsv=Rsv.RSV2)),
            faultless,
            "breaks rfc6455/5.2/reserved-bits-sent: RSV2 set, which nothing negotiated defines",
        ),
    ],
)
@on_loop
async def test_what_a_websocket_peer_accuses(
    script: Script, verb: Callable[[WebSocketPeer], Awaitable[None]], text: str
) -> None:
    async with opened(script) as peer:
        with pytest.raises(Broken) as caught:
            await verb(peer)
    entry = caught.value.finding.entry
    assert entry is not None
    assert entry.text == text


@pytest.mark.parametrize("way", list(Way))
@on_loop
async def test_what_a_client_accuses(way: Way) -> None:
    async with session_with() as session:
        client = SocketIOPeer(session)
        await client.open(way)
        await client.emit("message", "hello")
        with pytest.raises(Broken) as caught:
            await client.expect_nothing(lambda packet: packet.data == ["message-back", "hello"])
    entry = caught.value.finding.entry
    assert entry is not None
    assert entry.text.startswith('Socket.IO EVENT ["message-back", "hello"')


@pytest.mark.parametrize("way", list(Way))
@on_loop
async def test_signs_of_life_and_housekeeping_are_known_as_such(way: Way) -> None:
    async with session_with() as session:
        await session.open(way)
        before = len(texts(session.attempt.transcript))
        await session.expect_alive()
        since = texts(session.attempt.transcript)[before:]
        assert since
        assert [text for text in since if not is_aside(text)] == []


@on_loop
async def test_pings_of_the_harness_are_signs_of_life() -> None:
    async with opened(pongs()) as peer:
        await peer.expect_alive()
        peer.send(Frame.ping(b"mine"))
        await peer.expect_pong(b"mine")
        told = [text for text in texts(peer.attempt.transcript) if not is_aside(text)]
    assert told[-2:] == ['ping [4] "mine"', 'pong [4] "mine"']


def texts(transcript: Transcript) -> list[str]:
    return [entry.text for entry in transcript.entries()]


def test_nothing_is_named_where_nothing_came() -> None:
    attempt = Attempt(("first",))
    attempt.found("nothing", "something")
    assert attempt.findings[0].entry is None
