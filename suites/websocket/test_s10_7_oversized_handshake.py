"""RFC 6455 section 10.7 in the handshake: no request takes the server down. Limits are told, never judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.wire.http1 import Request

VALIDATION = "rfc6455/10.7/input-validation"
KIB = 1024

Grow = Callable[[Request, int], Request]


def one_field(request: Request, size: int) -> Request:
    """A header field with a value of *size* bytes."""
    return request.adding((b"X-Wireproof", b"w" * size))


def many_fields(request: Request, size: int) -> Request:
    """As many short header fields as make *size* bytes, ahead of the known ones."""
    fields = tuple((b"X-%05d" % i, b"w") for i in range(size // 12))
    return replace(request, headers=(*fields, *request.headers))


def long_target(request: Request, size: int) -> Request:
    """A query of *size* bytes."""
    joint = b"&" if b"?" in request.target else b"?"
    return replace(request, target=request.target + joint + b"w" * size)


async def climb(peers: Peers, attempt: Attempt, grow: Grow, sizes: tuple[int, ...]) -> None:
    """Try one size after the other until one is refused, and see whether the server lives on."""
    for size in sizes:
        peer = peers()
        with attempt.row(f"{size} bytes"):
            answer = await peer.answer_to(grow(peer.request(), size), "rfc6455/10.7/handshake-status")
        peer.discard()
        if answer != "accepted":
            attempt.report(f"{size} bytes: {answer}")
            break
    else:
        attempt.report(f"{sizes[-1]} bytes: accepted")
    # A server that is gone is found here: the case is then repeated alone.
    await peers().open()


@case(VALIDATION, "rfc6455/10.7/handshake-status")
@pytest.mark.parametrize("grow", [one_field, many_fields, long_target], ids=lambda g: g.__name__)
async def test_large_request_is_survived(peers: Peers, attempt: Attempt, grow: Grow) -> None:
    """A request of up to 64 KiB is answered in some way, and the server lives on."""
    await climb(peers, attempt, grow, (4 * KIB, 8 * KIB - 512, 16 * KIB, 32 * KIB, 64 * KIB))


@case(VALIDATION, "rfc6455/10.7/handshake-status", intensity=Intensity.NORMAL)
@pytest.mark.parametrize("grow", [one_field, many_fields, long_target], ids=lambda g: g.__name__)
async def test_huge_request_is_survived(peers: Peers, attempt: Attempt, grow: Grow) -> None:
    """A request of up to 1 MiB is answered in some way, and the server lives on."""
    await climb(peers, attempt, grow, (256 * KIB, 1024 * KIB))
