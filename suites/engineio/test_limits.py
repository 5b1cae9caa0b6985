"""Engine.IO: the largest payload that the handshake tells."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import Intensity, case
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.exchange import with_body
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Ended
from wireproof.peer.session import POLL_TYPE, Transport
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target
from wireproof.wire.engineio import encode_packet
from wireproof.wire.session import Close, Pong
from wireproof.wire.websocket import CloseCode, Frame

from .asking import answer_in, heard, question, questions
from .polling import NO_ANSWER, soon
from .ways import WAYS, need

LARGEST = 4 << 20  # bytes: what is told beyond is not tried
MANY = (10, 17, 100, 1000)  # packets


@case("engineio/limits/max-payload-accepted", needs=["messages"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("way", WAYS)
async def test_largest_payload(session: SessionPeer, target: Target, way: Way) -> None:
    """A payload, or a WebSocket message, of just the size that was told is taken."""
    need(target, way)
    await session.open(way)
    size = _told(session)
    with session.attempt.expecting(f"the answer to a message of {size} bytes") as expecting:
        await session.send(question(session, "largest", size))
        while not (answer_in(session, await session.next_message(expecting)) or "").startswith("largest"):
            pass


def _told(session: SessionPeer) -> int:
    size = session.timers.max_payload
    if size > LARGEST:
        raise NotApplicable(f"the server tells {size} bytes, more than is tried")
    return size


@case("engineio/limits/max-payload-polling", needs=["polling", "messages"], intensity=Intensity.NORMAL)
async def test_larger_body(session: SessionPeer, attempt: Attempt) -> None:
    """A POST request with a body of one byte more is refused with 413."""
    await session.begin_way(Way.POLLING)
    body = str(encode_packet(question(session, "larger", _told(session) + 1))).encode()
    with attempt.expecting("413 Content Too Large") as expecting:
        answer = await soon(session, session.post_body(body))
        if answer is None or answer.status != 413:
            expecting.broken(str(answer or NO_ANSWER)[:300])


@case("engineio/limits/max-payload-polling", needs=["polling", "messages"], intensity=Intensity.NORMAL)
async def test_larger_body_of_untold_length(session: SessionPeer, attempt: Attempt) -> None:
    """A POST request whose chunks add up to far more than was told is refused with 413."""
    await session.begin_way(Way.POLLING)
    size = _told(session) + (128 << 10)
    body = str(encode_packet(question(session, "larger", size))).encode()
    chunks = [body[at : at + 0x8000] for at in range(0, len(body), 0x8000)]
    coded = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    request = with_body(session.request(method=b"POST"), b"", POLL_TYPE).without(b"Content-Length")
    request = request.with_header(b"Transfer-Encoding", b"chunked")
    with attempt.expecting("413 Content Too Large") as expecting:
        answer = await soon(session, session.fetch(request, coded))
        if answer is None or answer.status != 413:
            expecting.broken(str(answer or NO_ANSWER)[:300])


@case("engineio/limits/max-payload-websocket", needs=["websocket-transport"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("way", [Way.WEBSOCKET, Way.UPGRADED])
async def test_larger_message(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """A WebSocket message of one byte more than was told is closed with 1009."""
    need(target, way)
    socket = await _socket(session, way)
    size = _told(session) + 1
    socket.send(Frame.text("4" + "x" * (size - 1)))
    with attempt.expecting("a Close frame with 1009") as expecting:
        socket.send(socket.ping())
        pongs = 0
        while True:
            match await socket.event():
                case Close(code) as close:
                    if code != CloseCode.TOO_BIG:
                        expecting.broken(str(close))
                    return
                case Ended() as end:
                    expecting.broken(f"no Close frame; {end}")
                case Pong():
                    pongs += 1
                    if pongs > 1:
                        expecting.broken("the connection lives on: pings behind it were answered")
                    socket.send(socket.ping())
                case _:
                    pass


async def _socket(session: SessionPeer, way: Way) -> WebSocketPeer:
    if way is Way.UPGRADED:
        await session.begin()
        socket = await session.probe()
        socket.send(Frame.text("5"))
        return socket
    await session.begin(Transport.WEBSOCKET)
    if session.socket is None:
        raise RuntimeError("the session has no WebSocket")
    return session.socket


@case("engineio/limits/packets-in-payload", needs=["polling", "messages"], intensity=Intensity.NORMAL)
async def test_many_packets_in_a_payload(sessions: Sessions, attempt: Attempt) -> None:
    """How many packets the server takes in one payload."""
    said = []
    for count in MANY:
        session = sessions()
        await session.begin_way(Way.POLLING)
        texts = [f"many-{n}" for n in range(count)]
        answer = await session.post(*questions(session, texts))
        lost = answer.status == 200 and len(set(await heard(session)) & set(texts)) < count
        said.append(f"{count} packets: {answer.detail}" + (", yet not all are taken" if lost else ""))
        session.discard()
        if answer.status != 200 or lost:
            break
    attempt.report("; ".join(said))
