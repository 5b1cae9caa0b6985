"""Failures that are alike, so that one defect is told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wireproof.run.known import stable


@dataclass(slots=True)
class Group:
    """Cases that broke the same requirements.

    Those in ``same`` saw what the first one saw; those in ``other`` come from the same function and saw
    something else.
    """

    first: Mapping[str, Any]
    same: list[Mapping[str, Any]] = field(default_factory=list)
    other: list[Mapping[str, Any]] = field(default_factory=list)


def alike(cases: Iterable[Mapping[str, Any]]) -> list[Group]:
    """*cases*, which have one verdict, in groups, in the order of their first ones."""
    groups: list[Group] = []
    by_sight: dict[tuple[object, ...], Group] = {}
    by_function: dict[tuple[object, ...], Group] = {}
    for case in cases:
        # What breaks directly too is told once, whatever route it is seen through again.
        broken = (*case["broken"], "" if case["blame"] == "server" else case["route"])
        sight = (broken, _seen(case))
        function = (broken, case["id"].partition("[")[0])
        if group := by_sight.get(sight):
            group.same.append(case)
        elif group := by_function.get(function):
            group.other.append(case)
        else:
            group = Group(case)
            groups.append(group)
            by_sight[sight] = by_function[function] = group
    return groups


def _seen(case: Mapping[str, Any]) -> str:
    return stable(case["observed"] or case["reason"])
