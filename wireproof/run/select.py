"""Which of the collected cases a run takes."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from wireproof.case import CaseSpec, Where
from wireproof.catalogue.requirement import load_catalogue
from wireproof.errors import UsageError
from wireproof.run.settings import Settings

NETWORK = "network"
"""The suite of what lies between: it goes with every protocol."""


@dataclass(frozen=True, slots=True)
class CaseItem:
    """A collected case: its id, title and suite, what it demands, and the file it stands in."""

    id: str
    title: str
    suite: str
    spec: CaseSpec
    file: str


def select(cases: Sequence[CaseItem], settings: Settings) -> list[CaseItem]:
    """The cases that *settings* ask for, in order.

    Raise `UsageError` for ids that are not unique and for a wanted case that does not exist.
    """
    if twice := [name for name, count in Counter(case.id for case in cases).items() if count > 1]:
        raise UsageError(f"several cases have the id {twice[0]}")
    # Asked once: the answer takes a whole endpoint, with a TLS context if need be.
    intensity = settings.intensity
    chosen = [case for case in cases if case.spec.intensity <= intensity]
    if not settings.via:
        chosen = [case for case in chosen if case.spec.where is not Where.PROXIED]
    if settings.cases:
        wanted: set[str] = set()
        for pattern in settings.cases:
            matched = match_ids(pattern, [case.id for case in cases])
            if not matched:
                raise UsageError(_unmatched(pattern))
            wanted |= matched
        chosen = [case for case in chosen if case.id in wanted]
    if settings.protocols:
        chosen = [case for case in chosen if case.suite in (*settings.protocols, NETWORK)]
    if settings.rerun is not None:
        chosen = [case for case in chosen if case.id in settings.rerun]
    part, parts = settings.shard
    return chosen[part - 1 :: parts]


def _unmatched(pattern: str) -> str:
    if match_ids(pattern, list(load_catalogue())):
        cases = f"`wireproof list {shlex.quote(pattern)}` names their cases"
        return f"no case is called {pattern!r}, which means requirements: {cases}"
    return f"no case matches {pattern!r}; `wireproof list` shows all"


def match_ids(pattern: str, ids: Sequence[str]) -> set[str]:
    """The ids that *pattern* means: the exact id, else a glob in which brackets are literal."""
    if pattern in ids:
        return {pattern}
    return {name for name in ids if matches(pattern, name)}


def matches(pattern: str, name: str) -> bool:
    """Whether a case id is meant by *pattern*: ``*`` and ``?`` are wild, everything else is literal."""
    if pattern == name:
        return True
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch("".join(parts), name) is not None
