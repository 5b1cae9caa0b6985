"""What a reader has to act on: results that did not pass, under the requirement they break."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .matrix import Result
from .verdict_words import ORDER, worst


@dataclass(slots=True)
class Group:
    """Results with something in common: the ``requirement`` that they break, or the ``reason`` they give.

    ``inline`` have their evidence on the page itself; the ``others`` are only named here.
    """

    key: str
    requirement: Mapping[str, Any] | None = None
    reason: str = ""
    results: list[Result] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """The worst verdict in the group."""
        return worst([result.verdict for result in self.results])

    @property
    def known(self) -> bool:
        """Whether all its results are known failures."""
        return all(result.record["known"] for result in self.results)

    @property
    def inline(self) -> list[Result]:
        """Those with their evidence here."""
        return [result for result in self.results if result.inline]

    @property
    def others(self) -> list[Result]:
        """Those that are only named here."""
        return [result for result in self.results if not result.inline]


def findings_of(results: Sequence[Result], requirements: Mapping[str, Mapping[str, Any]]) -> list[Group]:
    """Failures and warnings by requirement, then what could not be judged by reason; new and worst first."""
    groups: dict[str, Group] = {}
    for result in results:
        if result.verdict in ("fail", "warn"):
            name = _accused(result, requirements)
            group = groups.setdefault(name, Group(name, requirements.get(name)))
        elif result.verdict in ("error", "inconclusive"):
            reason = result.record["reason"] or result.record["observed"] or "no reason was given"
            key = f"{result.verdict}: {reason}"
            group = groups.setdefault(key, Group(key, reason=reason.split("\n")[0]))
        else:
            continue
        group.results.append(result)
    place = {name: index for index, name in enumerate(requirements)}
    return sorted(
        groups.values(),
        key=lambda group: (
            group.known,
            ORDER.index(group.verdict),
            _weight(group),
            place.get(group.key, len(place)),
        ),
    )


def _accused(result: Result, requirements: Mapping[str, Mapping[str, Any]]) -> str:
    record = result.record
    names = record["broken"] or record["requirements"] or [record["id"]]
    return str(
        next((name for name in names if requirements.get(name, {}).get("level") == record["level"]), names[0])
    )


def _weight(group: Group) -> int:
    levels = ("MUST", "contract", "SHOULD", "MAY", "reference")
    return levels.index(group.requirement["level"]) if group.requirement else len(levels)


def observations_of(results: Sequence[Result]) -> list[Result]:
    """What was seen where the text leaves it open."""
    return [result for result in results if result.verdict == "info"]


def absences_of(results: Sequence[Result]) -> list[Group]:
    """What was not applicable, by reason; the most frequent first."""
    groups: dict[str, Group] = {}
    for result in results:
        if result.verdict == "not-applicable":
            reason = result.record["reason"] or "no reason was given"
            groups.setdefault(reason, Group(reason, reason=reason)).results.append(result)
    return sorted(groups.values(), key=lambda group: -len(group.results))


def passing_of(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """Rules that were broken where the case did not look at them, each with the results that saw it."""
    seen: dict[str, list[Result]] = {}
    for result in results:
        for told in result.record.get("in_passing", ()):
            seen.setdefault(told, []).append(result)
    return sorted(seen.items(), key=lambda item: (-len(item[1]), item[0]))


def in_turn(groups: Sequence[Group]) -> Iterator[Result]:
    """The first result of every group, then the second of every group: a budget serves all alike."""
    for index in range(max((len(group.results) for group in groups), default=0)):
        for group in groups:
            if index < len(group.results):
                yield group.results[index]
