"""A way that lets HTTP through and no WebSocket is found out, told with what helps, and not tried in vain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fixtures.strict import serve
from fixtures.strict.serving import connection_class
from tests.network.test_several_nodes import behind
from wireproof.attempt import NotApplicable
from wireproof.peer.connection import Dialer
from wireproof.peer.pacing import Pacer
from wireproof.run.discover import discover
from wireproof.run.route import DEPLOYED, seen_at
from wireproof.run.settings import Settings
from wireproof.run.survey import Survey, Surveyor
from wireproof.target import Target

SPOILERS = {"simulated:strips-upgrade": "426", "simulated:refuses-upgrade=502": "502"}


@asynccontextmanager
async def both_ways(name: str, via: str, folder: Path) -> AsyncIterator[tuple[Target, Target]]:
    """A server as it is itself, and as it is seen through *via*."""
    async with (
        serve(connection_class=connection_class(name)) as site,
        behind(via, folder, site.url) as (there,),
    ):
        settings = Settings(site.url)
        itself = await discover(settings, Dialer(settings.endpoint()))
        yield itself, seen_at(itself, settings.endpoint(there))


@pytest.mark.parametrize("via", [*SPOILERS, "simulated-relay"])
@pytest.mark.parametrize("name", ["strict", "strict-socketio"])
def test_what_opens_no_websocket_is_told(name: str, via: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with both_ways(name, via, tmp_path) as (itself, seen):
            why = await Surveyor(Pacer()).withheld(seen, itself)
            if via not in SPOILERS:
                assert why is None
                return
            assert why is not None
            assert name == "strict-socketio" or SPOILERS[via] in why
            survey = Survey(withheld={DEPLOYED.name: why})
            (cause,) = survey.causes.items()
            assert (cause[0], "pass Upgrade and Connection on" in cause[1]) == ("WebSocket", True), cause
            left = survey.seen(seen, DEPLOYED)
            assert "websocket" not in left.protocols
            assert left.can("polling") == (name == "strict-socketio")
            assert not left.session.websocket
            with pytest.raises(NotApplicable, match="no WebSocket is opened"):
                left.require("websocket")

    asyncio.run(scene())
