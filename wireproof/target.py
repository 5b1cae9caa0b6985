"""What is judged: an endpoint, the protocols it speaks, what it can do, and how its application talks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wireproof.attempt import NotApplicable
from wireproof.peer.dialect import Dialect
from wireproof.peer.endpoint import Endpoint

# Each capability, and what a target without it is told. A fully testable server has them all.
CAPABILITIES: Mapping[str, str] = {
    "pong": "the server answers no pings, so nothing shows whether it is alive",
    "text": "the server does not accept an ordinary text message",
    "binary": "the server does not accept an ordinary binary message",
    "echo": "the server does not echo text messages",
    "echo-binary": "the server does not echo binary messages unchanged",
    "subprotocol": "the server does not choose the subprotocol echo.wireproof",
    "close": "the server does not close on request (/close?code=C&reason=R)",
    "send": "the server does not send on request (/send?type=T&size=N&count=M&fragment=F)",
    "deflate": "the server does not agree on permessage-deflate",
    "broadcast": "the server does not relay messages to the other clients (/broadcast)",
    "broadcast-all": "the server does not relay messages to all clients and their sender (/broadcast-all)",
    "tls": "the target is not reached over TLS",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it was probed, or as its user described it."""

    endpoint: Endpoint
    protocols: tuple[str, ...] = ("websocket",)
    server: str | None = None
    capabilities: Mapping[str, bool] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect = Dialect()

    def can(self, capability: str) -> bool:
        """Whether the target has *capability*."""
        return self.capabilities.get(capability, False)

    def require(self, *capabilities: str) -> None:
        """Raise `NotApplicable` for the first of *capabilities* that is missing."""
        for name in capabilities:
            if not self.can(name):
                raise NotApplicable(
                    self.reasons.get(name) or CAPABILITIES.get(name, f"the target lacks {name}")
                )
