"""The matrix as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from wireproof.verdict import Verdict

from .flight import Seen
from .judgement import Glob, Row

_HEAD = """# Cases and faulty servers

Every case has to earn its place: it fails on a server that has the defect, and only there. Each row is a
twin of the strict server with one defect (`fixtures/faulty`, `wireproof serve NAME`). *Noticed by* are the
cases meant for it: those that noticed, of those that the glob means. *Also* counts cases that are meant for
something else and can't but fall with it. This page is written by `python -m tests.matrix`.
"""


def page(
    rows: Sequence[Row], strict: Sequence[Seen], heavy: int, unproved: Sequence[str], holes: Sequence[str]
) -> str:
    """The page in Markdown; *heavy* counts the cases that do not fly against every twin."""
    return "\n".join([_HEAD, *_totals(rows, strict, heavy), *_table(rows), *_lists(unproved, holes)]) + "\n"


def _totals(rows: Sequence[Row], strict: Sequence[Seen], heavy: int) -> Iterator[str]:
    counts = Counter(str(one.verdict) for one in strict)
    lacking = Counter(one.why for one in strict if one.verdict is Verdict.NOT_APPLICABLE)
    yield f"- {len(rows)} twins, {len(strict)} cases. {heavy} are heavy (large messages, many clients) and"
    yield "  fly only against the twins that they are meant for, and against the strict server; where all"
    yield "  others fall with a twin, they do not fly against it."
    yield f"- The strict server itself: {', '.join(f'{n} {verdict}' for verdict, n in counts.most_common())}."
    yield from (f"- {count} cases are not flown here: {why}." for why, count in lacking.most_common())
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


def _lists(unproved: Sequence[str], holes: Sequence[str]) -> Iterator[str]:
    yield "## Cases that no twin fails"
    yield ""
    yield from (f"- `{case}`" for case in unproved)
    yield from () if unproved else ("None, but for those that can only report (MAY and open questions).",)
    if holes:
        yield ""
        yield "## Holes"
        yield ""
        yield from (f"- {hole}" for hole in holes)


def _section(chapter: str) -> tuple[str, tuple[int, ...]]:
    spec, _, section = chapter.rpartition("/")
    if not section[0].isdecimal():
        return chapter, ()
    return spec, tuple(int(part) for part in section.split("."))
