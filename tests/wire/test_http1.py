"""Responses are read strictly, in any pieces, within bounds."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.wire.http1 import (
    HttpViolation,
    Response,
    ResponseReader,
    parse_head,
)

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def read(*pieces: bytes, eof: bool = False, **limits: int) -> ResponseReader:
    reader = ResponseReader()
    for name, limit in limits.items():
        setattr(reader, name, limit)
    for piece in pieces:
        reader.receive_data(piece)
    if eof:
        reader.receive_eof()
    return reader


def response_of(reader: ResponseReader) -> Response:
    assert reader.response is not None
    return reader.response


def test_all_that_follows_a_101_is_no_body() -> None:
    reader = read(SWITCHING.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n") + b"\x81\x01a")
    assert (reader.complete, reader.rest, bytes(reader.body)) == (True, b"\x81\x01a", b"")


def test_fields_are_read_in_any_letter_case_and_over_several_lines() -> None:
    response = parse_head(b"HTTP/1.1 101 \r\nCONNECTION: a ,B\r\nconnection:\t, c \t")
    assert response.items(b"Connection") == [b"a", b"b", b"c"]
    assert response.get_all(b"connection") == [b"a ,B", b", c"]
    assert response.get(b"Date") is None


@pytest.mark.parametrize(
    ("line", "shown"), [(b"HTTP/1.1 404 Not Found", "404 Not Found"), (b"HTTP/1.0 200", "200")]
)
def test_a_status_line_in_words(line: bytes, shown: str) -> None:
    assert parse_head(line).describe() == shown


def test_a_body_of_a_known_length() -> None:
    reader = read(b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nab")
    assert not reader.complete
    reader.receive_data(b"cHTTP/1.1 200 next")
    assert (reader.complete, bytes(reader.body), reader.rest) == (True, b"abc", b"HTTP/1.1 200 next")


def test_a_body_that_lasts_as_long_as_the_connection() -> None:
    reader = read(b"HTTP/1.1 500 No\r\n\r\nabc", b"def")
    assert not reader.complete
    reader.receive_eof()
    assert (reader.complete, bytes(reader.body)) == (True, b"abcdef")


def test_a_chunked_body() -> None:
    reader = read(
        b"HTTP/1.1 400 No\r\nTransfer-Encoding: Chunked\r\n\r\n"
        b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nrest"
    )
    assert (reader.complete, bytes(reader.body), reader.rest) == (True, b"abc0123456789", b"rest")


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_a_body(status: int) -> None:
    assert read(b"HTTP/1.1 %d x\r\n\r\n" % status).complete


def test_interim_responses_are_passed_over() -> None:
    reader = read(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + SWITCHING)
    assert response_of(reader).status == 101


def test_interim_responses_without_end_are_refused() -> None:
    with pytest.raises(HttpViolation, match="more than 2 interim responses"):
        read(b"HTTP/1.1 100 Continue\r\n\r\n" * 3, interim_limit=2)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"\x81\x02", id="frame"),
        pytest.param(b"HTTX", id="other-protocol"),
        pytest.param(b"HTTP/1.1 101 x\n\n", id="lf-only"),
        pytest.param(b"HTTP/1.1 99 x\r\n\r\n", id="status-of-two-digits"),
        pytest.param(b"HTTP/1.1 1o1 x\r\n\r\n", id="status-of-letters"),
        pytest.param(b"HTTP/11 101 x\r\n\r\n", id="version"),
        pytest.param(b"HTTP/1.1 200 x\r\nno colon\r\n\r\n", id="no-colon"),
        pytest.param(b"HTTP/1.1 200 x\r\nname : v\r\n\r\n", id="blank-in-a-name"),
        pytest.param(b"HTTP/1.1 200 x\r\na: b\r\n c\r\n\r\n", id="folded"),
        pytest.param(b"HTTP/1.1 200 x\r\nContent-Length: -1\r\n\r\n", id="negative-length"),
        pytest.param(b"HTTP/1.1 200 x\r\nContent-Length: 1x\r\n\r\n", id="length-of-letters"),
        pytest.param(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", id="chunk-size"),
    ],
)
def test_what_is_no_response(answer: bytes) -> None:
    with pytest.raises(HttpViolation):
        read(answer)


def test_the_end_inside_the_head() -> None:
    with pytest.raises(HttpViolation, match="ended inside the head"):
        read(b"HTTP/1.1 101 Sw", eof=True)


def test_the_end_before_anything_is_no_violation() -> None:
    assert read(eof=True).response is None


def test_a_head_without_end_is_refused() -> None:
    with pytest.raises(HttpViolation, match="longer than 100 bytes"):
        read(b"HTTP/1.1 101 x\r\nA: " + b"a" * 200, head_limit=100)


def test_a_whole_head_beyond_the_limit_is_refused() -> None:
    with pytest.raises(HttpViolation, match="longer than 100 bytes"):
        read(b"HTTP/1.1 101 x\r\nA: " + b"a" * 200 + b"\r\n\r\n", head_limit=100)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param(b"Content-Length: 30", b"b" * 30, id="length"),
        pytest.param(b"Connection: close", b"b" * 30, id="until-the-end"),
        pytest.param(b"Transfer-Encoding: chunked", b"1e\r\n" + b"b" * 30 + b"\r\n0\r\n\r\n", id="chunked"),
    ],
)
def test_a_long_body_is_cut(head: bytes, body: bytes) -> None:
    reader = read(b"HTTP/1.1 500 x\r\n" + head + b"\r\n\r\n" + body, eof=True, body_limit=10)
    assert (reader.complete, bytes(reader.body)) == (True, b"b" * 10)


def test_a_chunk_without_end_does_not_fill_the_memory() -> None:
    reader = read(
        b"HTTP/1.1 500 x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", head_limit=100, body_limit=10
    )
    fed = 0
    while not reader.complete:
        reader.receive_data(b"x" * 10)
        fed += 10
    assert fed <= 120
    assert reader.rest == b""


def test_lines_behind_the_last_chunk_belong_to_the_body() -> None:
    reader = read(
        b"HTTP/1.1 400 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nDigest: x\r\n", b"\r\nrest"
    )
    assert (reader.complete, bytes(reader.body), reader.rest) == (True, b"a", b"rest")


@pytest.mark.parametrize(
    ("head", "enough"),
    [
        pytest.param(b"Content-Length: 3", False, id="length"),
        pytest.param(b"Transfer-Encoding: chunked", False, id="chunked"),
        pytest.param(b"Connection: close", True, id="until-the-end"),
    ],
)
def test_a_body_is_awaited_where_its_length_is_told(head: bytes, enough: bool) -> None:
    reader = read(b"HTTP/1.1 400 x\r\n" + head + b"\r\n\r\n")
    assert (reader.answer is not None) is enough


ANSWERS = (
    SWITCHING + b"\x81\x02hi",
    b"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\nabcrest",
    (
        b"HTTP/1.1 100 Go on\r\n\r\n"
        b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nrest"
    ),
)


@given(st.sampled_from(ANSWERS), st.data())
def test_any_pieces_give_the_same_response(answer: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(answer) - 1))))
    bounds = [0, *cuts, len(answer)]
    pieces = [answer[a:b] for a, b in pairwise(bounds)]
    whole, cut = read(answer), read(*pieces)
    assert (cut.response, cut.body, cut.rest, cut.complete) == (whole.response, whole.body, whole.rest, True)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_response_or_a_violation(noise: bytes) -> None:
    for head in (b"", b"HTTP/1.1 200 x\r\n", b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"):
        try:
            read(head + noise, eof=True)
        except HttpViolation:
            continue
