"""A hall of clients whose history is judged."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from wireproof.model.history import Anomaly, Oddity, summary
from wireproof.peer.concurrent import all_of

from .hall_rules import accuse, listed
from .hall_talk import Talk

ACROSS_NODES = "network/nodes/order"
FENCES = 2  # times that all speakers end with last events, at most …
FENCES_ACROSS_NODES = 6  # … where later events may overtake earlier ones, which nothing tells of …
LAG = 0.25  # … and seconds before each of those beyond the usual ones
SAID_ANEW = 0.5  # seconds after which last events are said once more


class Hall(Talk):
    """A talk that is judged once all that can come has come."""

    async def settle(self, *speakers: str) -> None:
        """Wait until all that can come has come, and judge the history.

        Each of *speakers* (by default all that are there and have spoken) ends with two events to whom it
        spoke to, of which a server that loses some should let one through.
        """
        chosen = speakers or tuple(name for name in self.present if self._spoken[name])
        try:
            for number in range(FENCES_ACROSS_NODES if self.spread else FENCES):
                if number >= FENCES:
                    await asyncio.sleep(LAG)
                await self.fence(*chosen)
                if not any(self._overtaken(one, key) for one, key in self._missing()):
                    break
        finally:
            found = [
                one
                for one in self.history.oddities()
                if one.kind is not Anomaly.LOST or self._overtaken(one.member, one.key)
            ]
            accuse(self.attempt, self._without_advice(found))

    def _without_advice(self, oddities: Sequence[Oddity]) -> list[Oddity]:
        """All but broken orders between nodes, which are told: cases about just that judge them."""
        late = [one for one in oddities if one.kind is Anomaly.REORDERED]
        if not late or not self.spread or ACROSS_NODES in self.attempt.requirements:
            return list(oddities)
        self.attempt.report(f"between nodes, {summary(late)[0]}")
        return [one for one in oddities if one not in late]

    def _missing(self) -> Iterable[tuple[str, str]]:
        for member in {member for member, _ in self.history.standing()}:
            for key in self.history.missing(member):
                yield member, key

    def _overtaken(self, member: str, key: str) -> bool:
        """Whether one that misses *key* has heard what its sender said later: else it may come yet."""
        sender, _, number = key.rpartition(".")
        said = (one.rpartition(".") for one in self.heard[member])
        return any(whose == sender and int(n) > int(number) for whose, _, n in said)

    async def fence(self, *speakers: str) -> None:
        """Let each of *speakers* say two last events wherever it spoke; wait until all have one of them."""
        ends: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        missing = listed(self.attempt, "recovery/complete", "rooms/complete", "broadcast/complete")
        with self.attempt.expecting(
            f"the last events of {', '.join(speakers)} at all members", requirement=missing
        ):
            while speakers:
                for name in speakers:
                    for namespace, rooms in tuple(self._spoken[name]):
                        label = f"{namespace} {rooms}"
                        ends[name, label] |= {
                            await self.say(name, *rooms, namespace=namespace) for _ in range(2)
                        }
                due = self._due(ends)
                with suppress(TimeoutError):
                    async with asyncio.timeout(SAID_ANEW):
                        await all_of(*(self._fenced(name, due) for name in self.present))
                    break
        await self.answered(*self.present)

    def _due(self, ends: Mapping[tuple[str, str], set[str]]) -> dict[str, list[set[str]]]:
        """Of which keys each member must hear one."""
        due: dict[str, list[set[str]]] = {}
        for member in {member for member, _ in self.history.standing()}:
            missing = self.history.missing(member) | self.heard[member]
            due[member] = [keys & missing for keys in ends.values() if keys & missing]
        return due

    async def _fenced(self, name: str, due: Mapping[str, list[set[str]]]) -> None:
        spaces = {self.home, *self.members[name].connected}
        mine = {self.member(name, one) for one in spaces}
        while any(keys.isdisjoint(self.heard[one]) for one in mine for keys in due.get(one, ())):
            await self.hear(name)

    async def burst(self, speakers: Iterable[str], count: int, *rooms: str) -> None:
        """Let *speakers* say so many events each, all at once."""

        async def speak(name: str) -> None:
            for _ in range(count):
                await self.say(name, *rooms)

        await all_of(*map(speak, speakers))

    async def expect_acknowledged(self, name: str) -> None:
        """Demand that all that a client has said is acknowledged, once."""
        await self.acknowledged(name)
        await self.answered(name)
        for number, times in self.acked[name].items():
            if times > 1:
                self.attempt.found(f"{times} acknowledgements of one event, {number}", "one")
