"""What makes a test function a case: the requirements it checks and what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TypeVar

from wireproof.catalogue.requirement import Requirement, load_catalogue
from wireproof.errors import UsageError
from wireproof.verdict import highest

F = TypeVar("F", bound=Callable[..., object])
QUICK = 0.01  # seconds that most cases take, many of them beside each other
_ATTRIBUTE = "__wireproof_case__"
_ILLEGAL = re.compile(r"[^a-z0-9_.\-/\[\]]")


class Intensity(IntEnum):
    """How hard a run may be on its target; a case runs at its own intensity and above."""

    GENTLE = 0
    NORMAL = 1
    HARSH = 2

    @classmethod
    def parse(cls, name: str) -> Intensity:
        """The intensity called *name*."""
        return cls[name.upper()]

    def __str__(self) -> str:
        return self.name.lower()


class Where(Enum):
    """Which routes to the target a case takes."""

    EVERYWHERE = "every route"
    OUTSIDE = "the one that the user has: the case makes its own from there"
    PROXIED = "every one through proxies of ours"


@dataclass(frozen=True, slots=True)
class CaseSpec:
    """What the decorator `case` was told: requirement ids, needed capabilities, least intensity.

    ``seconds`` is about how long the case takes with a quick server, for telling the time left.
    """

    requirements: tuple[str, ...]
    needs: tuple[str, ...] = ()
    intensity: Intensity = Intensity.GENTLE
    seconds: float = QUICK
    where: Where = Where.EVERYWHERE

    def resolve(self) -> tuple[Requirement, ...]:
        """The requirements themselves; raise `UsageError` when the catalogue lacks one."""
        catalogue = load_catalogue()
        if missing := [name for name in self.requirements if name not in catalogue]:
            raise UsageError(f"the catalogue has no requirement {', '.join(missing)}")
        return tuple(catalogue[name] for name in self.requirements)

    @property
    def weightiest(self) -> Requirement:
        """The requirement with the highest level: what a case that passes is filed under."""
        found = highest(self.resolve())
        if found is None:
            raise UsageError("a case without a requirement")
        return found


def case(
    *requirements: str,
    needs: Iterable[str] = (),
    intensity: Intensity = Intensity.GENTLE,
    seconds: float = QUICK,
    where: Where = Where.EVERYWHERE,
) -> Callable[[F], F]:
    """Mark a coroutine test as a case over *requirements*; verbs accuse the first one by default.

    A target that lacks one of the capabilities in *needs* makes the case not applicable. *seconds* is told
    of a case that takes long even with a quick server, and *where* of one that does not take every route.
    """
    if not requirements:
        raise UsageError("a case names at least one requirement")
    spec = CaseSpec(requirements, tuple(needs), intensity, seconds, where)

    def mark(function: F) -> F:
        setattr(function, _ATTRIBUTE, spec)
        return function

    return mark


def spec_of(function: object) -> CaseSpec | None:
    """The specification that `case` attached to *function*, if it is a case."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, CaseSpec) else None


def case_id(suite: str, module: str, function: str, parameters: str | None) -> str:
    """The id ``suite/module/name[parameters]``; raise `UsageError` for a character that ids don't have."""
    name = f"{suite}/{module.removeprefix('test_')}/{function.removeprefix('test_')}"
    made = f"{name}[{parameters}]" if parameters else name
    if bad := _ILLEGAL.search(made):
        raise UsageError(f"case id {made!r} has {bad[0]!r}; give its parameters explicit lower-case ids")
    return made
