"""RFC 6455 section 6.1: the messages that a server sends."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.text import opcode_name
from wireproof.wire.websocket import Frame, Opcode


@case("rfc6455/6.1/open-state")
async def test_first_bytes_are_the_response(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Nothing comes before the response, also when the request comes in pieces."""
    await peer.connect()
    request = peer.request()
    size = len(request.encode())
    with attempt.expecting("an HTTP response before anything else"):
        await peer.send_request(request, pieces=[1, size // 3, size // 2, size - 2])
        answer = await peer.receive_response()
    if isinstance(answer, Refusal):
        if answer.response is None and answer.body:
            attempt.broken(answer.detail, "an HTTP response before anything else")
        raise Inconclusive(f"an ordinary handshake was refused: {answer.detail}")


@case("rfc6455/6.1/message-opcode", needs=["send"])
async def test_text_has_the_opcode_of_a_text(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Told to send text, the server sends text messages."""
    await peer.open(peer.request("/send?type=text&size=20&count=3"))
    peer.send(Frame.text("go"))
    for _ in range(3):
        message = await peer.expect_message()
        if message.opcode != Opcode.TEXT:
            attempt.broken(f"a {opcode_name(message.opcode)} message", "a text message")


@case("rfc6455/6.1/transmission", needs=["send"])
@pytest.mark.parametrize("fragment", [0, 100])
async def test_every_message_is_transmitted_whole(
    peer: WebSocketPeer, attempt: Attempt, fragment: int
) -> None:
    """Of a hundred messages that the server sends each comes, and each is whole."""
    await peer.open(peer.request(f"/send?type=binary&size=1000&count=100&fragment={fragment}"))
    peer.send(Frame.text("go"))
    for n in range(100):
        with attempt.row(f"message {n + 1}"):
            message = await peer.expect_message()
            if len(message.data) != 1000:
                attempt.broken(f"a message of {len(message.data)} bytes", "a message of 1000 bytes")
    await peer.expect_no_message()


@case("rfc6455/6.1/transmission", needs=["echo"])
async def test_every_echo_is_transmitted_in_order(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Of two hundred messages in one segment each comes back, in their order."""
    await peer.open()
    peer.send(*(Frame.text(f"message {n}") for n in range(200)))
    for n in range(200):
        with attempt.row(f"message {n}"):
            await peer.expect_echo(Opcode.TEXT, b"message %d" % n)


@case("rfc6455/6.1/final-frame", "rfc6455/5.4/interleaving-sent", needs=["text"])
async def test_messages_are_finished(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Where the server sends messages, each ends with a frame that has FIN before the next begins."""
    await peer.open()
    for _ in range(3):
        peer.send(Frame.text("say something"))
        await peer.expect_alive()
    unfinished = [v for v in peer.violations if v.requirement == "rfc6455/5.4/interleaving-sent"]
    if unfinished:
        attempt.broken(
            f"{len(unfinished)} messages began inside unfinished ones, none came to an end"
            if not peer.messages
            else unfinished[0].text,
            "FIN in the last frame of each message",
            requirement="rfc6455/6.1/final-frame" if not peer.messages else "rfc6455/5.4/interleaving-sent",
        )
