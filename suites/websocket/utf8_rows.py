"""What is UTF-8 and what is not (RFC 3629 section 4), generated from the ranges of its grammar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from types import MappingProxyType

Range = tuple[int, int]

_TAIL: Range = (0x80, 0xBF)
# The well-formed sequences: each place's lowest and highest byte.
_CLASSES: tuple[tuple[Range, ...], ...] = (
    ((0x00, 0x7F),),
    ((0xC2, 0xDF), _TAIL),
    ((0xE0, 0xE0), (0xA0, 0xBF), _TAIL),
    ((0xE1, 0xEC), _TAIL, _TAIL),
    ((0xED, 0xED), (0x80, 0x9F), _TAIL),
    ((0xEE, 0xEF), _TAIL, _TAIL),
    ((0xF0, 0xF0), (0x90, 0xBF), _TAIL, _TAIL),
    ((0xF1, 0xF3), _TAIL, _TAIL, _TAIL),
    ((0xF4, 0xF4), (0x80, 0x8F), _TAIL, _TAIL),
)

GREEK = "\u03ba\u1f79\u03c3\u03bc\u03b5"
"""The word *kosme* with an oxia: two-byte characters around one of three bytes."""

MIXED = "a\u00e9\u6c34\U0001f41f \u05e9\u05dc z"
"""Characters of one to four bytes, in two directions of writing."""

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "Greek": GREEK,
        "German": "Größe, Übermut, Straße",
        "Russian": "соединение закрыто",
        "Hebrew": "החיבור נסגר",
        "Arabic": "أُغلق الاتصال",
        "Hindi": "कनेक्शन बंद",
        "Thai": "ปิดการเชื่อมต่อ",
        "Chinese": "连接已关闭",
        "Japanese": "接続を閉じました",
        "Korean": "연결이 닫혔습니다",
        "combining marks": "Z\u0353\u0324a\u0301\u0308l\u0327go\u030b",
        "joined emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467\U0001f3fd",
    }
)


def _spelled(data: bytes) -> str:
    return data.hex(" ")


def _rows(sequences: Iterator[bytes]) -> Mapping[str, bytes]:
    return MappingProxyType({_spelled(data): data for data in sequences})


def _code_points(*points: int) -> Mapping[str, bytes]:
    return MappingProxyType({f"U+{point:04X}": chr(point).encode() for point in points})


def _corners() -> Iterator[bytes]:
    for places in _CLASSES:
        yield from map(bytes, product(*places))


def _wrong_continuations() -> Iterator[bytes]:
    """Every place of every class, with the bytes just outside its range."""
    for places in _CLASSES:
        lowest = [low for low, _ in places]
        for at, (low, high) in enumerate(places[1:], start=1):
            for wrong in sorted({low - 1, high + 1, 0x00, 0x7F, 0xC0, 0xFF}):
                yield bytes([*lowest[:at], wrong, *lowest[at + 1 :]])


def _truncated() -> Iterator[bytes]:
    for places in _CLASSES:
        for size in range(1, len(places)):
            yield bytes(high for _, high in places[:size])


def _long_form(value: int, size: int) -> bytes:
    """*value* in *size* bytes by the scheme that RFC 3629 cut down to four bytes and to U+10FFFF."""
    tail = [0x80 | value >> 6 * at & 0x3F for at in range(size - 2, -1, -1)]
    return bytes([0x100 - (0x100 >> size) | value >> 6 * (size - 1), *tail])


_LIMITS = {1: 0x7F, 2: 0x7FF, 3: 0xFFFF, 4: 0x1FFFFF, 5: 0x3FFFFFF, 6: 0x7FFFFFFF}


def _overlong() -> Iterator[bytes]:
    for size in range(2, 7):
        for value in (0x00, 0x2F, 0x7F, _LIMITS[size - 1]):
            yield _long_form(value, size)
    # C1 with either end of its range: no character needs it.
    yield from (b"\xc1\x80", b"\xc1\xbf")


def _beyond() -> Iterator[bytes]:
    for size, value in ((4, 0x110000), (4, 0x13FFFF), (4, 0x140000), (4, 0x1FFFFF)):
        yield _long_form(value, size)
    for size in (5, 6):
        yield _long_form(_LIMITS[size - 1] + 1, size)
        yield _long_form(_LIMITS[size], size)


_SURROGATES = (0xD800, 0xD801, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDC01, 0xDF80, 0xDFFF)


def _surrogates() -> Iterator[bytes]:
    yield from (_long_form(point, 3) for point in _SURROGATES)
    yield from (
        _long_form(a, 3) + _long_form(b, 3) for a, b in ((0xD800, 0xDC00), (0xDBFF, 0xDFFF), (0xD83D, 0xDC1F))
    )


CORNERS = _rows(_corners())
"""The first and last byte of every place of every well-formed class, combined."""

EDGES = _code_points(
    *(0x00, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xCFFF, 0xD000, 0xD7FF, 0xE000, 0xFEFF, 0xFFFC, 0xFFFD),
    *(0x10000, 0x3FFFF, 0x40000, 0xFFFFF, 0x100000, 0x10FFFD),
)
"""The lowest and highest characters of each length, and the neighbours of the surrogates."""

NONCHARACTERS = _code_points(
    *range(0xFDD0, 0xFDF0), *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF))
)
"""All 66 of them: code points like any other for UTF-8."""

CONTROLS = _code_points(*range(0x20), *range(0x7F, 0xA0))
"""The control characters of both sets."""

WRONG_CONTINUATIONS = _rows(_wrong_continuations())
TRUNCATED = _rows(_truncated())
OVERLONG = _rows(_overlong())
SURROGATES = _rows(_surrogates())
BEYOND_UNICODE = _rows(_beyond())
LONE_CONTINUATIONS = _rows(bytes([byte]) for byte in range(0x80, 0xC0))
IMPOSSIBLE_BYTES = _rows(bytes([byte]) for byte in (0xC0, 0xC1, *range(0xF5, 0x100)))

INVALID: Mapping[str, bytes] = MappingProxyType(
    {
        **WRONG_CONTINUATIONS,
        **TRUNCATED,
        **OVERLONG,
        **SURROGATES,
        **BEYOND_UNICODE,
        **LONE_CONTINUATIONS,
        **IMPOSSIBLE_BYTES,
    }
)
"""Every ill-formed sequence of these tables."""

BROKEN_GREEK: Mapping[str, bytes] = MappingProxyType(
    {
        "a surrogate behind it": GREEK.encode() + b"\xed\xa0\x80" + b"edited",
        "a character beyond U+10FFFF behind it": GREEK.encode() + b"\xf4\x90\x80\x80" + b"edited",
        "an overlong character behind it": GREEK.encode() + b"\xc0\xaf" + b"edited",
        "its third byte missing": GREEK.encode()[:2] + GREEK.encode()[3:],
        "its last byte missing": GREEK.encode()[:-1],
        "its first byte missing": GREEK.encode()[1:],
        "its last byte twice": GREEK.encode() + GREEK.encode()[-1:],
        "in ISO 8859-7": "\u03ba\u03cc\u03c3\u03bc\u03b5".encode("iso8859-7"),
        "in UTF-16": GREEK.encode("utf-16-be"),
    }
)
"""The word damaged in several ways."""


def some(rows: Mapping[str, bytes], most: int) -> Mapping[str, bytes]:
    """At most *most* of *rows*, spread over all of them, the first and the last included."""
    names = list(rows)
    if len(names) <= most:
        return rows
    return {
        names[at * (len(names) - 1) // (most - 1)]: rows[names[at * (len(names) - 1) // (most - 1)]]
        for at in range(most)
    }
