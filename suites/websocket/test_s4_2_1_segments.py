"""RFC 6455 section 4.2.1: a handshake is read alike however TCP cut it; what 4.1 says about early frames."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer, describe_close
from wireproof.wire.session import Close, Pong
from wireproof.wire.websocket import Frame

SEGMENTS = "rfc6455/4.2.1/segments-received"


@case(SEGMENTS)
async def test_request_cut_in_two_is_accepted(peers: Peers, attempt: Attempt) -> None:
    """A handshake in two segments is accepted, wherever the cut is."""
    cuts = {
        "in the method": b"GE",
        "in the HTTP version": b"HTTP/1",
        "in a field's name": b"Sec-WebSocket-K",
        "in a field's value": b"Upgrade: web",
        "inside a line end": b"Upgrade: websocket\r",
        "inside the last line end": b"\r\n\r",
    }
    for name, behind in cuts.items():
        peer = peers()
        request = peer.request()
        with attempt.row(name):
            await peer.expect_accepted(request, pieces=[request.encode().index(behind) + len(behind)])


@case(SEGMENTS)
async def test_request_in_many_segments_is_accepted(peer: WebSocketPeer) -> None:
    """A handshake in twelve segments of about one size is accepted."""
    request = peer.request()
    size = len(request.encode())
    await peer.expect_accepted(request, pieces=[size * i // 12 for i in range(1, 12)])


@case(SEGMENTS)
async def test_request_line_by_line_is_accepted(peer: WebSocketPeer) -> None:
    """A handshake whose every line is a segment of its own is accepted."""
    request = peer.request()
    head = request.encode()
    await peer.expect_accepted(request, pieces=[i + 1 for i, byte in enumerate(head) if byte == 0x0A][:-1])


@case("rfc6455/4.2.1/lenient-parsing")
async def test_request_byte_by_byte_is_reported(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A handshake that comes byte by byte is accepted; a server that takes it for an attack is told."""
    request = peer.request()
    await peer.connect()
    with attempt.expecting("101 Switching Protocols", "a refusal"):
        await peer.send_request(request, pieces=range(1, len(request.encode())))
        answer = await peer.receive_response()
    if isinstance(answer, Refusal):
        # How many segments a server puts up with is its own policy.
        attempt.report(f"refused: {answer.detail}")


@case("rfc6455/4.1/early-frames-received")
async def test_frame_in_the_segment_of_the_request_is_reported(peers: Peers, attempt: Attempt) -> None:
    """What a server makes of a frame that comes together with the request is told."""
    peer = peers()
    early = Frame.ping(b"early")
    answer = await peer.handshake(peer.request(), early)
    if isinstance(answer, Refusal):
        attempt.report(f"the handshake is refused: {answer.detail}")
        return
    later = peer.ping()
    peer.send(later)
    with attempt.expecting("a pong", "the end of the connection"):
        while True:
            match await peer.event():
                case Pong(payload) if payload == early.payload:
                    attempt.report("the frame is read")
                    return
                case Pong(payload) if payload == later.payload:
                    attempt.report("the frame is ignored, and the connection goes on")
                    return
                case Close() as close:
                    attempt.report(f"the connection is ended: {describe_close(close)}")
                    return
                case Ended() as end:
                    attempt.report(f"the connection is ended: {end}")
                    return
                case _:
                    pass


@case("rfc6455/4.2.1/lenient-parsing")
async def test_empty_line_ahead_of_the_request_is_reported(peer: WebSocketPeer, attempt: Attempt) -> None:
    """What a server makes of an empty line ahead of the request line is told (RFC 2616 section 4.1)."""
    await peer.connect()
    await peer.send_pieces(b"\r\n", ())
    with attempt.expecting("an answer of any kind"):
        await peer.send_request(peer.request())
        answer = await peer.receive_response()
    attempt.report(f"refused: {answer.detail}" if isinstance(answer, Refusal) else "accepted")
