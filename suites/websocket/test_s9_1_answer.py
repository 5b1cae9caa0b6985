"""RFC 6455 sections 4.2.2 (/extensions/), 9 and 9.1: the extensions that a server accepts."""

from __future__ import annotations

import re

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.extensions import Extension, parse_extensions
from wireproof.wire.http1 import HttpViolation
from wireproof.wire.text import shorten

ANSWER = "rfc6455/4.2.1/error-response"
FIELD = b"Sec-WebSocket-Extensions"
DEFLATE = b"permessage-deflate"
PARAMETERS = {  # of permessage-deflate, RFC 7692 section 7.1, and what each may be
    b"server_no_context_takeover": None,
    b"client_no_context_takeover": None,
    b"server_max_window_bits": re.compile(rb"[89]|1[0-5]"),
    b"client_max_window_bits": re.compile(rb"[89]|1[0-5]"),
}
MALFORMED = (b"x wireproof", b"x-wireproof; =1", b"x-wireproof;", DEFLATE + b'; a="b')
QUOTED = (b'x-wireproof; a="one"', DEFLATE + b'; server_max_window_bits="15"', b'x-wireproof; a="two words"')


async def answered(peer: WebSocketPeer, *offers: bytes) -> bytes | None:
    """What the server answers to *offers*, all lines as one; not applicable where it refuses them."""
    with peer.attempt.expecting("an answer of any kind", requirement=ANSWER):
        answer = await peer.handshake(peer.request().with_header(FIELD, *offers))
    if isinstance(answer, Refusal):
        raise NotApplicable(f"the server refuses such offers: {answer.detail}")
    lines = answer.get_all(FIELD)
    return b", ".join(lines) if lines else None


async def accepted(peer: WebSocketPeer, *offers: bytes) -> tuple[Extension, ...]:
    """The extensions that the server accepts of *offers*; not applicable where its answer can't be read."""
    value = await answered(peer, *offers)
    try:
        return () if value is None else parse_extensions(value)
    except HttpViolation as exc:
        raise NotApplicable(f"the answer is malformed: {exc}") from exc


@case("rfc6455/4.2.2/unrequested-extension", ANSWER)
@pytest.mark.parametrize(
    "offers",
    [
        pytest.param((), id="nothing"),
        pytest.param((b"x-wireproof; a=1",), id="unknown"),
        pytest.param((DEFLATE,), id="permessage-deflate"),
    ],
)
async def test_answer_names_only_what_was_offered(
    peer: WebSocketPeer, attempt: Attempt, offers: tuple[bytes, ...]
) -> None:
    """The response names no extension that the client did not offer."""
    offered = {e.name.lower() for offer in offers for e in parse_extensions(offer)}
    for extension in await accepted(peer, *offers):
        if extension.name.lower() not in offered:
            attempt.broken(f"accepted: {shorten(extension.name)}", "extensions that were offered", "none")


@case("rfc6455/9.1/registered-token", ANSWER)
async def test_unknown_extension_is_not_accepted(peer: WebSocketPeer, attempt: Attempt) -> None:
    """An extension that exists nowhere is not accepted, though it is offered."""
    for extension in await accepted(peer, b"x-wireproof-unknown; a=1, " + DEFLATE):
        if extension.name.lower() == b"x-wireproof-unknown":
            attempt.broken(f"accepted: {shorten(extension.name)}", "registered extensions", "none")


@case("rfc6455/9.1/answer-grammar", ANSWER)
async def test_answer_is_well_formed(peers: Peers, attempt: Attempt) -> None:
    """The Sec-WebSocket-Extensions header field of a response, if there is one, keeps to the grammar."""
    offers = (
        (),
        (DEFLATE,),
        (DEFLATE + b"; client_max_window_bits",),
        *((o,) for o in (*QUOTED[:2], *MALFORMED)),
    )
    for offer in offers:
        try:
            value = await answered(peers(), *offer)
        except NotApplicable:
            # Refused offers get no answer; whether they may be refused is judged elsewhere.
            continue
        try:
            if value is not None:
                parse_extensions(value)
        except HttpViolation as exc:
            attempt.broken(f"{shorten(value or b'')}: {exc}", "a list of extensions", "no such header field")


@case("rfc6455/4.3/quoted-parameter-sent", ANSWER)
async def test_quoted_values_of_the_answer_are_tokens(peers: Peers, attempt: Attempt) -> None:
    """A parameter value that the server quotes is a token once unquoted."""
    for offer in (DEFLATE, *QUOTED):
        try:
            found = await accepted(peers(), offer)
        except NotApplicable:
            continue
        for parameter in (p for extension in found for p in extension.parameters):
            if not parameter.is_legal:
                said = f"{shorten(parameter.name)} is {shorten(parameter.value or b'')}"
                attempt.broken(said, "a token")


@case("rfc6455/9.1/defined-parameters", ANSWER)
async def test_answer_has_only_defined_parameters(peers: Peers, attempt: Attempt) -> None:
    """An accepted permessage-deflate comes with no parameter that RFC 7692 does not define."""
    for offer in (DEFLATE, DEFLATE + b"; wireproof; x=1", DEFLATE + b"; wireproof, " + DEFLATE):
        try:
            found = await accepted(peers(), offer)
        except NotApplicable:
            continue
        for extension in found:
            unknown = [p.name for p in extension.parameters if p.name not in PARAMETERS]
            if extension.name.lower() == DEFLATE and unknown:
                attempt.broken(f"accepted with {shorten(unknown[0])}", "parameters of RFC 7692", "none")


@case("rfc6455/9/extension-parameters", ANSWER)
@pytest.mark.parametrize(
    "offer",
    [
        pytest.param(DEFLATE, id="plain"),
        pytest.param(DEFLATE + b"; client_max_window_bits", id="client-window"),
        pytest.param(DEFLATE + b"; server_no_context_takeover", id="no-context-takeover"),
    ],
)
async def test_parameters_of_the_answer_suit_the_offer(
    peer: WebSocketPeer, attempt: Attempt, offer: bytes
) -> None:
    """The parameters of an accepted permessage-deflate are such as RFC 7692 permits for the offer."""
    for extension in await accepted(peer, offer):
        if extension.name.lower() != DEFLATE:
            continue
        parameters = extension.parameters
        for parameter in parameters:
            values = PARAMETERS.get(parameter.name)
            said = shorten(parameter.name) + (
                "" if parameter.value is None else f" = {shorten(parameter.value)}"
            )
            if parameter.name == b"client_max_window_bits" and parameter.name not in offer:
                # RFC 7692 section 7.1.2.2: only where the client offered it.
                attempt.broken(said, "no client_max_window_bits, which was not offered")
            if parameter.name in PARAMETERS and values is None and parameter.value is not None:
                attempt.broken(said, f"{parameter.name.decode()} without a value")
            if values is not None and not values.fullmatch(parameter.value or b""):
                attempt.broken(said, "a number from 8 to 15")
        names = [parameter.name for parameter in parameters]
        if len(set(names)) != len(names):
            attempt.broken("a parameter twice", "every parameter once")
        # RFC 7692 section 7.1.1.1: the server's acceptance has to include it.
        if b"server_no_context_takeover" in offer and b"server_no_context_takeover" not in names:
            attempt.broken(
                "accepted without server_no_context_takeover", "server_no_context_takeover", "no acceptance"
            )
