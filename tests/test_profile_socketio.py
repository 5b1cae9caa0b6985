"""What a profile tells about an application over Socket.IO."""

from __future__ import annotations

from pathlib import Path

import pytest

from wireproof.errors import ProfileError
from wireproof.profile import Profile, load_profile

FORM = """send = '["say", "{payload}"]'\nreceive = '\\["(?P<payload>.*)"\\]'\n"""


def told(folder: Path, text: str) -> Profile:
    path = folder / "wireproof.toml"
    path.write_text(text, encoding="utf-8")
    return load_profile(path)


def test_place_and_namespace_are_told(tmp_path: Path) -> None:
    session = told(tmp_path, '[socketio]\npath = "/live/"\nnamespace = "/chat"\n').session
    assert (session.path, session.namespace) == ("/live/", "/chat")
    assert session.joining == "0/chat,"


def test_credentials_of_a_connect_are_secret(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("from a file\n")
    text = (
        '[socketio]\nauth = { token = "abc", n = [1, true, { of = "plain" }], deep = { of = "@key.txt" } }\n'
    )
    profile = told(tmp_path, text)
    assert profile.session.auth == {
        "token": "abc",
        "n": [1, True, {"of": "plain"}],
        "deep": {"of": "from a file"},
    }
    assert set(profile.secrets) == {"abc", "from a file"}


@pytest.mark.parametrize(
    ("auth", "secrets"),
    [
        ('{ name = "alice-in-chains", nick = "wireproof" }', set()),
        ('{ userPassword = "wonderland" }', {"wonderland"}),
        ('{ jwt = { header = "one", rest = ["two"] } }', {"one", "two"}),
        ('"a-text-alone"', {"a-text-alone"}),
    ],
)
def test_a_name_of_a_connect_is_no_secret(tmp_path: Path, auth: str, secrets: set[str]) -> None:
    assert set(told(tmp_path, f"[socketio]\nauth = {auth}\n").secrets) == secrets


def test_texts_are_put_into_events_and_found_in_them(tmp_path: Path) -> None:
    profile = told(tmp_path, f"[socketio.echo]\n{FORM}[socketio.broadcast]\ninclude-sender = false\n{FORM}")
    form, room = profile.session.echo, profile.session.room
    assert form is not None
    assert room is not None
    assert not room.includes_sender
    for text in ("plain", 'with "quotes" and \\', "Grüße, 世界\n", ""):
        assert form.spoken(text) == ["say", text]
        assert form.heard([text]) == text
    assert form.heard(["other", "event"]) is None
    assert form.heard([{"placeholder": b"bytes"}]) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('path = "live"', "path is where Engine.IO is served"),
        ('path = "/live?a=1"', "without a query"),
        ('namespace = "chat"', "namespace begins with /"),
        ("auth = 2031-12-31", "auth must be what JSON has, not a date or time"),
        ('room = "red"', "Unknown key 'room' in socketio"),
        ("""echo.send = '["a"]'""", "echo needs send = … and receive = …"),
        ("""echo.send = '["a"]'\necho.receive = '(?P<payload>.*)'""", "send is an event in JSON"),
        (
            """echo.send = '{payload}'\necho.receive = '(?P<payload>.*)'""",
            "send is no JSON with {payload} inside",
        ),
        ("""echo.send = '["{payload}"]'\necho.receive = '.*'""", "receive needs a group"),
        ("""broadcast.send = '["{payload}"]'""", "broadcast needs include-sender"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ProfileError) as error:
        told(tmp_path, f"[socketio]\n{text}\n")
    assert problem in str(error.value)
