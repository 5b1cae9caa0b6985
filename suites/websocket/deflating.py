"""What the cases about permessage-deflate share: negotiating it, and compressed frames cut as needed."""

from __future__ import annotations

import zlib
from itertools import pairwise

from wireproof.attempt import NotApplicable
from wireproof.peer.raw import Refusal
from wireproof.peer.websocket import WebSocketPeer, excuse_refusal
from wireproof.wire.deflate import EXTENSION, TAIL, Agreement, DeflateOffer
from wireproof.wire.extensions import Extension, parse_extensions
from wireproof.wire.http1 import HttpViolation
from wireproof.wire.inflate import Block, DeflateDataError, blocks
from wireproof.wire.session import Message
from wireproof.wire.websocket import Frame, Opcode, Rsv

ANSWER = "rfc6455/4.2.1/error-response"
FIELD = b"Sec-WebSocket-Extensions"
PLAIN = DeflateOffer()
TAKEOVER = b"server_no_context_takeover"
CLIENT_TAKEOVER = b"client_no_context_takeover"
WINDOW = b"server_max_window_bits"
CLIENT_WINDOW = b"client_max_window_bits"


def offer(*parameters: bytes) -> bytes:
    """One element that offers permessage-deflate with *parameters* as they are."""
    return b"; ".join((EXTENSION, *parameters))


LEGAL = (
    offer(),
    offer(TAKEOVER),
    offer(CLIENT_TAKEOVER),
    offer(WINDOW + b"=8"),
    offer(WINDOW + b"=15"),
    offer(CLIENT_WINDOW),
    offer(CLIENT_WINDOW + b"=8"),
    offer(CLIENT_WINDOW + b"=15"),
    offer(TAKEOVER, CLIENT_TAKEOVER, WINDOW + b"=10", CLIENT_WINDOW + b"=10"),
    offer(CLIENT_WINDOW, WINDOW + b"=10") + b", " + offer(CLIENT_WINDOW),
)


async def answer_to(peer: WebSocketPeer, *offers: bytes) -> tuple[Extension, ...] | Refusal:
    """The extensions that the server takes of *offers*, each a whole element, or its refusal."""
    with peer.attempt.expecting("an answer of any kind", requirement=ANSWER):
        answer = await peer.handshake(peer.request().with_header(FIELD, b", ".join(offers)))
    if isinstance(answer, Refusal):
        excuse_refusal(answer)
        return answer
    lines = answer.get_all(FIELD)
    try:
        return parse_extensions(b", ".join(lines)) if lines else ()
    except HttpViolation as exc:
        raise NotApplicable(f"the answer is malformed: {exc}") from exc


async def taken_of(peer: WebSocketPeer, *offers: bytes) -> Extension | None:
    """What the server makes of *offers* of permessage-deflate; None when it declines or refuses all."""
    answer = await answer_to(peer, *offers)
    if isinstance(answer, Refusal):
        excuse_refusal(answer)
        return None
    return next((one for one in answer if one.name.lower() == EXTENSION), None)


def same(one: Extension, other: Extension) -> bool:
    """Whether two elements say the same, in quotes or without."""
    pairs = [[(parameter.name, parameter.value) for parameter in e.parameters] for e in (one, other)]
    return one.name == other.name and pairs[0] == pairs[1]


async def agree(peer: WebSocketPeer, *offered: DeflateOffer, resource: str | None = None) -> Agreement:
    """Open a connection with compression as *offered*, or plainly; `NotApplicable` if no offer is taken."""
    request = peer.offering(*(offered or (PLAIN,)), resource=resource)
    told = (request.get(FIELD) or b"").decode()
    answer = await peer.handshake(request)
    if isinstance(answer, Refusal) or peer.agreement is None:
        raise NotApplicable(f"the server does not take the offer {told}")
    if any(one.requirement.startswith("rfc7692/7") for one in peer.violations):
        # Section 7: a client has to fail such a connection, and can't know what was agreed on.
        raise NotApplicable(f"the answer to the offer {told} breaks RFC 7692, which is judged by itself")
    await peer.introduce()
    return peer.agreement


def packed(peer: WebSocketPeer, opcode: Opcode, data: bytes) -> Frame:
    """One message in one frame, compressed as agreed."""
    return marked(opcode, peer.deflater.compress(data))


def marked(opcode: Opcode, payload: bytes) -> Frame:
    """A frame that says that *payload* is compressed."""
    return Frame(opcode, payload, rsv=Rsv.RSV1)


def cut(frame: Frame, *offsets: int) -> tuple[Frame, ...]:
    """The message of *frame* in fragments, cut at *offsets* of its payload; one twice: an empty fragment."""
    bounds = [0, *offsets, len(frame.payload)]
    parts = [frame.payload[start:end] for start, end in pairwise(bounds)]
    last = len(parts) - 1
    return tuple(
        frame.but(payload=part, fin=i == last) if i == 0 else Frame.continuation(part, fin=i == last)
        for i, part in enumerate(parts)
    )


def cut_every(frame: Frame, size: int) -> tuple[Frame, ...]:
    """The message of *frame* in fragments of *size* bytes."""
    return cut(frame, *range(size, len(frame.payload), size))


def squares(size: int) -> bytes:
    """Text of *size* bytes, up to 6000, for which compressors choose dynamic codes."""
    return b" ".join(b"%d" % (number * number) for number in range(1000))[:size]


def dynamic(data: bytes) -> bytes:
    """Blocks of *data* as a compressor makes them: with dynamic codes for uneven texts such as `squares`."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)


def blocks_of(message: Message) -> list[Block]:
    """The blocks of a compressed message, the empty one at its end included; none for what can't be read."""
    try:
        return blocks((message.compressed or b"") + TAIL)
    except DeflateDataError:
        return []
