"""Each verb: what conforms passes, anything else is broken in the right words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest

from tests.peer.serving import FIRST, SECOND, Line, Script, opened, peer_of
from wireproof.attempt import Broken, Inconclusive, NotApplicable, Outcome
from wireproof.peer.dialect import Dialect, Pongs
from wireproof.peer.websocket import WebSocketPeer
from wireproof.verdict import Ground
from wireproof.wire.websocket import CloseCode, Frame, Opcode, fragments

Verb = Callable[[WebSocketPeer], Awaitable[object]]


async def ends(line: Line) -> None:
    """Close TCP."""


def says(*frames: Frame) -> Script:
    """Send *frames*, then leave."""

    async def script(line: Line) -> None:
        line.send(*frames)

    return script


def pongs(*before: Frame) -> Script:
    """Send *before*, then answer every ping."""

    async def script(line: Line) -> None:
        line.send(*before)
        async for frame in line.frames():
            if frame.opcode == Opcode.PING:
                line.send(Frame.pong(frame.payload))

    return script


def answers(*replies: Frame) -> Script:
    """Answer every ping with *replies*."""

    async def script(line: Line) -> None:
        async for frame in line.frames():
            if frame.opcode == Opcode.PING:
                line.send(*replies)

    return script


async def alive(peer: WebSocketPeer) -> None:
    await peer.expect_alive()


async def fails(peer: WebSocketPeer) -> None:
    await peer.expect_failure(CloseCode.PROTOCOL_ERROR)


async def answered(peer: WebSocketPeer) -> None:
    await peer.expect_answered(Frame.ping(b"mine"))


async def message(peer: WebSocketPeer) -> None:
    await peer.expect_message()


async def echo(peer: WebSocketPeer) -> None:
    await peer.expect_echo(Opcode.TEXT, b"hello")


async def quiet(peer: WebSocketPeer) -> None:
    await peer.expect_no_message()


async def close(peer: WebSocketPeer) -> None:
    await peer.expect_close()


async def end(peer: WebSocketPeer) -> None:
    await peer.expect_end()


BYE = Frame.close(1000, "bye")
CONFORMING = [
    pytest.param(alive, pongs(Frame.text("x"), Frame.ping(b"?"), Frame.pong(b"no")), id="alive"),
    pytest.param(fails, says(Frame.close(1002)), id="failure-close"),
    pytest.param(fails, says(Frame.close(None)), id="failure-close-without-code"),
    pytest.param(fails, ends, id="failure-end"),
    pytest.param(answered, pongs(), id="answered"),
    pytest.param(message, says(Frame.ping(), *fragments(Opcode.TEXT, b"a", b"b")), id="message"),
    pytest.param(echo, says(Frame.pong(), Frame.text("hello")), id="echo"),
    pytest.param(quiet, pongs(Frame.ping(b"?")), id="no-message"),
    pytest.param(close, says(Frame.text("late"), BYE), id="close"),
    pytest.param(end, says(Frame.text("late"), BYE), id="end"),
]


@pytest.mark.parametrize(("verb", "script"), CONFORMING)
def test_what_conforms(verb: Verb, script: Script) -> None:
    async def scene() -> None:
        async with opened(script) as peer:
            await verb(peer)
            assert peer.attempt.waiting is None

    asyncio.run(scene())


GONE, SHUT = "the server closed TCP", 'a Close frame with 1000 "bye"'
BREAKING = [
    pytest.param(alive, says(BYE), SHUT, Ground.MISSING, id="alive-close"),
    pytest.param(alive, ends, GONE, Ground.MISSING, id="alive-end"),
    pytest.param(answered, says(BYE), SHUT, Ground.MISSING, id="answered-close"),
    pytest.param(
        answered,
        answers(Frame.pong(b"other")),
        'pongs with other payloads, at last "other"',
        Ground.MISSING,
        id="answered-otherwise",
    ),
    pytest.param(fails, pongs(), "the connection lives on: pings", Ground.SEEN, id="failure-pongs"),
    pytest.param(message, says(BYE), SHUT, Ground.MISSING, id="message-close"),
    pytest.param(message, ends, GONE, Ground.MISSING, id="message-end"),
    pytest.param(echo, says(Frame.text("hell")), "1 bytes shorter than", Ground.SEEN, id="echo-short"),
    pytest.param(echo, says(Frame.text("hallo")), "different from byte 1 on", Ground.SEEN, id="echo-other"),
    pytest.param(
        echo,
        says(Frame.binary(b"hello")),
        'a binary message of 5 bytes "hello", though it was sent as text',
        Ground.SEEN,
        id="echo-type",
    ),
    pytest.param(
        quiet, pongs(Frame.text("x")), 'a text message of 1 bytes "x"', Ground.SEEN, id="no-message"
    ),
    pytest.param(close, ends, f"no Close frame; {GONE}", Ground.MISSING, id="close-end"),
]


@pytest.mark.parametrize(("verb", "script", "observed", "ground"), BREAKING)
def test_what_does_not(verb: Verb, script: Script, observed: str, ground: Ground) -> None:
    async def scene() -> None:
        async with opened(script) as peer:
            with pytest.raises(Broken, match=re.escape(observed)) as caught:
                await verb(peer)
            assert (caught.value.finding.requirement, caught.value.finding.ground) == (FIRST, ground)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("code", "excuse", "words"),
    [
        pytest.param(CloseCode.TOO_BIG, NotApplicable, "limit on sizes", id="limit"),
        pytest.param(CloseCode.POLICY_VIOLATION, NotApplicable, "own policy", id="policy"),
        pytest.param(CloseCode.GOING_AWAY, Inconclusive, "went away", id="going-away"),
        pytest.param(CloseCode.SERVICE_RESTART, Inconclusive, "went away", id="restart"),
        pytest.param(CloseCode.TRY_AGAIN_LATER, Inconclusive, "went away", id="try-again-later"),
    ],
)
@pytest.mark.parametrize("verb", [alive, answered, message, echo, quiet])
def test_the_servers_own_affairs_accuse_nobody(
    verb: Verb, code: CloseCode, excuse: type[Outcome], words: str
) -> None:
    async def scene() -> None:
        async with opened(says(Frame.close(code))) as peer:
            with pytest.raises(excuse, match=words):
                await verb(peer)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("status", "excuse"),
    [
        pytest.param("431 Request Header Fields Too Large", NotApplicable, id="limit"),
        pytest.param("503 Service Unavailable", Inconclusive, id="busy"),
        pytest.param("400 Bad Request", Broken, id="refusal"),
    ],
)
def test_a_refusal_for_want_of_room_accuses_nobody(status: str, excuse: type[Outcome]) -> None:
    async def refuses(line: Line) -> None:
        await line.reader.readuntil(b"\r\n\r\n")
        line.writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    async def scene() -> None:
        async with peer_of(refuses) as peer:
            with pytest.raises(excuse):
                await peer.expect_accepted()

    asyncio.run(scene())


@pytest.mark.parametrize("verb", [alive, answered, fails, quiet])
def test_a_server_that_never_answers_pings_accuses_nobody(verb: Verb) -> None:
    async def scene() -> None:
        async with opened(ends, Dialect(pongs=Pongs.MISSING)) as peer:
            with pytest.raises(NotApplicable, match="answers no pings"):
                await verb(peer)

    asyncio.run(scene())


def test_another_requirement_is_accused_when_it_is_named() -> None:
    async def scene() -> None:
        async with opened(ends) as peer:
            with pytest.raises(Broken) as caught:
                await peer.expect_close(requirement=SECOND)
            assert caught.value.finding.requirement == SECOND

    asyncio.run(scene())


def test_one_pong_may_have_overtaken_the_failure() -> None:
    async def late(line: Line) -> None:
        ping = await line.frame()
        line.send(Frame.pong(ping.payload), Frame.close(1002))

    async def scene() -> None:
        async with opened(late) as peer:
            closing = await peer.expect_failure()
            assert str(closing) == "a Close frame with 1002"

    asyncio.run(scene())


def test_messages_that_came_first_are_kept() -> None:
    async def scene() -> None:
        async with opened(pongs(Frame.text("a"), Frame.text("b"))) as peer:
            await peer.expect_alive()
            assert [(await peer.expect_message()).data for _ in "ab"] == [b"a", b"b"]

    asyncio.run(scene())


def test_a_violation_is_demanded_by_name() -> None:
    async def scene() -> None:
        async with opened(says(Frame.text("x").but(opcode=0x3))) as peer:
            await peer.expect_end()
            peer.expect_no_violation(SECOND)
            with pytest.raises(Broken, match="reserved opcode 0x3"):
                peer.expect_no_violation("rfc6455/5.2/opcode-sent")

    asyncio.run(scene())
