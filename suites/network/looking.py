"""How the cases about what stands between look at it: one request each, and what its answer gives away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from wireproof.peer.exchange import Answer, HttpClient
from wireproof.run.network import Along
from wireproof.wire.http1 import Request, Response
from wireproof.wire.text import printable

PATIENCE = 0.5  # seconds for an answer that need not come
TELLING = (
    *(b"Via", b"Server", b"X-Served-By", b"X-Cache", b"X-Powered-By", b"X-Backend", b"X-Node"),
    *(b"Alt-Svc", b"CF-RAY", b"X-Amz-Cf-Id", b"X-Amzn-Trace-Id", b"X-Envoy-Upstream-Service-Time"),
    *(b"X-Varnish", b"X-Azure-Ref", b"Fly-Request-Id", b"X-Vercel-Id", b"Proxy-Status", b"Age"),
)
"""Fields by which those who stand between show themselves."""

AFFINITY: Mapping[str, str] = {
    "AWSALB": "AWS load balancer",
    "AWSALBCORS": "AWS load balancer",
    "AWSALBAPP-0": "AWS load balancer",
    "AWSELB": "AWS classic load balancer",
    "ARRAffinity": "Azure App Service",
    "ARRAffinitySameSite": "Azure App Service",
    "GCLB": "Google Cloud load balancer",
    "INGRESSCOOKIE": "Kubernetes Ingress",
    "SERVERID": "HAProxy, by custom",
    "SRV": "HAProxy, by custom",
    "ROUTEID": "Apache httpd, by custom",
    "route": "nginx, by custom",
    "lb": "Caddy",
    "__cflb": "Cloudflare load balancer",
    "_hash": "Traefik",
    "wireproof_node": "a proxy of wireproof's own",
}
"""Cookies that balancers set, as their manuals name them."""


def plain(along: Along, target: str | None = None, method: bytes = b"GET") -> Request:
    """An ordinary request with the user's headers."""
    there = along.target.endpoint
    resource = (target or there.resource).encode()
    return Request(resource, ((b"Host", there.authority), *there.request_headers), method)


async def asked(client: HttpClient, request: Request, body: bytes = b"") -> Answer | None:
    """The answer to a request on a connection of its own; None when none comes soon."""
    exchange = await client.open()
    exchange.send(request, body)
    try:
        async with asyncio.timeout(PATIENCE):
            return await exchange.receive(method=request.method)
    except TimeoutError:
        return None
    finally:
        exchange.connection.discard()


def telling(response: Response | None) -> dict[str, str]:
    """The fields of a response by which those who stand between show themselves."""
    found: dict[str, str] = {}
    for name in TELLING:
        if response is not None and (values := response.get_all(name)):
            found[name.decode()] = _text(b", ".join(values))
    return found


def listed(fields: Mapping[str, str]) -> str:
    """Fields in one line."""
    return "; ".join(f"{name}: {value}" for name, value in fields.items())


def cookies(answers: Iterable[Response | None]) -> dict[str, set[str]]:
    """The cookies that responses set: their names, and all values of each."""
    found: dict[str, set[str]] = {}
    for response in answers:
        for line in response.get_all(b"Set-Cookie") if response else ():
            name, _, value = line.partition(b";")[0].partition(b"=")
            found.setdefault(_text(name.strip()), set()).add(_text(value.strip()))
    return found


def server_of(answer: Answer | None) -> str:
    """Who answered, as the Server field says it and as the body looks."""
    if answer is None:
        return "nobody"
    if answer.response is None:
        return f"a connection that ends ({answer.detail})"
    name = answer.header(b"Server")
    kind = answer.header(b"Content-Type").partition(";")[0]
    return f"{answer.status} from {printable(name[:60]) or 'a server without a name'}" + (
        f", {kind}" if kind else ""
    )


def size_of(number: int) -> str:
    """A size in words."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number} B"


def _text(value: bytes) -> str:
    return printable(value[:100].decode("latin-1"))
