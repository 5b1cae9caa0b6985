"""What ends a run early: Ctrl-C and SIGTERM, after which its reports are still written."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

INTERRUPTED = 130
_ONE_ASKING = 2.0  # seconds in which several signals are one: some send them to a process and to its group
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable() -> Iterator[None]:
    """Within the block SIGTERM is as Ctrl-C: it raises `KeyboardInterrupt`, and again only two seconds later.

    Behind a block that was asked to stop, neither is heard any more: the process is about to end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: float | None = None

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        now = time.monotonic()
        if asked is None or now - asked >= _ONE_ASKING:
            asked = now
            raise KeyboardInterrupt

    # Whoever starts us in the background may have us ignore them.
    before = {number: kept for number in _SIGNALS if (kept := signal.getsignal(number)) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, kept in before.items():
            # The second of two must not decide the exit status, nor tear down what is at its end.
            signal.signal(number, kept if asked is None else signal.SIG_IGN)


def tell_cut_off(journal: Path) -> None:
    """Tell that the run was cut off, and how to go on."""
    click.echo(f"The run was cut off. Its journal: {journal}", err=True)
    click.echo("Go on with the same command and --continue JOURNAL.", err=True)


@contextmanager
def told(journal: Path) -> Iterator[None]:
    """Tell where *journal* is when the block is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        tell_cut_off(journal)
        raise


class JournalNote:
    """Tells where *journal* is as soon as there is something in it."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def handle(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        if event["event"] == "target-probed":
            print(f"The journal of this run: {self._journal}", file=sys.stderr, flush=True)
