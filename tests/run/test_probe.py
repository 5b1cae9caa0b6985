"""What the probe makes of a target that answers late, or not at all."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from fixtures.strict import Connection, Frame, Message, serve
from tests.peer.serving import Line, server
from wireproof.errors import TargetError
from wireproof.peer.connection import Connection as Made
from wireproof.peer.connection import Dialer
from wireproof.run.probe import Probe
from wireproof.run.settings import Settings


class HeldUp(Connection):
    """The first client that says something hears nothing any more, as if somebody were held up just then."""

    heard: ClassVar[list[Connection]] = []

    def on_message(self, message: Message) -> None:
        self.heard.append(self)
        super().on_message(message)

    def send(self, frame: Frame) -> None:
        if self.heard[:1] != [self]:
            super().send(frame)


class Unreached(Dialer):
    """Nobody answers there, not even with a refusal."""

    async def _connect(self, connection: Made) -> None:  # noqa: ARG002
        await asyncio.Event().wait()


def test_a_capability_whose_probe_was_cut_short_has_a_second_hearing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wireproof.run.probe.ANSWER_WITHIN", 0.3)

    async def scene() -> list[bool]:
        async with serve(connection_class=HeldUp) as site:
            settings = Settings(site.url)
            target = await Probe(settings, Dialer(settings.endpoint())).run()
            return [target.can(name) for name in ("text", "binary", "echo", "echo-binary")]

    assert asyncio.run(scene()) == [True] * 4


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ws://nowhere.example", "no connection within 0.1 s\n.*is the port right, does a firewall"),
        ("wss://nowhere.example", "is the port right, does it speak TLS there, does a firewall"),
    ],
)
def test_who_was_never_connected_is_told_so(url: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wireproof.run.probe.HANDSHAKE_WITHIN", 0.1)
    settings = Settings(url)
    with pytest.raises(TargetError, match=told):
        asyncio.run(Probe(settings, Unreached(settings.endpoint())).run())


def test_who_takes_connections_and_is_mute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wireproof.run.probe.HANDSHAKE_WITHIN", 0.3)

    async def waits(line: Line) -> None:
        await line.reader.read()

    async def scene() -> None:
        async with server(waits) as there:
            await Probe(Settings(there.url), Dialer(there)).run()

    with pytest.raises(TargetError, match="accepted the connection and gave no answer"):
        asyncio.run(scene())
