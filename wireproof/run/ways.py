"""The routes that a run takes beside the direct one, from what the user wrote to proxies that serve."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from wireproof.peer.far_end import FarEnd
from wireproof.peer.pacing import Pacer
from wireproof.proxy.certificate import HOST
from wireproof.proxy.driver import Drivers, Upstream
from wireproof.proxy.route import OpenRoute, open_route
from wireproof.proxy.via import parse_programs, parse_via
from wireproof.run.route import DEPLOYED, DIRECT, Route, seen_at, seen_through, upstream_of
from wireproof.run.settings import Settings
from wireproof.run.survey import Survey, Surveyor
from wireproof.target import Target


class Ways:
    """Opens routes and ends all of them. Raises `UsageError` for one that makes no sense."""

    def __init__(self, settings: Settings, drivers: Callable[[], Drivers]) -> None:
        self.settings = settings
        self._load = drivers
        self._known: Drivers | None = None
        self._stack = AsyncExitStack()
        self._folder: Path | None = None
        self._made = 0
        self._far_ends: dict[str, asyncio.Task[tuple[FarEnd, OpenRoute]]] = {}
        self.pacer = Pacer(settings.rate)  # of all new connections, whichever way they go
        self.found: Target | None = None  # the target as it is known of itself
        self.survey = Survey()
        self.routes = [parse_via(text, self.drivers) for text in settings.via]
        if settings.via or settings.nodes:
            self.upstreams  # noqa: B018  # raises for a node that no proxy can reach

    @property
    def drivers(self) -> Drivers:
        """Every proxy that is known."""
        if self._known is None:
            self._known = self._load()
        return self._known

    @property
    def upstreams(self) -> tuple[Upstream, ...]:
        """The nodes of the service."""
        urls = (self.settings.direct or self.settings.url, *self.settings.nodes)
        return tuple(upstream_of(self.settings.endpoint(url)) for url in urls)

    async def open(self, target: Target) -> list[tuple[Route, Target, OpenRoute | None]]:
        """Open every route that the settings ask for, the direct one first; each with the target behind it.

        What a route takes away from the target is found out before, and is lacking there. From then on
        ``found`` and ``survey`` tell the target as it is known of itself, and what was found.
        """
        surveyor = Surveyor(self.pacer)
        nodes = self.upstreams if self.settings.nodes else ()
        # The proxies start side by side: none of them needs another one.
        gaps, opened = await asyncio.gather(
            surveyor.gaps(target, nodes),
            asyncio.gather(
                *(self._stack.enter_async_context(self.through(route.name)) for route in self.routes)
            ),
        )
        found: list[tuple[Route, Target, OpenRoute | None]] = [(DIRECT, target, None)]
        if self.settings.direct is not None:
            found.append((DEPLOYED, seen_at(target, self.settings.endpoint()), None))
        found += ((_told(way), seen_through(target, way), way) for way in opened)
        told, kept = await asyncio.gather(
            asyncio.gather(*(surveyor.lost(seen) for _, seen, _ in found)),
            asyncio.gather(*(surveyor.withheld(seen, target) for _, seen, _ in found[1:])),
        )
        lost, withheld = _by_route(found, told), _by_route(found[1:], kept)
        self.found, self.survey = target, Survey(tuple(map(str, nodes)), gaps, lost, withheld)
        return [(route, self.survey.seen(seen, route, way), way) for route, seen, way in found]

    def through(self, via: str, *upstreams: Upstream) -> AbstractAsyncContextManager[OpenRoute]:
        """Run the route that *via* says, to *upstreams* or to all nodes, for the length of a block."""
        programs = parse_programs(self.settings.programs, os.environ, self.drivers)
        route = parse_via(via, self.drivers)
        return open_route(route, upstreams or self.upstreams, self._new_folder(), self.drivers, programs)

    async def far_end(self, via: str) -> tuple[FarEnd, OpenRoute]:
        """A server of the harness's own, and the route that *via* says to it: the same ones for all cases."""
        if via not in self._far_ends:
            self._far_ends[via] = asyncio.create_task(self._open_far_end(via))
        # A case that gives up takes nothing away from the others.
        return await asyncio.shield(self._far_ends[via])

    async def _open_far_end(self, via: str) -> tuple[FarEnd, OpenRoute]:
        far = FarEnd()
        await far.start()
        self._stack.push_async_callback(far.stop)
        there = Upstream(HOST, far.port)
        return far, await self._stack.enter_async_context(self.through(via, there))

    def _new_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="wireproof-routes-"))
        self._made += 1
        made = self._folder / str(self._made)
        made.mkdir()
        return made

    async def close(self) -> None:
        """End every proxy that was started."""
        try:
            await self._stack.aclose()
        finally:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)


def _by_route(
    found: Sequence[tuple[Route, Target, OpenRoute | None]], reasons: Sequence[str | None]
) -> dict[str, str]:
    """The *reasons* that there are, by the names of the routes *found*."""
    pairs = zip(found, reasons, strict=True)
    return {route.name: why for (route, _, _), why in pairs if why is not None}


def _told(way: OpenRoute) -> Route:
    """A route of ours as the report tells it."""
    hops = way.hops[::-1]
    kind = "real" if all(one.driver.kind == "real" for one in hops) else "simulated"
    software = " + ".join(one.driver.title for one in hops)
    return Route(way.route.name, kind, software, " + ".join(one.software.version for one in hops))


class Turns:
    """Lets routes fly side by side, and then what must fly alone, one route after the other."""

    def __init__(self, routes: int) -> None:
        self._all_landed = asyncio.Barrier(routes)
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Wait until no route has anything in flight beside others, then for one's turn."""
        await self._all_landed.wait()
        async with self._one:
            yield
