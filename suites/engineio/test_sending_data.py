"""Engine.IO, sending data: POST requests, and what answers them."""

from __future__ import annotations

import asyncio

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.exchange import with_body
from wireproof.peer.peers import Sessions
from wireproof.peer.session import POLL_TYPE
from wireproof.wire.engineio import Packet, encode_payload

from .asking import compare, heard, question
from .polling import BUFFERED, expect_closed, fence, poll_for, settled, start


@case("engineio/sending-data/success-status", BUFFERED, needs=["polling", "messages"])
async def test_post_is_answered_with_200(session: SessionPeer) -> None:
    """A POST request whose packets are taken is answered with 200."""
    await session.begin()
    await session.expect_status(await session.post(question(session, "one")), 200)
    await poll_for(session, "one", requirement=BUFFERED)


@case("engineio/sending-data/success-body", needs=["polling", "messages"])
async def test_post_is_answered_with_ok(session: SessionPeer, attempt: Attempt) -> None:
    """The response to a POST request whose packets are taken says ok."""
    await session.begin()
    answer = await session.post(question(session, "one"))
    if answer.status == 200 and answer.body != b"ok":
        attempt.broken(str(answer), "the body ok")


@case("engineio/message/exchanged", "engineio/sending-data/success-status", needs=["polling", "messages"])
async def test_post_may_come_in_pieces(session: SessionPeer, attempt: Attempt) -> None:
    """The packets of a POST request that comes byte by byte are taken."""
    await session.begin_way(Way.POLLING)
    body = encode_payload([question(session, "pieces")]).encode()
    request = with_body(session.request(method=b"POST"), body, POLL_TYPE)
    exchange = await session.http.open()
    async with session.posting:  # a pong meanwhile would be a second POST at a time
        exchange.send(session.http.with_cookies(request))
        await exchange.connection.write_pieces((body[n : n + 1] for n in range(len(body))), 0.001)
        with attempt.expecting("200"):
            answer = await exchange.receive(method=b"POST")
    await session.expect_status(answer, 200, requirement="engineio/sending-data/success-status")
    compare(attempt, ["pieces"], await heard(session, ["pieces"]))


@case("engineio/sending-data/unknown-sid", needs=["polling"])
async def test_unknown_session(session: SessionPeer, attempt: Attempt) -> None:
    """A POST request for a session that nobody has is refused with 400."""
    sid = (await session.begin()).sid
    for name, unknown in unknown_sids(sid).items():
        request = with_body(session.request({"sid": unknown}, b"POST"), b"4x", POLL_TYPE)
        with attempt.row(name):
            await session.expect_status(await session.fetch(request, b"4x"), 400)


def unknown_sids(sid: str) -> dict[str, str]:
    """Names that no session has, *sid* being that of one."""
    last = "A" if sid[-1] != "A" else "B"
    return {"another word": "unknown", "another last letter": sid[:-1] + last, "a sid and more": sid + "A"}


@case(
    "engineio/sending-data/concurrent-post-status",
    "engineio/sending-data/concurrent-post-session",
    needs=["polling", "messages"],
)
async def test_second_post_at_a_time(session: SessionPeer, attempt: Attempt) -> None:
    """A POST request while another one is under way is refused with 400, and the session is closed."""
    status, closed = attempt.requirements
    await session.begin()
    body = encode_payload([question(session, "first")]).encode()
    request = with_body(session.request(method=b"POST"), body, POLL_TYPE)
    first = await start(session, request, body[:-1])
    other = encode_payload([question(session, "second")]).encode()
    second = await start(session, with_body(request, other, POLL_TYPE), other)
    receiving = asyncio.create_task(second.receive(method=b"POST"))
    try:
        await asyncio.wait({receiving}, timeout=settled(session))
        # What is still to come of the first one: a server that takes one after the other waits for it.
        first.connection.write(body[-1:])
        await fence(session)
        with attempt.expecting("400 in answer to the second of two POST requests", requirement=status):
            answer = await receiving
    finally:
        receiving.cancel()
    if answer.status != 400:
        # The other one of the two may be the one that is refused.
        with attempt.expecting("an answer to the first of two POST requests", requirement=status):
            earlier = await first.receive(method=b"POST")
        if earlier.status != 400:
            observed = f"{earlier}, then {answer}"
            attempt.found(observed, "400 in answer to one of two POST requests", requirement=status)
    await expect_closed(session, closed)


@case("engineio/sending-data/answered", needs=["polling", "messages"])
async def test_every_post_is_answered(sessions: Sessions, attempt: Attempt) -> None:
    """A POST request is answered whatever it brings, or its connection ends."""
    for name, body in BODIES.items():
        session = sessions()
        await session.begin()
        before = encode_payload([question(session, "one"), ""]).encode() if name in BEHIND else b""
        with attempt.row(name), attempt.expecting("a response", "the end of TCP"):
            await session.post_body(before + body)  # an answer may wait for what the packets are for
        session.discard()
        attempt.progress(1 / len(BODIES))


BODIES = {
    "a pong": encode_payload([Packet.pong()]).encode(),
    "an unknown type": b"9",
    "an unknown type behind a message": b"9",
    "a noop behind a message": b"6",
    "no packet": b"",
    "a separator": b"\x1e",
    "no base64": b"b!",
    "no UTF-8": b"4\xff",
    "binary zeros": bytes(3),
    "a close packet": b"1",
}
BEHIND = tuple(name for name in BODIES if name.endswith("behind a message"))
