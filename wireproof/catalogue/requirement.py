"""Requirements: the normative statements of each specification, with stable ids.

The statements live in the ``*.toml`` files beside this module, one for each specification and named after it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from importlib import resources
from typing import Any, TypeVar

from wireproof.errors import WireproofError


class CatalogueError(WireproofError, ValueError):
    """The catalogue breaks its own rules."""


class Level(StrEnum):
    """How strongly a requirement binds (RFC 2119 for the first three)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    # The specification is silent; only its reference implementation behaves so.
    REFERENCE = "reference"
    # A promise of the application, such as echo or broadcast.
    CONTRACT = "contract"


class Basis(StrEnum):
    """Whether the text itself binds this party, or its duty is inferred from what binds the other."""

    EXPLICIT = "explicit"
    DERIVED = "derived"


class Binds(StrEnum):
    """Who has to meet a requirement."""

    SERVER = "server"
    INTERMEDIARY = "intermediary"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One normative statement.

    ``agreed`` is true of a derived duty on which practice is of one mind.
    ``not_testable`` is the reason why the statement can't be seen from outside, or ``None``.
    """

    id: str
    spec: str
    section: str
    title: str
    level: Level
    basis: Basis
    agreed: bool
    binds: Binds
    asks: str
    url: str
    not_testable: str | None


@dataclass(frozen=True, slots=True)
class Spec:
    """One specification: its title, the address of its text, and what the anchors of sections begin with."""

    title: str
    url: str
    anchor: str

    def url_of(self, section: str) -> str:
        """The address of one section."""
        return f"{self.url}#{self.anchor}{section}"


class Catalogue(Mapping[str, Requirement]):
    """Requirements by id, in the order of their texts.

    A specification is read when it is first asked for, so that a run pays only for those it checks.
    Whatever reads one raises `CatalogueError` when its text breaks the rules.
    """

    def __init__(self, texts: Mapping[str, Callable[[], str]]) -> None:
        """Make a catalogue of specifications, each given by its short name and a way to its TOML text."""
        self._texts = dict(texts)
        self._read: dict[str, tuple[Spec, dict[str, Requirement]]] = {}

    def __getitem__(self, id: str) -> Requirement:
        spec, _, _ = id.partition("/")
        if spec not in self._texts:
            raise KeyError(id)
        return self._spec(spec)[1][id]

    def __iter__(self) -> Iterator[str]:
        for spec in self._texts:
            yield from self._spec(spec)[1]

    def __len__(self) -> int:
        return sum(len(self._spec(spec)[1]) for spec in self._texts)

    @property
    def specs(self) -> Mapping[str, Spec]:
        """The specifications by their short name, such as ``rfc6455``."""
        return {spec: self._spec(spec)[0] for spec in self._texts}

    def sections(self, spec: str) -> tuple[str, ...]:
        """Name the sections of *spec* that have requirements, in the order of the text.

        Raise `CatalogueError` when the catalogue has no such specification.
        """
        if spec not in self._texts:
            raise CatalogueError(f"no specification {spec!r} in the catalogue")
        return tuple(dict.fromkeys(requirement.section for requirement in self._spec(spec)[1].values()))

    def _spec(self, name: str) -> tuple[Spec, dict[str, Requirement]]:
        if name not in self._read:
            self._read[name] = parse_spec(name, self._texts[name]())
        return self._read[name]


_SPEC = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ID = re.compile(r"(?P<spec>[a-z0-9-]+)/(?P<section>[a-z0-9.-]+)/[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TEXTS = frozenset({"id", "section", "level", "basis", "binds", "asks"})
_OPTIONAL_TEXTS = frozenset({"title", "not-testable"})
_KEYS = _TEXTS | _OPTIONAL_TEXTS | {"agreed"}
_LEVELS = {level.value: level for level in Level}
_BASES = {basis.value: basis for basis in Basis}
_BINDS = {binds.value: binds for binds in Binds}
_LONGEST_TITLE = 50
_Choice = TypeVar("_Choice", bound=StrEnum)


def parse_spec(name: str, text: str) -> tuple[Spec, dict[str, Requirement]]:
    """Read the TOML *text* of the specification *name*: what it is, and its requirements by id.

    Raise `CatalogueError` on anything that breaks the catalogue's rules.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{name}: {error}") from error
    if unknown := document.keys() - {"spec", "title", "url", "anchor", "requirement"}:
        raise CatalogueError(f"{name}: unknown key {_listed(unknown)}")
    if document.get("spec") != name or not _SPEC.fullmatch(name):
        raise CatalogueError(f"{name}: the key spec must be the file's own name, in a-z, 0-9 and hyphens")
    document.setdefault("anchor", "section-")
    for key in ("title", "url", "anchor"):
        if not isinstance(document.get(key), str):
            raise CatalogueError(f"{name}: the key {key} must be a text")
    entries = document.get("requirement", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CatalogueError(f"{name}: requirement must be an array of tables")
    spec = Spec(document["title"], document["url"], document["anchor"])
    requirements: dict[str, Requirement] = {}
    for entry in entries:
        requirement = _requirement(name, spec, entry)
        if requirement.id in requirements:
            raise CatalogueError(f"{requirement.id}: this id occurs twice")
        requirements[requirement.id] = requirement
    return spec, requirements


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue of all requirements that are shipped, one for each process."""
    files = (file for file in resources.files(__package__).iterdir() if file.name.endswith(".toml"))
    return Catalogue(
        {
            file.name.removesuffix(".toml"): partial(file.read_text, encoding="utf-8")
            for file in sorted(files, key=lambda file: file.name)
        }
    )


def _requirement(spec: str, text: Spec, entry: dict[str, Any]) -> Requirement:
    name = entry.get("id")
    if not isinstance(name, str) or (match := _ID.fullmatch(name)) is None:
        raise CatalogueError(f"{spec}: {name!r} is no id of the form spec/section/slug")
    if unknown := entry.keys() - _KEYS:
        raise CatalogueError(f"{name}: unknown key {_listed(unknown)}")
    if missing := _TEXTS - entry.keys():
        raise CatalogueError(f"{name}: missing key {_listed(missing)}")
    for key in entry.keys() & (_TEXTS | _OPTIONAL_TEXTS):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise CatalogueError(f"{name}: the key {key} must be a text that is not empty")
    if match["spec"] != spec or match["section"] != entry["section"]:
        raise CatalogueError(f"{name}: the id must begin with {spec}/{entry['section']}/")
    title = entry.get("title", "")
    if len(title) > _LONGEST_TITLE:
        raise CatalogueError(f"{name}: the title is longer than {_LONGEST_TITLE} characters")
    basis = _one_of(_BASES, entry, "basis")
    agreed = entry.get("agreed", False)
    if not isinstance(agreed, bool) or (agreed and basis is not Basis.DERIVED):
        raise CatalogueError(f"{name}: agreed must be true or false, and true only of a derived duty")
    return Requirement(
        id=name,
        spec=spec,
        section=entry["section"],
        title=title,
        level=_one_of(_LEVELS, entry, "level"),
        basis=basis,
        agreed=agreed,
        binds=_one_of(_BINDS, entry, "binds"),
        asks=entry["asks"],
        url=text.url_of(entry["section"]),
        not_testable=entry.get("not-testable"),
    )


def _one_of(choices: Mapping[str, _Choice], entry: dict[str, Any], key: str) -> _Choice:
    try:
        return choices[entry[key]]
    except KeyError:
        raise CatalogueError(f"{entry['id']}: {key} is one of {_listed(choices)}") from None


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
