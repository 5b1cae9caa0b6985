"""What the user asked for, in one frozen value: from the command line, pytest's options and the profile."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from wireproof.case import Intensity
from wireproof.peer.dialect import Dialect, SessionDialect
from wireproof.peer.endpoint import Endpoint, TlsOptions, parse_endpoint
from wireproof.profile import Known
from wireproof.wire.http1 import Header

CASE_TIMEOUT = 10.0  # seconds that a case may take where the user wants nothing else


@dataclass(frozen=True, slots=True)
class Settings:
    """A run, described. Times are in seconds, ``rate`` is in connections a second (0: no limit).

    ``kept`` are records of cases that the run continues from: these do not fly again.
    """

    url: str
    headers: tuple[Header, ...] = ()
    subprotocols: tuple[str, ...] = ()
    tls: TlsOptions = TlsOptions()
    dialect: Dialect = Dialect()
    session: SessionDialect = SessionDialect()
    assume: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    chosen_intensity: Intensity | None = None
    chosen_concurrency: int | None = None
    chosen_rate: float | None = None
    case_timeout: float = CASE_TIMEOUT
    patience: float = 0.0
    seed: int = 0
    nodes: tuple[str, ...] = ()
    direct: str | None = None
    via: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    start: str | None = None
    ready: str | None = None
    protocols: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    rerun: frozenset[str] | None = None
    shard: tuple[int, int] = (1, 1)
    kept: tuple[Mapping[str, Any], ...] = ()
    fail_on_warn: bool = False
    known: tuple[Known, ...] = ()
    profile: str | None = None
    secrets: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    reproduce: str = "wireproof run {url} --case {case} --seed {seed}"

    def endpoint(self, url: str | None = None) -> Endpoint:
        """The endpoint of *url*, that of the run by default; raise `UsageError` when it can't be one."""
        return parse_endpoint(
            url or self.url, headers=self.headers, subprotocols=self.subprotocols, tls=self.tls
        )

    @property
    def intensity(self) -> Intensity:
        """As chosen, else normal where all that is reached is on this machine, and gentle everywhere else."""
        if self.chosen_intensity is not None:
            return self.chosen_intensity
        reached = (self.url, self.direct or self.url, *self.nodes)
        return Intensity.NORMAL if _are_here(reached) else Intensity.GENTLE

    @property
    def concurrency(self) -> int:
        """Cases in flight at once, on all routes together: as chosen, else by intensity."""
        if self.chosen_concurrency is not None:
            return self.chosen_concurrency
        return 4 if self.intensity is Intensity.GENTLE else 96

    @property
    def rate(self) -> float:
        """New connections a second: as chosen, else 20 when gentle and no limit otherwise."""
        if self.chosen_rate is not None:
            return self.chosen_rate
        return 20.0 if self.intensity is Intensity.GENTLE else 0.0

    def reproduce_line(self, case: str, *together: str) -> str:
        """The command that runs *case* again as it ran here, with those that it needs *together* with it."""
        cases = " --case ".join(map(shlex.quote, (case, *together)))
        return self.reproduce.format(url=shlex.quote(self.url), case=cases, seed=self.seed)


@cache
def _are_here(urls: tuple[str, ...]) -> bool:
    """Whether all of *urls* are on this machine; each attempt asks, and a TLS context takes long to make."""
    return all(parse_endpoint(url).is_loopback for url in urls)
