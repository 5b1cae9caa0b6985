"""RFC 6455 section 4.2.2, item 1: TLS."""

from __future__ import annotations

from dataclasses import replace

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.connection import Dialer
from wireproof.peer.endpoint import TlsOptions
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target
from wireproof.wire.http1 import Response

TUNNEL = "rfc6455/4.2.2/tls-tunnel"
FAILURE = "rfc6455/4.2.2/tls-failure"


@case(TUNNEL, "rfc6455/10.6/tls-support", needs=["tls"])
async def test_websocket_works_inside_tls(peer: WebSocketPeer) -> None:
    """The handshake and the frames run through the encrypted tunnel."""
    await peer.expect_accepted()
    await peer.expect_alive()


@case(TUNNEL, FAILURE, needs=["tls"])
async def test_handshake_in_plain_text_is_not_accepted(
    peer: WebSocketPeer, attempt: Attempt, target: Target
) -> None:
    """A handshake in plain text on a TLS port gets no 101, and the connection is closed."""
    peer.dialer = Dialer(replace(target.endpoint, tls=None, server_name=None))
    with attempt.expecting("the end of TCP", requirement=FAILURE):
        answer = await peer.handshake()
        if isinstance(answer, Response):
            attempt.broken(
                "the handshake was accepted with 101 in plain text", "the end of TCP", requirement=TUNNEL
            )
        while await peer.connection.receive():
            pass


@case(FAILURE, needs=["tls"])
async def test_unknown_server_name_is_reported(peers: Peers, attempt: Attempt, target: Target) -> None:
    """What a server makes of a TLS server name that it hardly hosts is told."""
    peer = peers()
    # The certificate can't fit this name.
    unverified = TlsOptions(verify=False).context()
    peer.dialer = Dialer(replace(target.endpoint, tls=unverified, server_name="unknown.wireproof.invalid"))
    try:
        attempt.report(await peer.answer_to(peer.request()))
    except Inconclusive as exc:
        attempt.report(f"the TLS handshake fails: {exc}")
