"""The ways in which a session comes to its transport, and reading on them by hand."""

from __future__ import annotations

from wireproof.attempt import Expectation
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.session import Transport, receive_packet
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.engineio import Packet

WAYS = tuple(Way)
_NEEDS = {Way.POLLING: "polling", Way.WEBSOCKET: "websocket-transport", Way.UPGRADED: "upgrade"}


def need(target: Target, way: Way) -> None:
    """Raise `NotApplicable` where the server does not offer *way*."""
    target.require(_NEEDS[way])


async def next_packet(session: SessionPeer, expecting: Expectation) -> Packet:
    """The next packet of a session that nothing else reads, a ping too; nothing is answered."""
    while not session.packets:
        if session.transport is Transport.POLLING:
            answer = await session.poll()
            if answer.status != 200:
                expecting.broken(str(answer), Ground.MISSING)
            session.packets.extend(session.read_answer(answer))
        elif session.socket is not None:
            packet = await receive_packet(session.socket, session)
            if packet is None:
                expecting.broken("the WebSocket ended", Ground.MISSING)
            session.packets.append(packet)
    return session.packets.popleft()
