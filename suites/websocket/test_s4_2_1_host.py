"""RFC 6455 section 4.2.1, item 2: a Host header field with the server's authority."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target

from .handshakes import expect_each_refused, report_each

ANSWER = "rfc6455/4.2.1/error-response"


@case("rfc6455/4.2.1/host", ANSWER)
async def test_missing_host_is_refused(peer: WebSocketPeer) -> None:
    """A handshake without a Host header field is refused."""
    await peer.expect_refused(peer.request().without(b"Host"))


@case("rfc6455/4.2.1/host-authority", ANSWER)
async def test_empty_host_is_refused(peer: WebSocketPeer) -> None:
    """A Host header field that names no authority is refused."""
    await peer.expect_refused(peer.request().with_header(b"Host", b""))


@case("rfc6455/4.2.1/request-grammar", ANSWER)
async def test_malformed_host_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Host header field that is no host with an optional port is refused."""
    request = peers().request()
    values = (
        b"wireproof invalid",
        b"http://wireproof.invalid/",
        b"wireproof.invalid:port",
        b"user@wireproof.invalid",
    )
    await expect_each_refused(peers, attempt, {v.decode(): request.with_header(b"Host", v) for v in values})


@case("rfc6455/4.2.1/request-grammar", ANSWER)
async def test_second_host_is_refused(peers: Peers, attempt: Attempt, target: Target) -> None:
    """A handshake with two Host header fields is refused (RFC 9112 section 3.2)."""
    request, own = peers().request(), target.endpoint.authority
    rows = {
        "the same": request.with_header(b"Host", own, own),
        "another": request.with_header(b"Host", own, b"wireproof.invalid"),
    }
    await expect_each_refused(peers, attempt, rows)


@case("rfc6455/4.2.1/lenient-parsing")
async def test_other_host_is_reported(peers: Peers, attempt: Attempt, target: Target) -> None:
    """Which hosts a server answers to is told: only its operator knows which are right."""
    own = target.endpoint.host.encode()
    values = {
        "another name": b"wireproof.invalid",
        "another port": own + b":9",
        "no port": own,
        "a dot at the end": own + b".:%d" % target.endpoint.port,
        "another address": b"192.0.2.1",
    }
    request = peers().request()
    await report_each(peers, attempt, {name: request.with_header(b"Host", v) for name, v in values.items()})
