"""RFC 6455 section 10.7: whatever comes in, and however a client leaves, the server lives on."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.table import each_row
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.websocket import CloseCode, Frame, Masking, Opcode, Rsv

from .closings import answer_to, expect_survivor, leave, request_close, within_patience

GARBAGE = {
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an HTTP response": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a TLS ClientHello": b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(range(190)),
    "a line of text": b"hello, is there anybody?\r\n",
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "every byte": bytes(range(256)),
}

INVALID = {
    "everything-wrong": Frame(
        0xF, bytes(126), fin=False, rsv=Rsv.RSV1 | Rsv.RSV2 | Rsv.RSV3, mask=Masking.NONE
    ),
    "invalid-text": Frame.text(b"\xff\xfe\xfd"),
    "invalid-close-code": Frame.close(0),
    "invalid-close-reason": Frame.close(CloseCode.NORMAL, b"\xff"),
    "close-of-one-byte": Frame.close(None, b"\x03"),
    "long-close": Frame.close(CloseCode.NORMAL, b"r" * 124),
}

BEGUN = Frame.text("this frame will never be finished")


@case("rfc6455/10.7/input-validation", "service/connections/survival")
async def test_server_survives_bytes_that_are_no_frames(peers: Peers, attempt: Attempt) -> None:
    """The server survives clients that open a connection and then speak something else."""

    async def check(peer: WebSocketPeer, garbage: bytes) -> None:
        peer.send_bytes(garbage, "bytes that are no frames")
        await leave(peer)

    await each_row(attempt, peers, GARBAGE, check)
    await expect_survivor(peers)


@case("rfc6455/10.7/input-validation", "service/connections/survival")
async def test_server_survives_random_bytes(peers: Peers, attempt: Attempt) -> None:
    """The server survives random bytes in place of frames."""

    async def check(peer: WebSocketPeer, garbage: bytes) -> None:
        peer.send_bytes(garbage, "random bytes")
        peer.half_close()
        await _await_end(peer)

    chance = attempt.random
    rows = {f"random bytes {n}": chance.randbytes(chance.randint(1, 600)) for n in range(1, 13)}
    await each_row(attempt, peers, rows, check)
    await expect_survivor(peers)


@case("rfc6455/10.7/input-validation")
@pytest.mark.parametrize("what", list(INVALID))
async def test_server_survives_an_illegal_frame(peers: Peers, what: str) -> None:
    """The server survives an illegal frame and serves others."""
    peer = peers()
    await peer.open()
    peer.send(INVALID[what])
    await leave(peer)
    await expect_survivor(peers)


@case("rfc6455/10.7/input-validation")
@pytest.mark.parametrize(
    "state", ["connected", "request", "open", "frame", "message", "closing", "closed", "failed"]
)
async def test_server_survives_a_client_that_leaves(peers: Peers, state: str) -> None:
    """The server survives clients that leave by a FIN or a reset without a word, whatever they were about."""
    for leave_by in (WebSocketPeer.half_close, WebSocketPeer.reset):
        peer = peers()
        await _reach(peer, state)
        leave_by(peer)
        await _await_end(peer)
        await expect_survivor(peers)


@case("rfc6455/10.7/input-validation", needs=["close"])
@pytest.mark.parametrize("how", ["fin", "reset"])
async def test_server_survives_a_client_that_never_answers_its_close(peers: Peers, how: str) -> None:
    """The server survives a client that leaves instead of answering its Close frame."""
    peer = peers()
    await request_close(peer, CloseCode.NORMAL, "come back later")
    await within_patience(peer, peer.expect_close())
    peer.reset() if how == "reset" else peer.half_close()
    await _await_end(peer)
    await expect_survivor(peers)


@case("rfc6455/10.7/input-validation", needs=["send"])
async def test_server_survives_a_reset_while_it_sends(peers: Peers) -> None:
    """The server survives a client that resets the connection while much is sent to it."""
    peer = peers()
    peer.receive_limit = 8 << 20
    await peer.open(peer.request("/send?type=binary&size=65536&count=200"))
    peer.send(Frame.text("go"))
    await peer.expect_message()
    peer.reset()
    await expect_survivor(peers)


async def _reach(peer: WebSocketPeer, state: str) -> None:
    """Bring a connection into *state*; what was sent last has been read where an answer can show it."""
    await peer.connect()
    if state == "connected":
        return
    if state == "request":
        peer.send_bytes(peer.request().encode()[:-2], "a request without its end")
        return
    await peer.send_request(peer.request())
    if isinstance(await peer.receive_response(), Refusal):
        return
    if state == "closing":
        peer.send(Frame.close())
    elif state == "closed":
        await within_patience(peer, answer_to(peer, Frame.close()))
    elif state == "failed":
        peer.send(Frame(Opcode.PING, b"x", rsv=Rsv.RSV3))
        await peer.event()
    else:
        ping = peer.ping()
        unfinished = {
            "frame": peer.encode(BEGUN)[:-5],
            "message": peer.encode(Frame.text("begun", fin=False)),
        }
        peer.connection.write(peer.encode(ping) + unfinished.get(state, b""))
        await peer.expect_pong(ping.payload)


async def _await_end(peer: WebSocketPeer) -> None:
    while await within_patience(peer, peer.connection.receive()):
        pass
