"""RFC 6455 sections 10.2 and 4.2.2 (/origin/): what a server makes of the Origin header field.

Only its operator knows which origins are right, so nearly all of it is told and nothing is demanded.
"""

from __future__ import annotations

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import excuse_refusal
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.http1 import Request

from .handshakes import report_each

UNWANTED = "rfc6455/4.2.2/unwanted-connection"
ORIGIN = b"Origin"
FOREIGN = (b"https://wireproof.invalid", b"http://wireproof.invalid:8080", b"null")


def with_origins(request: Request, origins: dict[str, bytes]) -> dict[str, Request]:
    """A row for each origin."""
    return {name: request.with_header(ORIGIN, origin) for name, origin in origins.items()}


@case("rfc6455/4.2.1/origin-optional")
async def test_missing_origin_is_reported(peers: Peers, attempt: Attempt) -> None:
    """Whether a handshake without Origin is accepted is told: only browsers have to send one."""
    await report_each(peers, attempt, {"no Origin": peers().request().without(ORIGIN)})


@case("rfc6455/4.2.2/origin-use")
async def test_foreign_origin_is_reported(peers: Peers, attempt: Attempt) -> None:
    """Whether pages of other sites may connect is told."""
    rows = {origin.decode(): origin for origin in FOREIGN}
    await report_each(peers, attempt, with_origins(peers().request(), rows))


@case("rfc6455/4.2.2/origin-use")
async def test_origin_like_the_own_is_reported(peers: Peers, attempt: Attempt, target: Target) -> None:
    """Whether the server's own origin and those that look like it may connect is told."""
    request = peers().request()
    scheme = b"https" if target.endpoint.tls else b"http"
    authority = target.endpoint.authority
    own = request.get(ORIGIN) or scheme + b"://" + authority
    trusted, _, site = own.partition(b"://")
    rows = {
        "the own": own,
        "the own in capital letters": own.upper(),
        "the other scheme": (b"http" if trusted == b"https" else b"https") + b"://" + site,
        "no scheme": site,
        "another port": trusted + b"://" + site.split(b":")[0] + b":9",
        "the own as a subdomain of another": trusted + b"://" + site.split(b":")[0] + b".wireproof.invalid",
        "the own behind a prefix": trusted + b"://wireproof" + site,
        "a subdomain of the own": trusted + b"://wireproof." + site,
        "the own as a user name": trusted + b"://" + site.split(b":")[0] + b"@wireproof.invalid",
        "the own as a path": trusted + b"://wireproof.invalid/" + site,
        "another letter for the dots": trusted + b"://" + site.replace(b".", b"a"),
    }
    await report_each(peers, attempt, with_origins(request, rows))


@case("rfc6455/4.2.2/origin-use")
async def test_odd_origin_is_reported(peers: Peers, attempt: Attempt, target: Target) -> None:
    """What a server makes of values that are no origin, and of several origins, is told."""
    request = peers().request()
    own = request.get(ORIGIN) or b"http://" + target.endpoint.authority
    rows = with_origins(
        request,
        {
            "an empty value": b"",
            "a word": b"wireproof",
            "a file": b"file://",
            "a path behind it": own + b"/index.html",
            "two in one": own + b" https://wireproof.invalid",
            "10000 characters": b"https://" + b"w" * 9974 + b".wireproof.invalid",
        },
    )
    rows["two lines, the own first"] = request.with_header(ORIGIN, own, b"https://wireproof.invalid")
    rows["two lines, the own last"] = request.with_header(ORIGIN, b"https://wireproof.invalid", own)
    await report_each(peers, attempt, rows)


@case("rfc6455/10.2/origin-status")
async def test_unacceptable_origin_is_refused_with_403(peers: Peers, attempt: Attempt) -> None:
    """A handshake that is refused for its origin is refused with status 403."""
    for refusal in await refusals(peers):
        if refusal.response is not None and refusal.response.status != 403:
            attempt.broken(refusal.detail, "403 Forbidden")


@case(UNWANTED)
async def test_unacceptable_origin_is_refused_with_an_error(peers: Peers, attempt: Attempt) -> None:
    """A handshake that is refused for its origin gets an HTTP response with an error status."""
    for refusal in await refusals(peers):
        if refusal.response is None:
            attempt.broken(refusal.detail, "an HTTP error status", ground=Ground.MISSING)
        elif refusal.response.status < 300:
            attempt.broken(refusal.detail, "an HTTP error status")


async def refusals(peers: Peers) -> list[Refusal]:
    """How origins of other sites are refused; not applicable where none is."""
    found: list[Refusal] = []
    for origin in FOREIGN:
        peer = peers()
        answer = await peer.handshake(peer.request().with_header(ORIGIN, origin))
        if isinstance(answer, Refusal):
            excuse_refusal(answer)
            found.append(answer)
    if not found:
        raise NotApplicable("the server takes clients of any origin")
    return found
