"""Several reports side by side, for the person who chooses a server or a proxy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from wireproof.compare import Matrix, Row

from .as_markdown import escape
from .matrix import parameter_of
from .shown import natural, plural
from .templating import asset, environment, policy
from .verdict_words import BAR, WORDS

NAMED: Final = 12  # parameters that a line names
_TELLING: Final = ("fail", "warn", "inconclusive", "error")
_SHORT: Final = {"pass": "ok", "fail": "**fail**"}


@dataclass(frozen=True, slots=True)
class Column:
    """One target over one route: its name and how many cases have each verdict."""

    name: str
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class Line:
    """The cases of one function that have the same verdict in every column."""

    rows: Sequence[Row]

    @property
    def function(self) -> str:
        """The id without parameters."""
        return self.rows[0].case.partition("[")[0]

    @property
    def title(self) -> str:
        """What the cases are about."""
        return self.rows[0].title

    @property
    def verdicts(self) -> Sequence[str | None]:
        """The verdict in each column."""
        return self.rows[0].verdicts

    @property
    def names(self) -> str:
        """The parameters that tell the cases apart, nothing when there are none."""
        named = [parameter_of(row.case) for row in self.rows if "[" in row.case]
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        return ", ".join(named[:NAMED]) + more

    def seen(self, column: int) -> Sequence[str]:
        """What the target of *column* did."""
        return list(dict.fromkeys(row.seen[column] for row in self.rows if row.seen[column]))[:NAMED]


@dataclass(frozen=True, slots=True)
class Duty:
    """A requirement that some target breaks, and its status in each report."""

    requirement: Mapping[str, Any]
    statuses: Sequence[str | None]


def markdown(matrix: Matrix) -> str:
    """A Markdown page: the totals of each column, then the cases that are not alike everywhere."""
    return "\n".join(_lines(matrix)) + "\n"


def html(matrix: Matrix) -> str:
    """The same as one HTML page that needs nothing else, with what each target did."""
    style, lines = asset("style.css"), lines_of(matrix)
    made = (
        environment()
        .get_template("side_by_side.html")
        .render(
            matrix=matrix,
            columns=columns_of(matrix),
            duties=duties_of(matrix),
            lines=[line for line in lines if is_telling(line)],
            clean=sum(not is_telling(row) for row in matrix.rows),
            started=max(report["started"] for report in matrix.reports),
            version=matrix.reports[0]["tool"]["version"],
            style=Markup(style),  # noqa: S704  # our own file
            policy=policy(style),
        )
    )
    return str(made)


def columns_of(matrix: Matrix) -> Sequence[Column]:
    """The columns with their totals."""
    return [
        Column(name, Counter(verdict for row in matrix.rows if (verdict := row.verdicts[i])))
        for i, name in enumerate(matrix.columns)
    ]


def lines_of(matrix: Matrix) -> Sequence[Line]:
    """The rows, those of one function that are alike in one line."""
    found: dict[tuple[str, tuple[str | None, ...]], list[Row]] = {}
    for row in sorted(matrix.rows, key=lambda row: natural(row.case)):
        found.setdefault((row.case.partition("[")[0], row.verdicts), []).append(row)
    return [Line(rows) for rows in found.values()]


def is_telling(one: Row | Line) -> bool:
    """Whether it helps to choose: some target breaks something, or could not be judged."""
    return any(verdict in _TELLING for verdict in one.verdicts)


def duties_of(matrix: Matrix) -> Sequence[Duty]:
    """The requirements that some target breaks, in the order of the catalogue, with each report's status."""
    statuses = [{one["id"]: one["status"] for one in report["requirements"]} for report in matrix.reports]
    asked = {one["id"]: one for report in matrix.reports for one in report["requirements"]}
    duties = [Duty(one, [told.get(name) for told in statuses]) for name, one in asked.items()]
    return [duty for duty in duties if "broken" in duty.statuses]


def _lines(matrix: Matrix) -> Iterator[str]:
    columns = columns_of(matrix)
    names = " | ".join(escape(column.name) for column in columns)
    yield "# Servers side by side"
    yield ""
    yield f"| | {names} |"
    yield "|---|" + "---:|" * len(columns)
    for verdict in BAR:
        if any(column.counts[verdict] for column in columns):
            yield f"| {verdict} | " + " | ".join(str(column.counts[verdict]) for column in columns) + " |"
    telling = [line for line in lines_of(matrix) if is_telling(line)]
    clean = sum(not is_telling(row) for row in matrix.rows)
    yield ""
    yield f"{plural(clean, 'case is', 'cases are')} clean everywhere" + (
        "; these are not:" if telling else "."
    )
    if not telling:
        return
    yield ""
    yield f"| case | {names} |"
    yield "|---|" + "---|" * len(columns)
    for line in telling:
        cells = " | ".join(
            _SHORT.get(verdict, WORDS[verdict]) if verdict else "" for verdict in line.verdicts
        )
        which = f" ({escape(line.names)})" if line.names else ""
        yield f"| {escape(line.title)}<br>`{line.function}`{which} | {cells} |"
