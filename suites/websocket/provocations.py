"""What makes a server send frames of each kind, and accuses nobody when none come."""

from __future__ import annotations

from collections.abc import AsyncIterator

from wireproof.attempt import NotApplicable
from wireproof.peer.peers import Peers
from wireproof.peer.quiet import next_event
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import Frame, Opcode

LETTERS = b"0123456789abcdefghijklmnopqrstuvwxyz-"  # 37 of them, so that no power of two repeats the pattern


def letters(size: int) -> bytes:
    """Text of *size* bytes."""
    return (LETTERS * (size // len(LETTERS) + 1))[:size]


async def open_two(peers: Peers, resource: str | None = None) -> tuple[WebSocketPeer, WebSocketPeer]:
    """An open connection, and another one as a witness that the server is still at work."""
    peer, witness = peers(), peers()
    await witness.open()
    await peer.open(peer.request(resource))
    return peer, witness


async def next_message(peer: WebSocketPeer, witness: WebSocketPeer) -> Message:
    """The next message; raise `NotApplicable` when none comes while *witness* is served."""
    while not isinstance(event := await next_event(peer, witness), Message):
        if event is None or isinstance(event, (Close, Ended)):
            raise NotApplicable("no message came that could be looked at")
    return event


async def echoes(
    peers: Peers, opcode: Opcode, sizes: tuple[int, ...]
) -> AsyncIterator[tuple[WebSocketPeer, bytes, Message]]:
    """What comes back for a message of each size: the peer, what was sent, and the answer."""
    peer, witness = await open_two(peers)
    for size in sizes:
        data = letters(size) if opcode == Opcode.TEXT else peer.attempt.random.randbytes(size)
        peer.send(Frame(opcode, data))
        yield peer, data, await next_message(peer, witness)


async def provoke_pongs(peers: Peers) -> WebSocketPeer:
    """A peer that has had pongs of several lengths."""
    peer, witness = await open_two(peers)
    for size in (0, 1, 5, 125):
        peer.send(Frame.ping(b"p" * size))
        while not isinstance(event := await next_event(peer, witness), Pong):
            if event is None or isinstance(event, (Close, Ended)):
                raise NotApplicable("no pong came that could be looked at")
    return peer


async def provoke_messages(peers: Peers, target: Target) -> WebSocketPeer:
    """A peer that has had messages, as answers to messages of several lengths and both types."""
    target.require("text")
    peer, witness = await open_two(peers)
    heard = False
    for size in (5, 200, 5000):
        for opcode in (Opcode.TEXT, Opcode.BINARY) if target.can("binary") else (Opcode.TEXT,):
            ping = witness.ping()
            peer.send(Frame(opcode, letters(size)), ping)
            while (event := await next_event(peer, witness)) not in {None, Pong(ping.payload)}:
                heard = heard or isinstance(event, Message)
                if isinstance(event, (Close, Ended)):
                    raise NotApplicable("the connection ended instead of messages coming")
    if not heard and not peer.violations:
        raise NotApplicable("no message came that could be looked at")
    return peer


async def provoke_close(peers: Peers, last: Frame) -> WebSocketPeer:
    """A peer that has had a Close frame because of its *last* frame."""
    peer, witness = await open_two(peers)
    peer.send(last)
    while (event := await next_event(peer, witness)) is not None:
        if isinstance(event, Close):
            return peer
        if isinstance(event, Ended):
            break
    raise NotApplicable("no Close frame came that could be looked at")


async def provoke(kind: str, peers: Peers, target: Target) -> WebSocketPeer:
    """A peer that has had frames of *kind*: pong, message, close (an answer), or failure (a Close too)."""
    match kind:
        case "pong":
            return await provoke_pongs(peers)
        case "message":
            return await provoke_messages(peers, target)
        case "close":
            return await provoke_close(peers, Frame.close(1000, "bye"))
        case _:
            return await provoke_close(peers, Frame(0xF, b"reserved"))
