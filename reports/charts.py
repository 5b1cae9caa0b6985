"""The geometry of the page's drawings. All of it is inline SVG, so that no style attribute is needed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .shown import duration
from .verdict_words import BAR, KEYS


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a bar: where it begins and how wide it is, in per cent."""

    key: str
    word: str
    count: int
    x: str
    width: str


def stacked(counts: Mapping[str, int], order: Sequence[str], keys: Mapping[str, str]) -> tuple[Piece, ...]:
    """*counts* as the pieces of one bar, none so narrow that it can't be seen."""
    present = [(name, counts.get(name, 0)) for name in order if counts.get(name, 0)]
    total = sum(count for _, count in present)
    widths = [max(count / total, 0.006) for _, count in present]
    scale = 100 / sum(widths) if widths else 0
    pieces, x = [], 0.0
    for (name, count), width in zip(present, widths, strict=True):
        pieces.append(Piece(keys[name], name, count, f"{x:.2f}%", f"{width * scale:.2f}%"))
        x += width * scale
    return tuple(pieces)


# One mark for each verdict, within a square of 8 around (0, 0): told apart by shape as well as by colour.
_MARKS: Final = {
    "pass": "h0",
    "fail": "m-4-4h8v8h-8z",
    "warn": "m0-4l4.5 8h-9z",
    "info": "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
    "not-applicable": "m-2.5 0h5",
    "inconclusive": "m0-4l4 4l-4 4l-4-4z",
    "error": "m-3.5-3.5l7 7m0-7l-7 7",
}


@dataclass(frozen=True, slots=True)
class Strip:
    """One mark for each result, in rows: a path for each verdict."""

    width: int
    height: int
    paths: tuple[tuple[str, str], ...]


def strip(verdicts: Sequence[str]) -> Strip:
    """The marks of *verdicts*, in order."""
    pitch, columns = (10, 44) if len(verdicts) <= 176 else (7, 63)
    paths: dict[str, list[str]] = {}
    for index, verdict in enumerate(verdicts):
        x, y = index % columns * pitch + pitch // 2, index // columns * pitch + pitch // 2
        paths.setdefault(verdict, []).append(f"M{x} {y}{_MARKS[verdict]}")
    rows = max(1, math.ceil(len(verdicts) / columns))
    return Strip(
        width=min(max(1, len(verdicts)), columns) * pitch,
        height=rows * pitch,
        paths=tuple((KEYS[name], "".join(paths[name])) for name in BAR if name in paths),
    )


@dataclass(frozen=True, slots=True)
class Block:
    """The part of a histogram's bar that one verdict has."""

    key: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the histogram."""

    x: float
    width: float
    label: str
    count: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Histogram:
    """How long the cases took, on a logarithmic scale. Lengths are in the units of the view box."""

    width: int
    height: int
    bins: tuple[Bin, ...]
    ticks: tuple[tuple[float, str], ...]
    marks: tuple[tuple[float, str, str], ...]
    most: int


WIDTH, HEIGHT = 960, 150
_PER_DECADE = 8
_FLOOR = 1e-4  # seconds; shorter ones share the first bar


def histogram(timed: Iterable[tuple[float, str]]) -> Histogram | None:
    """The histogram of pairs of seconds and a verdict; None when there are none."""
    pairs = sorted((max(seconds, _FLOOR), verdict) for seconds, verdict in timed)
    if not pairs:
        return None
    low, high = _place(pairs[0][0]), _place(pairs[-1][0])
    first = math.floor(low / _PER_DECADE) * _PER_DECADE
    last = max(math.ceil((high + 1) / _PER_DECADE) * _PER_DECADE, first + _PER_DECADE)
    step = WIDTH / (last - first)
    counts: dict[int, Counter[str]] = {}
    for seconds, verdict in pairs:
        counts.setdefault(_place(seconds), Counter())[verdict] += 1
    most = max(counter.total() for counter in counts.values())
    bins = tuple(
        Bin(
            x=round((index - first) * step + 1, 1),
            width=round(step - 2, 1),
            label=f"{duration(_seconds(index))} to {duration(_seconds(index + 1))}",
            count=counter.total(),
            blocks=_blocks(counter, most),
        )
        for index, counter in sorted(counts.items())
    )
    ticks = tuple(
        (round((index - first) * step, 1), _tick(_seconds(index)))
        for index in range(first, last + 1, _PER_DECADE)
    )
    seconds_of = [seconds for seconds, _ in pairs]
    marks = tuple(
        (round((math.log10(value) * _PER_DECADE - first) * step, 1), name, duration(value))
        for name, value in (("median", _quantile(seconds_of, 0.5)), ("95 %", _quantile(seconds_of, 0.95)))
    )
    return Histogram(WIDTH, HEIGHT, bins, ticks, marks, most)


def _place(seconds: float) -> int:
    return math.floor(math.log10(seconds) * _PER_DECADE + 1e-9)


def _seconds(index: int) -> float:
    return float(10 ** (index / _PER_DECADE))


def _tick(seconds: float) -> str:
    return f"{seconds * 1000:g} ms" if seconds < 0.999 else f"{seconds:g} s"


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _blocks(counter: Counter[str], most: int) -> tuple[Block, ...]:
    blocks, y = [], float(HEIGHT)
    for verdict in BAR:
        if count := counter[verdict]:
            height = max(count / most * (HEIGHT - 6), 1.5)
            y -= height
            blocks.append(Block(KEYS[verdict], round(max(y, 0), 1), round(height, 1)))
    return tuple(blocks)


def share_of(value: float, most: float) -> str:
    """*value* as a width in per cent of *most*."""
    return f"{100 * value / most:.1f}%" if most else "0%"


def counts_of(items: Iterable[Any]) -> Counter[Any]:
    """How often each item occurs."""
    return Counter(items)
