"""RFC 6455 section 7.4: the status codes of Close frames, received and sent."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.table import each_row
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import Frame

from .closings import answer_to, takes_for_error, takes_for_valid, within_patience

UNASSIGNED = [1016, 1100, 1999, 2000, 2999]


@case("rfc6455/7.4.1/defined-code-received", "rfc6455/5.5.1/close-reply")
async def test_defined_codes_are_taken(peers: Peers, attempt: Attempt) -> None:
    """A Close frame with a code that the protocol defines for it is a valid one."""
    await _expect_taken(peers, attempt, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011)


@case("rfc6455/7.4.1/defined-code-received")
@pytest.mark.parametrize("code", [1012, 1013, 1014])
async def test_registered_code_is_taken(peer: WebSocketPeer, code: int) -> None:
    """A Close frame with a code that was registered since is a valid one."""
    await peer.open()
    answer = await answer_to(peer, Frame.close(code))
    # The text itself does not know these codes: who drops the connection has not ignored a Close frame.
    if answer.close is None or takes_for_error(answer, code):
        peer.attempt.broken(str(answer), "a Close frame that tells no error")


@case("rfc6455/7.4.2/library-code-received", "rfc6455/5.5.1/close-reply")
async def test_library_codes_are_taken(peers: Peers, attempt: Attempt) -> None:
    """A Close frame with a code of the range for libraries is a valid one."""
    await _expect_taken(peers, attempt, 3000, 3500, 3999)


@case("rfc6455/7.4.2/private-code-received", "rfc6455/5.5.1/close-reply")
async def test_private_codes_are_taken(peers: Peers, attempt: Attempt) -> None:
    """A Close frame with a code of the private range is a valid one."""
    await _expect_taken(peers, attempt, 4000, 4500, 4999)


async def _expect_taken(peers: Peers, attempt: Attempt, *codes: int) -> None:
    async def check(peer: WebSocketPeer, code: int) -> None:
        answer = await answer_to(peer, Frame.close(code))
        if answer.close is None:
            peer.attempt.broken(str(answer), "a Close frame", requirement="rfc6455/5.5.1/close-reply")
        if takes_for_error(answer, code):
            peer.attempt.broken(str(answer), "a Close frame that tells no error")

    await each_row(attempt, peers, {str(code): code for code in codes}, check)


@case("rfc6455/7.4.1/reserved-code-received")
@pytest.mark.parametrize("code", [1004, 1005, 1006, 1015])
async def test_reserved_code_is_an_error(peer: WebSocketPeer, code: int) -> None:
    """A Close frame with a reserved code is an error."""
    await _expect_error(peer, code)


@case("rfc6455/7.4.2/code-below-1000-received")
@pytest.mark.parametrize("code", [0, 1, 999])
async def test_code_below_1000_is_an_error(peer: WebSocketPeer, code: int) -> None:
    """A Close frame with a code below 1000 is an error."""
    await _expect_error(peer, code)


@case("rfc6455/7.4.2/code-above-4999-received")
@pytest.mark.parametrize("code", [5000, 65535])
async def test_code_above_4999_is_an_error(peer: WebSocketPeer, code: int) -> None:
    """A Close frame with a code above 4999 is an error."""
    await _expect_error(peer, code)


@case("rfc6455/7.4.2/unassigned-code-received")
@pytest.mark.parametrize("code", UNASSIGNED)
async def test_unassigned_code_is_an_error(peer: WebSocketPeer, code: int) -> None:
    """A Close frame with a code that nobody has defined is an error."""
    await _expect_error(peer, code)


async def _expect_error(peer: WebSocketPeer, code: int) -> None:
    await peer.open()
    answer = await answer_to(peer, Frame.close(code))
    if takes_for_valid(answer, code):
        peer.attempt.broken(str(answer), "a Close frame that tells an error (1002)", "the end of TCP")


@case("rfc6455/7.4.1/code-1004-sent")
async def test_1004_is_not_sent_back(peers: Peers, attempt: Attempt) -> None:
    """The reserved code 1004 is not sent, not even in answer to one."""
    await _expect_not_sent(peers, attempt, 1004)


@case("rfc6455/7.4.1/code-1005-sent")
async def test_1005_is_not_sent(peers: Peers, attempt: Attempt) -> None:
    """1005 is not sent, neither in answer to one nor in answer to an empty Close frame."""
    await _expect_not_sent(peers, attempt, 1005, None)


@case("rfc6455/7.4.1/code-1006-sent")
async def test_1006_is_not_sent(peers: Peers, attempt: Attempt) -> None:
    """1006 is not sent, neither in answer to one nor in answer to an empty Close frame."""
    await _expect_not_sent(peers, attempt, 1006, None)


@case("rfc6455/7.4.1/code-1015-sent")
async def test_1015_is_not_sent_back(peers: Peers, attempt: Attempt) -> None:
    """1015 is not sent, not even in answer to one."""
    await _expect_not_sent(peers, attempt, 1015)


@case("rfc6455/7.4.2/code-below-1000-sent")
async def test_code_below_1000_is_not_sent_back(peers: Peers, attempt: Attempt) -> None:
    """A code below 1000 is not sent, not even in answer to one, to an empty Close frame or to half a code."""
    await _expect_not_sent(peers, attempt, 0, 1, 999, None)


@case("rfc6455/7.4.2/code-above-4999-sent")
async def test_code_above_4999_is_not_sent_back(peers: Peers, attempt: Attempt) -> None:
    """A code above 4999 is not sent, not even in answer to one."""
    await _expect_not_sent(peers, attempt, 5000, 65535)


@case("rfc6455/7.4.2/unassigned-code-sent")
async def test_unassigned_code_is_not_sent_back(peers: Peers, attempt: Attempt) -> None:
    """A code that nobody has defined is not sent, not even in answer to one."""
    await _expect_not_sent(peers, attempt, *UNASSIGNED)


async def _expect_not_sent(peers: Peers, attempt: Attempt, *codes: int | None) -> None:
    async def check(peer: WebSocketPeer, code: int | None) -> None:
        await within_patience(peer, answer_to(peer, Frame.close(code)))
        peer.expect_no_violation()

    await each_row(attempt, peers, {"no code" if code is None else str(code): code for code in codes}, check)
