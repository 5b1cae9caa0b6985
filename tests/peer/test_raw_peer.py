"""The mechanics of a peer: what it sends, what it hears, what it records."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.peer.serving import Line, opened, peer_of
from wireproof.attempt import Inconclusive
from wireproof.peer.connection import End
from wireproof.peer.dialect import Act, Dialect, Step
from wireproof.peer.raw import Ended
from wireproof.wire.session import Close, Message, Ping, Pong
from wireproof.wire.websocket import Frame, Opcode, ReceivedFrame


async def ends(line: Line) -> None:
    """Close TCP."""


def test_events_in_order_then_the_end_for_ever() -> None:
    async def talks(line: Line) -> None:
        line.send(Frame.text("a"), Frame.ping(b"b"), Frame.pong(b"c"), Frame.close(1000))

    async def scene() -> None:
        async with opened(talks) as peer:
            got = [await peer.event() for _ in range(6)]
            assert [type(event) for event in got] == [Message, Ping, Pong, Close, Ended, Ended]
            assert got[-1] == Ended(End.FIN)

    asyncio.run(scene())


@pytest.mark.parametrize("wanted", [True, False], ids=["answers", "keeps-silent"])
def test_pings_of_the_server(wanted: bool) -> None:
    async def pings(line: Line) -> None:
        line.send(Frame.ping(b"1"))
        frame = await line.frame()
        line.send(Frame.text(f"{frame.opcode} {frame.payload!r}"))

    async def scene() -> None:
        async with opened(pings) as peer:
            peer.answers_pings = wanted
            assert await peer.event() == Ping(b"1")
            if not wanted:
                peer.send(Frame.text("instead"))
            message = await peer.event()
            assert isinstance(message, Message)
            assert message.data == (b"10 b'1'" if wanted else b"1 b'instead'")

    asyncio.run(scene())


def test_frames_behind_the_response_are_not_lost() -> None:
    async def hurries(line: Line) -> None:
        await line.accept()
        line.send(Frame.text("early"))

    async def scene() -> None:
        async with peer_of(hurries) as peer:
            await peer.handshake()
            event = await peer.event()
            assert isinstance(event, Message)
            assert event.data == b"early"

    asyncio.run(scene())


def test_frames_as_they_stand_on_the_wire() -> None:
    async def talks(line: Line) -> None:
        line.send(Frame.text("a", fin=False), Frame.continuation(b"b"))

    async def scene() -> None:
        async with opened(talks) as peer:
            got = [await peer.receive_frame() for _ in range(3)]
            assert [f.opcode if isinstance(f, ReceivedFrame) else f.how for f in got] == [1, 0, End.FIN]

    asyncio.run(scene())


def test_what_makes_no_frame_is_left_over() -> None:
    async def stops_short(line: Line) -> None:
        line.writer.write(b"\x81\x05abc")

    async def scene() -> None:
        async with opened(stops_short) as peer:
            await peer.event()
            assert peer.leftover == b"\x81\x05abc"

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("length", "broken"),
    [(1 << 40, []), (1 << 63, ["rfc6455/5.2/length-top-bit-sent"])],
    ids=["long", "top-bit"],
)
def test_a_length_that_nobody_can_hold_ends_the_connection(length: int, broken: list[str]) -> None:
    async def boasts(line: Line) -> None:
        line.send(Frame.binary(b"").but(declared=length))
        await line.reader.read()

    async def scene() -> None:
        async with opened(boasts) as peer:
            event = await peer.event()
            assert isinstance(event, Ended)
            assert event.how is End.ABANDONED
            assert [violation.requirement for violation in peer.violations] == broken

    asyncio.run(scene())


def test_violations_are_noted_and_reading_goes_on() -> None:
    async def masks(line: Line) -> None:
        line.writer.write(Frame.text("x").encode(b"abcd"))

    async def scene() -> None:
        async with opened(masks) as peer:
            assert isinstance(await peer.event(), Message)
            assert peer.violations == peer.attempt.passing
            assert [v.requirement for v in peer.violations] == ["rfc6455/5.1/masked-frame-sent"]

    asyncio.run(scene())


def test_a_request_in_pieces() -> None:
    async def scene() -> None:
        async with peer_of(Line.accept) as peer:
            request = peer.request()
            await peer.connect()
            await peer.send_request(request, pieces=range(1, len(request.encode())))
            assert peer.expected_accept() == (await peer.receive_response()).get(b"Sec-WebSocket-Accept")  # type: ignore[union-attr]

    asyncio.run(scene())


def test_a_frame_in_pieces() -> None:
    async def repeats(line: Line) -> None:
        line.send(Frame.text((await line.frame()).payload))

    async def scene() -> None:
        async with opened(repeats) as peer:
            data = peer.encode(Frame.text("hello"))
            await peer.send_pieces(data, range(1, len(data)))
            event = await peer.event()
            assert isinstance(event, Message)
            assert event.data == b"hello"

    asyncio.run(scene())


def test_the_keys_of_frames_and_handshakes_are_fresh() -> None:
    async def scene() -> None:
        async with opened(ends) as peer:
            assert peer.request().get(b"Sec-WebSocket-Key") != peer.request().get(b"Sec-WebSocket-Key")
            assert peer.encode(Frame.text("a")) != peer.encode(Frame.text("a"))

    asyncio.run(scene())


def test_the_transcript_holds_both_sides() -> None:
    async def replies(line: Line) -> None:
        await line.frame()
        line.send(Frame.close(1000))

    async def scene() -> None:
        async with opened(replies) as peer:
            peer.send(Frame.text("hi"))
            await peer.event()
            await peer.event()
            told = [f"{e.direction} {e.kind} {e.text}" for e in peer.attempt.transcript.entries()]
            assert told == [
                "note tcp connected",
                'out http "GET / HTTP/1.1"',
                "in http 101 Switching Protocols",
                'out frame text [2] "hi"',
                "in frame close 1000",
                "in tcp the server closed TCP",
            ]

    asyncio.run(scene())


# Around the cases --------------------------------------------------------------------------------------


def test_an_ordinary_handshake_that_fails_accuses_nobody() -> None:
    async def refuses(line: Line) -> None:
        await line.reader.readuntil(b"\r\n\r\n")
        line.writer.write(b"HTTP/1.1 503 Busy\r\n\r\n")

    async def scene() -> None:
        async with peer_of(refuses) as peer:
            with pytest.raises(Inconclusive, match="503 Busy"):
                await peer.open()

    asyncio.run(scene())


def test_a_preamble() -> None:
    async def greets(line: Line) -> None:
        line.send(Frame.text("noise"), Frame.text("welcome 7"))
        assert (await line.frame()).payload == b"login"
        line.send(Frame.text("done"))

    dialect = Dialect((Step(Act.EXPECT, r"welcome \d"), Step(Act.SEND, "login")), (re.compile("noise"),))

    async def scene() -> None:
        async with opened(greets, dialect) as peer:
            event = await peer.event()
            assert isinstance(event, Message)
            assert (event.opcode, event.data) == (Opcode.TEXT, b"done")

    asyncio.run(scene())


def test_a_preamble_that_breaks_off_accuses_nobody() -> None:
    async def scene() -> None:
        with pytest.raises(Inconclusive, match="inside the preamble"):
            async with opened(ends, Dialect((Step(Act.EXPECT, "welcome"),))):
                pass

    asyncio.run(scene())
