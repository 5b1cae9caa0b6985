"""What cases about broadcasts share: a room and its members, whose history is written down and judged.

Others may use the room too, so every message bears a mark of its own, and what bears none is passed over.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from itertools import pairwise

from wireproof.attempt import Attempt, Broken, Inconclusive, NotApplicable
from wireproof.model.history import (
    Anomaly,
    History,
    Joined,
    Joining,
    Leaving,
    Received,
    SenderRule,
    Sent,
)
from wireproof.peer.dialect import ROOMS
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended, PeerEvent, Refusal
from wireproof.peer.websocket import WebSocketPeer, describe_close, describe_message, difference, refuse_limit
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.http1 import Request
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import Frame, Opcode, fragments

from .broadcast_rules import COMPLETE, UNCHANGED, accuse
from .service import TOO_MANY

ROUNDS, PAUSE = 20, 0.03  # how often, how many seconds apart, newcomers are asked whether they hear anything
SAID_ANEW = 0.5  # seconds after which last messages are said once more
ELSEWHERE = "/wireproof-elsewhere"
ASKED = 10  # pings after which what could come has come, where nobody is accused for its staying away
LIMITED = 4096  # bytes; a server that ends the connection of somebody who says more may have a limit


class Kind(Enum):
    """The two kinds of rooms; the value is the capability."""

    OTHERS = "broadcast"
    ALL = "broadcast-all"


class Way(Enum):
    """How a member leaves."""

    CLOSE = "Close frame"
    FIN = "FIN"
    RST = "RST"


class Hall:
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

    # Members ----------------------------------------------------------------------------------------

    async def admit(self, *names: str, request: Callable[[WebSocketPeer], Request] | None = None) -> None:
        """Open a connection for each of *names*, and wait until each is known to be in the room."""
        await self.enter(*names, request=request)
        await self.confirm()

    async def enter(self, *names: str, request: Callable[[WebSocketPeer], Request] | None = None) -> None:
        """Open a connection for each of *names*, in their order."""
        for name in names:
            peer = self.members[name] = self._peers()
            self.history.take(Joining(name))
            answer = await peer.handshake(request(peer) if request else peer.request(self.room.path))
            if isinstance(answer, Refusal):
                many = answer.response is not None and answer.response.status in TOO_MANY
                outcome = NotApplicable if many or len(self.present) >= 4 else Inconclusive
                raise outcome(f"client {len(self.members)} was refused: {answer.detail}")
            self._compressing |= peer.agreement is not None
            await peer.introduce()
            self.present.append(name)

    async def confirm(self) -> None:
        """Speak until every newcomer has heard something: a server may let it in behind its 101 only."""
        for number in range(ROUNDS):
            new = [name for name in self.present if name not in self._joined]
            if not new:
                return
            hosts = self.present[: 2 if self.present[0] in new else 1]
            for host in hosts:
                self.say(host)
            await self.answered(*hosts)
            await self.answered(*new)
            if number > 1:
                await asyncio.sleep(PAUSE)
        if self.attempt.requirements[0] != COMPLETE:
            raise NotApplicable(f"{new[0]} never heard anything, so nothing shows whether it is in the room")
        with self.attempt.expecting(f"{new[0]} hears what others say"):
            while new[0] not in self._joined:
                await self.hear(new[0])

    def leave(self, name: str, way: Way) -> None:
        """Let a member leave; what it misses from now on is nobody's fault."""
        self.excuse(name)
        peer = self.members[name]
        match way:
            case Way.CLOSE:
                peer.send(Frame.close())
            case Way.FIN:
                peer.half_close()
            case Way.RST:
                peer.reset()

    def excuse(self, name: str) -> None:
        """Demand no more that the member hears anything."""
        self.history.take(Leaving(name))
        self.present.remove(name)

    # Speaking ---------------------------------------------------------------------------------------

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

    # Listening --------------------------------------------------------------------------------------

    async def answered(self, *names: str) -> None:
        """Let each of *names* send a ping and listen until the answer comes."""
        await asyncio.gather(*map(self._answered, names))

    async def _answered(self, name: str) -> None:
        peer = self.members[name]
        ping = peer.ping()
        peer.send(ping)
        with self.attempt.expecting(f"a pong for {name}"):
            while await self.hear(name) != Pong(ping.payload):
                pass

    async def hear(self, name: str) -> PeerEvent:
        """The next event of a member, a message written down; that its connection ends breaks the case."""
        event = await self.members[name].event()
        match event:
            case Message():
                self._take(name, event)
            case Close() as close if name in self.present:
                refuse_limit(close)
                self._ended(name, describe_close(close))
            case Ended() as end if name in self.present:
                self._ended(name, str(end))
            case _:
                pass
        return event

    async def hears(self, name: str, key: str) -> bool:
        """Whether a member hears the message *key*; False if none comes while it has ten pings answered."""
        quiet = 0
        while key not in self._heard[name]:
            before = len(self._heard[name])
            await self.answered(name)
            quiet = 0 if len(self._heard[name]) > before else quiet + 1
            if quiet > ASKED:
                return False
            if quiet > 1:
                await asyncio.sleep(PAUSE)
        return True

    async def expect_heard(self, keys: Iterable[str]) -> None:
        """Demand that all members hear the messages *keys*, however long that takes."""
        wanted = set(keys)

        async def listen(name: str) -> None:
            while not wanted <= self._heard[name]:
                await self.hear(name)

        with self.attempt.expecting(f"{', '.join(sorted(wanted))} at all members"):
            await asyncio.gather(*map(listen, self.present))

    def stall(self, name: str) -> None:
        """Let a member read nothing, and demand no more of what it hears."""
        self.excuse(name)
        self.members[name].stop_reading()

    async def catch_up(self, name: str) -> None:
        """Let one that was excused read what has piled up for it, as far as its connection lives."""
        peer = self.members[name]
        ping = peer.ping()
        peer.send(ping)
        while not isinstance(event := await self.hear(name), Ended) and event != Pong(ping.payload):
            pass

    async def hear_out(self, name: str) -> None:
        """Listen to one that leaves, until its connection ends."""
        while not isinstance(await self.hear(name), Ended):
            pass

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

    # Judging ----------------------------------------------------------------------------------------

    async def settle(self, *speakers: str) -> None:
        """Wait until all that can come has come, and judge the history.

        Each of *speakers* (by default: all members, of many the first two) ends with two messages, of which
        a server that loses some should let one through. What is missing then may come behind the next two.
        """
        chosen = speakers or tuple(self.present if len(self.present) <= 4 else self.present[:2])
        try:
            for _ in range(2):
                await self.fence(chosen)
                if not any(
                    self._overtaken(name, key) for name in self.present for key in self.history.missing(name)
                ):
                    break
        finally:
            self._judge()

    def _overtaken(self, name: str, key: str) -> bool:
        """Whether a member that misses *key* has heard what its sender said later: else it may come yet."""
        sender, dot, number = key.rpartition(".")
        # What bears no mark is always followed by something that does.
        said = (one.rpartition(".") for one in self._heard[name])
        return not dot or any(whose == sender and at and int(n) > int(number) for whose, at, n in said)

    async def fence(self, speakers: Iterable[str]) -> None:
        """Let each of *speakers* say two last messages; wait until all others have one of them, and a pong.

        They are said anew from time to time: a server that lost them once may have lost what was before, too.
        """
        ends: defaultdict[str, set[str]] = defaultdict(set)
        names = tuple(speakers)
        with self.attempt.expecting(f"the last messages of {', '.join(names)} at all members"):
            while True:
                for name in names:
                    ends[name] |= {self.say(name), self.say(name)}
                with suppress(TimeoutError):
                    async with asyncio.timeout(SAID_ANEW):
                        await asyncio.gather(*(self._fenced(name, ends) for name in self.present))
                    break
        await self.answered(*self.present)

    async def _fenced(self, name: str, ends: Mapping[str, set[str]]) -> None:
        own = self._rule is SenderRule.INCLUDED
        wanted = [keys for sender, keys in ends.items() if own or sender != name]
        while any(keys.isdisjoint(self._heard[name]) for keys in wanted):
            await self.hear(name)

    def _judge(self) -> None:
        found = self.history.oddities()
        accuse(
            self.attempt,
            [one for one in found if one.kind is not Anomaly.LOST or self._overtaken(one.member, one.key)],
        )

    async def is_everywhere(self) -> bool:
        """Whether paths mean nothing to this server: what is said on another one comes here too."""
        stranger = self._peers()
        if isinstance(await stranger.handshake(stranger.request(ELSEWHERE)), Refusal):
            return False
        try:
            for _ in range(ASKED):
                stranger.send(Frame.text(self.compose("elsewhere", b"")))
                await stranger.expect_alive()
                await self.answered(*self.present)
                if any(key.startswith("elsewhere.") for keys in self._heard.values() for key in keys):
                    return True
        except Broken:
            pass
        return False

    async def excuse_common_room(self) -> None:
        """Take all accusations back from a server that never promised this room: it relays on every path."""
        if not self.room.told and await self.is_everywhere():
            self.attempt.findings.clear()
            raise NotApplicable("the server relays messages on every path, so the path promises nothing")
