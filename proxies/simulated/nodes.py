"""The servers behind a balancer, and the connections to them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wireproof.errors import UsageError
from wireproof.proxy.driver import Upstream
from wireproof.proxy.via import parse_upstream

from .conduct import Conduct
from .link import Link

KEPT_IDLE = 16
"""Connections without a request that are kept open, for each node."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Node:
    """One server behind a balancer. Its ``name`` stands in accounts and affinity cookies."""

    name: str
    host: str
    port: int

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(f"a node can't be called {self.name!r}: letters, digits, - and _ are allowed")


def nodes_at(*urls: str) -> tuple[Node, ...]:
    """Nodes called a, b, c and so on at these URLs, whose paths do not matter. Raises `UsageError`."""
    return nodes_of(parse_upstream(url) for url in urls)


def nodes_of(upstreams: Iterable[Upstream]) -> tuple[Node, ...]:
    """Nodes called a, b, c and so on."""
    return tuple(Node(_letters(number), one.host, one.port) for number, one in enumerate(upstreams))


def _letters(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else f"n{number}"


@dataclass(eq=False, slots=True)
class Member:
    """A node as the pool sees it. While it drains, only those who already belong to it get there."""

    node: Node
    draining: bool = False
    active: int = 0
    """Requests and tunnels that are open."""
    links: set[Link] = field(default_factory=set)
    idle: list[Link] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count one more request for the length of the block."""
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1


class Pool:
    """The nodes at this moment. It may change at any time."""

    def __init__(self, nodes: Iterable[Node], conduct: Conduct) -> None:
        self._conduct = conduct
        self._members: dict[str, Member] = {}
        for node in nodes:
            self.add(node)

    def members(self) -> list[Member]:
        """All nodes, in the order in which they were added."""
        return list(self._members.values())

    def add(self, node: Node) -> None:
        """Take in another node, or take one back that drains. Raises `UsageError` for a name in use."""
        there = self._members.get(node.name)
        if there is not None and (there.node != node or not there.draining):
            raise UsageError(f"there is a node {node.name!r} already")
        self._members[node.name] = Member(node) if there is None else there
        self._members[node.name].draining = False

    def drain(self, name: str) -> None:
        """Give the node nobody new. Raises `UsageError` for an unknown name."""
        self.named(name).draining = True

    def remove(self, name: str) -> None:
        """Forget the node and cut its connections. Raises `UsageError` for an unknown name."""
        member = self.named(name)
        del self._members[name]
        for link in tuple(member.links):
            link.cut()

    async def connect(self, member: Member) -> Link:
        """Open a connection to the node. Raises `OSError`."""
        node = member.node
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(
            lambda: Link(self._conduct), node.host, node.port, happy_eyeballs_delay=0.25
        )
        if self._members.get(node.name) is not member:
            link.cut()
            raise ConnectionAbortedError("the node was removed")
        member.links.add(link)
        link.when_lost(lambda: member.links.discard(link))
        return link

    def reuse(self, member: Member) -> Link | None:
        """A connection that was kept, if one still stands."""
        while member.idle:
            link = member.idle.pop()
            if link.end is None and not link.buffer:
                return link
            link.close()
        return None

    def keep(self, member: Member, link: Link) -> None:
        """Keep a connection for the next request, if it is fit for one."""
        fit = link.end is None and not link.buffer and self._members.get(member.name) is member
        if fit and len(member.idle) < KEPT_IDLE:
            link.resume()
            member.idle.append(link)
        else:
            link.close()

    async def close(self) -> None:
        """Cut every connection, and wait until that is done."""
        links = [link for member in self._members.values() for link in member.links]
        for link in links:
            link.cut()
        for link in links:
            await link.lost.wait()

    def named(self, name: str) -> Member:
        """The node of that name. Raises `UsageError` for an unknown one."""
        try:
            return self._members[name]
        except KeyError:
            raise UsageError(f"there is no node {name!r}; there are: {', '.join(self._members)}") from None
