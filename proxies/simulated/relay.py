"""A relay that knows nothing but TCP."""

from __future__ import annotations

import ssl
from dataclasses import replace

from .conduct import BEHAVES, Conduct
from .front import Front
from .link import Gone, Link
from .nodes import Node, Pool
from .tunnel import Tunnel


class Relay(Front):
    """Leads every connection to one node. FIN and RST go through, and a slow reader stops the sender.

    When the node does not listen, the client gets a RST.
    """

    def __init__(
        self, node: Node, conduct: Conduct = BEHAVES, *, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(replace(conduct, silent_after_101=False), port, tls)
        self._pool = Pool([node], conduct)

    async def stop(self) -> None:
        """See `Front.stop`."""
        try:
            await super().stop()
        finally:
            await self._pool.close()

    async def serve(self, client: Link) -> None:
        """See `Front.serve`."""
        entry = self.account.begin(client.peer)
        (member,) = self._pool.members()
        try:
            node = await self._pool.connect(member)
        except OSError as exc:
            self.account.end(entry, f"no connection to {member.name}: {exc}")
            client.reset()
            raise Gone("there is no node") from exc
        self.account.assign(entry, member.name, "the only one")
        with member.busy():
            await Tunnel(client, node, self.conduct).run(self.account, entry)
