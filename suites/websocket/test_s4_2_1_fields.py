"""RFC 6455 section 4.2.1: the form of the handshake's header fields, and those that are unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import Header

from .handshakes import expect_each_accepted, expect_each_refused, report_each

ANSWER = "rfc6455/4.2.1/error-response"
UNKNOWN = b"X-Wireproof"


@case("rfc6455/4.2.1/header-name-case")
@pytest.mark.parametrize("case_of", ["upper", "lower", "swapped"])
async def test_field_names_in_any_letter_case_are_accepted(peer: WebSocketPeer, case_of: str) -> None:
    """The names of header fields count in any letter case."""
    rename = {"upper": bytes.upper, "lower": bytes.lower, "swapped": bytes.swapcase}[case_of]
    await peer.expect_accepted(peer.request().renaming(rename))


@case("rfc6455/4.2.1/header-order")
@pytest.mark.parametrize("order", ["reversed", "shuffled"])
async def test_fields_in_any_order_are_accepted(peer: WebSocketPeer, attempt: Attempt, order: str) -> None:
    """The header fields of the handshake may come in any order."""
    request = peer.request()
    fields = list(request.headers)
    if order == "reversed":
        fields.reverse()
    else:
        attempt.random.shuffle(fields)
    await peer.expect_accepted(replace(request, headers=tuple(fields)))


@case("rfc6455/4.2.1/unknown-headers")
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(((UNKNOWN, b"value"),), id="one"),
        pytest.param(((UNKNOWN, b"one"), (UNKNOWN, b"")), id="twice"),
        pytest.param(((b"Sec-WebSocket-Wireproof", b"value"),), id="sec-websocket"),
        pytest.param(tuple((b"X-Wireproof-%d" % i, b"value") for i in range(40)), id="forty"),
    ],
)
async def test_unknown_field_is_ignored(peer: WebSocketPeer, fields: tuple[Header, ...]) -> None:
    """Header fields that the server does not know make no difference."""
    await peer.expect_accepted(peer.request().adding(*fields))


@case("rfc6455/4.2.1/unknown-headers")
async def test_field_with_an_odd_name_is_ignored(peers: Peers, attempt: Attempt) -> None:
    """A header field that the server does not know makes no difference, however odd its name."""
    request = peers().request()
    names = (b"constructor", b"__proto__", b"toString", b"!#$%&'*+-.^_`|~9", b"Z")
    await expect_each_accepted(peers, attempt, {n.decode(): request.adding((n, b'"=;,/:@?')) for n in names})


@case("rfc6455/4.2.1/unknown-headers")
async def test_unknown_fields_ahead_of_the_known_ones_are_ignored(peer: WebSocketPeer) -> None:
    """Header fields that the server does not know make no difference between and ahead of those it knows."""
    request = peer.request()
    mixed = [field for known in request.headers for field in ((UNKNOWN, b"value"), known)]
    await peer.expect_accepted(replace(request, headers=tuple(mixed)))


@case("rfc6455/4.3/optional-whitespace-received")
@pytest.mark.parametrize(
    ("before", "behind"),
    [
        pytest.param(b"", b"", id="none"),
        pytest.param(b"   ", b"  ", id="spaces"),
        pytest.param(b"\t", b" \t", id="tabs"),
    ],
)
async def test_white_space_around_values_is_ignored(
    peer: WebSocketPeer, before: bytes, behind: bytes
) -> None:
    """White space around the value of a header field means nothing, nor does its absence."""
    request = peer.request()
    fields = tuple((name, value + behind) for name, value in request.headers)
    await peer.expect_accepted(replace(request, headers=fields, separator=b":" + before))


@case("rfc6455/4.2.1/request-grammar", ANSWER)
async def test_malformed_field_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A header field that breaks the grammar of HTTP is refused."""
    request = peers().request()
    rows = {
        "no name": request.adding((b"", b"value")),
        "a space in the name": request.adding((b"X Wireproof", b"value")),
        "parentheses in the name": request.adding((b"X(Wireproof)", b"value")),
        "NUL in the value": request.adding((UNKNOWN, b"val\0ue")),
        "no colon": request.adding((b"X-Wireproof\r\nno colon here\r\nX-More", b"value")),
    }
    await expect_each_refused(peers, attempt, rows)


@case("rfc6455/4.2.1/lenient-parsing")
async def test_folded_field_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of header fields that go on in the next line is told."""
    request = peers().request()
    rows = {
        "an unknown field, folded": request.adding((UNKNOWN, b"one\r\n two")),
        "Connection, folded": request.with_header(b"Connection", b"keep-alive,\r\n Upgrade"),
        "Sec-WebSocket-Key, folded": request.with_header(
            b"Sec-WebSocket-Key", b"\r\n\t" + (request.get(b"Sec-WebSocket-Key") or b"")
        ),
    }
    await report_each(peers, attempt, rows)


@case("rfc6455/4.2.1/lenient-parsing")
async def test_odd_lines_are_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of oddities that HTTP leaves to the receiver is told."""
    request = peers().request()
    rows = {
        "lines ended by LF alone": replace(request, line_end=b"\n"),
        "white space ahead of the colon": replace(request, separator=b" : "),
        "a value outside ASCII": request.adding((UNKNOWN, "wïreproof".encode())),
        "a form feed around a value": request.adding((UNKNOWN, b"\x0cvalue\x0c")),
    }
    await report_each(peers, attempt, rows)


@case("rfc6455/4.2.1/lenient-parsing")
async def test_handshake_that_announces_content_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of a handshake that announces content of its own is told."""
    request = peers().request()
    rows = {
        "Content-Length: 0": request.adding((b"Content-Length", b"0")),
        "Content-Length: nonsense": request.adding((b"Content-Length", b"nonsense")),
        "Expect: 100-continue": request.adding((b"Expect", b"100-continue")),
    }
    await report_each(peers, attempt, rows)


@case("rfc6455/4.2.1/unknown-headers")
async def test_field_of_browsers_and_proxies_is_accepted(peers: Peers, attempt: Attempt) -> None:
    """A header field that browsers or proxies add makes no difference to the handshake."""
    request = peers().request()
    fields = {
        b"User-Agent": b"Mozilla/5.0 (wireproof)",
        b"Cookie": b"wireproof=1; other=2",
        b"Cache-Control": b"no-cache",
        b"Accept-Encoding": b"gzip, deflate",
        b"X-Forwarded-For": b"192.0.2.1, 192.0.2.2",
    }
    # The user's own fields stay as they are.
    added = {n.decode(): request.adding((n, v)) for n, v in fields.items() if not request.get(n)}
    await expect_each_accepted(peers, attempt, added)
