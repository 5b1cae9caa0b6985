"""What a target can be asked for."""

from __future__ import annotations

from wireproof.target import CAPABILITIES, PROTOCOLS, capabilities_of


def test_who_judges_socketio_alone_still_needs_the_transports_below_it() -> None:
    assert {"polling", "upgrade", "rooms"} <= set(capabilities_of(["socketio"]))
    assert "rooms" not in capabilities_of(["engineio"])
    assert "polling" not in capabilities_of(["websocket"])
    assert capabilities_of(reversed(PROTOCOLS)) == tuple(CAPABILITIES)
