"""What a driver runs: features, software, and how one proxy is laid out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from wireproof.proxy.certificate import Certificate
from wireproof.proxy.deviation import Deviation

COOKIE = "wireproof_node"
"""The affinity cookie that proxies are told to set, where they let one choose its name."""

HASH_HEADER = "X-Wireproof-Client"
"""The header field that header-hash goes by."""


class Feature(StrEnum):
    """What a proxy may be asked for; the first seven are policies, of which a hop has one."""

    SINGLE = "single"
    ROUND_ROBIN = "round-robin"
    RANDOM = "random"
    LEAST_CONNECTIONS = "least-connections"
    COOKIE = "cookie"
    SOURCE_HASH = "source-hash"
    HEADER_HASH = "header-hash"
    TLS = "tls"
    IDLE_TIMEOUT = "idle-timeout"
    H2 = "h2"

    @property
    def is_policy(self) -> bool:
        """Whether it says where a connection goes."""
        return self not in (Feature.TLS, Feature.IDLE_TIMEOUT, Feature.H2)

    @property
    def meaning(self) -> str:
        """What it says, in a few words."""
        return _MEANINGS[self]


_MEANINGS = {
    Feature.SINGLE: "one upstream",
    Feature.ROUND_ROBIN: "each upstream in turn",
    Feature.RANDOM: "any upstream",
    Feature.LEAST_CONNECTIONS: "the upstream with the fewest connections",
    Feature.COOKIE: "sticky by cookie",
    Feature.SOURCE_HASH: "sticky by the client's address",
    Feature.HEADER_HASH: f"sticky by the header {HASH_HEADER}",
    Feature.TLS: "TLS ends here",
    Feature.IDLE_TIMEOUT: "cuts idle WebSockets",
    Feature.H2: "WebSocket over HTTP/2 (RFC 8441) from the client",
}


@dataclass(frozen=True, slots=True)
class Supported:
    """The proxy has the feature."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The proxy does not have the feature; ``reason`` is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Software:
    """What was found: ``path`` is the program (None: part of wireproof), ``source`` says whence it comes."""

    path: Path | None
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing was found; ``hint`` is a sentence that says what to install or set."""

    hint: str


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a proxy sends what it gets; plain TCP."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a driver is to set up one proxy.

    ``folder`` exists and is the proxy's alone, for configuration and logs. ``port`` 0 is any free one.
    """

    upstreams: tuple[Upstream, ...]
    folder: Path
    policy: Feature = Feature.SINGLE
    port: int = 0
    extras: frozenset[Feature] = frozenset()
    idle_timeout: float | None = None
    certificate: Certificate | None = None
    switches: Mapping[str, str] = field(default_factory=dict)

    @property
    def h2(self) -> bool:
        """Whether clients want to speak HTTP/2."""
        return Feature.H2 in self.extras


class RunningProxy(Protocol):
    """A proxy that accepts connections at `HOST`."""

    @property
    def port(self) -> int:
        """Where it listens."""

    @property
    def log(self) -> str:
        """The end of what it wrote, as evidence."""

    @property
    def exited(self) -> asyncio.Event:
        """Set when it ended without being asked to."""

    async def stop(self) -> None:
        """End it, with all its processes; nothing happens the second time."""


class Driver(Protocol):
    """Runs one kind of proxy."""

    @property
    def name(self) -> str:
        """What `--via` calls it."""

    @property
    def title(self) -> str:
        """What its makers call it."""

    @property
    def kind(self) -> Literal["real", "simulated"]:
        """Whether it is used in production."""

    @property
    def switches(self) -> Mapping[str, str]:
        """Options of its own that `--via` takes behind its name, each with a line of help."""

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """What it is known to do differently."""

    def find(self, where: str | None) -> Software | Missing:
        """Look for its program: at the path *where*, on PATH where that is "path"; None: where pip put it.

        It may run the program to ask for its version.
        """

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        """Whether this *software* can be asked for *feature*."""

    async def start(self, software: Software, layout: Layout) -> RunningProxy:
        """Start one, and return when it serves. Raises `WireproofError`."""


Drivers = Mapping[str, Driver]
"""Those that are known, by name."""
