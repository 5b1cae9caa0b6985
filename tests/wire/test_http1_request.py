"""Opening handshakes are written as they are given, right or wrong."""

from __future__ import annotations

import pytest

from wireproof.wire.http1 import Request, accept_for, is_token, upgrade_request

REQUEST = Request(b"/", ((b"Host", b"h"), (b"X-A", b"1"), (b"Upgrade", b"websocket"), (b"x-a", b"2")))


def test_the_accept_value_of_the_specification() -> None:
    assert accept_for(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_an_opening_handshake_on_the_wire() -> None:
    made = upgrade_request(b"/chat?a=b", b"example.com", b"key", [(b"Origin", b"null")])
    assert made.encode() == (
        b"GET /chat?a=b HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: key\r\nSec-WebSocket-Version: 13\r\nOrigin: null\r\n\r\n"
    )


def test_a_replaced_header_stands_at_the_first_ones_place() -> None:
    assert REQUEST.with_header(b"X-a", b"3", b"4").headers == (
        (b"Host", b"h"),
        (b"X-a", b"3"),
        (b"X-a", b"4"),
        (b"Upgrade", b"websocket"),
    )


def test_a_new_header_stands_at_the_end() -> None:
    assert REQUEST.with_header(b"X-B", b"").headers == (*REQUEST.headers, (b"X-B", b""))


def test_a_header_is_left_out_in_any_letter_case() -> None:
    assert REQUEST.without(b"X-A").headers == ((b"Host", b"h"), (b"Upgrade", b"websocket"))


def test_an_added_header_stands_beside_others_of_its_name() -> None:
    assert REQUEST.adding((b"Host", b"other")).headers == (*REQUEST.headers, (b"Host", b"other"))


def test_all_names_are_renamed() -> None:
    assert [name for name, _ in REQUEST.renaming(bytes.upper).headers] == [
        b"HOST",
        b"X-A",
        b"UPGRADE",
        b"X-A",
    ]


@pytest.mark.parametrize(("name", "value"), [(b"x-A", b"1"), (b"X-B", None)], ids=["there", "missing"])
def test_a_header_is_found_in_any_letter_case(name: bytes, value: bytes | None) -> None:
    assert REQUEST.get(name) == value


@pytest.mark.parametrize(
    ("text", "expected"), [(b"x-1!", True), (b"", False), (b"a b", False), (b"a:", False)]
)
def test_what_a_token_is(text: bytes, expected: bool) -> None:
    assert is_token(text) is expected
