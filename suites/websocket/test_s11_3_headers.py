"""RFC 6455 section 11.3: how often a header field may appear; see 4.2.1 for Key, 4.4 for Version."""

from __future__ import annotations

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.text import shorten

PROTOCOL = b"Sec-WebSocket-Protocol"
EXTENSIONS = b"Sec-WebSocket-Extensions"
KNOWN = b"echo.wireproof"


@case("rfc6455/11.3.3/single-accept-header-sent")
async def test_accept_is_sent_once(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The response has no second Sec-WebSocket-Accept header field."""
    response = await peer.open()
    count = len(response.get_all(b"Sec-WebSocket-Accept"))
    if count > 1:
        attempt.broken(f"{count} Sec-WebSocket-Accept header fields", "one")


@case("rfc6455/11.3.4/single-subprotocol-header-sent")
async def test_subprotocol_is_sent_once(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The response has no second Sec-WebSocket-Protocol header field."""
    answer = await peer.handshake(peer.request().with_header(PROTOCOL, b"other.wireproof, " + KNOWN))
    if isinstance(answer, Refusal):
        raise NotApplicable(f"the server refuses such offers: {answer.detail}")
    count = len(answer.get_all(PROTOCOL))
    if count > 1:
        attempt.broken(f"{count} Sec-WebSocket-Protocol header fields", "one")


@case("rfc6455/11.3.4/split-subprotocols-received", needs=["subprotocol"])
async def test_subprotocols_on_several_lines_are_one_list(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Several Sec-WebSocket-Protocol header fields are read as one list."""
    lines = (b"one.wireproof", b"two.wireproof, three.wireproof", KNOWN)
    response = await peer.expect_accepted(peer.request().with_header(PROTOCOL, *lines))
    # The server chose this name out of one line when its capabilities were probed.
    if not (found := response.get_all(PROTOCOL)):
        attempt.broken("none is chosen", KNOWN.decode())
    elif KNOWN not in found:
        attempt.report(f"chosen: {shorten(found[0])}")


@case("rfc6455/11.3.2/single-extensions-header-sent")
async def test_extensions_are_sent_once(peers: Peers, attempt: Attempt) -> None:
    """The response has no second Sec-WebSocket-Extensions header field."""
    offers = (
        b"permessage-deflate; client_max_window_bits, permessage-deflate",
        b"permessage-deflate, x-wireproof",
    )
    for offer in offers:
        peer = peers()
        answer = await peer.handshake(peer.request().with_header(EXTENSIONS, offer))
        if isinstance(answer, Refusal):
            raise NotApplicable(f"the server refuses such offers: {answer.detail}")
        count = len(answer.get_all(EXTENSIONS))
        if count > 1:
            attempt.broken(f"{count} Sec-WebSocket-Extensions header fields", "one")
