"""RFC 6455 section 4.2.2, item 5: the response that accepts a connection."""

from __future__ import annotations

import base64
import re

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import accept_for
from wireproof.wire.text import shorten
from wireproof.wire.websocket import CloseCode, Frame, Opcode

KEY = b"Sec-WebSocket-Key"
ACCEPT = b"Sec-WebSocket-Accept"


@case("rfc6455/4.2.2/valid-response", "rfc6455/4.2.2/status-101")
async def test_correct_handshake_is_accepted(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A correct handshake is accepted with status 101 of HTTP/1.1, and no content is announced."""
    response = await peer.expect_accepted(requirement="rfc6455/4.2.2/status-101")
    # Other versions of HTTP have no 101, or no Upgrade.
    if response.version != b"HTTP/1.1":
        attempt.broken(shorten(response.version), "HTTP/1.1")
    for name in (b"Content-Length", b"Transfer-Encoding"):
        # RFC 2616 section 4.4 makes them meaningless here, RFC 9110 section 8.6 forbids them.
        if (value := response.get(name)) is not None:
            attempt.report(f"{name.decode()}: {shorten(value)}")


@case("rfc6455/4.2.2/valid-response")
async def test_nothing_but_frames_follows_the_response(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Behind the empty line of a 101 response come frames, and no body."""
    await peer.open()
    peer.send(Frame.close(CloseCode.NORMAL))
    first = await peer.receive_frame()
    if isinstance(first, Ended):
        if peer.leftover:
            attempt.broken(f"{shorten(peer.leftover)}, which makes no frame", "frames, or nothing")
    elif first.opcode not in set(Opcode):
        attempt.broken(f"bytes that would be a frame of opcode {first.opcode:#x}", "frames, or nothing")


@case("rfc6455/4.2.2/upgrade-sent")
async def test_response_upgrades_to_websocket(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The response has an Upgrade header field, whose value is websocket."""
    response = await peer.open()
    # 4.1 makes clients compare the whole value, in any letter case.
    if response.items(b"Upgrade") != [b"websocket"]:
        attempt.broken(f"Upgrade: {shown(response.get_all(b'Upgrade'))}", "Upgrade: websocket")


@case("rfc6455/4.2.2/connection-sent")
async def test_response_has_connection_upgrade(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The response has a Connection header field with the token Upgrade."""
    response = await peer.open()
    if b"upgrade" not in response.items(b"Connection"):
        attempt.broken(f"Connection: {shown(response.get_all(b'Connection'))}", "Connection: Upgrade")


@case("rfc6455/4.2.2/accept-sent")
async def test_response_has_accept(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The response has a Sec-WebSocket-Accept header field."""
    response = await peer.open()
    if response.get(ACCEPT) is None:
        attempt.broken("none", "a Sec-WebSocket-Accept header field")


@case("rfc6455/4.2.2/accept-grammar")
async def test_accept_is_base64(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The value of Sec-WebSocket-Accept is written in base64, with its padding."""
    value = (await peer.open()).get(ACCEPT)
    if value is not None and not re.fullmatch(
        rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", value
    ):
        attempt.broken(shorten(value), "base64 with its padding")
    if value == b"":
        attempt.broken("an empty value", "base64 of 20 bytes")


async def expect_accept(peer: WebSocketPeer, attempt: Attempt, key: bytes, sent: bytes | None = None) -> None:
    """Demand the accept value of *key* where *sent* (*key* itself by default) was sent."""
    answer = await peer.handshake(peer.request().with_header(KEY, key if sent is None else sent))
    if isinstance(answer, Refusal):
        raise NotApplicable(f"the server refuses this handshake: {answer.detail}")
    value, wanted = answer.get(ACCEPT), accept_for(key)
    # A missing value breaks another requirement.
    if value is not None and value != wanted:
        attempt.broken(f"{shorten(value)} for the key {shorten(key)}", shorten(wanted))


@case("rfc6455/4.2.2/accept-value")
async def test_accept_answers_the_sample_key(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Sec-WebSocket-Accept for the RFC's sample key is the one that the RFC tells."""
    await expect_accept(peer, attempt, b"dGhlIHNhbXBsZSBub25jZQ==")


@case("rfc6455/4.2.2/accept-value")
async def test_accept_answers_odd_keys(peers: Peers, attempt: Attempt) -> None:
    """Sec-WebSocket-Accept is the digest of the key as it came, whatever characters of base64 it has."""
    for data in (bytes(16), b"\xff" * 16, b"\xfb\xef\xbe" * 5 + b"\xfb"):
        await expect_accept(peers(), attempt, base64.b64encode(data))


@case("rfc6455/4.2.2/accept-value")
async def test_accept_answers_each_new_key(peers: Peers, attempt: Attempt) -> None:
    """Every connection gets the digest of its own key."""
    for _ in range(4):
        await expect_accept(peers(), attempt, base64.b64encode(attempt.random.randbytes(16)))


@case("rfc6455/4.2.2/accept-value")
async def test_accept_answers_the_keys_of_open_connections(peers: Peers, attempt: Attempt) -> None:
    """Requests that are under way at the same time get the digests of their own keys."""
    several = [peers() for _ in range(4)]
    for peer in several:
        await peer.connect()
    for peer in several:
        await peer.send_request(peer.request())
    for peer in reversed(several):
        await peer.receive_response()
        value = peer.response.get(ACCEPT) if peer.response else None
        if value is not None and value != peer.expected_accept():
            attempt.broken(
                f"{shorten(value)} for the key {shorten(peer.key)}", shorten(peer.expected_accept())
            )


@case("rfc6455/4.2.2/accept-value")
async def test_accept_leaves_white_space_out(peer: WebSocketPeer, attempt: Attempt) -> None:
    """White space around the key is none of the key."""
    key = base64.b64encode(attempt.random.randbytes(16))
    await expect_accept(peer, attempt, key, b"  " + key + b" \t ")


def shown(values: list[bytes]) -> str:
    """The values of all lines of a field, for a person."""
    return " and ".join(map(shorten, values)) or "none"
