"""Runs a route: a chain of proxies, started from the target outwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from wireproof.errors import UsageError
from wireproof.proxy.certificate import HOST, Certificate, make_certificate
from wireproof.proxy.deviation import Deviation
from wireproof.proxy.driver import (
    Driver,
    Drivers,
    Feature,
    Layout,
    Missing,
    RunningProxy,
    Software,
    Unsupported,
    Upstream,
)
from wireproof.proxy.via import Hop, Route

_NONE: Mapping[str, str] = MappingProxyType({})


class RouteError(UsageError):
    """A route can't run here: software is missing, or a proxy does not have what is asked of it."""


def settle(route: Route, nodes: int) -> Route:
    """The route with every policy decided, for so many *nodes*.

    A hop that balances serves all that lies behind it; one that does not stands before each of them. Where
    no hop was told to balance several nodes, the innermost does so in turn.
    """
    hops = [hop if hop.policy else replace(hop, policy=Feature.SINGLE) for hop in route.hops]
    if nodes > 1 and not any(hop.balances for hop in hops) and route.hops[-1].policy is None:
        hops[-1] = replace(hops[-1], policy=Feature.ROUND_ROBIN)
    if nodes > 1 and not any(hop.balances for hop in hops):
        raise RouteError(f"--via {route.name}: no proxy of it balances, yet there are {nodes} nodes")
    return replace(route, hops=tuple(hops))


def check_route(
    route: Route, nodes: int, drivers: Drivers, programs: Mapping[str, str] = _NONE
) -> dict[str, Software]:
    """The software of each hop, by name; raise `RouteError` when the route can't run here.

    Programs are run to ask for their versions: not in an event loop.
    """
    found: dict[str, Software] = {}
    for hop in settle(route, nodes).hops:
        driver = drivers[hop.proxy]
        software = found.get(hop.proxy) or driver.find(programs.get(hop.proxy))
        if isinstance(software, Missing):
            raise RouteError(f"--via {route.name}: {hop.proxy} is not here. {software.hint}")
        found[hop.proxy] = software
        for feature in (*((hop.policy,) if hop.policy else ()), *sorted(hop.extras)):
            answer = driver.supports(feature, software)
            if isinstance(answer, Unsupported):
                raise RouteError(f"--via {route.name}: {driver.title} can't do {feature}. {answer.reason}")
        if Feature.TLS in hop.extras and find_spec("trustme") is None:
            raise RouteError(f"--via {route.name}: certificates are made with trustme: pip install trustme")
    return found


@dataclass(frozen=True, slots=True)
class OpenHop:
    """One running proxy of a route, with what it was told to be."""

    hop: Hop
    driver: Driver
    software: Software
    layout: Layout
    proxy: RunningProxy


@dataclass(slots=True)
class OpenRoute:
    """A route that runs; ``hops`` are in the order of their start, the innermost first."""

    route: Route
    hops: list[OpenHop] = field(default_factory=list)

    @property
    def entrance(self) -> OpenHop:
        """The proxy that clients connect to."""
        return self.hops[-1]

    @property
    def port(self) -> int:
        """Where to connect, at `HOST`."""
        return self.entrance.proxy.port

    @property
    def certificate(self) -> Certificate | None:
        """What clients see, where TLS ends at the entrance."""
        return self.entrance.layout.certificate

    @property
    def url(self) -> str:
        """Where to connect, without a path."""
        return f"{'wss' if self.certificate else 'ws'}://{HOST}:{self.port}"

    @property
    def dead(self) -> tuple[OpenHop, ...]:
        """The proxies that ended by themselves."""
        return tuple(one for one in self.hops if one.proxy.exited.is_set())

    @property
    def log(self) -> str:
        """What all of them wrote, each under its name."""
        return "".join(f"--- {one.hop.proxy} at {one.proxy.port}\n{one.proxy.log}" for one in self.hops)

    @property
    def deviations(self) -> tuple[tuple[str, Deviation], ...]:
        """What its proxies are known to do differently, each with the name of the proxy."""
        drivers = {one.hop.proxy: one.driver for one in self.hops}
        return tuple((name, known) for name, driver in drivers.items() for known in driver.deviations)


@asynccontextmanager
async def open_route(
    route: Route,
    upstreams: Sequence[Upstream],
    folder: Path,
    drivers: Drivers,
    programs: Mapping[str, str] = _NONE,
    port: int = 0,
) -> AsyncIterator[OpenRoute]:
    """Run a route to *upstreams* for the length of the block; its files go below *folder*.

    The entrance listens at *port* (0: any free one). Raises `RouteError`, or what a driver raises.
    """
    software = await asyncio.to_thread(check_route, route, len(upstreams), drivers, programs)
    opened = OpenRoute(route)
    behind = tuple(upstreams)
    hops = settle(route, len(upstreams)).hops
    async with AsyncExitStack() as stack:

        async def start(hop: Hop, layout: Layout) -> OpenHop:
            driver = drivers[hop.proxy]
            proxy = await driver.start(software[hop.proxy], layout)
            stack.push_async_callback(proxy.stop)
            return OpenHop(hop, driver, software[hop.proxy], layout, proxy)

        for at, hop in reversed(list(enumerate(hops))):
            groups = [behind] if hop.balances else [(one,) for one in behind]
            names = [f"{at + 1}-{hop.proxy}{f'-{number}' if number else ''}" for number in range(len(groups))]
            layouts = [
                _layout(hop, group, folder / name, 0 if at else port)
                for group, name in zip(groups, names, strict=True)
            ]
            # All of them come to an end, so that each that started is also stopped.
            started = await asyncio.gather(*(start(hop, one) for one in layouts), return_exceptions=True)
            for one in started:
                if isinstance(one, BaseException):
                    raise one
                opened.hops.append(one)
            behind = tuple(Upstream(HOST, one.proxy.port) for one in opened.hops[-len(groups) :])
        yield opened


def _layout(hop: Hop, upstreams: tuple[Upstream, ...], folder: Path, port: int) -> Layout:
    folder.mkdir(parents=True, exist_ok=True)
    return Layout(
        upstreams,
        folder.resolve(),
        hop.policy or Feature.SINGLE,
        port,
        hop.extras,
        hop.idle_timeout,
        make_certificate(folder.resolve()) if Feature.TLS in hop.extras else None,
        hop.switches,
    )
