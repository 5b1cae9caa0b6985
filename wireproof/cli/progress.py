"""While a run is under way: verdicts as they come, or a line that tells how far it is."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from wireproof.run.events import Reporter
from wireproof.wire.text import printable

WIDEST = 79
_EVERY = 0.1  # seconds between two paints of the line, at least …
_AT_LEAST = 0.5  # … and at most, while nothing happens
_SHOWN_AFTER = 1.0  # seconds in flight from which a case is named
_ERASE = "\r\x1b[2K"


@contextmanager
def follow(options: Mapping[str, Any]) -> Iterator[tuple[Reporter, ...]]:
    """The reporters that the options and the terminal call for; no line is left when the block ends."""
    if options["verbose"] and not options["quiet"]:
        yield (VerdictLines(sys.stdout),)
    elif options["quiet"] or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield ()
    else:
        line = ProgressLine(sys.stderr, "starting it again" if options["start"] else "waiting for it")
        try:
            yield (line,)
        finally:
            line.close()


class VerdictLines:
    """One line for each verdict."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        if event["event"] == "case-finished":
            case = event["case"]
            self._print(f"{case['verdict']:<14} {printable(case['id'])}")
        elif event["event"] == "target-lost":
            self._print("the target does not answer")
        elif event["event"] == "target-back":
            self._print("the target is back")

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class ProgressLine:
    """One line that is painted again and again: counts, time left, the case that has been flying longest.

    *lost* says what is done about a target that does not answer.
    """

    def __init__(self, stream: TextIO, lost: str) -> None:
        self._stream = stream
        self._lost = lost
        self._total = 0
        self._began = self._painted = 0.0
        self._counts: Counter[str] = Counter()
        self._flying: dict[str, float] = {}
        self._work = 0.0  # in seconds as the events tell them, of all that flies in this run
        self._done = 0.0
        self._weight: dict[str, float] = {}
        self._part: dict[str, float] = {}
        self._away = False
        self._lock = threading.Lock()
        self._over = threading.Event()

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        with self._lock:
            self._take(event, time.monotonic())
        if event["event"] == "run-started":
            # Where nothing happens, no event comes, and yet the slowest case is the one to be named.
            threading.Thread(target=self._tick, daemon=True).start()
        elif event["event"] == "run-finished":
            self.close()

    def close(self) -> None:
        """Erase the line and paint no more."""
        with self._lock:
            if not self._over.is_set():
                self._over.set()
                self._write(_ERASE)

    def line(self, now: float, width: int = WIDEST) -> str:
        """The line as it is to be read at *now*, in *width* columns."""
        done = sum(self._counts.values())
        parts = [f"{done}/{self._total}"]
        parts += [f"{count} {verdict}" for verdict, count in self._counts.items()]
        if self._away:
            parts.append(f"the target does not answer: {self._lost}")
        elif done < self._total and (left := self._left(now)) is not None:
            parts.append(_span(left))
        text = "  ".join(parts)
        name, since = min(self._flying.items(), key=lambda item: item[1], default=("", now))
        if not self._away and now - since >= _SHOWN_AFTER:
            text += self._slow(name, now - since, width - len(text))
        return text[:width]

    def _left(self, now: float) -> float | None:
        """The seconds left if all goes on as it went so far; None when that is not known yet."""
        done = self._done + sum(self._weight.get(name, 0.0) * part for name, part in self._part.items())
        return (now - self._began) / done * max(0.0, self._work - done) if done else None

    @staticmethod
    def _slow(name: str, seconds: float, room: int) -> str:
        """The case that flies longest, by the end of its id: that is where ids differ."""
        word, told = printable(name.rpartition("/")[2]), f" {seconds:.0f} s"
        room -= len(told) + 2
        if room < 8:
            return ""
        return f"  {word if len(word) <= room else '…' + word[1 - room :]}{told}"

    def _take(self, event: Mapping[str, Any], now: float) -> None:
        match event["event"]:
            case "run-started":
                self._total, self._began = event["cases"], now
                self._work = event.get("seconds") or float(event["cases"])
            case "case-started":
                self._flying[event["id"]] = now
                self._weight[event["id"]] = event.get("seconds") or 1.0
                self._part.pop(event["id"], None)
            case "case-advanced":
                self._part[event["id"]] = event["done"]
            case "case-finished":
                self._flying.pop(event["case"]["id"], None)
                self._part.pop(event["case"]["id"], None)
                # A case that has not flown was decided before, and has taken no time.
                self._done += self._weight.pop(event["case"]["id"], 0.0)
                self._counts[event["case"]["verdict"]] += 1
            case "target-lost" | "target-back":
                self._away = event["event"] == "target-lost"
                self._flying.clear()
            case _:
                return
        if now - self._painted >= _EVERY:
            self._paint(now)

    def _tick(self) -> None:
        while not self._over.wait(_AT_LEAST):
            with self._lock:
                if time.monotonic() - self._painted >= _AT_LEAST:
                    self._paint(time.monotonic())

    def _paint(self, now: float) -> None:
        if self._over.is_set():
            return
        self._painted = now
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:
            columns = WIDEST + 1
        self._write(_ERASE + self.line(now, min(columns - 1, WIDEST) if columns else WIDEST))

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # the terminal is gone: that is no reason to end the run
            self._over.set()


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s left" if seconds < 120 else f"{seconds / 60:.0f} min left"
