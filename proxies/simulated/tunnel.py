"""Two connections tied together: every byte of one goes to the other, no faster than that takes them."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED, Task, create_task

from .account import Account, Entry
from .conduct import Conduct, HalfClose, Side
from .link import End, Gone, Link


class Tunnel:
    """Relays between a client and a node until both directions have ended, or one side is lost."""

    def __init__(self, client: Link, node: Link, conduct: Conduct) -> None:
        self._client = client
        self._node = node
        self._conduct = conduct
        self._passed = 0
        self._outcome = ""
        self._before = client.received - len(client.buffer), node.received - len(node.buffer)

    async def run(self, account: Account, entry: Entry) -> None:
        """Relay until it is over, and note how in *entry*. Both connections are then closing."""
        ways = {
            create_task(self._way(self._client, self._node, Side.UPSTREAM)),
            create_task(self._way(self._node, self._client, Side.CLIENT)),
        }
        # Whatever else ends, ends all of it.
        ends: set[Task[None]] = {
            create_task(self._loss(self._client, self._node, "the client")),
            create_task(self._loss(self._node, self._client, "the node")),
        }
        if self._conduct.idle_timeout is not None:
            ends.add(create_task(self._idleness(self._conduct.idle_timeout)))
        pending = ways | ends
        try:
            while pending >= ends and pending & ways:
                done, pending = await asyncio.wait(pending, return_when=FIRST_COMPLETED)
                if any(task.result() for task in done & ways):
                    break
        finally:
            for task in ways | ends:
                task.cancel()
            await asyncio.gather(*ways, *ends, return_exceptions=True)
            for link in (self._client, self._node):
                link.close()
            entry.to_node = self._client.received - self._before[0]
            entry.to_client = self._node.received - self._before[1]
            account.end(entry, self._outcome or "cut when the proxy stopped")

    def _because(self, outcome: str) -> None:
        self._outcome = self._outcome or outcome

    async def _way(self, source: Link, sink: Link, towards: Side) -> bool:
        """Relay one direction up to its FIN; true when that ends the other one, too."""
        if self._conduct.spoils_streams:
            try:
                cut = await self._pump(source, sink, towards)
            except Gone:
                cut = True
            if cut:
                return True
        else:
            source.relay_to(sink)
            await source.over.wait()
        if source.end is not End.FIN:
            await asyncio.Event().wait()  # `_loss` tells the other side
        self._because(f"FIN from the {'node' if source is self._node else 'client'}")
        sink.finish()
        return self._conduct.closes_with_reset

    async def _pump(self, source: Link, sink: Link, towards: Side) -> bool:
        half, limit = self._conduct.half_closes, self._conduct.cuts_after
        left = half.after if isinstance(half, HalfClose) and half.towards is towards else None
        if left == 0:
            self._half_close(sink, towards)
        while data := await source.receive():
            if self._conduct.silent_after_101 or left == 0:
                continue
            if limit is not None and self._passed + len(data) >= limit:
                await sink.send(data[: limit - self._passed])
                self._because(f"cut after {limit} bytes")
                return True
            self._passed += len(data)
            if left is None:
                await sink.send(data)
                continue
            await sink.send(data[:left])
            left -= min(left, len(data))
            if left == 0:
                self._half_close(sink, towards)
        return False

    def _half_close(self, sink: Link, towards: Side) -> None:
        self._because(f"half-closed towards the {'node' if towards is Side.UPSTREAM else 'client'}")
        sink.finish()

    async def _loss(self, link: Link, other: Link, who: str) -> None:
        await link.lost.wait()
        if link.end is End.RESET:
            self._because(f"RST from {who}")
            other.reset()
        elif link.end is End.OURS:
            self._because(f"the proxy cut {who} off")

    async def _idleness(self, limit: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + limit
        while due > loop.time():
            await asyncio.sleep(due - loop.time())
            due = max(self._client.heard_at, self._node.heard_at) + limit
        self._because(f"idle for {limit:g} s")
