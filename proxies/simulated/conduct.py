"""How a simulated proxy behaves, as plain data: every way to spoil what passes through is one switch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from wireproof.errors import UsageError


class Side(Enum):
    """The two ends of a proxy."""

    CLIENT = "client"
    UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave out every line of one header field, in what goes to *towards*; names in any letter case."""

    towards: Side
    field: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Replace what matches *pattern* (a regular expression) in each value of one header field.

    ``replacement`` is as for `re.sub`. A field that is not there stays away.
    """

    towards: Side
    field: str
    pattern: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Pieces:
    """Send every segment as pieces of *size* bytes, one by one; 1 cuts at every offset at once."""

    size: int = 1

    def __post_init__(self) -> None:
        _at_least_one(self.size, "the size of a piece")


@dataclass(frozen=True, slots=True)
class Cut:
    """Send every segment in two parts.

    ``offset`` tells after how many bytes. None: the first segment is cut after one byte, the next one after
    two, and so on, round and round: many equal segments are cut at every offset in turn.
    """

    offset: int | None = None

    def __post_init__(self) -> None:
        if self.offset is not None:
            _at_least_one(self.offset, "the offset of a cut")


@dataclass(frozen=True, slots=True)
class Coalesce:
    """Hold bytes back until there are *size* of them, for *within* seconds at most, and send them at once."""

    size: int = 64 * 1024
    within: float = 0.05

    def __post_init__(self) -> None:
        _at_least_one(self.size, "the size to wait for")


Segments = Pieces | Cut | Coalesce


@dataclass(frozen=True, slots=True)
class HalfClose:
    """In a tunnel, send FIN to *towards* after *after* bytes went there; the other direction goes on."""

    towards: Side = Side.CLIENT
    after: int = 0


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a proxy does to those who talk through it. The default behaves. Times are in seconds.

    A relay knows nothing of HTTP: to it, only ``idle_timeout`` and what stands below it apply.
    """

    strips_upgrade: bool = False
    """Treats Upgrade as any hop-by-hop field and leaves it out (RFC 9110 section 7.6.1)."""
    refuses_upgrade: int | None = None
    """Answers a request with Upgrade itself, with this status from 400 to 599."""
    ignores_upgrade: bool = False
    """Never answers a request with Upgrade."""
    silent_after_101: bool = False
    """Passes the upstream's 101 on, then swallows whatever comes from either side."""
    upstream_http10: bool = False
    """Speaks HTTP/1.0 to the upstream, with no kept connections."""
    buffers: float = 0.0
    """Bytes of a response to hold back before the first is passed on; `math.inf`: until its end."""
    body_limit: int | None = None
    """Bytes that the content of a request may have; 413 for more."""
    changes: tuple[Drop | Rewrite, ...] = ()
    """What becomes of header fields, and so of cookies, one change after the other."""
    idle_timeout: float | None = None
    """Cuts a connection on which nothing came from either side for so long; 504 where a response is due."""
    segments: Segments | None = None
    """How the bytes that leave are cut anew, towards both sides."""
    half_closes: HalfClose | None = None
    cuts_after: int | None = None
    """Closes both sides of a tunnel once so many bytes have come from both together."""
    closes_with_reset: bool = False
    """Whatever ends a connection, it ends with RST."""
    drains: float = 0.0
    """How long what is open may go on after the proxy was told to stop; no new connection is taken."""

    def __post_init__(self) -> None:
        if self.refuses_upgrade is not None and not 400 <= self.refuses_upgrade <= 599:
            raise UsageError(f"an Upgrade is not refused with status {self.refuses_upgrade}")

    @property
    def spoils_streams(self) -> bool:
        """Whether the bytes of a tunnel may not simply be handed on."""
        return bool(self.segments or self.half_closes or self.silent_after_101 or self.cuts_after is not None)


BEHAVES = Conduct()


def _at_least_one(number: int, what: str) -> None:
    if number < 1:
        raise UsageError(f"{what} must be at least 1, not {number}")
