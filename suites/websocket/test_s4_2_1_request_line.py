"""RFC 6455 section 4.2.1, item 1: an HTTP/1.1 or higher GET request that names a resource."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer, describe_close, describe_message
from wireproof.target import Target
from wireproof.wire.http1 import Request
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame

from .handshakes import expect_each_refused, report_each

ANSWER = "rfc6455/4.2.1/error-response"


@case("rfc6455/4.2.1/method", ANSWER)
@pytest.mark.parametrize(
    "method",
    [
        pytest.param(b"POST", id="post"),
        pytest.param(b"PUT", id="put"),
        pytest.param(b"DELETE", id="delete"),
        pytest.param(b"OPTIONS", id="options"),
        pytest.param(b"WIREPROOF", id="unknown"),
        # RFC 2616 section 5.1.1: the method is case-sensitive.
        pytest.param(b"get", id="get-in-lower-case"),
    ],
)
async def test_method_other_than_get_is_refused(peer: WebSocketPeer, method: bytes) -> None:
    """A handshake whose method is not GET is refused."""
    request = replace(peer.request(), method=method)
    if method in (b"POST", b"PUT"):
        request = request.adding((b"Content-Length", b"0"))
    await peer.expect_refused(request)


@case("rfc6455/4.2.1/http-version", ANSWER)
@pytest.mark.parametrize(
    "version",
    [
        pytest.param(b"HTTP/1.0", id="http-1.0"),
        pytest.param(b"HTTP/0.9", id="http-0.9"),
        pytest.param(b"", id="none"),
    ],
)
async def test_http_version_below_1_1_is_refused(peer: WebSocketPeer, version: bytes) -> None:
    """A handshake that is made with an HTTP version below 1.1 is refused."""
    await peer.expect_refused(replace(peer.request(), version=version))


@case("rfc6455/4.2.1/lenient-parsing")
async def test_later_http_version_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of HTTP versions above 1.1 is told."""
    request = peers().request()
    versions = (b"HTTP/1.2", b"HTTP/1.9", b"HTTP/2.0", b"HTTP/3.0")
    await report_each(peers, attempt, {v.decode(): replace(request, version=v) for v in versions})


@case("rfc6455/4.2.1/request-grammar", ANSWER)
async def test_malformed_http_version_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A request line that ends in something else than an HTTP version is refused."""
    request = peers().request()
    versions = (b"HTPT/1.1", b"HTTP/1", b"HTTP/x.y", b"HTTP/1.1 now", b"HTTP-1.1")
    await expect_each_refused(peers, attempt, {v.decode(): replace(request, version=v) for v in versions})


@case("rfc6455/4.2.1/request-grammar", ANSWER)
async def test_malformed_request_line_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A request line without its three words is refused."""
    request = peers().request()
    rows = {
        "no target": replace(request, target=b""),
        "a space in the target": replace(request, target=b"/wire proof"),
        "no method": replace(request, method=b""),
        "separators in the method": replace(request, method=b"G(E)T"),
    }
    await expect_each_refused(peers, attempt, rows)


@case("rfc6455/4.2.1/lenient-parsing")
async def test_odd_target_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of targets that no WebSocket URL leads to is told."""
    request = peers().request()
    targets = {
        "a fragment": b"/#wireproof",
        "no slash": b"wireproof",
        "an asterisk": b"*",
        "bytes outside ASCII": "/wïreproof".encode(),
        "an escape that is none": b"/%zz",
        "two slashes": b"//wireproof",
        "dots": b"/a/../b/./c",
    }
    await report_each(peers, attempt, {name: replace(request, target=t) for name, t in targets.items()})


def absolute(request: Request, target: Target, scheme: bytes) -> Request:
    """*request* with the whole URL on its request line."""
    return replace(request, target=scheme + b"://" + target.endpoint.authority + request.target)


def http(target: Target) -> bytes:
    """The scheme of an HTTP URL for *target*."""
    return b"https" if target.endpoint.tls else b"http"


@case("rfc6455/4.2.1/absolute-request-uri")
async def test_absolute_request_uri_is_accepted(peer: WebSocketPeer, target: Target) -> None:
    """An absolute http or https URI on the request line is as good as a path."""
    await peer.expect_accepted(absolute(peer.request(), target, http(target)))


@case("rfc6455/4.2.1/absolute-request-uri", needs=["close"])
async def test_resource_is_found_in_absolute_request_uri(
    peer: WebSocketPeer, attempt: Attempt, target: Target
) -> None:
    """The service that an absolute URI names is the one that answers."""
    await peer.expect_accepted(absolute(peer.request("/close?code=3456&reason=found"), target, http(target)))
    peer.send(Frame.text("close, please"))
    with attempt.expecting("the service at that path, which closes with 3456") as expecting:
        while True:
            match await peer.event():
                case Close(code=3456):
                    return
                case Close() as close:
                    expecting.broken(describe_close(close))
                case Message() as message:
                    expecting.broken(f"another service: {describe_message(message)}")
                case _:
                    if peer.ended:
                        expecting.broken(str(peer.ended))


@case("rfc6455/4.2.1/lenient-parsing")
async def test_other_absolute_uri_is_reported(peers: Peers, attempt: Attempt, target: Target) -> None:
    """What a server makes of a ws URI, or of another site's URI, on the request line is told."""
    request = peers().request()
    elsewhere = http(target) + b"://wireproof.invalid" + request.target
    rows = {
        "a ws or wss URI": absolute(request, target, b"wss" if target.endpoint.tls else b"ws"),
        "another site's URI": replace(request, target=elsewhere),
    }
    await report_each(peers, attempt, rows)
