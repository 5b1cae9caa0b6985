"""RFC 7692 section 7.1: the parameters with which a server accepts an offer of permessage-deflate."""

from __future__ import annotations

from collections.abc import AsyncIterator

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.wire.deflate import DeflateViolation, read_agreement
from wireproof.wire.extensions import Extension

from .deflating import ANSWER, CLIENT_TAKEOVER, CLIENT_WINDOW, LEGAL, TAKEOVER, WINDOW, offer, taken_of


async def answers(peers: Peers, *offers: bytes) -> AsyncIterator[tuple[str, Extension]]:
    """What the server takes of *offers*, each made alone, and under which name."""
    for one in offers:
        taken = await taken_of(peers(), one)
        if taken is not None:
            yield one.decode(), taken


def values(extension: Extension, name: bytes) -> list[int]:
    """The numbers that *extension* gives for *name*; what is no number is judged by a case of its own."""
    found = [parameter.value or b"" for parameter in extension.parameters if parameter.name == name]
    return [int(value) for value in found if value.isdigit() and len(value) < 9]


async def expect_no_violation(peers: Peers, attempt: Attempt) -> None:
    """Demand of the answer to every legal offer that it breaks none of the case's requirements."""
    async for name, taken in answers(peers, *LEGAL):
        try:
            read_agreement(taken)
        except DeflateViolation as exc:
            if exc.requirement in attempt.requirements:
                attempt.found(f"{name}: {exc.text}", "none", requirement=exc.requirement)
                return


@case("rfc7692/7/undefined-parameter-sent", "rfc7692/7/repeated-parameter-sent", ANSWER, needs=["deflate"])
async def test_parameters_are_defined_and_come_once(peers: Peers, attempt: Attempt) -> None:
    """An answer has only parameters that are defined, each once."""
    await expect_no_violation(peers, attempt)


@case("rfc7692/7.1.1.1/no-value-sent", "rfc7692/7.1.1.2/no-value-sent", ANSWER, needs=["deflate"])
async def test_takeover_has_no_value(peers: Peers, attempt: Attempt) -> None:
    """The two parameters about context takeover have no value in an answer."""
    await expect_no_violation(peers, attempt)


@case("rfc7692/7.1.2.1/value-sent", "rfc7692/7.1.2.2/value-sent", ANSWER, needs=["deflate"])
async def test_windows_are_numbers_from_8_to_15(peers: Peers, attempt: Attempt) -> None:
    """The two windows of an answer are numbers from 8 to 15 without leading zeros."""
    await expect_no_violation(peers, attempt)


@case("rfc7692/7.1.1.1/acceptance", "rfc7692/7.1.1.1/support", ANSWER, needs=["deflate"])
async def test_server_takeover_is_given_up_as_asked(peers: Peers, attempt: Attempt) -> None:
    """An offer with server_no_context_takeover is accepted with that parameter."""
    for one in (offer(TAKEOVER), offer(CLIENT_WINDOW, TAKEOVER), offer(TAKEOVER, CLIENT_TAKEOVER)):
        taken = await taken_of(peers(), one)
        if taken is None:
            attempt.found(f"{one.decode()}: declined", "accepted", requirement="rfc7692/7.1.1.1/support")
            return
        if TAKEOVER not in {parameter.name for parameter in taken.parameters}:
            attempt.broken(f"{one.decode()}: accepted without it", TAKEOVER.decode(), "no acceptance")


@case("rfc7692/7.1.2.1/acceptance", "rfc7692/7.1.2.1/not-larger-sent", ANSWER, needs=["deflate"])
async def test_server_window_is_limited_as_asked(peers: Peers, attempt: Attempt) -> None:
    """An offer with server_max_window_bits is accepted with the same or a smaller value, or declined."""
    declined = []
    for bits in range(8, 16):
        taken = await taken_of(peers(), offer(WINDOW + b"=%d" % bits))
        if taken is None:
            declined.append(str(bits))
            continue
        if WINDOW not in {parameter.name for parameter in taken.parameters}:
            attempt.broken(f"{bits} accepted without it", WINDOW.decode(), "no acceptance")
        for value in values(taken, WINDOW):
            if value > bits:
                text = f"{bits} answered with {value}"
                attempt.broken(text, f"{bits} or less", requirement="rfc7692/7.1.2.1/not-larger-sent")
    if declined:
        attempt.report(f"declined: {', '.join(declined)}")


@case("rfc7692/7.1.2.2/unrequested-sent", ANSWER, needs=["deflate"])
async def test_client_window_is_limited_only_where_that_was_offered(peers: Peers, attempt: Attempt) -> None:
    """An offer without client_max_window_bits is accepted without that parameter."""
    offers = (offer(), offer(TAKEOVER), offer(CLIENT_TAKEOVER), offer(WINDOW + b"=10"))
    async for name, taken in answers(peers, *offers):
        if CLIENT_WINDOW in {parameter.name for parameter in taken.parameters}:
            attempt.broken(f"{name}: accepted with it", f"no {CLIENT_WINDOW.decode()}")


@case("rfc7692/7.1.2.2/larger-sent", ANSWER, needs=["deflate"])
async def test_client_window_in_answer_to_a_hint(peers: Peers, attempt: Attempt) -> None:
    """What a server asks for, when the client hints at the window that it has, is told."""
    for bits in (8, 10, 15):
        async for _, taken in answers(peers, offer(CLIENT_WINDOW + b"=%d" % bits)):
            for value in values(taken, CLIENT_WINDOW):
                if value > bits:
                    attempt.found(f"{bits} answered with {value}", f"{bits} or less", "no limit")


@case("rfc7692/7.3/useful-window", ANSWER, needs=["deflate"])
async def test_window_is_useful_unless_a_small_one_was_asked_for(peers: Peers, attempt: Attempt) -> None:
    """A server that limits its window unasked, or below what was asked, keeps 1024 bytes or more."""
    offers = (offer(), offer(CLIENT_WINDOW), offer(WINDOW + b"=15"), offer(WINDOW + b"=10"))
    async for name, taken in answers(peers, *offers):
        for value in values(taken, WINDOW):
            if value < 10:
                attempt.broken(f"{name}: answered with {value}", "10 or more", "no limit")
