"""RFC 7692 sections 5 and 7: the offers that a server takes, and those that it has to decline."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.deflate import EXTENSION
from wireproof.wire.text import shorten

from .deflating import (
    ANSWER,
    CLIENT_TAKEOVER,
    CLIENT_WINDOW,
    LEGAL,
    TAKEOVER,
    WINDOW,
    answer_to,
    offer,
    same,
    taken_of,
)

OUT_OF_RANGE = (b"=7", b"=16", b"=0", b"=99999999999999999999")
LEADING_ZERO = (b"=08", b"=015", b"=0010")
NO_NUMBER = (b"=ten", b"=1e1", b"=10.0", b"=+10", b"=-10", b"=0xa")
QUOTED = (b'="7"', b'="010"', b'="-10"', b'="ten"')

UNKNOWN = (b"x-wireproof", b"x-wireproof=10", b"server_max_window_bit=10", b"server_context_takeover")


async def expect_each_declined(peers: Peers, attempt: Attempt, offers: Sequence[bytes]) -> None:
    """Demand of every offer, made alone, that it is not taken; a refusal is another case's affair."""
    taken: list[str] = []
    for one in offers:
        with attempt.row(shorten(one)):
            if await taken_of(peers(), one) is not None:
                taken.append(one.decode().partition("; ")[2])
    if taken:
        attempt.found(f"accepted: {', '.join(taken)}", "no permessage-deflate in the response")


@case("rfc7692/7/undefined-parameter", ANSWER, needs=["deflate"])
async def test_unknown_parameter_is_declined(peers: Peers, attempt: Attempt) -> None:
    """An offer with a parameter that is not defined is declined."""
    offers = [offer(parameter) for parameter in UNKNOWN]
    offers += [offer(TAKEOVER, UNKNOWN[0]), offer(UNKNOWN[1], CLIENT_WINDOW)]
    await expect_each_declined(peers, attempt, offers)


@case("rfc7692/7/invalid-value", ANSWER, needs=["deflate"])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param(WINDOW, OUT_OF_RANGE, id="server-window-out-of-range"),
        pytest.param(WINDOW, LEADING_ZERO, id="server-window-with-leading-zero"),
        pytest.param(WINDOW, NO_NUMBER, id="server-window-that-is-no-number"),
        pytest.param(WINDOW, (b"",), id="server-window-without-value"),
        # This breaks the grammar of RFC 6455 section 9.1 as well.
        pytest.param(WINDOW, (b"=", b'=""'), id="server-window-with-empty-value"),
        pytest.param(WINDOW, QUOTED, id="server-window-in-quotes"),
        pytest.param(CLIENT_WINDOW, OUT_OF_RANGE + LEADING_ZERO, id="client-window-out-of-range"),
        pytest.param(CLIENT_WINDOW, (*NO_NUMBER, b'=""'), id="client-window-that-is-no-number"),
        pytest.param(TAKEOVER, (b"=1", b"=true", b"=10", b'="1"'), id="server-takeover-with-value"),
        pytest.param(CLIENT_TAKEOVER, (b"=1", b"=true", b"=10", b'="1"'), id="client-takeover-with-value"),
    ],
)
async def test_invalid_value_is_declined(
    peers: Peers, attempt: Attempt, name: bytes, values: tuple[bytes, ...]
) -> None:
    """An offer with a value that a parameter can't have is declined."""
    await expect_each_declined(peers, attempt, [offer(name + value) for value in values])


@case("rfc7692/7/repeated-parameter", ANSWER, needs=["deflate"])
@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param(((TAKEOVER,) * 2, (CLIENT_TAKEOVER,) * 2), id="takeover"),
        pytest.param(((WINDOW + b"=10",) * 2, (WINDOW + b"=15", WINDOW + b"=10")), id="server-window"),
        pytest.param(((CLIENT_WINDOW,) * 2, (CLIENT_WINDOW, CLIENT_WINDOW + b"=10")), id="client-window"),
    ],
)
async def test_repeated_parameter_is_declined(
    peers: Peers, attempt: Attempt, pairs: tuple[tuple[bytes, ...], ...]
) -> None:
    """An offer that gives a parameter twice is declined, whether the values differ or not."""
    await expect_each_declined(peers, attempt, [offer(*pair) for pair in pairs])


@case("rfc7692/7/decline-without-refusal", ANSWER, needs=["deflate"])
@pytest.mark.parametrize(
    "offers",
    [
        pytest.param(LEGAL, id="legal"),
        pytest.param((offer(UNKNOWN[0]), offer(TAKEOVER, UNKNOWN[1])), id="unknown-parameter"),
        pytest.param(
            (
                *(offer(WINDOW + value) for value in (b"=7", b"=ten", b"")),
                offer(CLIENT_WINDOW + b"=16"),
                offer(TAKEOVER + b"=1"),
            ),
            id="invalid-value",
        ),
        pytest.param((offer(TAKEOVER, TAKEOVER), offer(CLIENT_WINDOW, CLIENT_WINDOW)), id="repeated"),
    ],
)
async def test_offer_does_not_stop_the_handshake(
    peers: Peers, attempt: Attempt, offers: tuple[bytes, ...]
) -> None:
    """Offers that the grammar allows are taken or declined, and the handshake goes on."""
    refused: list[str] = []
    for one in offers:
        with attempt.row(shorten(one)):
            answer = await answer_to(peers(), one)
        if isinstance(answer, Refusal):
            refused.append(f"{one.decode().partition('; ')[2]} ({answer.detail})")
    if refused:
        attempt.found(f"refused: {', '.join(refused)}", "101 Switching Protocols without permessage-deflate")


@case("rfc7692/5/fallback-offer", ANSWER, needs=["deflate"])
@pytest.mark.parametrize(
    "declined",
    [
        pytest.param((b"x-wireproof; a=1",), id="unknown-extension"),
        pytest.param((offer(UNKNOWN[0]), offer(WINDOW + b"=7"), offer(TAKEOVER, TAKEOVER)), id="ill-offer"),
    ],
)
async def test_offer_behind_a_declined_one_is_taken(
    peers: Peers, attempt: Attempt, declined: tuple[bytes, ...]
) -> None:
    """An offer that is taken when it comes alone is taken behind one that has to be declined too."""
    for first in declined:
        answer = await answer_to(peers(), first, offer(CLIENT_WINDOW))
        # Whether a handshake may be refused for its first offer is another case's question.
        if not isinstance(answer, Refusal) and not any(one.name.lower() == EXTENSION for one in answer):
            attempt.broken(f"declined behind {first.decode()}", "permessage-deflate by the second offer")


@case("rfc7692/5/preference", ANSWER, needs=["deflate"])
async def test_first_offer_is_preferred(peers: Peers, attempt: Attempt) -> None:
    """Of two offers that the server supports, it takes the first."""
    for first in (TAKEOVER, WINDOW + b"=10"):
        name = first.partition(b"=")[0]
        if await taken_of(peers(), offer(first)) is None:
            continue
        taken = await taken_of(peers(), offer(first), offer())
        if taken is None or name not in {parameter.name for parameter in taken.parameters}:
            attempt.broken("an answer to the second offer", f"a response with {name.decode()}")


@case("rfc7692/5/rsv1-conflict", ANSWER, needs=["deflate"])
async def test_one_compression_is_taken_at_most(peers: Peers, attempt: Attempt) -> None:
    """Of several compression extensions offered, which all use RSV1, one is taken at most."""
    for offers in (
        (offer(), offer()),
        (offer(TAKEOVER), offer(WINDOW + b"=10"), offer()),
        (offer(CLIENT_WINDOW), b"permessage-bzip2", b"x-webkit-deflate-frame"),
    ):
        answer = await answer_to(peers(), *offers)
        names = [] if isinstance(answer, Refusal) else [one.name.lower() for one in answer]
        compressing = [one for one in names if one.startswith(b"permessage-") or b"deflate" in one]
        if len(compressing) > 1:
            attempt.broken(f"accepted: {shorten(b', '.join(compressing))}", "one of them", "none")


@case("rfc7692/5/declined-not-named", ANSWER, needs=["deflate"])
async def test_other_compression_is_not_taken(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A response names no compression extension when only such as nobody knows are offered."""
    answer = await answer_to(peer, b"permessage-wireproof; x=1", b"permessage-deflate2", b"permessage")
    if not isinstance(answer, Refusal) and answer:
        attempt.broken(f"accepted: {shorten(answer[0].name)}", "no extension in the response")


@case("rfc7692/5.2/quoted-value-received", ANSWER, needs=["deflate"])
async def test_quoted_value_is_read_like_a_plain_one(peers: Peers, attempt: Attempt) -> None:
    """A window in quotes is taken where the same window without quotes is."""
    for name, value in ((WINDOW, b"10"), (WINDOW, b"15"), (CLIENT_WINDOW, b"12")):
        plain = await taken_of(peers(), offer(name + b"=" + value))
        if plain is not None:
            for quoted in (b'"%b"' % value, b'"\\%b"' % value):
                answer = await answer_to(peers(), offer(name + b"=" + quoted))
                if isinstance(answer, Refusal) or not any(same(plain, one) for one in answer):
                    what = "refused" if isinstance(answer, Refusal) else "another answer"
                    attempt.broken(f"{name.decode()}={quoted.decode()}: {what}", "the answer without quotes")
