"""What cases about several connections share: stages of a connection, ways to leave, and being served."""

from __future__ import annotations

from enum import Enum

from wireproof.attempt import NotApplicable
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import BUSY, WebSocketPeer
from wireproof.verdict import Ground
from wireproof.wire.text import shorten
from wireproof.wire.websocket import Frame


class Stage(Enum):
    """How far a connection comes before its client stalls or leaves."""

    CONNECTED = "connected, nothing sent"
    HALF_REQUEST = "half of the request sent"
    OPEN = "open"
    HALF_HEADER = "one byte of a frame sent"
    HALF_FRAME = "half of a frame sent"
    HALF_MESSAGE = "the first fragment of a message sent"
    CLOSING = "Close frame sent"


class Way(Enum):
    """How a client leaves."""

    FIN = "FIN"
    RST = "RST"


async def bring_to(peer: WebSocketPeer, stage: Stage) -> None:
    """Connect *peer* and go as far as *stage*."""
    if stage in (Stage.CONNECTED, Stage.HALF_REQUEST):
        await peer.connect()
        if stage is Stage.HALF_REQUEST:
            head = peer.request().encode()
            peer.send_bytes(head[: len(head) // 2], "half of a request")
        return
    await join(peer)
    frame = peer.encode(Frame.ping(b"0123456789"))
    match stage:
        case Stage.HALF_HEADER:
            peer.send_bytes(frame[:1], "one byte of it")
        case Stage.HALF_FRAME:
            peer.send_bytes(frame[:10], "10 bytes of it")
        case Stage.HALF_MESSAGE:
            peer.send(Frame.text("half a ", fin=False))
        case Stage.CLOSING:
            peer.send(Frame.close())
        case _:
            pass


def leave(peer: WebSocketPeer, way: Way) -> None:
    """Leave in the given way."""
    if way is Way.RST:
        peer.reset()
    else:
        peer.half_close()


async def join(peer: WebSocketPeer) -> None:
    """Demand that another connection is accepted; where the server tells of a limit, `NotApplicable`."""
    with peer.attempt.expecting("101 Switching Protocols") as expecting:
        answer = await peer.handshake()
        if isinstance(answer, Refusal):
            if answer.response is not None and answer.response.status in BUSY:
                raise NotApplicable(f"the server limits its clients: {answer.detail}")
            ground = Ground.SEEN if answer.response is not None else Ground.MISSING
            expecting.broken(f"refused: {answer.detail}", ground)
    await peer.introduce()


async def expect_served(other: WebSocketPeer, peers: Peers) -> None:
    """Demand that *other*, which was there before, is alive and that a newcomer is served too."""
    # A server may act on what came first only after it has answered the first ping.
    await other.expect_alive()
    await other.expect_alive()
    newcomer = peers()
    await join(newcomer)
    await newcomer.expect_alive()
    newcomer.discard()


async def expect_own(peer: WebSocketPeer, data: bytes) -> int:
    """Demand *data* back as a text; the number of other messages that came before it."""
    others = 0
    with peer.attempt.expecting(f"the echo of {len(data)} bytes {shorten(data)}"):
        while peer.dialect.echoed(await peer.expect_message()) != data:
            others += 1
    return others
