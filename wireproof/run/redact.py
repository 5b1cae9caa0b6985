"""Takes what the user gave as a secret out of everything that leaves the harness.

A mark of the same length stands in its place, so that lengths and offsets in the evidence stay true.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from wireproof.wire.websocket import FrameReader, FrameTooLargeError

_LEAST = 4  # letters of a secret that is replaced wherever it stands; shorter ones only behind their name
_CUT = r'(?=" and \d+ bytes more)|(?=…)'


class Redactor:
    """Replaces every secret in texts, bytes and whole records."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
        self.active = bool(forms)
        self._texts = [re.compile(re.escape(form)) for form in forms]
        self._texts += [_prefixes(form) for form in forms if len(form) > _LEAST]
        self._bytes = [form.encode("utf-8", "surrogateescape") for form in forms]

    def text(self, text: str) -> str:
        """*text* without secrets; a secret that was cut off by shortening goes too."""
        for pattern in self._texts:
            text = pattern.sub(lambda match: "*" * len(match[0]), text)
        return text

    def data(self, data: bytes) -> bytes:
        """*data* without secrets, nor the start of one at its end."""
        for secret in self._bytes:
            data = data.replace(secret, b"*" * len(secret))
            for kept in range(min(len(secret) - 1, len(data)), _LEAST - 1, -1):
                if data.endswith(secret[:kept]):
                    data = data[:-kept] + b"*" * kept
                    break
        return data

    def record(self, value: Any) -> Any:
        """A JSON value without secrets, the bytes under every ``hex`` included."""
        if not self.active:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            hexed = value.get("hex")
            made = {key: self.record(item) for key, item in value.items() if key != "hex"}
            if "hex" in value:
                made["hex"] = hexed and self._wire(bytes.fromhex(hexed), str(value.get("kind"))).hex()
            return made
        if isinstance(value, (list, tuple)):
            return [self.record(item) for item in value]
        return value

    def _wire(self, data: bytes, kind: str) -> bytes:
        if kind != "frame":
            return self.data(data)
        # A masked payload carries its key along: what hides a secret there is only arithmetic.
        reader = FrameReader(limit=1 << 30)
        reader.receive_data(data)
        made = b""
        try:
            for frame in reader.frames():
                clean = self.data(frame.payload)
                made += frame.encode() if clean == frame.payload else frame.header + clean
        except FrameTooLargeError:
            return b"*" * len(data)
        rest = reader.pending
        return made + (self.data(rest) if not rest or not rest[1:] or rest[1] < 0x80 else b"*" * len(rest))


def _forms(secret: str) -> Iterable[str]:
    """The shapes in which a secret may be written."""
    if len(secret) >= _LEAST:
        yield from (secret, quote(secret, safe=""), unquote(secret))


def _prefixes(secret: str) -> re.Pattern[str]:
    tail = ""
    for letter in reversed(secret[_LEAST:-1]):
        tail = f"(?:{re.escape(letter)}{tail})?"
    return re.compile(f"{re.escape(secret[:_LEAST])}{tail}(?:{_CUT})")


def url_secrets(url: str) -> list[str]:
    """What is secret in a URL: its user information, and each query parameter with its value."""
    parts = urlsplit(url)
    found = [f"{name}={value}" for name, value in parse_qsl(parts.query, keep_blank_values=False)]
    found += [value for _, value in parse_qsl(parts.query)]
    found += [piece for piece in re.split("[?&]", url.partition("#")[0])[1:] if "=" in piece]
    if "@" in parts.netloc:
        userinfo = parts.netloc.rpartition("@")[0]
        plain = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        found += [userinfo, plain, base64.b64encode(plain.encode()).decode()]
        found += [parts.password or ""]
    return [item for item in found if item]


def header_secrets(name: str, value: str) -> list[str]:
    """What is secret in a header: its value, the parts of it, and the whole line where the value is short."""
    parts: list[str] = [piece for piece in re.split(r"[ ;,=]+", value) if len(piece) >= 2 * _LEAST]
    return [value, f"{name}: {value}", *parts]


Redact = Callable[[Any], Any]
