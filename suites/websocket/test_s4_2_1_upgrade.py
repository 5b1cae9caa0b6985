"""RFC 6455 section 4.2.1, items 3 and 4: the header fields Upgrade and Connection."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import Request

from .handshakes import expect_each_accepted, expect_each_refused, report_each

ANSWER = "rfc6455/4.2.1/error-response"
UPGRADE = b"Upgrade"
CONNECTION = b"Connection"


@case("rfc6455/4.2.1/upgrade", ANSWER)
async def test_missing_upgrade_opens_no_websocket(peer: WebSocketPeer) -> None:
    """A request without an Upgrade header field opens no WebSocket, whatever else HTTP makes of it."""
    await peer.expect_refused(peer.request().without(UPGRADE))


@case("rfc6455/4.2.1/upgrade", ANSWER)
async def test_other_upgrade_opens_no_websocket(peers: Peers, attempt: Attempt) -> None:
    """An Upgrade header field that does not say websocket opens no WebSocket."""
    await expect_each_refused(peers, attempt, rows(peers, UPGRADE, b"", b"h2c", b"web", b"web socket"))


@case("rfc6455/4.2.1/upgrade-letter-case")
async def test_upgrade_in_any_letter_case_is_accepted(peers: Peers, attempt: Attempt) -> None:
    """The word websocket counts in any letter case."""
    await expect_each_accepted(peers, attempt, rows(peers, UPGRADE, b"WEBSOCKET", b"WebSocket", b"wEBsOCKeT"))


@case("rfc6455/4.2.1/upgrade-list")
async def test_upgrade_with_more_than_websocket_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of an Upgrade header field that says more than websocket is told."""
    request = peers().request()
    fields = {
        "h2c, websocket": (b"h2c, websocket",),
        "websocket, h2c": (b"websocket, h2c",),
        "h2c and websocket on two lines": (b"h2c", b"websocket"),
        "websocket twice": (b"websocket", b"websocket"),
        "websocket/13": (b"websocket/13",),
        "websockets": (b"websockets",),
    }
    await report_each(peers, attempt, {name: request.with_header(UPGRADE, *v) for name, v in fields.items()})


@case("rfc6455/4.2.1/connection", ANSWER)
async def test_missing_connection_opens_no_websocket(peer: WebSocketPeer) -> None:
    """A request without a Connection header field opens no WebSocket, whatever else HTTP makes of it."""
    await peer.expect_refused(peer.request().without(CONNECTION))


@case("rfc6455/4.2.1/connection", ANSWER)
async def test_other_connection_opens_no_websocket(peers: Peers, attempt: Attempt) -> None:
    """A Connection header field without the token Upgrade opens no WebSocket."""
    await expect_each_refused(
        peers, attempt, rows(peers, CONNECTION, b"", b"keep-alive", b"close", b"x-wireproof")
    )


@case("rfc6455/4.2.1/connection", ANSWER)
async def test_word_like_upgrade_opens_no_websocket(peers: Peers, attempt: Attempt) -> None:
    """A token of Connection that only looks like Upgrade opens no WebSocket."""
    words = (b"keep-alive, upgrad", b"upgraded", b"no-upgrade", b"upgrade-insecure-requests")
    await expect_each_refused(peers, attempt, rows(peers, CONNECTION, *words))


@case("rfc6455/4.2.1/connection-letter-case")
async def test_connection_in_any_letter_case_is_accepted(peers: Peers, attempt: Attempt) -> None:
    """The token Upgrade counts in any letter case."""
    values = (b"upgrade", b"UPGRADE", b"uPgRaDe", b"x-wireproof,UPGRADE")
    await expect_each_accepted(peers, attempt, rows(peers, CONNECTION, *values))


@case("rfc6455/4.2.1/connection-list")
async def test_upgrade_among_other_tokens_is_accepted(peers: Peers, attempt: Attempt) -> None:
    """The token Upgrade counts wherever it stands in the list."""
    values = (
        b"keep-alive, Upgrade",
        b"Upgrade, keep-alive",
        b"keep-alive, Upgrade, x-wireproof",
        b"x-wireproof,Upgrade",
    )
    await expect_each_accepted(peers, attempt, rows(peers, CONNECTION, *values))


@case("rfc6455/4.2.1/connection-list")
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((b"Upgrade", b"keep-alive"), id="upgrade-first"),
        pytest.param((b"keep-alive", b"Upgrade"), id="upgrade-last"),
    ],
)
async def test_connection_on_two_lines_is_accepted(peer: WebSocketPeer, lines: tuple[bytes, ...]) -> None:
    """The token Upgrade counts on whichever line of Connection it stands."""
    await peer.expect_accepted(peer.request().with_header(CONNECTION, *lines))


@case("rfc6455/4.3/optional-whitespace-received")
async def test_white_space_in_connection_is_ignored(peers: Peers, attempt: Attempt) -> None:
    """White space around the tokens of Connection means nothing."""
    values = (b"keep-alive , Upgrade", b"keep-alive,\tUpgrade\t, x-wireproof")
    await expect_each_accepted(peers, attempt, rows(peers, CONNECTION, *values))


@case("rfc6455/4.2.1/lenient-parsing")
async def test_connection_with_empty_elements_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of empty elements, of a repeated token and of close beside Upgrade is told."""
    values = (b", Upgrade", b"keep-alive,, Upgrade,", b"Upgrade, Upgrade", b"close, Upgrade")
    await report_each(peers, attempt, rows(peers, CONNECTION, *values))


def rows(peers: Peers, name: bytes, *values: bytes) -> dict[str, Request]:
    """A row for each value of the field *name*."""
    return {f'"{v.decode()}"': peers().request().with_header(name, v) for v in values}
