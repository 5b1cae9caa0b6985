"""RFC 7692 sections 7.1.1, 7.2.1 and 7.2.2: what messages remember of those before them."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.table import named
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.blocks import BlockWriter, Copy
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.websocket import Frame, Opcode, fragments

from .deflating import agree, cut_every, marked, packed
from .provocations import letters, next_message

HELLO = BlockWriter().fixed(b"Hello").payload()
HELLO_AGAIN = BlockWriter().fixed(b"H", Copy(4, 5)).payload()  # of section 7.2.3.2
NO_SERVER_TAKEOVER = DeflateOffer(server_no_context_takeover=True)
NO_CLIENT_TAKEOVER = DeflateOffer(client_no_context_takeover=True)


def sentence(number: int) -> bytes:
    """One of many texts that have much in common, of several lengths."""
    return b'{"number": %d, "name": "number %d", "text": "%b"}' % (number, number, letters(number * 7 % 90))


@case("rfc7692/7.2.2/context-takeover-received", needs=["deflate", "echo"])
async def test_message_refers_to_the_one_before(peer: WebSocketPeer) -> None:
    """A message is read that repeats the one before it by reference, and so is one after that."""
    await agree(peer)
    for payload in (HELLO, HELLO_AGAIN, HELLO_AGAIN):
        peer.send(marked(Opcode.TEXT, payload))
        await peer.expect_echo(Opcode.TEXT, b"Hello")


@case("rfc7692/7.2.2/context-takeover-received", needs=["deflate", "echo"])
@pytest.mark.parametrize("size", [0, 5], ids=["whole", "in-fragments"])
async def test_many_messages_share_a_window(peer: WebSocketPeer, size: int) -> None:
    """Of many messages, each is compressed with those before it, and each comes back."""
    await agree(peer)
    for number in range(40):
        frame = packed(peer, Opcode.TEXT, sentence(number))
        peer.send(*(cut_every(frame, size) if size else (frame,)))
        with named(f"message {number + 1}"):
            await peer.expect_echo(Opcode.TEXT, sentence(number))


@case("rfc7692/7.2.2/context-takeover-received", needs=["deflate", "echo", "echo-binary"])
async def test_texts_and_binary_messages_share_a_window(peer: WebSocketPeer) -> None:
    """A text refers to a binary message before it, and the other way round."""
    await agree(peer)
    for opcode, payload in ((Opcode.BINARY, HELLO), (Opcode.TEXT, HELLO_AGAIN), (Opcode.BINARY, HELLO_AGAIN)):
        peer.send(marked(opcode, payload))
        await peer.expect_echo(opcode, b"Hello")


@case("rfc7692/7.2.2/uncompressed-message-between", needs=["deflate", "echo"])
async def test_uncompressed_messages_do_not_touch_the_window(peer: WebSocketPeer) -> None:
    """A message refers to the last compressed one as if the uncompressed ones between did not exist."""
    await agree(peer)
    peer.send(marked(Opcode.TEXT, HELLO))
    await peer.expect_echo(Opcode.TEXT, b"Hello")
    for between in ((Frame.text("between"),), fragments(Opcode.TEXT, b"be", b"", b"tween")):
        peer.send(*between)
        await peer.expect_echo(Opcode.TEXT, b"between")
        peer.send(marked(Opcode.TEXT, HELLO_AGAIN))
        await peer.expect_echo(Opcode.TEXT, b"Hello")


@case("rfc7692/7.2.2/hint-is-no-agreement", needs=["deflate", "echo"])
async def test_hint_of_the_client_is_no_agreement(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Unless client_no_context_takeover is in the response, the window is kept, though it was offered."""
    agreement = await agree(peer, NO_CLIENT_TAKEOVER)
    if agreement.client_no_context_takeover:
        attempt.report("the server agrees to it, so each message is compressed alone")
    for number in range(4):
        peer.send(packed(peer, Opcode.TEXT, sentence(number)))
        await peer.expect_echo(Opcode.TEXT, sentence(number))


@case("rfc7692/6.2/compressed-message-received", needs=["deflate", "echo"])
async def test_messages_come_back_without_takeover(peers: Peers) -> None:
    """Where context takeover is given up, by either side or both, messages come back all the same."""
    for offered in (NO_CLIENT_TAKEOVER, NO_SERVER_TAKEOVER, DeflateOffer(True, True)):
        peer = peers()
        await agree(peer, offered)
        for number in range(4):
            peer.send(packed(peer, Opcode.TEXT, sentence(number)))
            with named(offered.encode().decode()):
                await peer.expect_echo(Opcode.TEXT, sentence(number))


@case("rfc7692/7.2.2/full-window-received", needs=["deflate", "echo"])
async def test_message_refers_to_the_far_end_of_the_window(peer: WebSocketPeer) -> None:
    """Without an agreement on less, a message refers 32768 bytes back, into others or inside itself."""
    window = 1 << (await agree(peer)).client_max_window_bits
    half = window // 2
    texts = [b"the far end" + letters(half - 11), letters(half)]
    for text in texts:
        peer.send(marked(Opcode.TEXT, BlockWriter().stored(text).payload()))
        await peer.expect_echo(Opcode.TEXT, text)
    peer.send(marked(Opcode.TEXT, BlockWriter().fixed(Copy(11, window), b"!").payload()))
    await peer.expect_echo(Opcode.TEXT, b"the far end!")
    text = b"the far end" + letters(window - 11)
    peer.send(marked(Opcode.TEXT, BlockWriter().stored(text).fixed(Copy(11, window)).payload()))
    await peer.expect_echo(Opcode.TEXT, text + b"the far end")


@case("rfc7692/7.2.1/no-context-takeover", needs=["deflate", "echo"])
async def test_server_forgets_where_that_is_agreed(peers: Peers) -> None:
    """Once server_no_context_takeover is agreed on, each message can be read without those before it."""
    peer, witness = peers(), peers()
    await witness.open()
    await agree(peer, NO_SERVER_TAKEOVER)
    for size in (40, 2000, 2000, 40, 2000):
        peer.send(Frame.text(letters(size)))
        await next_message(peer, witness)
    peer.expect_no_violation()


@case("rfc7692/7.2.1/deflate-data-sent", needs=["deflate", "echo"])
async def test_server_remembers_what_it_sent_here(peers: Peers) -> None:
    """Messages on two connections, each compressed with those before it on the same one, can be read."""
    pair, witness = (peers(), peers()), peers()
    await witness.open()
    for peer in pair:
        await agree(peer)
    for number in range(30):
        for peer in pair[number % 3 == 0 :]:
            data = sentence(number) * (30 if number % 10 == 5 else 1)
            peer.send(Frame.text(data))
            message = await next_message(peer, witness)
            peer.expect_no_violation()
            if peer.dialect.echoed(message) != data:
                peer.attempt.broken(f"message {number + 1} says something else", "what was sent")
