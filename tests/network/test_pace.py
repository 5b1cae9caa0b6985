"""Whatever goes to the service, by whichever way, connects at the one pace that the user chose."""

from __future__ import annotations

import asyncio

from fixtures.servers import running
from proxies import load
from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer
from wireproof.peer.pacing import Pacer
from wireproof.proxy.driver import Upstream
from wireproof.run.affinity import SERVED
from wireproof.run.discover import discover
from wireproof.run.network import Along, Network
from wireproof.run.settings import Settings
from wireproof.run.survey import Surveyor
from wireproof.run.ways import Ways


class Counted(Pacer):
    """Counts the turns that were taken."""

    turns = 0

    def take(self) -> float:
        """See `Pacer`."""
        self.turns += 1
        return super().take()


async def use(along: Along) -> None:
    """Three connections along a way."""
    await along.session().begin()
    await along.http().open()
    await along.peer().connect()


def test_all_connections_take_turns() -> None:
    async def scene() -> None:
        async with running("socket.io") as (url, _):
            settings = Settings(url, nodes=(url,), chosen_rate=500.0)
            target = await discover(settings, Dialer(settings.endpoint()))
            pacer = Counted()
            assert await Surveyor(pacer).lost(target) is None
            assert pacer.turns == 1 + SERVED
            there = Upstream(target.endpoint.host, target.endpoint.port)
            assert await Surveyor(pacer).gaps(target, [there, there]) == frozenset()
            assert pacer.turns > 1 + SERVED

            ways = Ways(settings, load)
            assert ways.pacer.rate == 500.0
            ways.pacer = pacer = Counted()
            network = Network(ways, target, Attempt(("network/between/told",)))
            await use(network.outside)
            await use(network.node(1))
            network.discard()
            assert pacer.turns == 6

    asyncio.run(scene())
