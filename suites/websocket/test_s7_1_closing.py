"""RFC 6455 sections 7.1.1 to 7.1.6 and 7.3: who closes what, and in which order."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.connection import End
from wireproof.peer.peers import Peers
from wireproof.peer.table import named
from wireproof.peer.websocket import WebSocketPeer, describe_close
from wireproof.verdict import Ground
from wireproof.wire.text import shorten
from wireproof.wire.websocket import CloseCode, Frame

from .closings import (
    PATIENCE,
    close_and_hear,
    expect_survivor,
    hear_servers_close,
    leave,
    request_close,
    within_patience,
)
from .utf8_rows import LANGUAGES, MIXED

CODES = (1000, 1001, 3000, 3999, 4000, 4999)


@case("rfc6455/5.5.1/tcp-close", "rfc6455/5.5.1/close-reply")
async def test_tcp_is_closed_after_the_handshake(peer: WebSocketPeer) -> None:
    """TCP is closed once the client's Close frame was answered."""
    await peer.open()
    await close_and_hear(peer)
    await peer.expect_end()


@case("rfc6455/5.5.1/tcp-close", "rfc6455/7.1.2/close-frame", needs=["close"])
async def test_tcp_is_closed_after_the_servers_handshake(peer: WebSocketPeer) -> None:
    """TCP is closed once the server's Close frame was answered."""
    await request_close(peer, CloseCode.NORMAL)
    close = await hear_servers_close(peer)
    peer.send(Frame.close(close.code))
    await peer.expect_end()


@case("rfc6455/7.1.1/server-closes-first", "rfc6455/5.5.1/close-reply")
async def test_server_closes_tcp_first(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The server is the first to close TCP: a client that waits for it need not wait long."""
    await peer.open()
    await close_and_hear(peer)
    if await within_patience(peer, peer.expect_end()) is None:
        attempt.broken(
            f"TCP was still open after {PATIENCE:g} s",
            "the server's FIN right behind its Close frame",
            ground=Ground.MISSING,
        )


@case("rfc6455/7.1.1/clean-close", "rfc6455/5.5.1/close-reply")
async def test_tcp_is_closed_cleanly(peer: WebSocketPeer) -> None:
    """TCP is closed with a FIN after the closing handshake, not with a reset."""
    await peer.open()
    await close_and_hear(peer)
    await _expect_fin(peer)


@case("rfc6455/7.1.1/clean-close", "rfc6455/7.1.2/close-frame", needs=["close"])
async def test_tcp_is_closed_cleanly_by_the_server(peer: WebSocketPeer) -> None:
    """TCP is closed with a FIN after a closing handshake that the server started."""
    await request_close(peer, CloseCode.NORMAL, "done")
    close = await hear_servers_close(peer)
    peer.send(Frame.close(close.code))
    await _expect_fin(peer)


@case("rfc6455/7.1.1/clean-close", "rfc6455/5.5.1/close-reply", needs=["send"])
async def test_data_before_the_close_frame_is_not_cut_off(peer: WebSocketPeer) -> None:
    """A clean close loses nothing: what the server sent before its Close frame arrives whole."""
    peer.receive_limit = 8 << 20
    await peer.open(peer.request("/send?type=binary&size=262144&count=8"))
    peer.send(Frame.text("go"))
    await peer.expect_message()
    await close_and_hear(peer)
    await _expect_fin(peer)


async def _expect_fin(peer: WebSocketPeer) -> None:
    end = await within_patience(peer, peer.expect_end()) or await leave(peer)
    if end is not None and end.how is End.RESET:
        peer.attempt.broken(str(end), "a FIN")


@case("rfc6455/7.1.2/close-frame", needs=["close"])
async def test_server_starts_with_the_code(peers: Peers) -> None:
    """The server's Close frame carries the code that its application gave."""
    for code in CODES:
        peer = peers()
        await request_close(peer, code)
        await _expect_servers_close(peer, code, "")
        peer.discard()


@case("rfc6455/7.1.2/close-frame", needs=["close"])
@pytest.mark.parametrize("size", [1, 123])
async def test_server_starts_with_the_reason(peer: WebSocketPeer, size: int) -> None:
    """The server's Close frame carries the reason that its application gave, up to the 123 bytes that fit."""
    reason = "because" * 20
    await request_close(peer, 3210, reason[:size])
    await _expect_servers_close(peer, 3210, reason[:size])


@case("rfc6455/7.1.2/close-frame", "rfc6455/5.5.1/close-reason-utf8-sent", needs=["close"])
async def test_server_starts_with_reasons_in_many_languages(peers: Peers) -> None:
    """The server's Close frame carries its application's reason, in any language, as UTF-8."""
    for name, reason in {**LANGUAGES, "all lengths": MIXED}.items():
        peer = peers()
        await request_close(peer, 4321, reason)
        await _expect_servers_close(peer, 4321, reason, name)
        peer.expect_no_violation("rfc6455/5.5.1/close-reason-utf8-sent")
        peer.discard()


async def _expect_servers_close(peer: WebSocketPeer, code: int, reason: str, name: str = "") -> None:
    close = await peer.expect_close()
    if (close.code, close.reason) != (code, reason.encode()):
        wanted = f"a Close frame with {code}" + (f" {shorten(reason.encode())}" if reason else "")
        peer.attempt.broken((f"{name}: " if name else "") + describe_close(close), wanted)


@case("rfc6455/5.5.1/close-reason-utf8-sent", "rfc6455/5.5/control-length", needs=["close"])
@pytest.mark.parametrize(
    "reason",
    [pytest.param("r" * 124, id="ascii"), pytest.param("r" + "\u6c34" * 41, id="three-byte-characters")],
)
async def test_reason_that_does_not_fit(peer: WebSocketPeer, reason: str) -> None:
    """A reason too long for a Close frame is cut between two characters, or refused, but never sent whole."""
    await request_close(peer, 3210, reason)
    await leave(peer)
    for requirement in peer.attempt.requirements:
        peer.expect_no_violation(requirement)


@case("rfc6455/7.3/closing-handshake", needs=["close"])
async def test_closure_begins_with_a_close_frame(peers: Peers) -> None:
    """A server that closes a connection begins with a Close frame; it does not just drop TCP."""
    for code in CODES:
        peer = peers()
        await request_close(peer, code)
        with named(f"asked to close with {code}"):
            await peer.expect_close()
        peer.discard()


@case("rfc6455/7.1.2/close-frame", needs=["close"])
async def test_server_waits_for_the_answer(peers: Peers, attempt: Attempt) -> None:
    """Whether the server keeps TCP open until its Close frame is answered."""
    peer = peers()
    await request_close(peer, CloseCode.NORMAL)
    await peer.expect_close()
    # A whole exchange on another connection is ample time for a FIN that was sent along.
    await expect_survivor(peers)
    early = peer.connection.end
    attempt.report(f"it does not: {early.value} before the answer" if early else "it does")
    await leave(peer)
