"""The reader of Sec-WebSocket-Extensions."""

from __future__ import annotations

import pytest

from wireproof.wire.extensions import Extension, Parameter, parse_extensions
from wireproof.wire.http1 import HttpViolation


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"a", (Extension(b"a"),)),
        (b"a, b;c", (Extension(b"a"), Extension(b"b", (Parameter(b"c"),)))),
        (b", a ,,\tb ,", (Extension(b"a"), Extension(b"b"))),
        (b"a\t; b = 1 ;c", (Extension(b"a", (Parameter(b"b", b"1"), Parameter(b"c"))),)),
        (b'a;b="1"', (Extension(b"a", (Parameter(b"b", b"1", quoted=True),)),)),
        (b'a;b="\\"\\\\,;"', (Extension(b"a", (Parameter(b"b", b'"\\,;', quoted=True),)),)),
        (b'a;b=""', (Extension(b"a", (Parameter(b"b", b"", quoted=True),)),)),
    ],
)
def test_a_list_is_read(value: bytes, read: tuple[Extension, ...]) -> None:
    assert parse_extensions(value) == read


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" , ",
        b"a b",
        b"a;",
        b"a;=1",
        b"a;b=",
        b"a=1",
        b";b",
        b'"a"',
        b'a;b="1',
        b'a;b="1"2',
        b"a;b=(1)",
        b"a/b",
    ],
)
def test_what_breaks_the_grammar_is_refused(value: bytes) -> None:
    with pytest.raises(HttpViolation):
        parse_extensions(value)


@pytest.mark.parametrize(
    ("parameter", "legal"),
    [
        (Parameter(b"a"), True),
        (Parameter(b"a", b"1"), True),
        (Parameter(b"a", b"one", quoted=True), True),
        (Parameter(b"a", b"", quoted=True), False),
        (Parameter(b"a", b"two words", quoted=True), False),
    ],
)
def test_a_quoted_value_has_to_be_a_token(parameter: Parameter, legal: bool) -> None:
    assert parameter.is_legal is legal


def test_a_long_unterminated_quoted_value_takes_linear_time() -> None:
    with pytest.raises(HttpViolation):
        parse_extensions(b'a;b="' + b"\\c" * 500_000)
