"""No secret leaves the harness, in whatever form; what stands in its place is as long."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.peer.socketio import describe
from wireproof.run.redact import Redactor, header_secrets, url_secrets
from wireproof.wire.deflate import Deflater
from wireproof.wire.socketio import Packet, encode
from wireproof.wire.text import describe_frame, shorten
from wireproof.wire.websocket import Frame, FrameReader, Masking, Rsv

SECRET = "s3cr3t-T0k3n"
STARS = "*" * len(SECRET)
KEY = b"\x11\x22\x33\x44"


def entry(data: bytes, kind: str = "frame", text: str = "") -> dict[str, Any]:
    return {
        "t": 0.1,
        "peer": 1,
        "dir": "out",
        "kind": kind,
        "text": text,
        "hex": data.hex(),
        "size": len(data),
    }


def hexed(record: Any) -> bytes:
    return bytes.fromhex(record["hex"])


# What counts as a secret ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "shown", "hidden"),
    [
        pytest.param("X-Key", SECRET, f"got {SECRET}!", f"got {STARS}!", id="value"),
        pytest.param(
            "Authorization", f"Bearer {SECRET}", f"who is {SECRET}?", f"who is {STARS}?", id="token"
        ),
        pytest.param("Cookie", f"a=1; sid={SECRET}", f"sid {SECRET}", f"sid {STARS}", id="cookie"),
        pytest.param(
            "X-Pin", "123", "X-Pin: 123, not 123", "**********, not 123", id="short-behind-its-name"
        ),
    ],
)
def test_a_header(name: str, value: str, shown: str, hidden: str) -> None:
    assert Redactor(header_secrets(name, value)).text(shown) == hidden


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param(f"ws://me:{SECRET}@host/", f"me:{SECRET}", id="userinfo"),
        pytest.param(f"ws://me:{SECRET}@host/", SECRET, id="password"),
        pytest.param(
            f"ws://me:{SECRET}@host/", base64.b64encode(f"me:{SECRET}".encode()).decode(), id="basic"
        ),
        pytest.param("ws://me:p%40ss%2Fword@host/", "p@ss/word", id="password-decoded"),
        pytest.param("ws://me:p%40ss%2Fword@host/", "p%40ss%2Fword", id="password-encoded"),
        pytest.param(f"ws://h/?token={SECRET}&x=1", f"token={SECRET}", id="parameter"),
        pytest.param(f"ws://h/?token={SECRET}&x=1", SECRET, id="parameter-value"),
        pytest.param("ws://h/?t=a+b%2fcd", "a b/cd", id="value-decoded"),
        pytest.param("ws://h/?t=a+b%2fcd", "a+b%2fcd", id="value-as-written"),
        pytest.param("ws://h/?t=a%20b%20c", "a%20b%20c", id="value-encoded"),
        pytest.param(f"unix:/run/x.sock:/?token={SECRET}", SECRET, id="unix-socket"),
    ],
)
def test_a_url(url: str, shown: str) -> None:
    assert Redactor(url_secrets(url)).text(f"<{shown}>") == f"<{'*' * len(shown)}>"


def test_a_url_without_secrets() -> None:
    assert url_secrets("wss://host:1234/path") == []


@pytest.mark.parametrize("secret", ["", "abc"], ids=["empty", "short"])
def test_what_is_too_short_is_no_secret(secret: str) -> None:
    redactor = Redactor([secret])
    assert not redactor.active
    assert redactor.record({"text": "abc"}) == {"text": "abc"}


def test_a_word_of_the_suites_stays() -> None:
    redactor = Redactor(header_secrets("Cookie", "name=wireproof; sid=abcdefgh"))
    assert redactor.text("wireproof-1 abcdefgh") == "wireproof-1 ********"


def test_a_secret_that_is_short_when_decoded_hides_nothing_else() -> None:
    assert Redactor(["%41%42"]).text("ABC") == "ABC"


def test_a_very_long_token() -> None:
    token = base64.b64encode(bytes(range(256)) * 20).decode()
    redactor = Redactor([token])
    assert redactor.text(token) == "*" * len(token)
    assert redactor.text(f'"{token[:60]}" and 9000 bytes more') == f'"{"*" * 60}" and 9000 bytes more'


# Where it is found ------------------------------------------------------------------------------------


def test_a_secret_that_evidence_cut_off() -> None:
    text = Redactor([SECRET]).text(f"it said {shorten(f'your token {SECRET}'.encode(), 18)}")
    assert text == 'it said "your token *******" and 5 bytes more'


def test_the_start_of_a_secret_elsewhere_is_an_ordinary_word() -> None:
    assert Redactor(["text-of-mine"]).text('text "text"') == 'text "text"'


def test_a_secret_at_the_end_of_cut_bytes() -> None:
    assert Redactor([SECRET]).data(b"token " + SECRET[:7].encode()) == b"token *******"


@pytest.mark.parametrize("mask", [KEY, Masking.NONE], ids=["masked", "unmasked"])
def test_a_payload_keeps_its_frame(mask: bytes | Masking) -> None:
    wire = Frame.text(f"<{SECRET}>").but(mask=mask).encode() + Frame.ping(b"next").but(mask=mask).encode()
    made = hexed(Redactor([SECRET]).record(entry(wire)))
    reader = FrameReader()
    reader.receive_data(made)
    assert [frame.payload for frame in reader.frames()] == [f"<{STARS}>".encode(), b"next"]
    assert len(made) == len(wire)


def test_a_masked_frame_that_is_not_whole() -> None:
    wire = Frame.text(f"<{SECRET}> and more").encode(KEY)[:-3]
    assert hexed(Redactor([SECRET]).record(entry(wire))) == b"*" * len(wire)


def test_a_masked_frame_without_a_secret_stays_as_it_is() -> None:
    wire = Frame.text("hello").encode(KEY)
    assert hexed(Redactor([SECRET]).record(entry(wire))) == wire


def test_raw_bytes_that_are_no_frames() -> None:
    wire = b"\x01\x02ab\x02" + SECRET.encode() + b"\xff"
    assert hexed(Redactor([SECRET]).record(entry(wire))) == b"\x01\x02ab\x02" + STARS.encode() + b"\xff"


def test_a_head() -> None:
    head = f"GET / HTTP/1.1\r\nX-Key: {SECRET}\r\n\r\n".encode()
    made = hexed(Redactor([SECRET]).record(entry(head, "http")))
    assert made == head.replace(SECRET.encode(), STARS.encode())


@pytest.mark.parametrize(
    "data", ["pässwörd".encode(), "pässwörd".encode("latin-1")], ids=["utf-8", "latin-1"]
)
def test_letters_beyond_ascii(data: bytes) -> None:
    redactor = Redactor(["pässwörd"])
    assert hexed(redactor.record(entry(data, "http"))) == b"*" * len(data)
    assert redactor.text(shorten(data)) == f'"{"*" * (len(shorten(data)) - 2)}"'
    assert redactor.text(data.decode("latin-1")) == "*" * len(data)


def compressed(*messages: str) -> list[Frame]:
    deflater = Deflater()
    return [Frame.binary(deflater.compress(text.encode()), rsv=Rsv.RSV1) for text in messages]


@pytest.mark.parametrize(
    ("frame", "kept"),
    [
        pytest.param(compressed("nothing to hide " * 9)[0], True, id="harmless"),
        pytest.param(compressed(f"it is {SECRET}")[0], False, id="secret"),
        pytest.param(compressed(f"it is {SECRET}", f"again: {SECRET}")[1], False, id="by-reference"),
        pytest.param(Frame.text("hello", rsv=Rsv.RSV1), False, id="no-deflate-data"),
    ],
)
@pytest.mark.parametrize("mask", [Masking.NONE, KEY], ids=["in", "out"])
def test_a_compressed_payload_goes_whole(frame: Frame, kept: bool, mask: Masking | bytes) -> None:
    made = hexed(Redactor([SECRET]).record(entry(frame.but(mask=mask).encode())))
    assert len(made) == len(frame.but(mask=mask).encode())
    assert _payload(made) == (frame.payload if kept else b"*" * len(frame.payload))


def test_a_compressed_payload_that_was_cut_off_goes_whole() -> None:
    data = compressed(f"it is {SECRET}")[0].but(mask=Masking.NONE).encode()[:-1]
    assert hexed(Redactor([SECRET]).record(entry(data))) == b"*" * len(data)


def test_an_entry_without_bytes() -> None:
    assert Redactor([SECRET]).record({"text": SECRET, "hex": None}) == {"text": STARS, "hex": None}


def test_words_of_our_own_stay() -> None:
    record = {
        "id": "websocket/s5_5/ping",
        "verdict": "fail",
        "reproduce": "wireproof run --case websocket/s5_5/ping",
        "observed": "websocket",
    }
    made = Redactor(url_secrets("ws://h/?transport=websocket&mode=fail")).record(record)
    assert made == {**record, "observed": "*********"}


# Nothing survives -------------------------------------------------------------------------------------

SECRETS = st.text(st.characters(codec="utf-8", exclude_characters="*"), min_size=4, max_size=40)


@given(SECRETS, st.text(max_size=10), st.binary(min_size=4, max_size=4), st.integers(0, 60))
def test_no_secret_survives_in_a_record(secret: str, around: str, key: bytes, limit: int) -> None:
    said = f"{around}{secret}{around}"
    data = said.encode()
    frame = Frame.text(said)
    record: dict[str, Any] = {
        "observed": said,
        "reports": [said, shorten(data, limit), describe_frame(frame)],
        "transcript": [
            entry(data, "http", shorten(data)),
            entry(frame.encode(key)),
            entry(frame.but(mask=Masking.NONE).encode()),
            entry(frame.encode(key)[:-1]),
        ],
    }
    made = Redactor([secret]).record(record)
    texts, wires = [made["observed"], *made["reports"]], [hexed(item) for item in made["transcript"]]
    assert not [text for text in texts if secret in text or shorten(secret.encode())[1:-1] in text]
    assert not [wire for wire in wires if secret.encode() in wire]
    assert secret.encode() not in _payload(wires[1])
    assert [len(text) for text in texts] == [len(said), *(len(text) for text in record["reports"])]
    assert [len(wire) for wire in wires] == [item["size"] for item in record["transcript"]]


def _payload(wire: bytes) -> bytes:
    reader = FrameReader()
    reader.receive_data(wire)
    return b"".join(frame.payload for frame in reader.frames())


def test_a_secret_goes_in_the_shapes_that_json_gives_it() -> None:
    secret = 'pä"ss\\wörd-long'
    packet = Packet.connect("/", {"pad": "y" * 120, "token": secret})
    told = (describe(packet), str(encode(packet)[0]), shorten(str(encode(packet)[0]).encode(), 400))
    for text in map(Redactor([secret]).text, told):
        assert "ss" not in text
        assert "long" not in text
    assert Redactor(["s3cret-word"]).text('no JSON: "{s3cret-w" and 9 characters more').count("*") == 8
