"""Engine.IO, requests from web pages of other origins: what a browser is told about them."""

from __future__ import annotations

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import Answer
from wireproof.wire.engineio import encode_payload
from wireproof.wire.http1 import Request

from .asking import question

STRANGER = b"http://stranger.invalid"
ALLOWED = b"Access-Control-Allow-Origin"
CREDENTIALS = b"Access-Control-Allow-Credentials"


def origins(session: SessionPeer) -> list[bytes]:
    """Origins that may be allowed: the one that the user tells, else the server's own and a stranger's."""
    told = session.request().get(b"Origin")
    there = session.dialer.endpoint
    own = (b"https://" if there.tls is not None else b"http://") + there.authority
    return [told] if told else [own, STRANGER]


def allows(answer: Answer, origin: bytes) -> bool:
    """Whether a browser lets a page of *origin* read *answer*."""
    return answer.header(ALLOWED).encode("latin-1") in (b"*", origin)


async def _open_from_another(session: SessionPeer) -> tuple[bytes, Answer]:
    """Open a session as a page of an origin that is allowed to; raise `NotApplicable` when none is."""
    for origin in origins(session):
        answer = await session.handshake_with(session.request().with_header(b"Origin", origin))
        if session.handshake is not None and allows(answer, origin):
            return origin, answer
        session.handshake = None
    raise NotApplicable("the server allows no other origin that is known here (--origin tells one)")


@case("engineio/cors/none-by-default", needs=["polling"])
async def test_stranger(session: SessionPeer, attempt: Attempt) -> None:
    """No page of any origin whatever may send requests with the user's credentials."""
    for origin in (STRANGER, b"null"):
        answer = await session.fetch(session.request().with_header(b"Origin", origin))
        told = answer.header(ALLOWED)
        if told.encode("latin-1") == origin and answer.header(CREDENTIALS).lower() == "true":
            attempt.found(
                f"{origin.decode()} is allowed, with credentials",
                "no such permission",
                "one without credentials",
            )
        attempt.report(
            f"the origin {origin.decode()} is answered with {answer.status}, allowed: {told or 'none'}"
        )


@case("engineio/cors/allowed-origin", needs=["polling", "messages"])
async def test_allowed_origin(session: SessionPeer, attempt: Attempt) -> None:
    """An origin that may open a session is told so in every other response too, also in refusals."""
    origin, opened = await _open_from_another(session)
    if opened.header(ALLOWED) == "*" and opened.header(CREDENTIALS).lower() == "true":
        attempt.found(
            "any origin is allowed with credentials, which browsers refuse", "one origin, or no credentials"
        )
    if len(opened.response.get_all(ALLOWED) if opened.response else ()) > 1:
        attempt.found(f"several header lines {ALLOWED.decode()}", "one")
    posted = await session.fetch(*_posting(session, origin))
    polled = await session.fetch(session.request().with_header(b"Origin", origin))
    refused = await session.fetch(session.request({"transport": "abc"}).with_header(b"Origin", origin))
    for name, answer in (("POST", posted), ("GET", polled), ("a refusal", refused)):
        if not allows(answer, origin):
            attempt.found(
                f"{name}: {ALLOWED.decode()} is {answer.header(ALLOWED) or 'missing'}",
                f"* or {origin.decode()}",
            )


def _posting(session: SessionPeer, origin: bytes) -> tuple[Request, bytes]:
    packet = question(session, "one")
    body = encode_payload([packet]).encode()
    request = session.request(method=b"POST").with_header(b"Origin", origin)
    return request.with_header(b"Content-Length", b"%d" % len(body)), body


@case("engineio/cors/preflight", needs=["polling"])
async def test_preflight(session: SessionPeer, attempt: Attempt) -> None:
    """A preflight request of an allowed origin is told that POST and its header fields are allowed."""
    origin, _ = await _open_from_another(session)
    request = session.request({"sid": None}, b"OPTIONS").with_header(b"Origin", origin)
    request = request.with_header(b"Access-Control-Request-Method", b"POST")
    request = request.with_header(b"Access-Control-Request-Headers", b"content-type")
    answer = await session.fetch(request)
    if answer.status is None or not 200 <= answer.status < 300:
        attempt.broken(str(answer), "a status of the 200s")
    if not allows(answer, origin):
        attempt.found(
            f"{ALLOWED.decode()} is {answer.header(ALLOWED) or 'missing'}", f"* or {origin.decode()}"
        )
    for name, wanted in (
        (b"Access-Control-Allow-Methods", "post"),
        (b"Access-Control-Allow-Headers", "content-type"),
    ):
        told = answer.header(name)
        # A browser may always send POST (Fetch, CORS-preflight fetch).
        if wanted not in told.lower() and told != "*" and (told or wanted != "post"):
            attempt.found(f"{name.decode()} is {told or 'missing'}", f"one with {wanted}")
