"""RFC 6455 section 4.2.1, item 5: the header field Sec-WebSocket-Key."""

from __future__ import annotations

import base64

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer

from .handshakes import expect_each_refused, report_each

ANSWER = "rfc6455/4.2.1/error-response"
KEY = b"Sec-WebSocket-Key"
SIXTEEN = bytes(range(1, 17))


@case("rfc6455/4.2.1/key", ANSWER)
async def test_missing_key_is_refused(peer: WebSocketPeer) -> None:
    """A handshake without a Sec-WebSocket-Key is refused."""
    await peer.expect_refused(peer.request().without(KEY))


@case("rfc6455/4.2.1/key-value", ANSWER)
async def test_key_of_another_length_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Key that is not 16 bytes long is refused."""
    request = peers().request()
    sizes = (0, 1, 15, 17, 256)
    await expect_each_refused(
        peers,
        attempt,
        {f"{n} bytes": request.with_header(KEY, base64.b64encode((SIXTEEN * 16)[:n])) for n in sizes},
    )


@case("rfc6455/4.2.1/key-value", ANSWER)
async def test_key_that_is_no_base64_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Key that is not written in base64 is refused."""
    request = peers().request()
    keys = {
        "no padding": base64.b64encode(SIXTEEN).rstrip(b"="),
        "other characters": b"!!!!!!!!!!!!!!!!!!!!!!==",
        "a space inside": b"AQIDBAUGBwgJ CgsMDQ4PEA==",
    }
    await expect_each_refused(peers, attempt, {name: request.with_header(KEY, v) for name, v in keys.items()})


@case("rfc6455/11.3.1/repeated-key-received", ANSWER)
async def test_second_key_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A handshake with two Sec-WebSocket-Key header fields is refused."""
    request = peers().request()
    first = request.get(KEY) or b""
    rows = {
        "the same": request.with_header(KEY, first, first),
        "another": request.with_header(KEY, first, base64.b64encode(SIXTEEN)),
    }
    await expect_each_refused(peers, attempt, rows)


@case("rfc6455/4.2.1/lenient-parsing")
async def test_odd_spelling_of_16_bytes_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of keys that name 16 bytes in another way than usual is told."""
    keys = {
        # The RFC's own example has bits behind the last byte; RFC 4648 section 3.5 lets decoders refuse.
        "the example of section 4.1, with stray bits": b"AQIDBAUGBwgJCgsMDQ4PEC==",
        "the alphabet for URLs": base64.urlsafe_b64encode(b"\xfb\xff" * 8),
    }
    request = peers().request()
    await report_each(peers, attempt, {name: request.with_header(KEY, v) for name, v in keys.items()})
