"""Several reports side by side, for the person who chooses a server or a proxy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from wireproof.compare import Matrix, Row

_SHORT = {
    "pass": "ok",
    "fail": "**FAIL**",
    "warn": "warn",
    "info": "info",
    "not-applicable": "–",
    "inconclusive": "?",
    "error": "error",
    None: "",
}


def markdown(matrix: Matrix) -> str:
    """A Markdown page: the totals of each column, then the cases that are not alike everywhere."""
    return "\n".join(_lines(matrix)) + "\n"


def _lines(matrix: Matrix) -> Iterable[str]:
    columns = [_escape(column) for column in matrix.columns]
    yield "# Servers side by side"
    yield ""
    yield "| | " + " | ".join(columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for verdict in ("pass", "info", "warn", "fail", "not-applicable", "inconclusive", "error"):
        counts = [Counter(row.verdicts[i] for row in matrix.rows)[verdict] for i in range(len(columns))]
        if any(counts):
            yield f"| {verdict} | " + " | ".join(map(str, counts)) + " |"
    telling = [row for row in matrix.rows if is_telling(row)]
    yield ""
    yield f"{len(matrix.rows) - len(telling)} cases are clean everywhere; these are not:"
    yield ""
    yield "| case | " + " | ".join(columns) + " |"
    yield "|---|" + "---|" * len(columns)
    for row in telling:
        cells = " | ".join(_SHORT[verdict] for verdict in row.verdicts)
        yield f"| `{row.case}`<br>{_escape(row.title)} | {cells} |"


def is_telling(row: Row) -> bool:
    """Whether a row helps to choose: some server breaks something, or could not be judged."""
    return any(verdict in ("fail", "warn", "inconclusive", "error") for verdict in row.verdicts)


def _escape(text: str) -> str:
    made = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    for special in "\\`*_{}[]<>|":
        made = made.replace(special, f"&#{ord(special)};")
    return made
