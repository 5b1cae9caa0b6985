"""Profiles: all that they can tell, and how each mistake in one is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from wireproof.errors import ProfileError, UsageError
from wireproof.peer.dialect import Act, Pongs, Step
from wireproof.profile import Known, Profile, load_known, load_profile
from wireproof.toml_document import lines_of
from wireproof.wire.session import Message
from wireproof.wire.websocket import Opcode

ROOT = Path(__file__).parent.parent
ENTRY = '[[known]]\ncase = "websocket/*"\nreason = "why"\n'


def load(folder: Path, text: str) -> Profile:
    path = folder / "wireproof.toml"
    path.write_text(text, "utf-8")
    return load_profile(path)


def mistake(folder: Path, text: str) -> tuple[int | None, str]:
    with pytest.raises(ProfileError) as caught:
        load(folder, text)
    error = caught.value
    assert str(error).startswith(f"{folder / 'wireproof.toml'}:")
    return error.line, error.message


def message(text: str) -> Message:
    return Message(Opcode.TEXT, text.encode(), ())


def test_the_example_is_a_profile() -> None:
    profile = load_profile(ROOT / "wireproof.example.toml")
    assert profile.url == "ws://127.0.0.1:8080/chat"
    assert profile.headers == (
        (b"X-Tenant", b"test"),
        (b"Cookie", b"session=0123456789abcdef"),
        (b"Origin", b"https://example.org"),
    )
    assert profile.subprotocols == ("chat.v2", "chat.v1")
    assert profile.without == {"binary"}
    assert profile.assume == frozenset()
    assert profile.secrets == ("session=0123456789abcdef", "0123456789abcdef")
    assert [step.act for step in profile.dialect.preamble] == [Act.SEND, Act.EXPECT]
    (known,) = profile.known
    assert known.expires == "2031-12-31"
    line = (ROOT / "wireproof.example.toml").read_text("utf-8").splitlines().index("[[known]]") + 1
    assert known.where.endswith(f"wireproof.example.toml:{line}")


def test_an_empty_profile_tells_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Profile(path=str(tmp_path / "wireproof.toml"))


def test_an_echo_may_span_lines(tmp_path: Path) -> None:
    profile = load(tmp_path, r"""websocket.echo.receive = '\[(?P<id>[^\]]*)\]: (?P<payload>.*)'""")
    assert profile.dialect.echoed(message("[7]: a\nb")) == b"a\nb"
    assert profile.dialect.echoed(message("a")) is None


def test_a_preamble_and_noise(tmp_path: Path) -> None:
    text = '[websocket]\npreamble = [{send = "hi"}, {expect = "w.*"}]\nignore = ["tick.*"]\n'
    dialect = load(tmp_path, text).dialect
    assert dialect.preamble == (Step(Act.SEND, "hi"), Step(Act.EXPECT, "w.*"))
    assert dialect.is_noise(message("tick\n1"))
    assert not dialect.is_noise(message("a tick"))


def test_a_room(tmp_path: Path) -> None:
    text = r"""[websocket.broadcast]
path = "/chat?room=1"
include-sender = true
send = '{"say": "{payload}"}'
receive = '\[[^\]]*\]: (?P<payload>.*)'
"""
    dialect = load(tmp_path, text).dialect
    room = dialect.room
    assert room is not None
    assert dialect.rooms == {"broadcast-all": room}
    assert (room.path, room.includes_sender, room.binary, room.told) == ("/chat?room=1", True, False, True)
    assert room.spoken(b"hi") == b'{"say": "hi"}'
    assert (room.heard(message("[7]: hi")), room.heard(message("hi"))) == (b"hi", None)


def test_a_room_of_which_little_is_told(tmp_path: Path) -> None:
    dialect = load(tmp_path, "[websocket.broadcast]\ninclude-sender = false\nbinary = true\n").dialect
    room = dialect.rooms["broadcast"]
    assert (room.path, room.binary, room.spoken(b"a"), room.heard(message("a"))) == (None, True, b"a", b"a")


def test_a_server_that_answers_no_pings(tmp_path: Path) -> None:
    profile = load(tmp_path, "[capabilities]\npong = false\necho = true\n")
    assert profile.dialect.pongs is Pongs.MISSING
    assert profile.assume == {"echo"}
    assert profile.without == {"pong"}


def test_values_out_of_files_are_secrets(tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text("Bearer s3cr3t-token\n")
    text = (
        'cookie = "@token.txt"\n[headers]\nAuthorization = "@token.txt"\nX-Name = "@@me"\nX-Plain = "a@b"\n'
    )
    profile = load(tmp_path, text)
    assert profile.headers[:3] == (
        (b"Authorization", b"Bearer s3cr3t-token"),
        (b"X-Name", b"@me"),
        (b"X-Plain", b"a@b"),
    )
    assert profile.secrets == ("Bearer s3cr3t-token", "s3cr3t-token")


def test_credentials_are_secrets_wherever_they_stand(tmp_path: Path) -> None:
    profile = load(tmp_path, '[headers]\nX-Api-Key = "abc"\nX-Trace = "abd"\n')
    assert profile.secrets == ("abc",)


def test_known_failures_have_a_file_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    path.write_text(ENTRY + 'expires = "2031-01-02"\nroute = "direct"\n' + ENTRY)
    first, second = load_known(path)
    assert first == Known("websocket/*", "why", route="direct", expires="2031-01-02", where=f"{path}:1")
    assert second.where == f"{path}:6"
    path.write_text('url = "ws://h"\n')
    with pytest.raises(ProfileError, match=r"known.toml:1: Unknown key 'url'. There are: known."):
        load_known(path)


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "wireproof.toml"
    path.write_bytes(b'\xef\xbb\xbfurl = "ws://h"\r\n[capabilities]\r\necho = 1\r\n')
    with pytest.raises(ProfileError, match=r":3: echo must be true or false, not a number\."):
        load_profile(path)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param('\nulr = "ws://h"', 2, "Unknown key 'ulr'. Did you mean 'url'?", id="unknown-key"),
        pytest.param("[websocket]\nignored = []", 2, "Did you mean 'ignore'?", id="unknown-key-in-table"),
        pytest.param("[colour]\na = 1", 1, "There are: url, headers", id="unknown-table"),
        pytest.param("url = 7", 1, "url must be a text, not a number.", id="wrong-type"),
        pytest.param('url = ""', 1, "not an empty one", id="empty-text"),
        pytest.param("headers = 1979-05-27", 1, "not a date or time", id="date-for-a-table"),
        pytest.param("\n[headers\n", 2, "is no TOML: Expected ']'", id="syntax"),
        pytest.param("url = 'a'\nurl = 'b'\n", 2, "is no TOML: Cannot overwrite a value", id="key-twice"),
        pytest.param("a = '''\n\n", 1, "is no TOML: Expected", id="end-of-document"),
        pytest.param("a = " + "[" * 9999, 1, "nested too deeply", id="deep"),
        pytest.param("[headers]\nA = 'x'\na = 'y'", 3, "The header a is given twice", id="header-twice"),
        pytest.param("[headers]\n'A B' = 'x'", 2, "'A B' is no header name", id="header-name"),
        pytest.param("[headers]\nHost = 'x'", 2, "belongs to the opening handshake", id="host"),
        pytest.param("[headers]\nCookie = 'x'", 2, "write cookie = … above", id="cookie-as-header"),
        pytest.param(
            "[headers]\nA = 'x'\nB = \"x\\r\\nC: y\"", 3, "control character", id="header-injection"
        ),
        pytest.param("[headers]\nA = '@nowhere.txt'", 2, "No such file", id="missing-secret"),
        pytest.param("subprotocol = ['a',\n'b c']", 2, "'b c' is no subprotocol", id="subprotocol"),
        pytest.param(
            "[websocket]\nignore = [\n  'a',\n  '(',\n]", 4, "no regular expression", id="bad-regex"
        ),
        pytest.param("[websocket]\npreamble = [\n{send='a'},\n\n{sent='b'}]", 5, "'send'?", id="bad-step"),
        pytest.param("[websocket]\npreamble = [{send='a', expect='b'}]", 2, "either", id="two-in-a-step"),
        pytest.param("[[websocket.preamble]]\nsend='a'\n[[websocket.preamble]]\n", 3, "either", id="no-step"),
        pytest.param("[websocket.echo]\nreceive = '.*'", 2, "a group (?P<payload>.*)", id="no-payload"),
        pytest.param("\n[websocket.echo]\n", 2, "echo needs receive", id="empty-echo"),
        pytest.param('[websocket.broadcast]\npath = "/a"', 1, "needs include-sender", id="no-sender-rule"),
        pytest.param(
            '[websocket.broadcast]\ninclude-sender = true\npath = "a"', 3, "/chat?room=1", id="no-path"
        ),
        pytest.param(
            '[websocket.broadcast]\ninclude-sender = true\nsend = "a"', 3, "needs {payload}", id="no-payload"
        ),
        pytest.param(
            '[websocket.broadcast]\ninclude-sender = true\nreceive = "a"', 3, "(?P<payload>", id="no-group"
        ),
        pytest.param("[capabilities]\necho-bynary = true", 2, "'echo-binary'?", id="unknown-capability"),
        pytest.param("[capabilities]\necho = 'yes'", 2, "must be true or false, not a text", id="no-bool"),
        pytest.param(ENTRY + "[[known]]\nreason = 'x'", 4, "needs case = ", id="known-without-case"),
        pytest.param("[[known]]\ncase = 'x'\n", 1, "needs reason = ", id="known-without-reason"),
        pytest.param(ENTRY + ENTRY + "resaon = 'x'", 7, "'reason'?", id="known-with-unknown-key"),
        pytest.param(
            ENTRY + "requirement = 'rfc6455/5.2/reserved-bit'", 4, "'rfc6455/5.2/reserved-bits", id="req"
        ),
        pytest.param(ENTRY + "expires = '31.12.2031'", 4, "written 2031-12-31", id="bad-date"),
        pytest.param(ENTRY + "expires = 2031-12-31T00:00:00", 4, "written 2031-12-31", id="time"),
        pytest.param(ENTRY + "expires = '2031-02-30'", 4, "written 2031-12-31", id="no-such-day"),
        pytest.param("[known]\ncase = 'x'", 1, "each headed [[known]], not a table", id="single-brackets"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    found, told = mistake(tmp_path, text)
    assert said in told
    assert found == line


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.toml: The profile can't be read: No such file"):
        load_profile(tmp_path / "nowhere.toml")
    path = tmp_path / "latin.toml"
    path.write_bytes('# ok\nurl = "é"\n'.encode("latin-1"))
    with pytest.raises(ProfileError, match=r"latin.toml:2: The profile is not UTF-8"):
        load_profile(path)


def test_lines_are_found_whatever_stands_in_the_values() -> None:
    lines = [
        'a.b = """',  # 1
        "c = 1",
        '[x]"""',
        "'d e' = [ # [",  # 4
        "  { f = ']' },",
        "",
        "  { f = '#' },",
        "]",
        "[[g.h]] # i = 1",  # 9
        "j = { k = { l = 1 } }",
        "[[g.h]]",
        "[g.h.m]",
        "n = 2",
        "[x]",
        'o = "[[g.h]]"',
    ]
    found = lines_of("\n".join(lines))
    wanted = {
        ("a", "b"): 1,
        ("d e",): 4,
        ("d e", 0, "f"): 5,
        ("d e", 1): 7,
        ("d e", 1, "f"): 7,
        ("g", "h"): 9,
        ("g", "h", 0, "j", "k", "l"): 10,
        ("g", "h", 1): 11,
        ("g", "h", 1, "m", "n"): 13,
        ("x", "o"): 15,
    }
    assert {keys: found.get(keys) for keys in wanted} == wanted


def test_a_run_without_a_profile_does_not_pay_for_profiles() -> None:
    code = "import sys, wireproof.run.campaign; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "wireproof.profile" in ran.stdout.split()
    assert "wireproof.toml_document" not in ran.stdout.split()
