"""RFC 6455 section 9.1: the offers of extensions that a client makes."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import Request
from wireproof.wire.text import shorten

from .handshakes import expect_each_accepted, expect_each_refused, report_each

ANSWER = "rfc6455/4.2.1/error-response"
FIELD = b"Sec-WebSocket-Extensions"
DEFLATE = b"permessage-deflate"


@case("rfc6455/9.1/well-formed-offer-received")
@pytest.mark.parametrize(
    "offers",
    [
        pytest.param(
            (b"x-wireproof", b"x-wireproof; a; b=1; c=two", b"x-one, x-two; a=1, x-three"), id="plain"
        ),
        pytest.param((b'x-wireproof; a="one"; b="\\t\\w\\o"',), id="quoted"),
        pytest.param(
            (b"x-one,x-two;a=1", b"x-one , x-two\t;\ta = 1 ,x-three", b"x-one,, x-two,"), id="spacing"
        ),
        pytest.param(
            (
                b"constructor; toString=1, __proto__; valueOf",
                b"!#$%&'*+-.^_`|~; !#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~",
            ),
            id="odd-names",
        ),
        pytest.param((b", ".join(b"x-wireproof-%d; a=%d" % (i, i) for i in range(40)),), id="forty"),
    ],
)
async def test_unknown_extension_does_not_stop_the_handshake(
    peers: Peers, attempt: Attempt, offers: tuple[bytes, ...]
) -> None:
    """Extensions that the server does not know are declined, and the handshake goes on."""
    await expect_each_accepted(peers, attempt, rows(peers, *offers))


@case("rfc6455/9.1/well-formed-offer-received")
async def test_extension_of_browsers_does_not_stop_the_handshake(peers: Peers, attempt: Attempt) -> None:
    """The offers that browsers make are taken or declined, and the handshake goes on."""
    offers = (
        DEFLATE,
        DEFLATE + b"; client_max_window_bits",
        b"x-webkit-deflate-frame",
        DEFLATE + b"; client_max_window_bits, " + DEFLATE,
    )
    await expect_each_accepted(peers, attempt, rows(peers, *offers))


@case("rfc6455/9.1/malformed-offer-received", ANSWER)
@pytest.mark.parametrize(
    "offers",
    [
        pytest.param((b"", b"  ", b", ,"), id="nothing-named"),
        pytest.param((b"permessage deflate", b"permessage/deflate", b"; a=1", b'"x-wireproof"'), id="name"),
        pytest.param(
            (DEFLATE + b";", DEFLATE + b"; =1", DEFLATE + b"; a b", DEFLATE + b";;a"), id="parameter-name"
        ),
        pytest.param((DEFLATE + b"; a=", DEFLATE + b"; a=1=2", DEFLATE + b"; a=(1)"), id="parameter-value"),
        pytest.param((DEFLATE + b'; a="10', DEFLATE + b'; a="10"0', DEFLATE + b'; a=1"0"'), id="quotes"),
        pytest.param((b"x-wireproof, " + DEFLATE + b"; =1", DEFLATE + b", x wireproof"), id="second-element"),
    ],
)
async def test_malformed_offer_is_refused(peers: Peers, attempt: Attempt, offers: tuple[bytes, ...]) -> None:
    """A Sec-WebSocket-Extensions header field that breaks the grammar fails the handshake."""
    await expect_each_refused(peers, attempt, rows(peers, *offers))


@case("rfc6455/9.1/quoted-parameter-received", ANSWER)
async def test_quoted_value_that_is_no_token_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A parameter whose quoted value is no token once unquoted fails the handshake."""
    values = (b'""', b'"two words"', b'"a,b"', b'"a;b"', b'"a\\"b"')
    await expect_each_refused(peers, attempt, rows(peers, *(DEFLATE + b"; a=" + v for v in values)))


@case("rfc6455/9.1/split-offer-received")
async def test_offers_on_several_lines_are_one_list(peers: Peers, attempt: Attempt) -> None:
    """An extension that is taken out of a list is taken from the second line as well."""
    peer = peers()
    one_line = await peer.handshake(peer.request().with_header(FIELD, b"x-wireproof, " + DEFLATE))
    if isinstance(one_line, Refusal) or one_line.get(FIELD) is None:
        raise NotApplicable("the server takes no extension that is offered here")
    peer = peers()
    two_lines = await peer.expect_accepted(peer.request().with_header(FIELD, b"x-wireproof", DEFLATE))
    taken = two_lines.get_all(FIELD)
    if taken != one_line.get_all(FIELD):
        attempt.broken(
            f"taken from two lines: {shorten(b', '.join(taken)) if taken else 'none'}",
            f"as from one line: {shorten(one_line.get(FIELD) or b'')}",
        )


@case("rfc6455/9.1/malformed-offer-received", ANSWER)
async def test_malformed_second_line_is_refused(peer: WebSocketPeer) -> None:
    """A mistake in the second line of the offers fails the handshake too."""
    await peer.expect_refused(peer.request().with_header(FIELD, b"x-wireproof", DEFLATE + b"; =1"))


@case("rfc6455/4.2.1/lenient-parsing")
async def test_offer_made_twice_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of an extension or a parameter that is offered twice is told."""
    offers = (
        b"x-wireproof, x-wireproof",
        b"x-wireproof; a=1; a=2",
        DEFLATE + b", " + DEFLATE,
        DEFLATE + b"; server_no_context_takeover; server_no_context_takeover",
    )
    await report_each(peers, attempt, rows(peers, *offers))


def rows(peers: Peers, *offers: bytes) -> dict[str, Request]:
    """A row for each offer."""
    return {shorten(offer, 80): peers().request().with_header(FIELD, offer) for offer in offers}
