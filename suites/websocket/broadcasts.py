"""What cases about broadcasts share: members that join, leave, stall and wait, and a history judged."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import Enum

from wireproof.attempt import Broken, NotApplicable
from wireproof.model.history import (
    Anomaly,
    Leaving,
    SenderRule,
)
from wireproof.peer.concurrent import all_of
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.wire.http1 import Request
from wireproof.wire.session import Pong
from wireproof.wire.websocket import Frame

from .broadcast_rules import COMPLETE, accuse
from .broadcast_talk import Talk

ROUNDS, PAUSE = 20, 0.03  # how often, how many seconds apart, newcomers are asked whether they hear anything
SAID_ANEW = 0.5  # seconds after which last messages are said once more
ELSEWHERE = "/wireproof-elsewhere"
ASKED = 10  # pings after which what could come has come, where nobody is accused for its staying away


class Way(Enum):
    """How a member leaves."""

    CLOSE = "Close frame"
    FIN = "FIN"
    RST = "RST"


class Hall(Talk):
    """A talk whose members are known to be in the room, and whose history is judged."""

    # Members ----------------------------------------------------------------------------------------

    async def admit(self, *names: str, request: Callable[[WebSocketPeer], Request] | None = None) -> None:
        """Open a connection for each of *names*, and wait until each is known to be in the room."""
        await self.enter(*names, request=request)
        await self.confirm()

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

    # Listening --------------------------------------------------------------------------------------

    async def answered(self, *names: str) -> None:
        """Let each of *names* send a ping and listen until the answer comes."""
        await all_of(*map(self._answered, names))

    async def _answered(self, name: str) -> None:
        peer = self.members[name]
        ping = peer.ping()
        peer.send(ping)
        with self.attempt.expecting(f"a pong for {name}"):
            while await self.hear(name) != Pong(ping.payload):
                pass

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
            await all_of(*map(listen, self.present))

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
                        await all_of(*(self._fenced(name, ends) for name in self.present))
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
