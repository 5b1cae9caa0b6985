"""Worker processes that judge servers side by side: a flight waits a lot, and uses one processor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from wireproof.run.select import CaseItem

from .family import Family
from .flight import Flown, bundled_cases, fly

WORKERS = 2 * (os.cpu_count() or 1)  # for flights that work as much as they wait
MANY = 4 * (os.cpu_count() or 1)  # for short ones, which wait for most of their time


class Fleet:
    """Judges servers by name, each in one worker at a time."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self._cases: tuple[CaseItem, ...] = tuple(pool.submit(bundled_cases).result())

    def cases(self, family: Family) -> list[CaseItem]:
        """The cases that judge servers of *family*."""
        return [case for case in self._cases if family.judges(case)]

    def judge(self, name: str, cases: Sequence[str]) -> Future[Flown]:
        """What *cases* see of the server called *name*."""
        return self._pool.submit(fly, name, cases)


@contextmanager
def fleet(workers: int = WORKERS) -> Iterator[Fleet]:
    """A fleet of so many workers, for the length of the block."""
    # A fresh interpreter: a forked one would take over threads and an event loop of the parent's.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield Fleet(pool)
        finally:
            pool.shutdown(cancel_futures=True)
