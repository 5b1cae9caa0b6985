"""What is told of a profile that does not fit its server: the key, the file, and what came instead."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fixtures.strict import Connection, SocketIoConnection, serve
from wireproof.attempt import NotApplicable
from wireproof.peer.connection import Dialer
from wireproof.profile import load_profile
from wireproof.run.discover import discover
from wireproof.run.mistakes import LETTERS, unmatched
from wireproof.run.settings import Settings
from wireproof.target import Target

ECHO = """[socketio.echo]
send = '["message", "{payload}"]'
receive = '\\["reply","(?P<payload>.*)"\\]'
"""
BROADCAST = """[socketio.broadcast]
include-sender = false
send = '["{event}", "{payload}"]'
receive = '\\["broadcast","(?P<payload>[^"]*)".*\\]'
"""


async def found(server: type[Connection], profile: Path, *protocols: str) -> Target:
    told = load_profile(profile)
    async with serve(connection_class=server) as site:
        settings = Settings(
            site.url, dialect=told.dialect, session=told.session, profile=told.path, protocols=protocols
        )
        return await discover(settings, Dialer(settings.endpoint()))


def why_not(server: type[Connection], folder: Path, text: str, capability: str, protocol: str) -> str:
    """The reason for which the server is held to lack *capability*."""
    path = folder / "mine.toml"
    path.write_text(text)
    target = asyncio.run(found(server, path, protocol))
    with pytest.raises(NotApplicable) as caught:
        target.require(capability)
    return str(caught.value).replace(str(path), "mine.toml")


def test_an_event_that_comes_in_another_form(tmp_path: Path) -> None:
    told = why_not(SocketIoConnection, tmp_path, ECHO, "events", "socketio")
    assert told.startswith(
        '[socketio.echo] in mine.toml: for ["message", "wireproof probe"] came ["auth", {}'
    )
    assert '["message-back", "wireproof probe"' in told
    assert told.endswith(", which its receive does not match")


def test_an_event_that_nobody_knows(tmp_path: Path) -> None:
    told = why_not(
        SocketIoConnection, tmp_path, BROADCAST.replace("{event}", "shout"), "event-broadcast", "socketio"
    )
    assert told.startswith('[socketio.broadcast] in mine.toml: for ["shout", "wireproof probe of broadcast"]')
    assert "shout" not in told.partition(" came ")[2]


def test_the_other_kind_of_broadcast_is_not_looked_for(tmp_path: Path) -> None:
    text = BROADCAST.replace("{event}", "broadcast")
    told = why_not(SocketIoConnection, tmp_path, text, "event-broadcast-all", "socketio")
    assert told == "the profile tells of another kind of broadcast"


def test_an_echo_in_another_form(tmp_path: Path) -> None:
    text = "[websocket.echo]\nreceive = 'you said: (?P<payload>.*)'\n"
    assert why_not(Connection, tmp_path, text, "echo", "websocket") == (
        '[websocket.echo] in mine.toml: for "wireproof probe" came "wireproof probe", '
        "which its receive does not match"
    )


def test_a_room_in_another_form(tmp_path: Path) -> None:
    text = (
        "[websocket.broadcast]\npath = '/broadcast'\ninclude-sender = false\nreceive = '#(?P<payload>.*)'\n"
    )
    told = why_not(Connection, tmp_path, text, "broadcast", "websocket")
    assert told.startswith('[websocket.broadcast] in mine.toml: for "wireproof asks the room ')
    assert told.endswith('", which its receive does not match')


def test_what_came_is_told_briefly() -> None:
    told = unmatched("a.b", None, "x" * 200, [f"{n}\x1b" * 100 for n in range(5)])
    assert told.startswith(f"[a.b] in the profile: for {'x' * LETTERS}… came ")
    assert told.endswith(" and 2 more, which its receive does not match")
    assert "\x1b" not in told
    assert unmatched("a.b", "f", "x", []) == "[a.b] in f: for x came nothing"
