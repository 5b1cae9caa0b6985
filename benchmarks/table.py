"""What a benchmark returns: tables of numbers, for people (rich) and, as plain data, for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table as RichTable

Cell = str | int | float | None


class Size(Enum):
    """How much to measure."""

    QUICK = "quick"
    """A few seconds in all: the numbers mean little."""
    FULL = "full"
    WHOLE = "whole"
    """All that a benchmark could measure, which may take minutes; mostly the same as full."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with the same keys; a key's last word is the unit (``wall s``)."""

    title: str
    rows: tuple[dict[str, Cell], ...]
    notes: tuple[str, ...] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The table with its notes below."""
        drawn = RichTable(title=self.title, title_justify="left", box=box.SIMPLE_HEAD, highlight=False)
        for index, key in enumerate(self.rows[0] if self.rows else ()):
            drawn.add_column(key, justify="right" if index else "left", no_wrap=True)
        for row in self.rows:
            drawn.add_row(*(_shown(cell) for cell in row.values()))
        yield drawn
        yield from (f"  {note}" for note in self.notes)


def _shown(cell: Cell) -> str:
    """Three digits that mean something; more would pretend."""
    if cell is None:
        return ""
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.3g}"
