"""What is judged: an endpoint, the protocols it speaks, what it can do, and how its application talks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wireproof.attempt import NotApplicable
from wireproof.peer.dialect import LIFELESS, Dialect, Pongs, SessionDialect
from wireproof.peer.endpoint import Endpoint

# Each capability, and what a target without it is told. A fully testable server has them all.
_BY_PROTOCOL: Mapping[str, Mapping[str, str]] = {
    "websocket": {
        "pong": LIFELESS[Pongs.MISSING],
        "text": "the server does not accept an ordinary text message",
        "binary": "the server does not accept an ordinary binary message",
        "echo": "the server does not echo text messages",
        "echo-binary": "the server does not echo binary messages unchanged",
        "subprotocol": "the server does not choose the subprotocol echo.wireproof",
        "close": "the server does not close on request (/close?code=C&reason=R)",
        "send": "the server does not send on request (/send?type=T&size=N&count=M&fragment=F)",
        "deflate": "the server does not agree on permessage-deflate",
        "broadcast": "the server does not relay messages to the other clients (/broadcast)",
        "broadcast-all": "the server does not relay messages to all, their sender included (/broadcast-all)",
        "tls": "the target is not reached over TLS",
    },
    "engineio": {
        "polling": "the server does not offer long-polling",
        "websocket-transport": "the server does not offer the WebSocket transport",
        "upgrade": "the server does not offer the upgrade from long-polling to WebSocket",
        "messages": "nothing is known that the server's application answers to",
    },
    "socketio": {
        "events": "the server does not answer the event message with message-back",
        "acks": "the server does not acknowledge message-with-ack with its arguments",
        "auth": "the server does not emit auth with what a client authenticated with",
        "server-acks": "the server does not ask for acknowledgements on request-ack",
        "rooms": "the server has no rooms to join, leave and room-broadcast to",
        "event-broadcast": "the server does not relay broadcast to the other clients",
        "event-broadcast-all": "the server does not relay broadcast-all to all clients and their sender",
        "whoami": "the server does not tell sid, rooms and transport on whoami",
        "ticks": "the server does not emit ticks on request",
        "disconnect-me": "the server does not disconnect on request (disconnect-me)",
        "custom-namespace": "the server has no namespace /custom beside the application's own",
        "custom-echo": "the server does not answer in /custom the event that it answers elsewhere",
        "forbidden-namespace": "the server has no namespace /forbidden that refuses with the code 403",
        "recovery": "the server offers no connection state recovery",
    },
}
PROTOCOLS = tuple(_BY_PROTOCOL)
CAPABILITIES: Mapping[str, str] = {
    name: why for group in _BY_PROTOCOL.values() for name, why in group.items()
}


def capabilities_of(protocols: Iterable[str]) -> tuple[str, ...]:
    """The capabilities that a target may have whose *protocols* are judged; Socket.IO lies on Engine.IO."""
    judged = set(protocols)
    if "socketio" in judged:
        judged.add("engineio")
    return tuple(name for protocol in PROTOCOLS if protocol in judged for name in _BY_PROTOCOL[protocol])


ECHOES = frozenset({"echo", "echo-binary", "events"})
"""The capabilities by which a client gets back what it says."""
CROWDED = "what one client says comes to others too, who would take it for an answer"
MIXED_UP = "what one client says comes to others too, so that the echoes of several can't be told apart"


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it was probed, or as its user described it.

    ``endpoint`` is where sessions and requests go, ``sockets`` where WebSocket is spoken, which may be a path
    of Engine.IO's. ``spread`` says that several clients are known to come to several nodes there, ``shared``
    names the protocols over which an echo comes to all clients, so that one hears what others say.
    """

    endpoint: Endpoint
    protocols: tuple[str, ...] = ("websocket",)
    server: str | None = None
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect = Dialect()
    sockets: Endpoint | None = None
    session: SessionDialect = SessionDialect()
    spread: bool = False
    shared: frozenset[str] = frozenset()

    def is_crowded(self, suite: str, needs: Iterable[str]) -> bool:
        """Whether a case of *suite* would hear what cases beside it say, or they what it says."""
        return suite in self.shared and (suite != "socketio" or "events" in needs)

    def mixes_up(self, suite: str, needs: Iterable[str]) -> str:
        """Why a case that *needs* an echo may have one client at a time; empty where it may have several."""
        return MIXED_UP if suite in self.shared and ECHOES.intersection(needs) else ""

    def can(self, capability: str) -> bool:
        """Whether the target has *capability*, or speaks the protocol of that name."""
        return self.capabilities.get(capability, capability in self.protocols)

    def require(self, *capabilities: str) -> None:
        """Raise `NotApplicable` for the first of *capabilities*, or of protocols, that is missing."""
        for name in capabilities:
            if not self.can(name):
                raise NotApplicable(
                    self.reasons.get(name) or CAPABILITIES.get(name, f"the target lacks {name}")
                )
