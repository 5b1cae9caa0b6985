"""RFC 6455 sections 4.2.1 and 10.7: how a bad handshake is refused, and what follows it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer, excuse_refusal
from wireproof.verdict import Ground
from wireproof.wire.http1 import HttpViolation, Request, Response
from wireproof.wire.text import shorten
from wireproof.wire.websocket import Frame

ANSWER = "rfc6455/4.2.1/error-response"
AFTERWARDS = "rfc6455/4.2.1/connection-after-refusal"
STATUS = "rfc6455/10.7/handshake-status"
KEY = b"Sec-WebSocket-Key"
VERSION = b"Sec-WebSocket-Version"
# Only such as can't be taken for anything but a handshake: an ordinary request may be answered with 200.
BAD: dict[str, tuple[bytes, bytes | None]] = {
    "no key": (KEY, None),
    "no version": (VERSION, None),
    "version 99": (VERSION, b"99"),
}


def bad(peer: WebSocketPeer, row: str) -> Request:
    """A handshake with one field wrong or left out."""
    name, value = BAD[row]
    request = peer.request()
    return request.without(name) if value is None else request.with_header(name, value)


async def refused(peer: WebSocketPeer, request: Request, silence: str = ANSWER) -> Response:
    """The response that refuses *request*; not applicable where there is none, other cases judge that."""
    with peer.attempt.expecting("an HTTP error status", requirement=silence):
        answer = await peer.handshake(request)
    if not isinstance(answer, Refusal):
        raise NotApplicable("the server accepts this handshake")
    if answer.response is None:
        raise NotApplicable(f"the server refuses without a response: {answer.detail}")
    excuse_refusal(answer)
    return answer.response


@case(ANSWER)
async def test_refusal_has_an_error_status(peers: Peers, attempt: Attempt) -> None:
    """A response that refuses a handshake has an error status."""
    for row in BAD:
        peer = peers()
        with attempt.row(row), attempt.expecting("an HTTP error status") as expecting:
            response = await refused(peer, bad(peer, row))
            # 4.2.2 permits to redirect.
            if response.status < 300:
                expecting.broken(response.describe())


@case(STATUS)
async def test_refusal_is_a_response(peers: Peers, attempt: Attempt) -> None:
    """A bad handshake gets an HTTP response, not the end of TCP alone."""
    for row in BAD:
        peer = peers()
        with attempt.row(row), attempt.expecting("an HTTP response") as expecting:
            answer = await peer.handshake(bad(peer, row))
            if isinstance(answer, Refusal) and answer.response is None:
                expecting.broken(answer.detail, Ground.MISSING)


@case(STATUS)
async def test_malformed_request_gets_a_response(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A request that is no HTTP at all gets an HTTP response, not the end of TCP alone."""
    await peer.connect()
    with attempt.expecting("an HTTP response") as expecting:
        peer.send_bytes(b"wireproof\r\n\r\n", "no HTTP request")
        answer = await peer.receive_response()
        if isinstance(answer, Refusal) and answer.response is None:
            expecting.broken(answer.detail, Ground.MISSING)


@case("rfc6455/4.2.1/single-response", ANSWER)
async def test_refusal_is_the_only_response(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A refused handshake gets one response; the next one answers the next request."""
    response = await refused(peer, peer.request().without(KEY))
    if b"close" in response.items(b"Connection"):
        peer.half_close()
        answers, due = [answer async for answer in all_answers(peer)], 0
    else:
        await peer.send_request(peer.request())
        answers, due = [answer async for answer in all_answers(peer)], 1
    if len(answers) > due:
        attempt.broken(f"behind the refusal came: {', '.join(answers)}", "one response to each request")


@case(AFTERWARDS)
async def test_second_handshake_on_the_same_connection_is_reported(
    peer: WebSocketPeer, attempt: Attempt
) -> None:
    """Whether a correct handshake behind a refused one is accepted on the same connection is told."""
    response = await refused(peer, peer.request().without(KEY), AFTERWARDS)
    kept = response.get(b"Connection") or b"none"
    await peer.send_request(peer.request())
    answers = [answer async for answer in all_answers(peer)]
    attempt.report(
        f"Connection of the refusal: {shorten(kept)}; then: {', '.join(answers) or 'the end of TCP'}"
    )


async def all_answers(peer: WebSocketPeer) -> AsyncIterator[str]:
    """Tell all that comes behind a response, up to a 101 or the end of TCP."""
    while True:
        try:
            peer.next_response()
        except HttpViolation as exc:
            yield f"no HTTP: {exc}"
            return
        answer = await peer.receive_response()
        if isinstance(answer, Response):
            yield "101"
            return
        if answer.response is None:
            if answer.body:
                yield f"no HTTP: {answer.detail}"
            return
        yield answer.detail


@case(AFTERWARDS)
async def test_pipelined_handshake_is_reported(peer: WebSocketPeer, attempt: Attempt) -> None:
    """What a server makes of a correct handshake in the same segment behind a bad one is told."""
    good = peer.request()
    bad_one = peer.request().with_header(VERSION, b"99")
    await peer.connect()
    peer.key = good.get(KEY) or b""
    peer.send_bytes(bad_one.encode() + good.encode(), "a bad handshake and a correct one behind it")
    with attempt.expecting("an answer of any kind"):
        answers = [answer async for answer in all_answers(peer)]
    attempt.report(f"answered with: {', then '.join(answers) or 'the end of TCP'}")


@case("rfc6455/4.2.1/stop-processing", ANSWER)
async def test_frames_behind_a_refusal_are_not_answered(peers: Peers, attempt: Attempt) -> None:
    """A refused handshake opens no WebSocket: a ping behind it gets no pong."""
    for row in BAD:
        peer = peers()
        with attempt.row(row):
            await refused(peer, bad(peer, row))
            await expect_no_pong(peer, attempt)


async def expect_no_pong(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Send a ping on a connection that is no WebSocket, and demand anything but its answer."""
    ping = Frame.ping(b"behind the refusal")
    peer.send(ping)
    # An empty line ends what an HTTP server takes for the next request, so that it answers or closes.
    peer.send_bytes(b"\r\n\r\n", "an empty line")
    came = b""
    while data := await peer.connection.receive():
        came += data
        if ping.payload in came or b"\r\n\r\n" in came:
            break
    if b"\x8a\x12" + ping.payload in came:
        attempt.broken("the ping is answered with a pong", "an HTTP response", "the end of TCP")


@case("rfc6455/4.4/version-header", ANSWER)
async def test_upgrade_required_names_what_to_upgrade_to(peers: Peers, attempt: Attempt) -> None:
    """What responses with status 426 name in Upgrade and Sec-WebSocket-Version is told."""
    request = peers().request()
    rows = {
        "no Upgrade": request.without(b"Upgrade"),
        "no version": request.without(VERSION),
        "version 99": request.with_header(VERSION, b"99"),
    }
    seen = False
    for name, row in rows.items():
        with attempt.row(name), attempt.expecting("an answer of any kind", requirement=ANSWER):
            answer = await peers().handshake(row)
        if isinstance(answer, Refusal) and answer.response is not None and answer.response.status == 426:
            seen = True
            fields = [b"Upgrade", VERSION]
            named = [f"{field.decode()}: {shorten(answer.response.get(field) or b'')}" for field in fields]
            attempt.report(f"{name}: 426 with {', '.join(named)}")
    if not seen:
        raise NotApplicable("the server does not use status 426")


@case("rfc6455/4.2.2/unavailable-service")
async def test_unknown_path_is_reported(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A handshake for a path that hardly exists is accepted, or refused with an HTTP error status."""
    path = f"/wireproof-{attempt.random.randrange(10**9)}"
    with attempt.expecting("an HTTP error status", "101 Switching Protocols") as expecting:
        answer = await peer.handshake(peer.request(path))
        if isinstance(answer, Refusal) and answer.response is None:
            expecting.broken(answer.detail, Ground.MISSING)
    attempt.report(
        f"refused: {answer.detail}" if isinstance(answer, Refusal) else "accepted: any path will do"
    )
