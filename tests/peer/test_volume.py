"""Volume on one connection: what conforms passes, however it is framed, and one wrong byte does not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from fixtures.strict import Compressor, Connection, Frame, Message, serve
from wireproof.attempt import Attempt, Broken, NotApplicable
from wireproof.peer import volume
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import Dialect
from wireproof.peer.endpoint import parse_endpoint
from wireproof.peer.volume import expect_all_echoed
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.volume import Outbox, Rotation
from wireproof.wire.websocket import Opcode

REQUIREMENTS = ("rfc7692/6.2/compressed-message-received",)
SIZE, COUNT = 3000, 60
PAYLOADS = tuple(b"%d-" % n * (SIZE // 2) for n in range(8))


def rotation(count: int = COUNT) -> Rotation:
    return Rotation(Opcode.TEXT, PAYLOADS, count)


@asynccontextmanager
async def agreed(
    server: type[Connection], offer: DeflateOffer | None, dialect: Dialect | None, attempt: Attempt | None
) -> AsyncIterator[WebSocketPeer]:
    """A peer with compression agreed on, at a server of its own."""
    async with serve(connection_class=server) as site:
        endpoint = parse_endpoint(f"ws://127.0.0.1:{site.port}")
        peer = WebSocketPeer(Dialer(endpoint), attempt or Attempt(REQUIREMENTS), dialect or Dialect())
        await peer.open(peer.offering(offer or DeflateOffer()))
        try:
            yield peer
        finally:
            peer.discard()


class Pinging(Connection):
    """Says something else between the messages, too."""

    seen = 0

    def on_message(self, message: Message) -> None:
        type(self).seen += 1
        super().on_message(message)
        if self.seen % 7 == 0:
            self.send(Frame(0x9, b"there?"))


class Fragmenting(Connection):
    """Sends every message in three fragments, with a ping inside some of them."""

    seen = 0

    def send_message(self, message: Message) -> None:
        type(self).seen += 1
        for at, part in enumerate((message.payload[:100], b"", message.payload[100:])):
            self.send(Frame(0 if at else message.opcode, part, fin=at == 2))
            if at == 1 and self.seen % 5 == 0:
                self.send(Frame(0x9, b"inside"))


class Half(Compressor):
    """Compresses every other message."""

    seen = 0

    def write(self, frame: Frame) -> Frame:
        if frame.opcode & 0x8:
            return frame
        type(self).seen += 1
        return frame if self.seen % 2 else super().write(frame)


class Choosy(Connection):
    compressor = Half


class Plain(Half):
    def write(self, frame: Frame) -> Frame:
        return frame


class Uncompressed(Connection):
    compressor = Plain


class Wrong(Connection):
    """Does something else with one message."""

    number, seen = 41, 0

    def on_message(self, message: Message) -> None:
        type(self).seen += 1
        if self.seen % COUNT == self.number:
            self.mistake(message)
        else:
            super().on_message(message)

    def mistake(self, message: Message) -> None:
        super().on_message(replace(message, payload=message.payload[:-1] + b"!"))


class Lost(Wrong):
    def mistake(self, message: Message) -> None:
        pass


class Doubled(Wrong):
    number = 0  # the last one

    def mistake(self, message: Message) -> None:
        Connection.on_message(self, message)
        Connection.on_message(self, message)


class Retyped(Wrong):
    def mistake(self, message: Message) -> None:
        Connection.on_message(self, replace(message, opcode=Opcode.BINARY))


class Leaving(Wrong):
    code = 1011

    def mistake(self, _: Message) -> None:
        self.start_closing(self.code)


class Limited(Leaving):
    code = 1009


class Headed(Connection):
    """Answers in a form of its own."""

    def on_message(self, message: Message) -> None:
        super().on_message(replace(message, payload=b"you: " + message.payload))


class Endless(Connection):
    """Announces more than anybody would wait for."""

    def on_message(self, _: Message) -> None:
        self.write(b"\x81\x7f" + (1 << 40).to_bytes(8, "big") + b"x" * 100)


@pytest.fixture(autouse=True)
def _counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (Pinging, Fragmenting, Half, Wrong, Lost, Doubled, Retyped, Leaving, Limited):
        monkeypatch.setattr(one, "seen", 0)


def exchange(
    server: type[Connection],
    offer: DeflateOffer | None = None,
    dialect: Dialect | None = None,
    *,
    fragment: int = 0,
    budget: int = volume.BUDGET,
    progress: Callable[[int], None] = lambda _: None,
    attempt: Attempt | None = None,
) -> WebSocketPeer:
    """Exchange a rotation's messages with *server*, and close."""

    async def run() -> WebSocketPeer:
        async with asyncio.timeout(20), agreed(server, offer, dialect, attempt) as peer:
            await expect_all_echoed(peer, rotation(), fragment, budget=budget, progress=progress)
            await peer.close()
            return peer

    return asyncio.run(run())


@pytest.mark.parametrize("fragment", [0, 7])
@pytest.mark.parametrize(
    "offer",
    [DeflateOffer(), DeflateOffer(True, True), DeflateOffer(False, False, 9, 9)],
    ids=["plain", "no-takeover", "9-bits"],
)
@pytest.mark.parametrize("server", [Connection, Pinging, Fragmenting, Choosy, Uncompressed])
def test_whatever_conforms_passes(server: type[Connection], offer: DeflateOffer, fragment: int) -> None:
    done: list[int] = []
    peer = exchange(server, offer, fragment=fragment, progress=done.append)
    assert sum(done) == rotation().before(COUNT)
    assert peer.violations == []


def test_budget_smaller_than_a_message() -> None:
    exchange(Connection, budget=1)


def test_echoes_with_a_head() -> None:
    exchange(Headed, dialect=Dialect(echo=re.compile("you: (?P<payload>.*)", re.DOTALL)))


@pytest.mark.parametrize(
    ("server", "observed"),
    [
        (Wrong, "message 41 of 60: .* different from byte"),
        (Lost, "message 41 of 60: .*; message 42 was the same"),
        (Doubled, r"a text message of 3000 bytes .3-3-3-"),
        (Retyped, "message 41 of 60: a binary message .* another type"),
        (Leaving, "a Close frame with 1011"),
        (Endless, "announced"),
    ],
)
def test_what_is_wrong_is_told(server: type[Connection], observed: str) -> None:
    with pytest.raises(Broken, match=observed):
        exchange(server)


def test_server_with_a_limit_is_not_accused() -> None:
    with pytest.raises(NotApplicable):
        exchange(Limited)


def test_record_stays_small_and_holds_what_broke() -> None:
    attempt = Attempt(REQUIREMENTS)
    with pytest.raises(Broken):
        exchange(Wrong, attempt=attempt)
    entries = list(attempt.transcript.entries())
    assert len(entries) < 12
    assert [entry.size for entry in entries if entry.text.startswith("message 41")] == [len(PAYLOADS[0])]
    assert any("40 echoes found right" in entry.text for entry in entries)


def test_no_more_is_owed_than_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    back: list[int] = []

    class Watching(Outbox):
        def message(self, number: int) -> bytes:
            sent.append(number)
            assert len(sent) - sum(back) / len(PAYLOADS[0]) <= 5
            return super().message(number)

    monkeypatch.setattr(volume, "Outbox", Watching)
    exchange(Connection, budget=5 * len(PAYLOADS[0]), progress=back.append)
    assert sent == list(range(COUNT))
