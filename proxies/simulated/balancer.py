"""A load balancer that understands HTTP/1.1."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from .conduct import BEHAVES, Conduct
from .exchange import Desk, Exchange
from .front import Front
from .link import Link
from .nodes import Node, Pool
from .policies import Policy


class Balancer(Front):
    r"""Gives each request to one of several nodes, which may come and go at any time.

    ::

        async with Balancer(RoundRobin(), nodes_at("ws://127.0.0.1:9001", "ws://127.0.0.1:9002")) as balancer:
            ...  # talk to balancer.url
            balancer.drain("a")
            print(*balancer.account.lines(), sep="\\n")
    """

    def __init__(
        self,
        policy: Policy,
        nodes: Iterable[Node],
        conduct: Conduct = BEHAVES,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(conduct, port, tls)
        self.policy = policy
        self._pool = Pool(nodes, conduct)
        self._desk = Desk(conduct, policy, self._pool, self.account)

    async def stop(self) -> None:
        """See `Front.stop`."""
        try:
            await super().stop()
        finally:
            await self._pool.close()

    def add(self, node: Node) -> None:
        """Take in one more node, or one again that drains. Raises `UsageError` for a name in use."""
        self._pool.add(node)

    def drain(self, name: str) -> None:
        """Give a node nobody new; who is tied to it by a cookie still gets there. Raises `UsageError`."""
        self._pool.drain(name)

    def admit(self, name: str) -> None:
        """Give a node newcomers again that drains. Raises `UsageError` for an unknown name."""
        self._pool.add(self._pool.named(name).node)

    def remove(self, name: str) -> None:
        """Cut off a node at once, with all that is open there. Raises `UsageError`."""
        self._pool.remove(name)

    def forget(self) -> None:
        """Make the policy forget who belongs to which node."""
        self.policy.forget()

    def open_at(self, name: str) -> int:
        """How many requests and tunnels are open at a node now."""
        return self._pool.named(name).active

    async def serve(self, client: Link) -> None:
        """See `Front.serve`."""
        while not self.stopping:
            with self.resting(client):
                if not client.buffer and not await self._desk.patient(client.more()):
                    return
            if not await Exchange(self._desk, client, lambda: self.stopping).run():
                return
