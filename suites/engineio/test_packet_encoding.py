"""Engine.IO: packets as bytes, over long-polling and over WebSocket."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.exchange import with_body
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Ended
from wireproof.peer.session import POLL_TYPE, Transport
from wireproof.peer.websocket import cut_short, describe_message
from wireproof.target import Target
from wireproof.wire.engineio import encode_payload
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame, Opcode

from .asking import answer_in, compare, heard, question, questions
from .binary import ROWS, ask_binary, expect_binary
from .ways import WAYS, need

SIGNS = {
    "two bytes": "\u00e9\u00df\u042f",
    "three bytes": "\u20ac\u4e2d\u0e01",
    "four bytes": "\U0001f600\U00010348",
    "joined": "e\u0301\U0001f469\u200d\U0001f4bb",
    "other line ends": "a\u2028b\u2029c\u0085d",
    "noncharacters": "\ufffe\U0010ffff",
}


@case(
    "engineio/packet-encoding/utf-8-received",
    "engineio/packet-encoding/utf-8-sent",
    needs=["messages"],
)
@pytest.mark.parametrize("way", WAYS)
async def test_text_beyond_ascii(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """Text beyond ASCII comes back as it was sent."""
    need(target, way)
    await session.open(way)
    for name, text in SIGNS.items():
        with attempt.row(name), attempt.expecting(f"the answer to {text!r}") as expecting:
            await session.send(question(session, text))
            while (answer := answer_in(session, await session.next_message(expecting))) is None:
                pass
            session.expect_no_violation("engineio/packet-encoding/utf-8-sent")
            if answer != text:
                expecting.broken(f"the answer to {answer!r}")


@case("engineio/packet-encoding/utf-8-received", needs=["polling", "messages"])
async def test_text_cut_inside_a_character(session: SessionPeer, attempt: Attempt) -> None:
    """A character whose bytes come in several TCP segments is one character."""
    await session.begin_way(Way.POLLING)
    await _post_in_pieces(session, plain := "cut-abcdef", "abcdef")
    if plain not in await heard(session):
        raise NotApplicable("a request that comes in pieces is not taken, wherever it is cut")
    text = "cut-\u20ac\U0001f600"
    await _post_in_pieces(session, text, "\u20ac\U0001f600")
    compare(attempt, [text], await heard(session, [text]))


async def _post_in_pieces(session: SessionPeer, text: str, cut: str) -> None:
    """Send the question with *text* in TCP segments whose borders are inside of *cut*, and await 200."""
    body = encode_payload([question(session, text)]).encode()
    at = body.index(cut.encode())
    request = with_body(session.request(method=b"POST"), body, POLL_TYPE)
    exchange = await session.http.open()
    pieces = (body[: at + 1], body[at + 1 : at + 2], body[at + 2 : at + 5], body[at + 5 :])
    async with session.posting:  # a pong meanwhile would be a second POST at a time
        exchange.send(session.http.with_cookies(request))
        await exchange.connection.write_pieces(pieces, 0.002)
        with session.attempt.expecting("200"):
            await session.expect_status(await exchange.receive(method=b"POST"), 200)


@case("engineio/packet-encoding/ill-formed-utf-8-received", needs=["polling", "messages"])
async def test_text_that_is_not_utf_8(session: SessionPeer, attempt: Attempt) -> None:
    """What becomes of a request body that is not UTF-8."""
    await session.begin_way(Way.POLLING)
    body = encode_payload([question(session, "ill-formed")]).encode().replace(b"ill", b"ill\xff\xc3")
    await _tell(session, attempt, body)


async def _tell(session: SessionPeer, attempt: Attempt, body: bytes) -> None:
    with attempt.expecting("an answer of any kind"):
        answer = await session.post_body(body)
    end = await session.outlook()
    attempt.report(f"{answer}, and the session {'ended' if end else 'lived on'}")


@case("engineio/packet-encoding/payload-sent", needs=["polling", "messages"])
async def test_several_packets_sent(session: SessionPeer, attempt: Attempt) -> None:
    """Packets that wait together come as they were meant, each with its type, the byte 1e between them."""
    await session.begin()
    texts = ["waits-1", "waits-2", "waits-3"]
    await session.post(*questions(session, texts))
    compare(attempt, texts, await heard(session, texts))
    for violation in session.violations:
        if not violation.requirement.startswith("engineio/handshake/"):  # another chapter's
            attempt.broken(violation.text, "packets with the byte 1e between them")


@case("engineio/packet-encoding/payload-received", needs=["polling", "messages"])
async def test_several_packets_received(session: SessionPeer, attempt: Attempt) -> None:
    """Each packet of a payload is taken."""
    await session.begin()
    texts = ["first", "second", "third", "fourth"]
    await session.expect_status(await session.post(*questions(session, texts)), 200)
    compare(attempt, texts, await heard(session, texts))


@case("engineio/packet-encoding/base64-received", "engineio/packet-encoding/base64-sent", needs=["polling"])
async def test_binary_by_polling(session: SessionPeer, attempt: Attempt, target: Target) -> None:
    """Binary data by polling, as the character b and base64, comes back unchanged and in the same form."""
    await session.open(Way.POLLING)
    for name, data in ROWS.items():
        with attempt.row(name):
            await ask_binary(session, target, data)
            await expect_binary(session, data)


@case("engineio/packet-encoding/ill-formed-base64-received", needs=["polling", "messages"])
async def test_text_that_is_not_base64(sessions: Sessions, attempt: Attempt) -> None:
    """What becomes of a binary payload that is not base64 text."""
    for body in (b"b!!!!", b"bA", b"bAA=A", b"b"):
        session = sessions()
        await session.begin_way(Way.POLLING)
        with attempt.row(repr(body)):
            await _tell(session, attempt, body)
        session.discard()


@case("engineio/packet-encoding/empty-body-received", needs=["polling", "messages"])
async def test_empty_body(session: SessionPeer, attempt: Attempt) -> None:
    """What becomes of a POST request with an empty body."""
    await session.begin_way(Way.POLLING)
    await _tell(session, attempt, b"")


@case("engineio/packet-encoding/text-over-websocket-sent", needs=["websocket-transport", "messages"])
@pytest.mark.parametrize("way", [Way.WEBSOCKET, Way.UPGRADED])
async def test_text_over_websocket(session: SessionPeer, attempt: Attempt, target: Target, way: Way) -> None:
    """Packets of text come as text messages, the digit of their type first."""
    need(target, way)
    if way is Way.WEBSOCKET:
        await session.begin(Transport.WEBSOCKET)
    else:
        await session.begin()
        socket = await session.probe()
        socket.send(Frame.text("5"))
        session.switch_to(socket)
    await session.send(question(session, "one"))
    await _expect_text(session, attempt, "one")


async def _expect_text(session: SessionPeer, attempt: Attempt, text: str) -> None:
    socket = session.socket
    with attempt.expecting(f"a text message, 4 and the answer to {text!r}") as expecting:
        while socket is not None:
            match await socket.event():
                case Message(Opcode.TEXT, data) if data[:1] == b"4":
                    break
                case Message(Opcode.TEXT, data) if data[:1].isdigit():
                    if data == b"2":
                        socket.send(Frame.text("3"))
                case Message() as message:
                    expecting.broken(describe_message(message))
                case Close() | Ended() as end:
                    cut_short(expecting, end)


@case(
    "engineio/packet-encoding/binary-over-websocket-received",
    "engineio/packet-encoding/binary-over-websocket-sent",
    needs=["websocket-transport"],
)
async def test_binary_over_websocket(session: SessionPeer, attempt: Attempt, target: Target) -> None:
    """Binary data over WebSocket comes back unchanged, as binary messages."""
    await session.open(Way.WEBSOCKET)
    for name, data in ROWS.items():
        with attempt.row(name):
            await ask_binary(session, target, data)
            await expect_binary(session, data)
