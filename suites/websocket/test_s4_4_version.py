"""RFC 6455 sections 4.2.1 (item 6), 4.2.2 (/version/) and 4.4: the header field Sec-WebSocket-Version."""

from __future__ import annotations

import re

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer, excuse_refusal
from wireproof.verdict import Ground
from wireproof.wire.http1 import Request, Response
from wireproof.wire.text import shorten

from .handshakes import expect_each_refused, report_each

ANSWER = "rfc6455/4.2.1/error-response"
VERSION = b"Sec-WebSocket-Version"
# Section 4.1, item 9: 12 was reserved for a draft, and was not and will not be used.
UNDEFINED = (b"12", b"14", b"99", b"255")


def rows(peers: Peers, *values: bytes) -> dict[str, Request]:
    """A row for each version."""
    return {f'"{v.decode()}"': peers().request().with_header(VERSION, v) for v in values}


@case("rfc6455/4.2.1/version", ANSWER)
async def test_missing_version_is_refused(peer: WebSocketPeer) -> None:
    """A handshake without a Sec-WebSocket-Version is refused."""
    await peer.expect_refused(peer.request().without(VERSION))


@case("rfc6455/4.2.1/version-grammar", ANSWER)
async def test_version_that_is_no_number_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Version that is no number is refused."""
    await expect_each_refused(peers, attempt, rows(peers, b"", b"websocket", b"thirteen", b"13a"))


@case("rfc6455/4.2.1/version-grammar", ANSWER)
async def test_number_in_another_form_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Version that only a generous reader takes for 13 is refused."""
    await expect_each_refused(peers, attempt, rows(peers, b"013", b"+13", b"13.0", b"0xd", b"1_3"))


@case("rfc6455/4.2.1/version-grammar", ANSWER)
async def test_number_above_255_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Version above 255 is refused, also where a narrow integer would make it 13."""
    await expect_each_refused(peers, attempt, rows(peers, b"269", b"65549", b"4294967309"))


@case("rfc6455/4.2.1/version-grammar", ANSWER)
async def test_list_of_versions_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A Sec-WebSocket-Version that lists versions is refused."""
    await expect_each_refused(peers, attempt, rows(peers, b"13, 8", b"8, 13", b"13, 13"))


@case("rfc6455/11.3.5/repeated-version-received", ANSWER)
async def test_second_version_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A handshake with two Sec-WebSocket-Version header fields is refused."""
    request = peers().request()
    lines = {"13 and 13": (b"13", b"13"), "13 and 8": (b"13", b"8"), "8 and 13": (b"8", b"13")}
    await expect_each_refused(
        peers, attempt, {name: request.with_header(VERSION, *v) for name, v in lines.items()}
    )


@case("rfc6455/4.2.2/unknown-version", ANSWER)
async def test_undefined_version_is_refused(peers: Peers, attempt: Attempt) -> None:
    """A handshake for a version that nobody has defined is refused."""
    await expect_each_refused(peers, attempt, rows(peers, *UNDEFINED))


@case("rfc6455/4.2.2/unknown-version", ANSWER)
async def test_older_version_is_reported(peers: Peers, attempt: Attempt) -> None:
    """Which versions of the drafts a server understands is told: accepting one it knows is right."""
    await report_each(peers, attempt, rows(peers, b"8", b"7", b"6", b"0"), silence=ANSWER)


async def refusal_of(peer: WebSocketPeer, version: bytes) -> Response:
    """The response that refuses *version*; not applicable where there is none, other cases judge that."""
    with peer.attempt.expecting("an HTTP error status", requirement=ANSWER):
        answer = await peer.handshake(peer.request().with_header(VERSION, version))
    if not isinstance(answer, Refusal):
        raise NotApplicable(f"the server accepts version {version.decode()}")
    if answer.response is None:
        raise NotApplicable(
            f"the server refuses version {version.decode()} without a response: {answer.detail}"
        )
    excuse_refusal(answer)
    return answer.response


@case("rfc6455/4.2.2/unknown-version-status", "rfc6455/10.7/handshake-status")
async def test_unknown_version_is_refused_with_an_error_status(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The refusal of a version is an HTTP response with an error status, of any suitable number."""
    silence = "rfc6455/10.7/handshake-status"
    with attempt.expecting("an HTTP error status", requirement=silence):
        answer = await peer.handshake(peer.request().with_header(VERSION, b"99"))
    if not isinstance(answer, Refusal):
        raise NotApplicable("the server accepts version 99")
    if answer.response is None:
        # Section 10.7 permits to drop the connection, and asks for a status.
        attempt.broken(answer.detail, "an HTTP error status", requirement=silence, ground=Ground.MISSING)
    if answer.response.status < 300:
        attempt.broken(answer.detail, "an HTTP error status")


@case("rfc6455/4.4/version-header", ANSWER)
async def test_refusal_of_a_version_names_others(peers: Peers, attempt: Attempt) -> None:
    """The refusal of a version has a Sec-WebSocket-Version header field."""
    for version in (b"99", b"14"):
        with attempt.row(f"version {version.decode()}"):
            response = await refusal_of(peers(), version)
            if response.get(VERSION) is None:
                attempt.broken(f"{response.describe()} without it", "a Sec-WebSocket-Version header field")


def named_by(response: Response) -> list[bytes]:
    """The versions that a refusal names; not applicable where it names none."""
    if response.get(VERSION) is None:
        raise NotApplicable("the refusal has no Sec-WebSocket-Version header field")
    return response.items(VERSION)


@case("rfc6455/4.4/version-list", ANSWER)
async def test_refusal_of_a_version_names_13(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The refusal of a version names 13, which the server accepts."""
    named = named_by(await refusal_of(peer, b"99"))
    if b"13" not in named:
        attempt.broken(f"named are {shorten(b', '.join(named))}", "13 among the versions named")


@case("rfc6455/4.3/version-header-grammar", ANSWER)
async def test_versions_named_are_well_formed(peer: WebSocketPeer, attempt: Attempt) -> None:
    """The versions that a refusal names are numbers from 0 to 255 without leading zeros."""
    named = named_by(await refusal_of(peer, b"99"))
    wrong = [v for v in named if not re.fullmatch(rb"0|[1-9]\d{0,2}", v) or int(v) > 255]
    if wrong or not named:
        attempt.broken(f"{shorten(b', '.join(named))}", "a list of numbers from 0 to 255")


@case("rfc6455/4.4/version-list", ANSWER)
async def test_versions_named_are_tried(peers: Peers, attempt: Attempt) -> None:
    """Which of the versions that a refusal names are accepted is told."""
    request = peers().request()
    named = named_by(await refusal_of(peers(), b"99"))[:8]
    rows = {f"version {v.decode('latin-1')}": request.with_header(VERSION, v) for v in named}
    await report_each(peers, attempt, rows, silence=ANSWER)
