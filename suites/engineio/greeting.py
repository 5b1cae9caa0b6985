"""Handshakes looked at closely: how a server answers the request that opens a session, rightly or not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wireproof.attempt import Inconclusive, NotApplicable
from wireproof.peer.concurrent import all_of
from wireproof.peer.engineio import SessionPeer, excuse_answer
from wireproof.peer.exchange import Answer
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Refusal
from wireproof.peer.session import Transport, receive_packet
from wireproof.peer.websocket import excuse_refusal
from wireproof.target import Target
from wireproof.wire.engineio import Packet, PacketType
from wireproof.wire.strict_json import JsonError, TooDeep, parse_json

NEEDS = {Transport.POLLING: "polling", Transport.WEBSOCKET: "websocket-transport"}
AT_ONCE = 8  # handshakes under way at a time
_PAGE = "text/html"


@dataclass(frozen=True, slots=True)
class Greeting:
    """The answer to a handshake: its status, the packets at its head, and all of it in words."""

    status: int | None
    packets: tuple[Packet, ...]
    shown: str

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the open packet tells; raise `Inconclusive` when it tells nothing that can be read."""
        packet = next((packet for packet in self.packets if packet.type is PacketType.OPEN), None)
        if packet is None:
            raise Inconclusive(f"an ordinary handshake brought no open packet: {self.shown}")
        try:
            told = parse_json(str(packet.data))
        except (JsonError, TooDeep) as exc:
            raise Inconclusive(f"the open packet can't be read: {exc}") from None
        if not isinstance(told, dict):
            raise Inconclusive("the open packet holds no object")
        return told


async def greet(session: SessionPeer, target: Target, transport: Transport) -> Greeting:
    """Open *session* over *transport* and tell how the server answers.

    Raise `NotApplicable` where it does not offer that transport.
    """
    session.transport = transport
    polled = transport is Transport.POLLING
    greeting = await (_by_polling(session) if polled else _over_websocket(session))
    if not greeting.packets:
        target.require(NEEDS[transport])
    for packet in greeting.packets:
        if packet.type is PacketType.OPEN and session.handshake is None:
            session.open_with(packet)
    return greeting


async def _by_polling(session: SessionPeer) -> Greeting:
    with session.attempt.expecting("200 with an open packet"):
        answer = await session.fetch(session.request())
    excuse_answer(answer)
    if answer.status is None or answer.status >= 400:
        return Greeting(answer.status, (), str(answer))
    if answer.header(b"Content-Type").startswith(_PAGE) and not answer.body.startswith(b"0"):
        raise NotApplicable("a page is served there to whoever polls")
    return Greeting(answer.status, session.read_answer(answer), str(answer))


async def _over_websocket(session: SessionPeer) -> Greeting:
    with session.attempt.expecting("101, then an open packet"):
        found = await session.connect_socket()
        if isinstance(found, Refusal):
            return _refused(session, found)
        session.socket = found
        packet = await receive_packet(found, session)
    shown = "101, " + (f"then {packet}" if packet else f"then {found.close_received or found.ended}")
    return Greeting(101, (packet,) if packet else (), shown)


def _refused(session: SessionPeer, refusal: Refusal) -> Greeting:
    excuse_refusal(refusal)
    response = refusal.response
    answer = Answer(response, refusal.body, refusal.detail)
    packets = session.read_answer(answer) if refusal.body.startswith(b"0{") else ()
    return Greeting(response.status if response else None, packets, str(answer))


async def collect_sids(sessions: Sessions, target: Target, transport: Transport, count: int) -> list[str]:
    """The sids of *count* sessions that are all open at the end; raise `Inconclusive` for one without."""
    target.require(NEEDS[transport])
    room = asyncio.Semaphore(AT_ONCE)

    async def sid_of(session: SessionPeer) -> str:
        async with room:
            sid = (await greet(session, target, transport)).fields.get("sid")
        if not isinstance(sid, str):
            raise Inconclusive("an open packet holds no sid that is a string")
        return sid

    # No task group: the first session that fails is to end the case with its own exception.
    return await all_of(*(sid_of(sessions()) for _ in range(count)))
