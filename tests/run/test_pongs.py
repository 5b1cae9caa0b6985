"""What a server's pongs are worth as signs of life, and what is judged where they can only be counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fixtures.faulty import load
from fixtures.strict import Connection, Frame, Opcode, serve
from wireproof.attempt import Attempt, Broken, NotApplicable
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import LIFELESS, Dialect, Pongs
from wireproof.peer.endpoint import parse_endpoint
from wireproof.peer.peers import Peers
from wireproof.peer.pongs import TOO_MANY, PongCount
from wireproof.peer.websocket import PONG_DATA, WebSocketPeer
from wireproof.run.alive import is_alive
from wireproof.run.judge import judge_deadline
from wireproof.run.probe import Probe
from wireproof.run.settings import Settings
from wireproof.target import Target
from wireproof.verdict import Verdict
from wireproof.wire import websocket as wire
from wireproof.wire.session import Pong
from wireproof.wire.websocket import Rsv

EMPTY = load()["empty-pong"].server
LENIENT = load()["accepts-rsv1"].server


class SaysOk(Connection):
    """Every pong says ok."""

    def on_ping(self, frame: Frame) -> None:  # noqa: ARG002
        self.send(Frame(Opcode.PONG, b"ok"))


class LatestOnly(Connection):
    """Of several pings that come at once only the latest is answered, with nothing."""

    pinged = False

    def receive_frames(self, data: bytes) -> None:
        super().receive_frames(data)
        if self.pinged:
            self.pinged = False
            self.send(Frame(Opcode.PONG))

    def on_ping(self, frame: Frame) -> None:  # noqa: ARG002
        self.pinged = True


class Twice(Connection):
    """Every ping has two pongs, both empty."""

    def on_ping(self, frame: Frame) -> None:  # noqa: ARG002
        self.send(Frame(Opcode.PONG))
        self.send(Frame(Opcode.PONG))


class Unasked(Connection):
    """Every pong has an unasked one before it, as the text allows."""

    def on_ping(self, frame: Frame) -> None:
        self.send(Frame(Opcode.PONG))
        super().on_ping(frame)


class FailsLate(EMPTY):  # type: ignore[misc,valid-type]
    """The first ping is answered, an unasked pong follows, and the second one meets the end."""

    pings = 0

    def on_ping(self, frame: Frame) -> None:
        self.pings += 1
        if self.pings > 1:
            self.start_closing(1002)
            return
        super().on_ping(frame)
        self.send(Frame(Opcode.PONG))


class LenientAndEmpty(LENIENT):  # type: ignore[misc,valid-type]
    """RSV1 is accepted, and pongs are empty."""

    on_ping = EMPTY.on_ping


async def probed(server: type[Connection]) -> Target:
    async with serve("127.0.0.1", 0, server) as site:
        settings = Settings(site.url)
        return await Probe(settings, Dialer(settings.endpoint())).run()


@pytest.mark.parametrize(
    ("server", "pongs"),
    [
        (Connection, Pongs.MATCHED),
        (Unasked, Pongs.MATCHED),
        (EMPTY, Pongs.COUNTED),
        (SaysOk, Pongs.COUNTED),
        (LatestOnly, Pongs.STRAY),
        (Twice, Pongs.STRAY),
    ],
)
def test_what_comes_for_pings(server: type[Connection], pongs: Pongs) -> None:
    target = asyncio.run(probed(server))
    assert target.dialect.pongs is pongs
    assert target.can("pong") is (pongs not in LIFELESS)
    assert target.can("text") is target.can("pong")
    assert target.can("echo")


def test_the_reason_is_true_where_pongs_show_nothing() -> None:
    target = asyncio.run(probed(Twice))
    with pytest.raises(NotApplicable, match=r"pongs come without the payload of their ping \(RFC 6455"):
        target.require("text")


# Where they can be counted ------------------------------------------------------------------------------


@asynccontextmanager
async def counted(server: type[Connection]) -> AsyncIterator[WebSocketPeer]:
    async with serve("127.0.0.1", 0, server) as site, asyncio.timeout(20):
        peers = Peers(
            Dialer(parse_endpoint(site.url)), Attempt(("first", PONG_DATA)), Dialect(pongs=Pongs.COUNTED)
        )
        try:
            peer = peers()
            await peer.open()
            yield peer
        finally:
            peers.discard()


def test_a_counted_pong_is_a_sign_of_life() -> None:
    async def lives() -> None:
        async with counted(EMPTY) as peer:
            peer.send(wire.Frame.text("hello"))
            await peer.expect_alive()
            await peer.expect_message()
            assert await is_alive(peer.dialer, peer.dialect, 5.0) is None

    asyncio.run(lives())


def test_what_breaks_beside_the_pongs_is_still_accused() -> None:
    async def fails(server: type[Connection]) -> None:
        async with counted(server) as peer:
            peer.send(wire.Frame.text("hello", rsv=Rsv.RSV1))
            await peer.expect_failure()

    asyncio.run(fails(EMPTY))
    with pytest.raises(Broken, match="lives on"):
        asyncio.run(fails(LenientAndEmpty))


def test_an_unasked_pong_does_not_show_that_the_connection_lives_on() -> None:
    async def fails() -> None:
        async with counted(FailsLate) as peer:
            # Both pongs are there before the second ping goes out.
            closing = await peer.expect_failure()
            assert closing.close is not None

    asyncio.run(fails())


def test_pings_that_are_sent_together_are_counted() -> None:
    async def answered() -> None:
        async with counted(EMPTY) as peer:
            peer.send_pings(b"many", 50)
            await peer.expect_alive()

    asyncio.run(answered())


def test_the_payload_is_missed_by_its_own_requirement_alone() -> None:
    async def answered(requirement: str) -> None:
        async with counted(EMPTY) as peer:
            await peer.expect_answered(wire.Frame.ping(b"mine"), requirement)

    asyncio.run(answered("first"))
    with pytest.raises(Broken, match="pongs with other payloads"):
        asyncio.run(answered(PONG_DATA))


def test_silence_accuses_nobody_there() -> None:
    attempt = Attempt(("rfc6455/5.5.2/pong-reply",))
    Peers(Dialer(parse_endpoint("ws://127.0.0.1:9")), attempt, Dialect(pongs=Pongs.COUNTED))
    with attempt.expecting("a pong"):
        result = judge_deadline(attempt, 10.0, 9.0, None)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "counting them may mislead" in result.reason


def test_pongs_are_given_to_the_oldest_pings() -> None:
    count = PongCount()
    for payload in (b"mine", b"wireproof-1", b"awaited"):
        count.sent(payload)
    count.wanted.add(b"awaited")
    told = [count.told(Pong(b"")) for _ in range(3)]
    assert told == [Pong(b""), Pong(b"wireproof-1"), Pong(b"awaited")]
    with pytest.raises(NotApplicable, match="more of them than pings"):
        count.told(Pong(b""))
    assert "section 5.5.3" in TOO_MANY
