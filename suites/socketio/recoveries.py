"""What cases about connection state recovery share: clients that are lost, and come back."""

from __future__ import annotations

import asyncio
import time
from enum import Enum

from wireproof.attempt import NotApplicable
from wireproof.peer.engineio import SLACK, Way
from wireproof.peer.peers import Clients
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer, describe
from wireproof.target import Target
from wireproof.wire import engineio
from wireproof.wire.socketio import Packet, PacketType
from wireproof.wire.websocket import Frame

from .hall import Hall
from .hall_talk import Audience

RESUMED = "socketio/recovery/resumed"
PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds between attempts at recovery, doubled each time
NOT_RECOVERED = "the server does not recover the connection, which it need not"


class Loss(Enum):
    """How a connection is lost without a DISCONNECT packet."""

    CLOSED = "closed in order, as far as the transport goes"
    RST = "RST"


class Recovery(Hall):
    """A hall, with rooms by default, whose clients may be lost and come back."""

    def __init__(self, clients: Clients, target: Target, audience: Audience = Audience.ROOMS) -> None:
        super().__init__(clients, target, audience)
        self._every = clients

    async def admit(self, name: str, *rooms: str, way: Way | None = None, said: int = 1) -> None:
        """Let "a" come, and then a client that joins *rooms*; it hears what "a" says in the first of them."""
        await self.enter("a")
        await self.enter(name, way=way)
        await self.join(name, *rooms)
        await self.burst("a", said, rooms[0])
        await self.fence("a")

    async def lose(self, name: str, loss: Loss) -> None:
        """Let a client lose its connection; it is owed everything that it misses."""
        client = self.members[name]
        session = client.session
        if loss is Loss.RST:
            self.present.remove(name)
            session.vanish()
            return
        await self.answered(name)
        self.present.remove(name)
        if session.socket is None:
            await session.post(engineio.Packet.close())
            session.discard()
            return
        session.socket.send(Frame.close())
        with self.attempt.expecting("the end of a WebSocket that is closed"):
            while not isinstance(await self.hear(name), SessionEnd):
                pass

    async def lose_unread(self, name: str) -> None:
        """Let a client read nothing more, so that what is sent to it is lost on its way."""
        await self.answered(name)
        self.present.remove(name)
        self.members[name].session.fall_silent()

    async def recover(self, name: str, way: Way) -> None:
        """Let a client come back under its private id; raise `NotApplicable` when it is not recovered."""
        if not await self.recovers(name, way):
            raise NotApplicable(NOT_RECOVERED)

    async def recovers(self, name: str, way: Way) -> bool:
        """Let a client come back under its private id; whether it is recovered.

        A server that has not noticed the loss can't recover anything yet: it has until its own time-out.
        """
        lost = self.members[name]
        timers, pause = lost.session.timers, PAUSE
        longest = timers.ping_interval + timers.ping_timeout + SLACK
        self.attempt.last(longest, "a lost connection, which a server may notice only by its own time-out,")
        began = time.monotonic()
        while True:
            client = self._every()
            await client.start(way)
            answer = await client.resume(lost)
            if self.is_recovered(client, lost, answer):
                self.members[name] = client
                self.asked[name].clear()
                self.present.append(name)
                return True
            client.discard()
            if time.monotonic() - began > longest:
                return False
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def is_recovered(self, client: SocketIOPeer, lost: SocketIOPeer, answer: Packet | SessionEnd) -> bool:
        """Whether *answer*, to a CONNECT packet of *client*, recovers what was *lost*."""
        if isinstance(answer, SessionEnd) or answer.type is not PacketType.CONNECT:
            self.attempt.found(describe(answer), "CONNECT, recovered or new", requirement=RESUMED)
            raise NotApplicable(NOT_RECOVERED)
        sid = client.sids.get(self.home)
        return sid is not None and sid == lost.sids.get(self.home)

    def is_leaked(self, client: SocketIOPeer) -> str | None:
        """An event of this hall's that came to *client*, if any did."""
        leaked = (packet for packet in client.kept if packet.is_event and self.mark in str(packet.data))
        return next(map(describe, leaked), None)
