"""The matrix as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wireproof.verdict import Verdict

from .family import FAMILIES, Family
from .flight import Seen
from .judgement import Glob, Row

_HEAD = """# Cases and faulty servers

Every case has to earn its place: it fails on a server that has the defect, and only there. Each row is a
twin of a faultless server with one defect (`fixtures/faulty`, `wireproof serve NAME`): of the strict
WebSocket server, which the WebSocket cases judge, or of the strict Socket.IO server, which those of Engine.IO
and Socket.IO judge. *Noticed by* are the cases meant for it: those that noticed, of those that the glob
means. *Also* counts cases that are meant for something else and can't but fall with it. Cases that have not
earned their place yet are named at the end of each part; those of the network, which take more than one
server, are proved by `tests/network`. This page is written by `python -m tests.matrix`.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """All that is known of one family."""

    family: Family
    rows: Sequence[Row]
    strict: Sequence[Seen]
    """What the cases see of the faultless server."""
    heavy: int
    """How many cases do not fly against every twin."""
    unproved: Sequence[str]
    holes: Sequence[str]


def page(parts: Sequence[Part], before: str = "") -> str:
    """The page in Markdown. A family that *parts* leaves out keeps what *before*, the page so far, tells."""
    made = {part.family: "\n".join(_part(part)) for part in parts}
    texts = [made.get(family) or _kept(before, family) for family in FAMILIES]
    return "\n".join([_HEAD, *filter(None, texts)]).rstrip("\n") + "\n"


def _kept(before: str, family: Family) -> str:
    _, heading, behind = before.partition(f"## {family.title}\n")
    return heading + behind.partition("\n## ")[0]


def _part(part: Part) -> Iterator[str]:
    yield f"## {part.family.title}"
    yield ""
    yield from _totals(part)
    yield from _table(part.rows)
    yield from _lists(part)


def _totals(part: Part) -> Iterator[str]:
    counts = Counter(str(one.verdict) for one in part.strict)
    lacking = Counter(one.why for one in part.strict if one.verdict is Verdict.NOT_APPLICABLE)
    yield f"- {len(part.rows)} twins, {len(part.strict)} cases. {part.heavy} are heavy (large messages, many"
    yield "  clients) and fly only against the twins that they are meant for, and against the strict server;"
    yield "  where all others fall with a twin, they do not fly against it."
    yield f"- The strict server itself: {', '.join(f'{n} {verdict}' for verdict, n in counts.most_common())}."
    yield from (f"- {count} cases can tell nothing here ({why})." for why, count in lacking.most_common())
    yield ""


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "| twin | section | defect | noticed by | also |"
    yield "| --- | --- | --- | --- | --- |"
    for row in sorted(rows, key=lambda row: (_section(row.defect.chapter), row.name)):
        noticed = "<br>".join(map(_glob, row.globs)) or ("the probe: no case runs" if row.refused else "–")
        defect = " ".join(row.defect.sentence.split()).replace("|", "\\|")
        yield f"| {row.name} | {row.defect.chapter} | {defect} | {noticed} | {row.falling or ''} |"
    yield ""


def _glob(glob: Glob) -> str:
    counts = Counter(str(one.verdict) for one in glob.noticed)
    told = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())) or "nobody"
    of = "" if len(glob.meant) == len(glob.noticed) == 1 else f" of {len(glob.meant)}"
    told = told.removeprefix("1 ") if not of else told
    return f"`{glob.pattern.removeprefix('websocket/')}`: {told}{of}"


def _lists(part: Part) -> Iterator[str]:
    yield "### Cases that no twin fails"
    yield ""
    yield from (f"- `{case}`" for case in part.unproved)
    if not part.unproved:
        yield "None, but for those that can only report (MAY and open questions)."
    yield ""
    if part.holes:
        yield "### Holes"
        yield ""
        yield from (f"- {hole}" for hole in part.holes)
        yield ""


def _section(chapter: str) -> tuple[str, tuple[int, ...]]:
    spec, _, section = chapter.rpartition("/")
    if not section[0].isdecimal():
        return chapter, ()
    return spec, tuple(int(part) for part in section.split("."))
