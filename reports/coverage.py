"""Which requirements were met, broken or not looked at: by specification, section and level."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .charts import Piece, stacked
from .sections import section_title, spec_name, spec_title

STATUSES: Final = ("met", "broken", "not-tested", "not-testable")
STATUS_KEYS: Final = {"met": "p", "broken": "f", "not-tested": "t", "not-testable": "n"}
LEVELS: Final = ("MUST", "SHOULD", "MAY", "reference", "contract")


@dataclass(frozen=True, slots=True)
class Tally:
    """How many requirements have each status."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())

    @property
    def bar(self) -> tuple[Piece, ...]:
        """The counts as a bar."""
        return stacked(self.counts, STATUSES, STATUS_KEYS)

    @property
    def words(self) -> str:
        """The counts that are not nought."""
        return ", ".join(
            f"{self.counts[status]} {status.replace('-', ' ')}" for status in STATUSES if self.counts[status]
        )


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a specification."""

    number: str
    title: str
    url: str
    tally: Tally
    requirements: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Spec:
    """One specification: all of it, by level, by section."""

    key: str
    name: str
    title: str
    tally: Tally
    levels: tuple[tuple[str, Tally], ...]
    sections: tuple[Section, ...]


def tally(requirements: Sequence[Mapping[str, Any]]) -> Tally:
    """The tally of *requirements*."""
    counts = Counter(one["status"] for one in requirements)
    return Tally({status: counts[status] for status in STATUSES})


def coverage(requirements: Sequence[Mapping[str, Any]]) -> tuple[Spec, ...]:
    """Every specification of *requirements*, RFCs first, with its sections in the order of their numbers."""
    keys = dict.fromkeys(one["spec"] for one in requirements)
    return tuple(
        _spec(key, [one for one in requirements if one["spec"] == key])
        for key in sorted(keys, key=lambda key: not key.startswith("rfc"))
    )


def _spec(key: str, requirements: list[Mapping[str, Any]]) -> Spec:
    levels = {one["level"] for one in requirements}
    return Spec(
        key=key,
        name=spec_name(key),
        title=spec_title(key),
        tally=tally(requirements),
        levels=tuple(
            (level, tally([one for one in requirements if one["level"] == level]))
            for level in LEVELS
            if level in levels
        ),
        sections=tuple(
            _section(key, number, [one for one in requirements if one["section"] == number])
            for number in sorted({one["section"] for one in requirements}, key=section_order)
        ),
    )


def _section(key: str, number: str, requirements: list[Mapping[str, Any]]) -> Section:
    return Section(
        number, section_title(key, number), requirements[0]["url"], tally(requirements), tuple(requirements)
    )


def section_order(number: str) -> tuple[tuple[int, str], ...]:
    """A key that puts section 5.10 behind 5.9."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.split(r"[.]", number))
