"""One attempt of a case: what it expects, what it found, and the exceptions that end it early."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from random import Random
from typing import NoReturn

from wireproof.transcript import Transcript
from wireproof.verdict import Finding, Ground
from wireproof.wire.session import Violation

LASTS_AT_MOST = 120.0  # seconds that a case may take for a server's own timers without being told so
NOBODYS = ""  # the requirement that silence breaks before a case has come to what it is about
_PREPARED_FOR: ContextVar[str | None] = ContextVar("the requirement that silence breaks", default=None)


class Outcome(Exception):
    """Ends an attempt early with a verdict that is not an error."""


class Broken(Outcome):
    """The peer broke a requirement."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(
            f"{finding.requirement}: expected {' or '.join(finding.expected)}; {finding.observed}"
        )
        self.finding = finding


class NotApplicable(Outcome):
    """The target lacks what the case needs; the message says what."""


class Inconclusive(Outcome):
    """The target or the route was not healthy; nobody is accused."""


class TargetGone(Inconclusive):
    """The target no longer accepts connections."""


class Unopened(Inconclusive):
    """An ordinary session was answered and did not open; ``status`` is that of a response that refuses it."""

    def __init__(self, told: str, status: int | None = None) -> None:
        super().__init__(told)
        self.status = status


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a verb waits for right now; a deadline that passes meanwhile is told in its words.

    ``since`` is when the waiting began, on the monotonic clock. The requirement may be `NOBODYS`.
    """

    attempt: Attempt
    requirement: str
    expected: tuple[str, ...]
    since: float

    def broken(self, observed: str, ground: Ground = Ground.SEEN, seen: str | None = None) -> NoReturn:
        """End the attempt: *observed* came instead of what was expected; *seen* as for `Attempt.broken`."""
        self.attempt.excuse()
        entry = self.attempt.transcript.came_last(seen)
        accused = self.requirement or self.attempt.requirements[0]
        raise Broken(Finding(accused, self.expected, observed, ground, entry))


@dataclass(slots=True)
class Attempt:
    """The record that a case, its peers and the harness share while the case runs once.

    ``requirements`` are the ids that the case checks, the first being the one that verbs accuse by default.
    ``patience`` is how many seconds a case may wait for what need not come; ``postpone`` moves its deadline,
    ``progress`` counts it anew from now and is told what part of the case, from 0 to 1, has been done since.
    ``doubt`` says why silence accuses nobody, where that is so.
    ``excuses`` are asked before anybody is accused: why what was seen may be nobody's fault, or nothing.
    ``intensity`` is that of the run, a `wireproof.case.Intensity`: it bounds how far a case may probe.
    """

    requirements: tuple[str, ...]
    transcript: Transcript = field(default_factory=Transcript)
    random: Random = field(default_factory=Random)
    findings: list[Finding] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    passing: list[Violation] = field(default_factory=list)
    waiting: Expectation | None = None
    peers: int = 0
    limits: dict[str, float] = field(default_factory=dict)
    together: tuple[str, ...] = ()  # cases without which this one shows nothing
    between: dict[str, str] = field(default_factory=dict)
    excuses: list[Callable[[], str]] = field(default_factory=list)
    patience: float = 0.0
    doubt: str = ""
    intensity: int = 1
    postpone: Callable[[float], None] = lambda _: None
    progress: Callable[[float], None] = lambda _: None

    @contextmanager
    def expecting(self, *expected: str, requirement: str | None = None) -> Iterator[Expectation]:
        """Say what would conform while waiting for it; the innermost expectation counts at a deadline."""
        usual = self.requirements[0] if (prepared := _PREPARED_FOR.get()) is None else prepared
        expectation = Expectation(self, requirement or usual, expected, time.monotonic())
        outer, self.waiting = self.waiting, expectation
        yield expectation
        # Behind an exception the expectation stays: a deadline's verdict is told in its words.
        self.waiting = outer

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Make ready within the block: silence accuses nobody there, but where more is expected around it."""
        token = _PREPARED_FOR.set(self.waiting.requirement if self.waiting else NOBODYS)
        try:
            yield
        finally:
            _PREPARED_FOR.reset(token)

    @contextmanager
    def row(self, name: str) -> Iterator[None]:
        """Name the row of a table that is tried meanwhile: what breaks is told with *name* before it."""
        try:
            yield
        except Broken as exc:
            raise Broken(replace(exc.finding, observed=f"{name}: {exc.finding.observed}")) from exc
        except BaseException:
            if self.waiting is not None:
                self.waiting = replace(
                    self.waiting, expected=tuple(f"{name}: {one}" for one in self.waiting.expected)
                )
            raise

    def broken(
        self,
        observed: str,
        *expected: str,
        requirement: str | None = None,
        ground: Ground = Ground.SEEN,
        seen: str | None = None,
    ) -> NoReturn:
        """End the attempt: a requirement is broken.

        *seen* is part of the transcript's entry that shows it: by default the last one that came, and none
        where it is empty.
        """
        raise Broken(self._finding(observed, expected, requirement, ground, seen))

    def found(
        self,
        observed: str,
        *expected: str,
        requirement: str | None = None,
        ground: Ground = Ground.SEEN,
        seen: str | None = None,
    ) -> None:
        """Note a broken requirement and go on; *seen* as for `broken`, and `Inconclusive` as for `excuse`."""
        self.findings.append(self._finding(observed, expected, requirement, ground, seen))

    def _finding(
        self,
        observed: str,
        expected: tuple[str, ...],
        requirement: str | None,
        ground: Ground,
        seen: str | None,
    ) -> Finding:
        self.excuse()
        entry = self.transcript.came_last(seen)
        return Finding(requirement or self.requirements[0], expected, observed, ground, entry)

    def excuse(self) -> None:
        """Raise `Inconclusive` where what was seen may be nobody's fault."""
        if told := self.excused():
            raise Inconclusive(told)

    def excused(self) -> str:
        """Why what was seen may be nobody's fault; empty where nothing is known."""
        return next(filter(None, (excuse() for excuse in self.excuses)), "")

    def report(self, observation: str) -> None:
        """Tell what was seen; a case that only reports has the verdict `info`."""
        self.reports.append(observation)

    def measure(self, name: str, value: float) -> None:
        """Tell a limit of the target's own, its unit in *name*; no limit is ever judged."""
        self.limits[name] = value

    def infer(self, name: str, told: str) -> None:
        """Tell something about what stands between the harness and the server; it is never judged."""
        self.between[name] = told
        self.report(f"{name}: {told}")

    def last(self, seconds: float, why: str) -> None:
        """Let the case last *seconds* longer than its deadline because *why*.

        Raise `NotApplicable` when that is more than the user's patience, by default two minutes.
        """
        if seconds > (self.patience or LASTS_AT_MOST):
            raise NotApplicable(f"{why} takes {seconds:.0f} s: --patience {seconds:.0f} grants them")
        self.postpone(seconds)

    def be_patient(self) -> float:
        """The seconds for which the case may now wait, its deadline moved; raise `NotApplicable` for none."""
        if not self.patience:
            raise NotApplicable("it waits for what may never come: --patience SECONDS says how long it may")
        self.postpone(self.patience)
        return self.patience
