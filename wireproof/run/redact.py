"""Takes what the user gave as a secret out of everything that leaves the harness.

A mark of the same length stands in its place, so that lengths and offsets in the evidence stay true.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, AnyStr
from urllib.parse import parse_qsl, quote, unquote

from wireproof.run.redact_frames import clean_transcript
from wireproof.wire.text import printable, shorten

_LEAST = 4  # letters of a secret that is replaced wherever it stands; shorter ones only behind their name
_PUBLIC = frozenset({"wireproof"})  # what the suites themselves say to servers
_CUT = re.compile(r'" and \d+ (?:bytes|characters) more|…')
_USERINFO = re.compile(r"(?:[^/?#]*//)?([^/?#]*)@")
_OURS = frozenset(
    {
        *("event", "id", "title", "suite", "suspects", "route", "verdict", "level", "basis"),
        *("requirements", "requirement", "broken", "ground", "dir", "kind", "protocols", "reproduce"),
    }
)
"""Keys under which nobody but wireproof speaks: words of its own may be spelled like a secret."""


class Redactor:
    """Replaces every secret in texts, bytes and whole records."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        forms = {form for form in forms if len(form) >= _LEAST and form.lower() not in _PUBLIC}
        self.active = bool(forms)
        self._texts = sorted(forms, key=len, reverse=True)
        self._bytes = sorted({data for form in forms for data in _encoded(form)}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """*text* without secrets; a secret that was cut off by shortening goes too."""
        for form in self._texts:
            text = text.replace(form, "*" * len(form))
        for cut in _CUT.finditer(text):
            for form in self._texts:
                kept = _begun(form, text[: cut.start()])
                text = text[: cut.start() - kept] + "*" * kept + text[cut.start() :]
        return text

    def data(self, data: bytes) -> bytes:
        """*data* without secrets, nor the start of one at its end."""
        for form in self._bytes:
            data = data.replace(form, b"*" * len(form))
        for form in self._bytes:
            kept = _begun(form, data)
            data = data[: len(data) - kept] + b"*" * kept
        return data

    def record(self, value: Any) -> Any:
        """A JSON value without secrets, the bytes under every ``hex`` included, message by message."""
        if not self.active:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            if "hex" in value:
                return self._entries([value])[0]
            return {
                key: self._entries(item)
                if key == "transcript"
                else item
                if key in _OURS
                else self.record(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.record(item) for item in value]
        return value

    def _entries(self, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        # Bytes come first: what stands in a frame's text was cut out of the whole message.
        return [
            {key: item if key in _OURS or key == "hex" else self.record(item) for key, item in entry.items()}
            for entry in clean_transcript(entries, self.data)
        ]


def _forms(secret: str) -> Iterator[str]:
    """The shapes in which a secret may be written."""
    for plain in (secret, unquote(secret)):
        yield from (plain, quote(plain, safe=""))
        for in_json in (json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]):
            yield from (in_json, printable(in_json))
            yield shorten(in_json.encode("utf-8", "surrogateescape"), 6 * len(in_json))[1:-1]
        for data in _encoded(plain):
            yield data.decode("latin-1")
            yield shorten(data, len(data))[1:-1]


def _encoded(text: str) -> Iterator[bytes]:
    """The bytes of *text*: UTF-8 and, where it has them all, the letters of a header."""
    yield text.encode("utf-8", "surrogateescape")
    if all(ord(letter) < 256 for letter in text):
        yield text.encode("latin-1")


def _begun(secret: AnyStr, text: AnyStr) -> int:
    """How many letters at the end of *text* are the start of *secret*, when they are enough to tell."""
    at = text.find(secret[:_LEAST], max(0, len(text) - len(secret) + 1))
    while at >= 0 and not secret.startswith(text[at:]):
        at = text.find(secret[:_LEAST], at + 1)
    return len(text) - at if at >= 0 else 0


def url_secrets(url: str) -> list[str]:
    """What is secret in a URL, right or wrong: its user information, and each query parameter."""
    query = url.partition("#")[0].partition("?")[2]
    found = [f"{name}={value}" for name, value in parse_qsl(query)]
    found += [value for _, value in parse_qsl(query)]
    for piece in query.split("&"):
        found += [piece, piece.partition("=")[2]] if "=" in piece else []
    if userinfo := _USERINFO.match(url):
        user, _, password = userinfo[1].partition(":")
        plain = f"{unquote(user)}:{unquote(password)}"
        found += [userinfo[1], plain, base64.b64encode(plain.encode()).decode(), password]
    return [item for item in found if item]


def header_secrets(name: str, value: str) -> list[str]:
    """What is secret in a header: its value, the parts of it, and the whole line where the value is short."""
    parts: list[str] = [piece for piece in re.split(r"[ ;,=]+", value) if len(piece) >= 2 * _LEAST]
    return [value, f"{name}: {value}", *parts]
