"""How connections end: provoking an end, waiting for it, and telling what it means."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from wireproof.attempt import NotApplicable
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import Closing, WebSocketPeer
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import CloseCode, Frame, Masking, Opcode, Rsv

T = TypeVar("T")

PATIENCE = 0.75  # seconds within which "immediately" and "as soon as practical" must have begun


@dataclass(frozen=True, slots=True)
class Provocation:
    """Frames that make a server fail the connection, and the close codes that fit (section 7.4.1).

    1008 always fits: it is for whom no other code suits, or who hides the reason.
    """

    frames: tuple[Frame, ...]
    fitting: tuple[CloseCode, ...] = (CloseCode.PROTOCOL_ERROR, CloseCode.POLICY_VIOLATION)


_NOT_UTF8 = (CloseCode.INVALID_DATA, CloseCode.POLICY_VIOLATION)

PROVOCATIONS = {
    "reserved-bit": Provocation((Frame.ping(b"x").but(rsv=Rsv.RSV2),)),
    # 1003 is for data of a type that can't be accepted: it may be said of an unknown type, too.
    "data-opcode": Provocation(
        (Frame(0x3, b"x"),),
        (CloseCode.PROTOCOL_ERROR, CloseCode.UNSUPPORTED_DATA, CloseCode.POLICY_VIOLATION),
    ),
    "control-opcode": Provocation((Frame(0xB, b"x"),)),
    "unmasked": Provocation((Frame.ping(b"x").but(mask=Masking.NONE),)),
    "fragmented-ping": Provocation((Frame.ping(b"x").but(fin=False),)),
    "long-ping": Provocation((Frame.ping(bytes(126)),)),
    "continuation-alone": Provocation((Frame.continuation(b"x"),)),
    "message-in-message": Provocation((Frame.text("x", fin=False), Frame.text("y"))),
    "invalid-text": Provocation((Frame.text(b"x\xff"),), _NOT_UTF8),
    "invalid-fragment": Provocation((Frame.text(b"x\xff", fin=False), Frame.continuation(b"y")), _NOT_UTF8),
}


async def provoke(peer: WebSocketPeer, *frames: Frame) -> Closing:
    """Send *frames*, and a ping behind them in the same segment; return how the server fails the connection.

    Where it does not, `NotApplicable` is raised: there are other cases that demand it. Nothing is sent
    behind that segment, so that no unread byte makes the end of TCP a reset.
    """
    peer.send(*frames, peer.ping())
    with peer.attempt.expecting("a Close frame", "the end of TCP"):
        pongs = 0
        while True:
            match await peer.event():
                case Close() as close:
                    return Closing(close, None)
                case Ended() as end:
                    return Closing(None, end)
                case Pong():
                    pongs += 1
                    if pongs > 1:
                        raise NotApplicable(
                            "the server does not fail the connection, which other cases demand"
                        )
                    peer.send(peer.ping())
                case _:
                    pass


async def answer_to(peer: WebSocketPeer, frame: Frame) -> Closing:
    """Send a Close *frame*, and return how the server answers it."""
    peer.send(frame)
    with peer.attempt.expecting("a Close frame", "the end of TCP"):
        while True:
            match await peer.event():
                case Close() as close:
                    return Closing(close, None)
                case Ended() as end:
                    return Closing(None, end)
                case Message() as message:
                    peer.messages.append(message)
                case _:
                    pass


async def hear_out(peer: WebSocketPeer) -> Close | Ended | None:
    """Await the answers to two pings in turn: whatever the server had to say has been said.

    None when both came, else how the connection was closed meanwhile.
    """
    for _ in range(2):
        ping = peer.ping()
        peer.send(ping)
        while (event := await peer.event()) != Pong(ping.payload):
            if isinstance(event, Close | Ended):
                return event
    return None


def takes_for_valid(answer: Closing, sent: int | None) -> bool:
    """Whether *answer* shows that a Close frame with the code *sent* was taken for a valid one.

    The end of TCP does not, nor does an empty Close frame.
    """
    if answer.close is None or answer.close.code is None:
        return False
    return answer.close.code in (sent, CloseCode.NORMAL, CloseCode.GOING_AWAY)


def takes_for_error(answer: Closing, sent: int | None) -> bool:
    """Whether *answer* shows that a Close frame with the code *sent* was taken for an error."""
    if answer.close is None or answer.close.code == sent:
        return False
    return answer.close.code in (CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA)


async def within_patience(peer: WebSocketPeer, awaitable: Awaitable[T]) -> T | None:
    """What *awaitable* gives within `PATIENCE`, else None. For what is demanded to come at once."""
    outer = peer.attempt.waiting
    try:
        async with asyncio.timeout(PATIENCE):
            return await awaitable
    except TimeoutError:
        peer.attempt.waiting = outer
        return None


async def leave(peer: WebSocketPeer) -> Ended | None:
    """Say that nothing more will come, by a Close frame if none was sent and a FIN; await the end of TCP.

    A server that keeps TCP open is given up after `PATIENCE`: other cases demand that it ends.
    """
    if not peer.close_sent:
        peer.send(Frame.close())
    peer.half_close()
    return await within_patience(peer, peer.expect_end())


async def expect_survivor(peers: Peers, requirement: str | None = None) -> None:
    """Demand that the server still serves another connection."""
    survivor = peers()
    await survivor.open()
    await survivor.expect_alive(requirement)


async def close_and_hear(peer: WebSocketPeer) -> Close:
    """Close as a client should; who gets no answer has broken ``close-reply``, which the case must list."""
    peer.send(Frame.close())
    return await peer.expect_close("rfc6455/5.5.1/close-reply")


async def hear_servers_close(peer: WebSocketPeer) -> Close:
    """Demand the Close frame that was requested; the case must list ``rfc6455/7.1.2/close-frame``."""
    return await peer.expect_close("rfc6455/7.1.2/close-frame")


async def request_close(peer: WebSocketPeer, code: int, reason: str = "") -> None:
    """Connect, and make the server start the closing handshake with *code* and *reason* (test contract)."""
    await peer.open(peer.request(close_path(code, reason)))
    peer.send(Frame(Opcode.TEXT, b"close, please"))


def close_path(code: int, reason: str = "") -> str:
    """The path on which the server closes after the first message (test contract)."""
    escaped = "".join(f"%{byte:02X}" for byte in reason.encode())
    return f"/close?code={code}" + (f"&reason={escaped}" if reason else "")
