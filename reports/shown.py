"""Texts as a page may show them: nothing in them acts on the reader's screen."""

from __future__ import annotations

import re

_MARKS = re.compile(
    r"(?P<some>[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+"
)


def visible(text: str) -> str:
    """*text* with every control, format, bidi, surrogate and unassigned character written out as ‹U+XXXX›."""
    if text.isascii() and text.isprintable():
        return text
    return _MARKS.sub(r"\g<some>‹…›", "".join(c if c.isprintable() else f"‹U+{ord(c):04X}›" for c in text))


def lines(text: str) -> list[str]:
    """The lines of our own text of several lines, such as a traceback, each `visible`."""
    return [visible(line) for line in text.split("\n")]


def plural(count: int, word: str, words: str | None = None) -> str:
    """*count* with the noun in the right number, thousands set apart: ``1 case``, ``12 cases``."""
    return f"{number(count)} {word if count == 1 else words or word + 's'}"


def number(count: float) -> str:
    """A number with its thousands set apart."""
    return f"{count:,}"


def duration(seconds: float) -> str:
    """Seconds in the unit and with the digits that a reader can compare."""
    if seconds < 0.9995:
        ms = seconds * 1000
        return f"{ms:.2f} ms" if ms < 1 else f"{ms:.1f} ms" if ms < 100 else f"{ms:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def web(url: str) -> str:
    """*url* where it leads to the web, else a link to nowhere: a report may come from anywhere."""
    return url if url.startswith(("https://", "http://")) else "#"


def natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts the numbers in texts by their value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", text)]
