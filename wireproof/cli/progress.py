"""While a run is under way: verdicts as they come, and a line that tells how far it is."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, TextIO

from wireproof.run.events import Reporter
from wireproof.wire.text import printable

WIDTH = 79
_EVERY = 0.1  # seconds between two paints of the line
_SHOWN_AFTER = 1.0  # seconds in flight from which a case is named


def follow(options: Mapping[str, Any]) -> tuple[Reporter, ...]:
    """The reporters that the options and the terminal call for."""
    if options["quiet"]:
        return ()
    if options["verbose"]:
        return (VerdictLines(sys.stdout),)
    return (ProgressLine(sys.stderr),) if sys.stderr.isatty() else ()


class VerdictLines:
    """One line for each verdict."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        if event["event"] == "case-finished":
            case = event["case"]
            print(f"{case['verdict']:<14} {printable(case['id'])}", file=self._stream, flush=True)
        elif event["event"] == "target-lost":
            print("the target went away", file=self._stream, flush=True)
        elif event["event"] == "target-back":
            print("the target is back", file=self._stream, flush=True)


class ProgressLine:
    """One line that is painted again and again: counts, time left, the case that has been flying longest."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = 0
        self._began = time.monotonic()
        self._painted = 0.0
        self._counts: Counter[str] = Counter()
        self._flying: dict[str, float] = {}

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        match event["event"]:
            case "run-started":
                self._total, self._began = event["cases"], time.monotonic()
            case "case-started":
                self._flying[event["id"]] = time.monotonic()
            case "case-finished":
                self._flying.pop(event["case"]["id"], None)
                self._counts[event["case"]["verdict"]] += 1
            case "run-finished":
                self._paint("")
                return
            case _:
                return
        if time.monotonic() - self._painted >= _EVERY:
            self._paint(self.line(time.monotonic()))

    def line(self, now: float) -> str:
        """The line as it is to be read at *now*."""
        done = sum(self._counts.values())
        parts = [f"{done}/{self._total}", *(f"{count} {verdict}" for verdict, count in self._counts.items())]
        if done and done < self._total:
            parts.append(f"{(now - self._began) / done * (self._total - done):.0f} s left")
        text = "  ".join(parts)
        name, since = min(self._flying.items(), key=lambda item: item[1], default=("", now))
        if now - since >= _SHOWN_AFTER:
            text += f"  {printable(name)} {now - since:.0f} s"
        return text[:WIDTH]

    def _paint(self, text: str) -> None:
        self._painted = time.monotonic()
        self._stream.write(f"\r\x1b[2K{text}")
        self._stream.flush()
