"""A room and what its members say and hear: each message bears a mark, and is written into a history.

Others may use the room too: what bears no mark is passed over.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from enum import Enum
from itertools import pairwise

from wireproof.attempt import Attempt, Inconclusive, NotApplicable
from wireproof.model.history import (
    History,
    Joined,
    Joining,
    Received,
    SenderRule,
    Sent,
)
from wireproof.peer.dialect import ROOMS
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended, PeerEvent, Refusal
from wireproof.peer.websocket import (
    BUSY,
    WebSocketPeer,
    describe_close,
    describe_message,
    difference,
    excuse_close,
)
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.http1 import Request
from wireproof.wire.session import Close, Message
from wireproof.wire.websocket import Frame, Opcode, fragments

from .broadcast_rules import UNCHANGED

LIMITED = 4096  # bytes; a server that ends the connection of somebody who says more may have a limit


class Kind(Enum):
    """The two kinds of rooms; the value is the capability."""

    OTHERS = "broadcast"
    ALL = "broadcast-all"


class Talk:
    """The members of one room that belong to one attempt of a case, and all that they said and heard.

    Without a *kind* it is the room for the others if there is one, else that for all. The sender rule is for
    the cases about senders; all others leave it open whether a sender hears itself. Raises `NotApplicable`.
    """

    def __init__(
        self,
        peers: Peers,
        target: Target,
        kind: Kind | None = None,
        rule: SenderRule = SenderRule.EITHER,
    ) -> None:
        if kind is None:
            kind = next((one for one in Kind if target.can(one.value)), Kind.OTHERS)
        target.require(kind.value)
        self.kind = kind
        self.room = target.dialect.rooms.get(kind.value) or ROOMS[kind.value]
        self.attempt: Attempt = peers.attempt
        self.history = History(rule)
        self.members: dict[str, WebSocketPeer] = {}
        self.present: list[str] = []
        self.mark = secrets.token_hex(4).encode()
        self._rule = rule
        self._peers = peers
        self._key = re.compile(re.escape(self.mark) + rb":([a-z0-9.]+);")
        self._said: dict[str, tuple[int, bytes]] = {}
        self._unmarked: dict[bytes, str] = {}
        self._numbers: Counter[str] = Counter()
        self._heard: defaultdict[str, set[str]] = defaultdict(set)
        self._joined: set[str] = set()
        self._compressing = False

    async def enter(self, *names: str, request: Callable[[WebSocketPeer], Request] | None = None) -> None:
        """Open a connection for each of *names*, in their order."""
        for name in names:
            peer = self.members[name] = self._peers()
            self.history.take(Joining(name))
            answer = await peer.handshake(request(peer) if request else peer.request(self.room.path))
            if isinstance(answer, Refusal):
                many = answer.response is not None and answer.response.status in BUSY
                outcome = NotApplicable if many or len(self.present) >= 4 else Inconclusive
                raise outcome(f"client {len(self.members)} was refused: {answer.detail}")
            self._compressing |= peer.agreement is not None
            await peer.introduce()
            self.present.append(name)

    def say(
        self, sender: str, body: bytes = b"", opcode: Opcode = Opcode.TEXT, cut: Sequence[int] = ()
    ) -> str:
        """Send a message, in frames cut at the offsets in *cut*; its key in the history."""
        data = self.compose(sender, body)
        wire = self.room.spoken(data) if opcode is Opcode.TEXT else data
        bounds = [0, *cut, len(wire)]
        return self.send(sender, data, *fragments(opcode, *(wire[a:b] for a, b in pairwise(bounds))))

    def compose(self, sender: str, body: bytes) -> bytes:
        """The next message of *sender*, marked."""
        self._numbers[sender] += 1
        return b"%s:%s.%d;%s" % (self.mark, sender.encode(), self._numbers[sender], body)

    def send(self, sender: str, data: bytes, *frames: Frame, opcode: Opcode | None = None) -> str:
        """Send *frames*, which end the message *data*; without a mark it must be like no other one.

        *opcode* is for a message that was begun before.
        """
        key = self._key_of(data)
        if key is None:
            key = f"{len(data)} bytes"
            self._unmarked[data] = key
        self._said[key] = (opcode or frames[0].opcode, data)
        self.history.take(Sent(sender, key))
        self.members[sender].send(*frames)
        return key

    async def hear(self, name: str) -> PeerEvent:
        """The next event of a member, a message written down; that its connection ends breaks the case."""
        event = await self.members[name].event()
        match event:
            case Message():
                self._take(name, event)
            case Close() as close if name in self.present:
                excuse_close(close)
                self._ended(name, describe_close(close))
            case Ended() as end if name in self.present:
                self._ended(name, str(end))
            case _:
                pass
        return event

    def _ended(self, name: str, how: str) -> None:
        self.attempt.broken(
            f"the connection of {name} ended: {how}", "an open connection", ground=Ground.MISSING
        )

    def _take(self, name: str, message: Message) -> None:
        if self._compressing:
            self._check_form(name, message)
        data = self.room.heard(message)
        key = None if data is None else self._key_of(data) or self._unmarked.get(data)
        if data is None or key is None:
            return
        if key in self._said and (message.opcode, data) != self._said[key]:
            self._spoilt(name, key, message, data)
        # One's own message may be an echo: only what others said shows that a member is in the room.
        if name not in self._joined and not key.startswith(f"{name}."):
            self._joined.add(name)
            self.history.take(Joined(name))
        self.history.take(Received(name, key))
        self._heard[name].add(key)

    def _check_form(self, name: str, message: Message) -> None:
        peer = self.members[name]
        if message.compressed is None:
            return
        if peer.agreement is None:
            self._broken(f"{name}, which agreed on no compression, got a compressed message")
        for violation in peer.violations:
            if violation.requirement == "rfc7692/7.2.1/deflate-data-sent":
                self._broken(f"{name} got what it can't inflate: {violation.text}")

    def _broken(self, observed: str) -> None:
        self.attempt.broken(observed, "a message in the form that its connection agreed on")

    def _key_of(self, data: bytes) -> str | None:
        found = self._key.search(data)
        return found[1].decode() if found else None

    def _spoilt(self, name: str, key: str, message: Message, data: bytes) -> None:
        opcode, sent = self._said[key]
        if UNCHANGED in self.attempt.requirements:
            got = f"{name} got {key!r} of {len(sent)} bytes as {describe_message(message)}"
            if message.opcode == opcode or self.room.receive is not None:
                got += difference(sent, data)
            self.attempt.found(got, "every message as it was sent", requirement=UNCHANGED)
