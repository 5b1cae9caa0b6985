"""The simulated proxies as hops of a route: `simulated:cookie,caps-body`, or `simulated-relay:splits`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from wireproof import __version__
from wireproof.errors import UsageError
from wireproof.proxy.deviation import Deviation
from wireproof.proxy.driver import (
    Driver,
    Feature,
    Layout,
    Missing,
    RunningProxy,
    Software,
    Supported,
    Unsupported,
)

from .balancer import Balancer
from .front import Front
from .nodes import nodes_of
from .policies import (
    Cookie,
    Forgetful,
    HeaderHash,
    LeastConnections,
    NoneSticky,
    Policy,
    Random,
    RoundRobin,
    SourceHash,
)
from .relay import Relay
from .switches import SWITCHES, conduct_of, whole_number

POLICIES: Mapping[Feature, type[Policy]] = MappingProxyType(
    {
        Feature.SINGLE: RoundRobin,
        Feature.ROUND_ROBIN: RoundRobin,
        Feature.RANDOM: Random,
        Feature.LEAST_CONNECTIONS: LeastConnections,
        Feature.COOKIE: Cookie,
        Feature.SOURCE_HASH: SourceHash,
        Feature.HEADER_HASH: HeaderHash,
    }
)
"""The policies that real balancers have, too."""

_LINES = 500
_NONE_STICKY, _FORGETS, _SEED = "none-sticky", "forgets", "seed"
_OF_POLICIES = {
    _NONE_STICKY: "No two requests of one session in a row go to the same server.",
    _FORGETS: "Forgets who belongs to which server after so many requests (8).",
    _SEED: "Makes other choices at random (0).",
}


def policy_of(feature: Feature, switches: Mapping[str, str]) -> Policy:
    """The policy that a hop asks for. Raises `UsageError`."""
    if _NONE_STICKY in switches:
        return NoneSticky()
    if feature is Feature.RANDOM:
        return Random(whole_number(switches.get(_SEED, ""), 0))
    policy = POLICIES[feature]()
    if _FORGETS not in switches:
        return policy
    if not isinstance(policy, (Cookie, SourceHash, HeaderHash)):
        raise UsageError(f"{_FORGETS}: {feature} has nothing to forget; take cookie, for example")
    return Forgetful(policy, whole_number(switches[_FORGETS], 8))


@dataclass(slots=True)
class Running:
    """A simulated proxy as a route sees it. It lives in the harness, and so never exits by itself."""

    front: Front
    exited: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.front.port

    @property
    def log(self) -> str:
        """The end of its account."""
        return "".join(f"{line}\n" for line in self.front.account.lines()[-_LINES:])

    async def stop(self) -> None:
        """End it."""
        await self.front.stop()


@dataclass(frozen=True, slots=True)
class Simulated:
    """The driver of the balancer."""

    name: str = "simulated"
    title: str = "simulated balancer"
    kind: Literal["real", "simulated"] = "simulated"
    deviations: tuple[Deviation, ...] = ()

    @property
    def switches(self) -> Mapping[str, str]:
        """See `Driver.switches`."""
        return {**_OF_POLICIES, **{name: switch.help for name, switch in SWITCHES.items()}}

    def find(self, where: str | None) -> Software | Missing:
        """See `Driver.find`; it is always there."""
        del where
        return Software(None, __version__, "part of wireproof")

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        """See `Driver.supports`."""
        del software
        return Unsupported("It speaks HTTP/1.1 only.") if feature is Feature.H2 else Supported()

    async def start(self, software: Software, layout: Layout) -> RunningProxy:
        """See `Driver.start`. Raises `UsageError`, also when the port can't be had."""
        del software
        front = self.front(layout)
        try:
            await front.start()
        except OSError as exc:
            raise UsageError(f"{self.name} can't listen at port {layout.port}: {exc}") from exc
        return Running(front)

    def front(self, layout: Layout) -> Front:
        """The proxy itself, not yet started."""
        turned = {name: value for name, value in layout.switches.items() if name in SWITCHES}
        conduct = replace(conduct_of(turned), idle_timeout=layout.idle_timeout)
        policy = policy_of(layout.policy, layout.switches)
        return Balancer(policy, nodes_of(layout.upstreams), conduct, port=layout.port, tls=_tls(layout))


@dataclass(frozen=True, slots=True)
class SimulatedRelay(Simulated):
    """The driver of the relay."""

    name: str = "simulated-relay"
    title: str = "simulated TCP relay"

    @property
    def switches(self) -> Mapping[str, str]:
        """See `Driver.switches`."""
        return {name: switch.help for name, switch in SWITCHES.items() if switch.for_relays}

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        """See `Driver.supports`."""
        del software
        if feature.is_policy and feature is not Feature.SINGLE:
            return Unsupported("It leads to one server; `simulated` balances.")
        if feature is Feature.H2:
            return Unsupported("It knows nothing of HTTP.")
        return Supported()

    def front(self, layout: Layout) -> Front:
        """See `Simulated.front`."""
        conduct = replace(conduct_of(layout.switches), idle_timeout=layout.idle_timeout)
        (node,) = nodes_of(layout.upstreams)
        return Relay(node, conduct, port=layout.port, tls=_tls(layout))


def _tls(layout: Layout) -> ssl.SSLContext | None:
    if layout.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(layout.certificate.chain, layout.certificate.key)
    return context


DRIVERS: tuple[Driver, ...] = (Simulated(), SimulatedRelay())
