"""A route as the report tells it, and the target as it is reached by one."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace

from wireproof.errors import UsageError
from wireproof.peer.endpoint import Endpoint
from wireproof.proxy.certificate import HOST
from wireproof.proxy.driver import Upstream
from wireproof.proxy.route import OpenRoute
from wireproof.target import Target


@dataclass(frozen=True, slots=True)
class Route:
    """How cases get to the target, as the report tells it: ``kind`` is direct, real or simulated."""

    name: str
    kind: str
    software: str | None = None
    version: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The route's record in the report."""
        return {"name": self.name, "kind": self.kind, "software": self.software, "version": self.version}


DIRECT = Route("direct", "direct")
DEPLOYED = Route("deployed", "real")
"""Through what the user has set up, where ``--direct`` tells what lies behind it."""


def seen_through(target: Target, way: OpenRoute) -> Target:
    """*target* as it is reached through *way*: all that is known of it stays."""
    certificate = way.certificate
    context = ssl.create_default_context(cafile=str(certificate.authority)) if certificate else None
    name = "localhost" if context else None
    there = replace(target.endpoint, host=HOST, port=way.port, unix=None, tls=context, server_name=name)
    return seen_at(target, there)


def seen_at(target: Target, there: Endpoint) -> Target:
    """*target* as it is reached at another endpoint."""
    sockets = replace(there, resource=target.sockets.resource) if target.sockets else None
    return replace(target, endpoint=there, sockets=sockets)


def seen_at_node(target: Target, node: Upstream) -> Target:
    """*target* as one node of it is reached: over plain TCP, whatever stands before the nodes."""
    there = replace(target.endpoint, host=node.host, port=node.port, unix=None, tls=None, server_name=None)
    return seen_at(target, there)


def upstream_of(there: Endpoint) -> Upstream:
    """What proxies are told of an endpoint; raise `UsageError` for one that they can't reach."""
    if there.unix or there.tls:
        shown = f"unix:{there.unix}" if there.unix else f"wss://{there.authority.decode()}"
        raise UsageError(f"{shown}: proxies reach their upstreams over plain TCP (ws:// or http://)")
    return Upstream(there.host, there.port)
