"""RFC 6455 sections 4.2.1 (item 8) and 4.2.2 (/subprotocol/): the choice of a subprotocol."""

from __future__ import annotations

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import is_token
from wireproof.wire.text import shorten

from .handshakes import expect_each_refused

ANSWER = "rfc6455/4.2.1/error-response"
FIELD = b"Sec-WebSocket-Protocol"
KNOWN = b"echo.wireproof"


async def chosen(peer: WebSocketPeer, *offers: bytes) -> list[bytes]:
    """What the server answers to *offers*, one line each; not applicable where it refuses them."""
    answer = await peer.handshake(peer.request().with_header(FIELD, *offers))
    if isinstance(answer, Refusal):
        raise NotApplicable(f"the server refuses such offers: {answer.detail}")
    return answer.get_all(FIELD)


def names(peer: WebSocketPeer) -> list[bytes]:
    """The subprotocols that the server may know: the user's and the contract's."""
    offered = [v for n, v in peer.request().headers if n.lower() == FIELD.lower()]
    return [name.strip() for name in b",".join([*offered, KNOWN]).split(b",") if name.strip()]


@case("rfc6455/4.2.2/subprotocol-unrequested")
async def test_no_subprotocol_without_an_offer(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Where no subprotocol is offered, none is chosen."""
    found = [value for value in await chosen(peer) if value]
    if found:
        attempt.broken(f"chosen: {shorten(found[0])}", "no Sec-WebSocket-Protocol header field")


@case("rfc6455/4.2.2/subprotocol-selection")
async def test_only_unknown_subprotocols(peers: Peers, attempt: Attempt) -> None:
    """Where only unknown subprotocols are offered, none is chosen that was not among them."""
    for offers in ([b"unknown.wireproof"], [b"unknown-%d.wireproof" % i for i in range(5)]):
        for value in await chosen(peers(), b", ".join(offers)):
            if value and value not in offers:
                attempt.broken(f"chosen: {shorten(value)}", "one of those offered", "none")


@case("rfc6455/4.2.2/subprotocol-selection")
async def test_subprotocol_is_one_of_the_offer(peers: Peers, attempt: Attempt) -> None:
    """The subprotocol chosen is one of those offered, letter by letter."""
    other = [b"other-%d.wireproof" % i for i in range(40)]
    for offers in ([KNOWN], [KNOWN, other[0]], [other[0], KNOWN], [*other, KNOWN]):
        for value in await chosen(peers(), b", ".join(offers)):
            # A list of names breaks another requirement.
            if any(one.strip() not in offers for one in value.split(b",")):
                attempt.broken(f"chosen: {shorten(value)}", *map(shorten, offers[:4]), "none")


@case("rfc6455/4.2.2/subprotocol-selection")
async def test_subprotocol_is_chosen_by_its_letter_case(peers: Peers, attempt: Attempt) -> None:
    """A name in other letter case than the server's own is another name: the server's own was not offered."""
    for name in names(peers()):
        offer = name.swapcase()
        for value in await chosen(peers(), offer):
            if value and value != offer:
                attempt.broken(f"chosen: {shorten(value)} of {shorten(offer)}", shorten(offer), "none")


@case("rfc6455/4.2.2/subprotocol-token")
async def test_subprotocol_is_a_single_token(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The subprotocol chosen is one name, however many are offered."""
    for value in await chosen(peer, b"one.wireproof, " + KNOWN + b", two.wireproof"):
        if value and not is_token(value):
            attempt.broken(f"chosen: {shorten(value)}", "one token")


@case("rfc6455/4.2.2/subprotocol-empty")
async def test_subprotocol_is_never_empty(peers: Peers, attempt: Attempt) -> None:
    """Where no subprotocol suits, the header field is left out, not left empty."""
    for offers in ((), (b"unknown.wireproof",)):
        if b"" in await chosen(peers(), *offers):
            attempt.broken("an empty Sec-WebSocket-Protocol", "no Sec-WebSocket-Protocol header field")


@case("rfc6455/4.3/optional-whitespace-received", needs=["subprotocol"])
async def test_white_space_between_offers_is_ignored(peers: Peers, attempt: Attempt) -> None:
    """White space around the names that are offered means nothing, nor does its absence."""
    for offer in (b"other.wireproof," + KNOWN, b"other.wireproof ,\t " + KNOWN + b" , more.wireproof"):
        peer = peers()
        response = await peer.expect_accepted(peer.request().with_header(FIELD, offer))
        # The server chose this name behind a comma and a space when its capabilities were probed.
        if not response.get_all(FIELD):
            attempt.broken(f"none is chosen of {shorten(offer)}", KNOWN.decode())


@case("rfc6455/4.2.1/subprotocol-grammar-received", ANSWER)
async def test_empty_offer_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Protocol header field that names nothing is refused."""
    request = peers().request()
    values = {"an empty value": b"", "white space": b"  ", "commas": b", ,"}
    await expect_each_refused(
        peers, attempt, {name: request.with_header(FIELD, v) for name, v in values.items()}
    )


@case("rfc6455/4.2.1/subprotocol-grammar-received", ANSWER)
async def test_offer_that_is_no_token_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Protocol header field with something else than tokens is refused."""
    request = peers().request()
    values = {
        "a space inside": b"wire proof",
        "a slash": b"wireproof/1",
        "an at sign": b"wire@proof",
        "quotes": b'"wireproof"',
        "a semicolon": b"wireproof; v=1",
        "bytes outside ASCII": "wïreproof".encode(),
        "a second element": b"wireproof, (wireproof)",
    }
    await expect_each_refused(
        peers, attempt, {name: request.with_header(FIELD, v) for name, v in values.items()}
    )


@case("rfc6455/4.1/duplicate-subprotocol-received")
async def test_offer_made_twice_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of subprotocols offered twice, in other places and among empty elements is told."""
    rows = {
        "known behind another": (b"unknown.wireproof, " + KNOWN,),
        "unknown twice": (b"unknown.wireproof, unknown.wireproof",),
        "known twice": (KNOWN + b", " + KNOWN,),
        "known twice on two lines": (KNOWN, KNOWN),
        "empty elements": (b",unknown.wireproof,, " + KNOWN + b",",),
    }
    for name, offers in rows.items():
        peer = peers()
        with attempt.row(name):
            answer = await peer.answer_to(peer.request().with_header(FIELD, *offers))
        found = peer.response.get(FIELD) if peer.response else None
        attempt.report(f"{name}: {answer}" + (f", chosen: {shorten(found)}" if found else ""))
