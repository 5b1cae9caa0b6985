"""RFC 6455 section 4.2.1, items 3 and 4: the header fields Upgrade and Connection."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer

from .handshakes import report_each

ANSWER = "rfc6455/4.2.1/error-response"
UPGRADE = b"Upgrade"
CONNECTION = b"Connection"


@case("rfc6455/4.2.1/upgrade", ANSWER)
async def test_missing_upgrade_opens_no_websocket(peer: WebSocketPeer) -> None:
    """A request without an Upgrade header field opens no WebSocket, whatever else HTTP makes of it."""
    await peer.expect_refused(peer.request().without(UPGRADE))


@case("rfc6455/4.2.1/upgrade", ANSWER)
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"h2c", id="h2c"),
        pytest.param(b"web", id="half-a-word"),
        pytest.param(b"web socket", id="two-words"),
    ],
)
async def test_other_upgrade_opens_no_websocket(peer: WebSocketPeer, value: bytes) -> None:
    """An Upgrade header field that does not say websocket opens no WebSocket."""
    await peer.expect_refused(peer.request().with_header(UPGRADE, value))


@case("rfc6455/4.2.1/upgrade-letter-case")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"WEBSOCKET", id="upper"),
        pytest.param(b"WebSocket", id="title"),
        pytest.param(b"wEBsOCKeT", id="mixed"),
    ],
)
async def test_upgrade_in_any_letter_case_is_accepted(peer: WebSocketPeer, value: bytes) -> None:
    """The word websocket counts in any letter case."""
    await peer.expect_accepted(peer.request().with_header(UPGRADE, value))


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
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"keep-alive", id="keep-alive"),
        pytest.param(b"close", id="close"),
        pytest.param(b"keep-alive, upgrad", id="half-a-word"),
        pytest.param(b"upgraded", id="longer-word"),
        pytest.param(b"no-upgrade", id="word-with-a-prefix"),
    ],
)
async def test_other_connection_opens_no_websocket(peer: WebSocketPeer, value: bytes) -> None:
    """A Connection header field without the token Upgrade opens no WebSocket."""
    await peer.expect_refused(peer.request().with_header(CONNECTION, value))


@case("rfc6455/4.2.1/connection-letter-case")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"upgrade", id="lower"),
        pytest.param(b"UPGRADE", id="upper"),
        pytest.param(b"uPgRaDe", id="mixed"),
    ],
)
async def test_connection_in_any_letter_case_is_accepted(peer: WebSocketPeer, value: bytes) -> None:
    """The token Upgrade counts in any letter case."""
    await peer.expect_accepted(peer.request().with_header(CONNECTION, value))


@case("rfc6455/4.2.1/connection-list")
@pytest.mark.parametrize(
    "values",
    [
        pytest.param((b"keep-alive, Upgrade",), id="last"),
        pytest.param((b"Upgrade, keep-alive",), id="first"),
        pytest.param((b"keep-alive, Upgrade, x-wireproof",), id="middle"),
        pytest.param((b"x-wireproof,Upgrade",), id="no-space"),
        pytest.param((b"Upgrade", b"keep-alive"), id="first-line"),
        pytest.param((b"keep-alive", b"Upgrade"), id="second-line"),
    ],
)
async def test_upgrade_among_other_tokens_is_accepted(
    peer: WebSocketPeer, values: tuple[bytes, ...]
) -> None:
    """The token Upgrade counts wherever it stands in the list."""
    await peer.expect_accepted(peer.request().with_header(CONNECTION, *values))


@case("rfc6455/4.3/optional-whitespace-received")
@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"keep-alive , Upgrade", id="ahead-of-the-comma"),
        pytest.param(b"keep-alive,\tUpgrade\t, x-wireproof", id="tabs"),
    ],
)
async def test_white_space_in_connection_is_ignored(peer: WebSocketPeer, value: bytes) -> None:
    """White space around the tokens of Connection means nothing."""
    await peer.expect_accepted(peer.request().with_header(CONNECTION, value))


@case("rfc6455/4.2.1/lenient-parsing")
async def test_connection_with_empty_elements_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of empty elements, of a repeated token and of close beside Upgrade is told."""
    request = peers().request()
    values = (b", Upgrade", b"keep-alive,, Upgrade,", b"Upgrade, Upgrade", b"close, Upgrade")
    await report_each(peers, attempt, {v.decode(): request.with_header(CONNECTION, v) for v in values})
