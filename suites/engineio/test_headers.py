"""Engine.IO, header fields: the content types of payloads."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.exchange import with_body
from wireproof.peer.peers import Sessions
from wireproof.wire.engineio import encode_payload

from .asking import question
from .polling import poll_for

TEXT_TYPES = (
    b"text/plain",
    b"text/plain;charset=UTF-8",
    b"text/plain; charset=utf-8",
    b"Text/Plain;charset=UTF-8",
)


@case("engineio/headers/plain-text-inferred", needs=["polling", "messages"])
async def test_body_without_content_type(session: SessionPeer) -> None:
    """A request body without a content type is taken for text."""
    await _expect_taken(session, None)


@case("engineio/headers/content-type-received", needs=["polling", "messages"])
async def test_text_types(sessions: Sessions, attempt: Attempt) -> None:
    """A request body is taken that is called plain text, with a charset of UTF-8 or without."""
    for content_type in TEXT_TYPES:
        session = sessions()
        with attempt.row(content_type.decode()):
            await _expect_taken(session, content_type)
        session.discard()


async def _expect_taken(session: SessionPeer, content_type: bytes | None) -> None:
    await session.begin()
    body = encode_payload([question(session, "one")]).encode()
    request = with_body(session.request(method=b"POST"), body, content_type or b"")
    if content_type is None:
        request = request.without(b"Content-Type")
    with session.attempt.expecting("200"):
        await session.expect_status(await session.fetch(request, body), 200)
    await poll_for(session, "one")


@case("engineio/headers/binary-content-type-received", needs=["polling", "messages"])
async def test_body_called_binary(session: SessionPeer, attempt: Attempt) -> None:
    """What becomes of a request body that is called binary data."""
    await session.begin()
    body = encode_payload([question(session, "one")]).encode()
    with attempt.expecting("a response", requirement="engineio/headers/binary-content-type-received"):
        answer = await session.post_body(body, b"application/octet-stream")
    attempt.report(f"application/octet-stream is answered with {answer.status or answer.detail}")


@case("engineio/headers/text-content-type-sent", needs=["polling", "messages"])
async def test_type_of_payloads(session: SessionPeer, attempt: Attempt) -> None:
    """Payloads come as text/plain with a charset of UTF-8."""
    opening = await session.handshake_with(session.request())
    await session.post(question(session, "one"))
    for name, answer in (("the handshake", opening), ("a later GET", await session.poll())):
        told = answer.header(b"Content-Type").lower().replace(" ", "").replace('"', "")
        if answer.status == 200 and told != "text/plain;charset=utf-8":
            attempt.found(f"{name}: Content-Type is {told or 'missing'}", "text/plain; charset=UTF-8")
