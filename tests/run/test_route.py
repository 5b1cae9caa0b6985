"""How a target is reached by a route, and what is told of it."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.errors import UsageError
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import SessionDialect
from wireproof.peer.endpoint import parse_endpoint
from wireproof.proxy.driver import Upstream
from wireproof.run import discover as discovering
from wireproof.run.discover import discover
from wireproof.run.probe import Probe
from wireproof.run.probe_session import SessionFacts, SessionProbe
from wireproof.run.route import seen_at_node, upstream_of
from wireproof.run.settings import Settings
from wireproof.target import Target


def test_nodes_are_reached_over_plain_tcp_whatever_stands_before_them() -> None:
    outside = parse_endpoint("wss://service.invalid/chat")
    seen = seen_at_node(Target(outside, sockets=outside), Upstream("127.0.0.1", 8001))
    for there in (seen.endpoint, seen.sockets):
        assert there is not None
        assert (there.host, there.port, there.tls, there.resource) == ("127.0.0.1", 8001, None, "/chat")


def test_credentials_are_not_told_of_a_node_that_no_proxy_reaches() -> None:
    with pytest.raises(UsageError, match=r"^wss://h: proxies reach") as caught:
        upstream_of(parse_endpoint("wss://user:s3cr3t@h/"))
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("shows", [True, False], ids=["shown", "silent"])
def test_protocol_that_has_shown_itself_is_waited_for(monkeypatch: pytest.MonkeyPatch, shows: bool) -> None:
    monkeypatch.setattr(discovering, "GRACE", 0.01)
    there = parse_endpoint("ws://127.0.0.1:9")

    async def slow(probe: Probe) -> Target:
        if shows:
            probe.spoken.set()
        await asyncio.sleep(0.1)
        return Target(there)

    async def quick(_: SessionProbe) -> SessionFacts:
        can = {"polling": True, "websocket-transport": False}
        return SessionFacts(("engineio",), can, {}, SessionDialect(), None)

    monkeypatch.setattr(Probe, "run", slow)
    monkeypatch.setattr(SessionProbe, "run", quick)
    found = asyncio.run(discover(Settings(there.url), Dialer(there)))
    assert found.protocols == (("websocket", "engineio") if shows else ("engineio",))
