"""Reads TOML that people write by hand: every mistake is told with file, line and what would be right.

`tomllib` gives no positions. The line of a value is looked up only when it is wanted, by letting `tomllib`
read the text statement by statement: a part of a statement is never valid TOML by itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

from wireproof.errors import ProfileError

T = TypeVar("T")
Keys = tuple[str | int, ...]
_WHERE = re.compile(r" \(at line (\d+), column (\d+)\)$| \(at end of document\)$")
_KINDS = {
    bool: "true or false",
    str: "a text",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def closest(word: str, known: Iterable[str]) -> str:
    """A question that offers the known word most like *word*, behind a blank; empty when none is alike."""
    from difflib import get_close_matches  # noqa: PLC0415  # needed only once something is wrong

    found = get_close_matches(word, list(known), n=1)
    return f" Did you mean {found[0]!r}?" if found else ""


@dataclass(frozen=True, slots=True)
class Document:
    """One file and its text."""

    path: str
    text: str

    def line_of(self, keys: Keys) -> int:
        """The line, counted from 1, where the value at *keys* is set, or else whatever holds it."""
        found = lines_of(self.text)
        while keys and keys not in found:
            keys = keys[:-1]
        return found.get(keys, 1)

    def error(self, line: int, message: str) -> ProfileError:
        """The error that says *message* of a line of the file."""
        return ProfileError(self.path, line, message)


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document, with the keys and indexes that lead to it."""

    document: Document
    value: object
    keys: Keys = ()

    @property
    def name(self) -> str:
        """The last key that leads here, with indexes behind it counted from 1."""
        named = [key for key in self.keys if isinstance(key, str)]
        return str(named[-1]) if named else "the file"

    def wrong(self, message: str) -> ProfileError:
        """The error that says *message* of this value."""
        return self.document.error(self.document.line_of(self.keys), message)

    def _of(self, kind: type[T], wanted: str) -> T:
        if type(self.value) is not kind:
            got = _KINDS.get(type(self.value), "a date or time")
            raise self.wrong(f"{self.name} must be {wanted}, not {got}.")
        return self.value

    def text(self, wanted: str = "a text") -> str:
        """The value as a text that is not empty."""
        found = self._of(str, wanted)
        if not found:
            raise self.wrong(f"{self.name} must be {wanted}, not an empty one.")
        return found

    def boolean(self) -> bool:
        """The value as true or false."""
        return self._of(bool, "true or false")

    def items(self, wanted: str = "a list") -> tuple[Node, ...]:
        """The elements of a list."""
        found = cast("list[object]", self._of(list, wanted))
        return tuple(Node(self.document, value, (*self.keys, at)) for at, value in enumerate(found))

    def entries(self, wanted: str = "a table") -> dict[str, Node]:
        """The values of a table that may have any keys."""
        found = cast("dict[str, object]", self._of(dict, wanted))
        return {key: Node(self.document, value, (*self.keys, key)) for key, value in found.items()}

    def table(self, *allowed: str, wanted: str = "a table") -> Mapping[str, Node]:
        """The values of a table that may have the keys *allowed* only."""
        found = self.entries(wanted)
        for key, node in found.items():
            if key not in allowed:
                where = f" in {self.name}" if self.keys else ""
                hint = closest(key, allowed) or f" There are: {', '.join(allowed)}."
                raise node.wrong(f"Unknown key {key!r}{where}.{hint}")
        return found

    def pattern(self) -> re.Pattern[str]:
        """The value as a regular expression; its dot matches line ends too."""
        try:
            return re.compile(self.text("a regular expression"), re.DOTALL)
        except re.error as exc:
            raise self.wrong(f"{self.name} is no regular expression: {exc}.") from exc


def read_toml(path: str | Path, what: str) -> Node:
    """The document in the file *path*, whose user calls it *what*; raise `ProfileError`."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = exc.object.count(b"\n", 0, exc.start) + 1
        raise ProfileError(
            str(path), line, f"The {what} is not UTF-8: {exc.reason}; save it as UTF-8."
        ) from exc
    except OSError as exc:
        raise ProfileError(str(path), None, f"The {what} can't be read: {exc.strerror or exc}.") from exc
    document = Document(str(path), text)
    try:
        return Node(document, tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        where = _WHERE.search(str(exc))
        at = int(where[1]) if where and where[1] else text.rstrip().count("\n") + 1
        raise document.error(at, f"The {what} is no TOML: {_WHERE.sub('', str(exc))}.") from exc
    except RecursionError as exc:
        raise document.error(1, f"The {what} is nested too deeply.") from exc


@lru_cache(maxsize=1)
def lines_of(text: str) -> Mapping[Keys, int]:
    """The line of every key and list element of *text*, which is valid TOML."""
    survey = _Survey()
    chunk: list[str] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        chunk.append(line)
        said = _loads(chunk)
        if said is not None:
            survey.add(said, chunk, number - len(chunk) + 1)
            chunk = []
    return survey.found


@dataclass(slots=True)
class _Survey:
    found: dict[Keys, int] = field(default_factory=dict)
    tables: dict[Keys, int] = field(
        default_factory=dict
    )  # arrays of tables, with the index of their last one
    here: Keys = ()

    def add(self, said: dict[str, object], chunk: list[str], first: int) -> None:
        if chunk[0].lstrip().startswith("["):
            self._enter(said, first)
            return
        starts = _element_starts(chunk) if len(chunk) > 1 else {}
        for keys, _ in _walk(said):
            inside = next((keys[:n] for n in range(len(keys), 0, -1) if keys[:n] in starts), None)
            line = first + starts[inside] if inside else first
            self.found.setdefault((*self.here, *keys), line)

    def _enter(self, said: dict[str, object], line: int) -> None:
        keys: Keys = ()
        value: object = said
        while isinstance(value, dict) and value:
            (key,) = value
            value = value[key]
            keys = (*keys, key)
            if isinstance(value, list):
                self.tables[keys] = self.tables.get(keys, -1) + 1
            self.found.setdefault(keys, line)
            if keys in self.tables:
                keys = (*keys, self.tables[keys])
                self.found.setdefault(keys, line)
        self.here = keys


def _loads(lines: list[str]) -> dict[str, object] | None:
    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _element_starts(chunk: list[str]) -> dict[Keys, int]:
    """In which line of a statement, counted from 0, each element of its list is complete."""
    starts: dict[Keys, int] = {}
    for cut in range(len(chunk)):
        said = _loads([*chunk[: cut + 1], "]"]) or (_loads(chunk) if cut == len(chunk) - 1 else None)
        for keys, _ in _walk(said or {}):
            if isinstance(keys[-1], int):
                starts.setdefault(keys, cut)
    return starts


def _walk(value: object, keys: Keys = ()) -> Iterator[tuple[Keys, object]]:
    if keys:
        yield keys, value
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, one in inner:
        yield from _walk(one, (*keys, key))
