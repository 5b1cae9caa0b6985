"""The simulated proxies as hops of a route."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from proxies import load
from tests.proxies.simulated_ground import play, site
from wireproof.errors import UsageError
from wireproof.proxy.driver import Feature, Layout, Missing, Supported, Upstream
from wireproof.proxy.route import open_route
from wireproof.proxy.via import parse_via


@pytest.mark.parametrize(
    "via",
    [
        "simulated",
        "simulated:tls",
        "simulated:none-sticky,splits=5",
        "simulated-relay",
        "simulated:cookie,forgets=2+simulated-relay:coalesces",
    ],
)
def test_routes_lead_through_simulated_proxies(via: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with site() as there:
            upstreams = [Upstream("127.0.0.1", there.node.port)]
            async with open_route(parse_via(via, load()), upstreams, tmp_path, load()) as route:
                trust = route.certificate and ssl.create_default_context(cafile=route.certificate.authority)
                async with connect(f"{route.url}/ws", ssl=trust) as socket:
                    await socket.send("hello")
                    assert await socket.recv() == "hello"
                assert "-> a (" in route.log

    play(scene())


def test_what_the_drivers_cannot_do_is_told(tmp_path: Path) -> None:
    drivers = load()
    balancer, relay = drivers["simulated"], drivers["simulated-relay"]
    software = balancer.find(None)
    assert not isinstance(software, Missing)
    assert all(balancer.supports(feature, software) == Supported() for feature in Feature if feature != "h2")
    able = {feature for feature in Feature if relay.supports(feature, software) == Supported()}
    assert able == {Feature.SINGLE, Feature.TLS, Feature.IDLE_TIMEOUT}
    assert "strips-upgrade" not in relay.switches

    async def scene(switches: dict[str, str], error: type[UsageError]) -> None:
        layout = Layout((Upstream("127.0.0.1", 1),), tmp_path, Feature.ROUND_ROBIN, switches=switches)
        with pytest.raises(error):
            await balancer.start(software, layout)

    play(scene({"forgets": "3"}, UsageError))
    play(scene({"refuses-upgrade": "100"}, UsageError))
