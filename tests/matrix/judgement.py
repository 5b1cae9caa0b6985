"""What a server with a defect proves about the cases: who noticed, who should have, and who should not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fixtures.faulty import Defect
from wireproof.case import Intensity
from wireproof.catalogue.requirement import Level
from wireproof.run.known import stable
from wireproof.run.select import CaseItem, match_ids
from wireproof.verdict import Verdict

from .family import family_of
from .flight import Flown, Seen

LONG = 5.0  # seconds
_OPEN = (Level.MAY, Level.REFERENCE)


@dataclass(frozen=True, slots=True)
class Glob:
    """One glob of a defect, with the cases that it means and those of them that noticed."""

    pattern: str
    meant: tuple[str, ...]
    noticed: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One twin, judged by some cases."""

    name: str
    defect: Defect
    globs: tuple[Glob, ...]
    bystanders: tuple[Seen, ...]
    """Cases not meant for the defect that noticed, or broke."""
    also: tuple[Seen, ...]
    """Those that are known to fall with it, if they were flown, and those that could not tell."""
    falling: int
    """How many these are, flown or not."""
    refused: str = ""
    """What the tool says instead of running any case."""

    def holes(self) -> Iterator[str]:
        """What is wrong with the cases or the twin, one sentence each."""
        if self.refused or self.defect.probe:
            if not self.defect.probe or self.defect.probe not in self.refused:
                yield f"{self.name}: no case should run because of {self.defect.probe!r}: {self.refused!r}"
            return
        if not self.globs:
            yield f"{self.name}: no case is meant for it"
        for glob in self.globs:
            if not glob.meant:
                yield f"{self.name}: {glob.pattern} means no case"
            elif not glob.noticed:
                yield f"{self.name}: {glob.pattern} did not notice"
        for seen in self.bystanders:
            yield f"{self.name}: {seen.verdict} in {seen.case}, which is not meant for it: {seen.why}"


def meant(patterns: Iterable[str], cases: Sequence[str]) -> set[str]:
    """The cases that some of *patterns* mean."""
    return {case for pattern in patterns for case in match_ids(pattern, cases)}


def worthwhile(defect: Defect, cases: Sequence[CaseItem]) -> list[str]:
    """The cases to fly against a twin: those meant for it, then those named, then all that are no burden.

    The first silence of each kind is repeated alone, so that those meant for the twin have to come first.

    Where all of a suite falls with the twin, its others tell nothing and would wait for their deadlines one
    by one. The few heavy ones (large messages, many clients) cost as much time as all the rest, and one that
    is long as much as the whole matrix, unless it fails.
    """
    ids = [case.id for case in cases]
    fallen = {case.id for case in cases if f"{case.suite}/*" in defect.also}
    wanted, named = meant(defect.cases, ids), meant((*defect.cases, *defect.also), ids)
    chosen = [
        case.id
        for case in cases
        if case.id in wanted
        or (case.id not in fallen and not is_long(case) and (case.id in named or not is_heavy(case)))
    ]
    return sorted(chosen, key=lambda case: case not in wanted)


def bearable(defect: Defect, cases: Sequence[CaseItem]) -> list[str]:
    """All cases but those that are long and not meant for a twin, in order of their worth."""
    wanted = meant(defect.cases, [case.id for case in cases])
    chosen = [case.id for case in cases if case.id in wanted or not is_long(case)]
    return sorted(chosen, key=lambda case: case not in wanted)


def is_heavy(case: CaseItem) -> bool:
    """Whether a case is more than a target far away should bear."""
    return case.spec.intensity is not Intensity.GENTLE


def is_long(case: CaseItem) -> bool:
    """Whether a case lasts longer than all others together."""
    return case.spec.seconds > LONG


def judge(name: str, defect: Defect, flown: Flown, strict: Mapping[str, Seen], cases: Sequence[str]) -> Row:
    """The row of one twin.

    *strict* says what the same cases see of the faultless server, *cases* are all of the family.
    """
    seen = {one.case: one for one in flown.seen}
    wanted = meant(defect.cases, cases)
    tolerated = meant((*defect.also, *family_of(defect.server).aftermath), cases)
    globs = []
    for pattern in defect.cases:
        mine = sorted(match_ids(pattern, cases))
        noticed = tuple(seen[case] for case in mine if case in seen and notices(seen[case], strict.get(case)))
        globs.append(Glob(pattern, tuple(mine), noticed))
    others = [one for case, one in sorted(seen.items()) if case not in wanted and not one.clean]
    also = tuple(one for one in others if one.case in tolerated or one.verdict is Verdict.INCONCLUSIVE)
    bystanders = tuple(one for one in others if one not in also)
    return Row(name, defect, tuple(globs), bystanders, also, len(tolerated - wanted), flown.refused)


def notices(seen: Seen, strict: Seen | None) -> bool:
    """Whether a case tells a twin from the faultless server; None where that one was not flown."""
    if seen.verdict is Verdict.INFO and strict is not None:
        return strict.verdict is not Verdict.INFO or stable(strict.why) != stable(seen.why)
    return seen.noticed


def unproved(
    rows: Iterable[Row], flown: Iterable[Seen], strict: Mapping[str, Seen], cases: Iterable[CaseItem]
) -> list[str]:
    """The cases that accuse no twin at all, but for those that could never accuse anybody here."""
    proved = {one.case for one in flown if one.noticed}
    proved |= {one.case for row in rows for glob in row.globs for one in glob.noticed}
    lonely = [case for case in cases if case.id not in proved and can_accuse(case)]
    told = {case.id: strict[case.id].verdict for case in lonely if case.id in strict}
    return [case.id for case in lonely if told.get(case.id) is not Verdict.NOT_APPLICABLE]


def can_accuse(case: CaseItem) -> bool:
    """Whether some requirement of *case* is more than an option."""
    return any(requirement.level not in _OPEN for requirement in case.spec.resolve())
