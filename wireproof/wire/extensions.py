"""The Sec-WebSocket-Extensions grammar of RFC 6455 section 9.1, read strictly and in linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wireproof.wire.http1 import HttpViolation, is_token
from wireproof.wire.text import shorten

_GAP = re.compile(rb"[ \t,]*")
_TOKEN = re.compile(rb"[ \t]*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*")
_QUOTED = re.compile(rb'[ \t]*"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\x00-\x7f])*)"[ \t]*')
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an extension; ``value`` is None without a ``=``, and unescaped when it was quoted."""

    name: bytes
    value: bytes | None = None
    quoted: bool = False

    @property
    def is_legal(self) -> bool:
        """Whether the value, if any, is a token once unquoted (section 9.1)."""
        return self.value is None or is_token(self.value)


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension as it was offered or accepted."""

    name: bytes
    parameters: tuple[Parameter, ...] = ()


def parse_extensions(value: bytes) -> tuple[Extension, ...]:
    """Read a whole list; raise `HttpViolation` when it breaks the grammar or names nothing.

    Empty elements are skipped (RFC 2616 section 2.1). What a quoted value says is not judged here.
    """
    found: list[Extension] = []
    at = 0
    while (at := _end(_GAP.match(value, at), at)) < len(value):
        name, at = _token(value, at)
        parameters: list[Parameter] = []
        while value[at : at + 1] == b";":
            parameter, at = _parameter(value, at + 1)
            parameters.append(parameter)
        if value[at : at + 1] not in (b",", b""):
            raise HttpViolation(f"no comma or semicolon ahead of {shorten(value[at:])}")
        found.append(Extension(name, tuple(parameters)))
    if not found:
        raise HttpViolation("a list that names no extension")
    return tuple(found)


def _parameter(value: bytes, at: int) -> tuple[Parameter, int]:
    name, at = _token(value, at)
    if value[at : at + 1] != b"=":
        return Parameter(name), at
    quoted = _QUOTED.match(value, at + 1)
    if quoted is not None:
        return Parameter(name, _ESCAPE.sub(rb"\1", quoted[1]), quoted=True), quoted.end()
    said, at = _token(value, at + 1)
    return Parameter(name, said), at


def _token(value: bytes, at: int) -> tuple[bytes, int]:
    match = _TOKEN.match(value, at)
    if match is None:
        raise HttpViolation(
            f"no token at {shorten(value[at:])}" if value[at:] else "a token is missing at the end"
        )
    return match[1], match.end()


def _end(match: re.Match[bytes] | None, at: int) -> int:
    return match.end() if match else at
