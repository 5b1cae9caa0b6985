"""What the cases about the server's own limits share: finding a limit with few probes, and telling it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from wireproof.attempt import Attempt, Inconclusive, NotApplicable
from wireproof.case import Intensity
from wireproof.peer.concurrent import all_of
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import BUSY, End, WebSocketPeer
from wireproof.wire.session import Close, Pong

OWN = "service/limits/own"
STEPS = 4  # bisections behind the last doubling: what no round number is, is known to a sixteenth
WHOLE = 64  # bisections at most, for what costs next to nothing: known to one
BUDGET, HARSH_BUDGET = 3, 6  # seconds after which a search begins no other probe
SPREAD = 14  # probes that are made at once, besides the telling ones
ROUNDS = 10
BASES = (10, 2)  # of the numbers that count as round
PAUSE = 0.03  # seconds between two rounds; together they outlast a delayed acknowledgement of TCP's


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of a limit: the largest number that was taken, the smallest refused (0: none was)."""

    taken: int = 0
    refused: int = 0

    @property
    def exact(self) -> bool:
        """Whether nothing lies between the two."""
        return self.refused == self.taken + 1

    def holds(self, number: int) -> bool:
        """Whether a probe of *number* would tell something."""
        return self.taken < number < self.refused

    def with_probe(self, number: int, *, taken: bool) -> Limit:
        """What is known after one more probe."""
        return Limit(number, self.refused) if taken else Limit(self.taken, number)

    def roundest(self, base: int) -> int:
        """The multiple of the highest power of *base* between the bounds; the lower one if there is none."""
        power = 1
        while (self.taken // (power * base) + 1) * power * base < self.refused:
            power *= base
        number = (self.taken // power + 1) * power
        return number if self.holds(number) else self.taken

    def telling(self) -> Iterator[int]:
        """Probes that may settle it: what is next to the bounds and to the round numbers between them."""
        for number in (*map(self.roundest, BASES), self.taken, self.refused):
            yield from (number - 1, number, number + 1)


class Search:
    """Looks for a limit from *first* to *last* by doubling and bisecting, as far as its time goes."""

    def __init__(self, attempt: Attempt, first: int, last: int, steps: int = STEPS) -> None:
        self.first = first
        self.last = last
        self.steps = steps
        self._until = time.monotonic() + reach(attempt, BUDGET, BUDGET, HARSH_BUDGET)

    @property
    def _in_time(self) -> bool:
        return time.monotonic() < self._until

    async def one_by_one(self, is_taken: Callable[[int], Awaitable[bool]], factor: int = 2) -> Limit:
        """Probe one number after the other."""
        found, size = Limit(), self.first
        while not found.refused and size <= self.last and self._in_time:
            found = found.with_probe(size, taken=await is_taken(size))
            size *= factor
        if not found.taken or not found.refused:
            return found
        for _ in range(self.steps + factor // 4):
            if found.exact or not self._in_time:
                break
            middle = (found.taken + found.refused) // 2
            found = found.with_probe(middle, taken=await is_taken(middle))
        for base in BASES:
            number = found.roundest(base)
            if found.holds(number) and self._in_time:
                found = found.with_probe(number, taken=await is_taken(number))
        for step in (1, -1):
            number = (found.taken if step > 0 else found.refused) + step
            if found.holds(number) and self._in_time:
                found = found.with_probe(number, taken=await is_taken(number))
        return found

    async def at_once(self, refused_of: Callable[[Sequence[int]], Awaitable[set[int]]]) -> Limit:
        """Probe many numbers at a time: *refused_of* tells which of them are refused."""
        count = (self.last // self.first).bit_length()
        found = _narrowed(
            Limit(), sizes := [self.first << bit for bit in range(count)], await refused_of(sizes)
        )
        while found.taken and found.refused and not found.exact and self._in_time:
            width = found.refused - found.taken
            spread = {found.taken + width * part // (SPREAD + 1) for part in range(1, SPREAD + 1)}
            sizes = sorted(filter(found.holds, spread | set(found.telling())))
            found = _narrowed(found, sizes, await refused_of(sizes))
        return found


def _narrowed(found: Limit, sizes: Sequence[int], refused: set[int]) -> Limit:
    for size in sizes:
        if size in refused:
            return Limit(found.taken, size)
        found = Limit(size, found.refused)
    return found


def tell(attempt: Attempt, name: str, unit: str, found: Limit) -> None:
    """Measure *found*; where nothing was refused, nothing but a bound from below is known."""
    if not found.taken:
        attempt.report(f"{name}: less than {found.refused} {unit}")
    elif not found.refused:
        attempt.measure(f"{name} ({unit}, at least)", found.taken)
        attempt.report(f"{name}: at least {found.taken} {unit}")
    else:
        attempt.measure(f"{name} ({unit})", found.taken)
        more = "" if found.exact else f" or more, less than {found.refused}"
        attempt.report(f"{name}: {found.taken} {unit}{more}")


async def tell_time(attempt: Attempt, name: str, patience: float, end: Awaitable[object]) -> None:
    """Measure how long it takes until *end* comes, as far as *patience* goes; both are in seconds."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            await end
    except TimeoutError:
        attempt.measure(f"{name} (seconds, at least)", patience)
        attempt.report(f"{name}: nothing happened within the patience")
        return
    attempt.measure(f"{name} (seconds)", round(time.monotonic() - began, 1))
    attempt.report(f"{name}: the server ends the connection; see the limits for the time")


def reach(attempt: Attempt, gentle: int, normal: int, harsh: int | None = None) -> int:
    """How far a search goes at the intensity of the run; what no load comes of is tried even when gentle."""
    if attempt.intensity <= Intensity.GENTLE:
        return gentle
    return normal if attempt.intensity < Intensity.HARSH or harsh is None else harsh


def is_accepted(answer: object) -> bool:
    """Whether a handshake was accepted; raise `Inconclusive` when it was refused for want of room."""
    if not isinstance(answer, Refusal):
        return True
    if answer.response is not None and answer.response.status in BUSY:
        raise Inconclusive(f"the server has no room: {answer.detail}")
    return False


async def goes_on(peer: WebSocketPeer) -> bool:
    """Whether the server goes on behind all that was sent, rather than end the connection.

    It does, too, when it sends back more than the peer looks at.
    """
    ping = peer.ping()
    peer.send(ping)
    with peer.attempt.expecting("a pong", "a message", "a Close frame", "the end of TCP"):
        while True:
            match await peer.event():
                case Ended(how):
                    return how is End.ABANDONED
                case Close():
                    return False
                case Pong(payload) if payload == ping.payload:
                    return True
                case _:
                    pass


async def ended_among(asked: Sequence[WebSocketPeer], witness: WebSocketPeer) -> list[bool]:
    """Which of *asked* the server ends while *witness* has ten pings answered one after the other."""

    async def ends(peer: WebSocketPeer) -> None:
        while not isinstance(await peer.event(), (Close, Ended)):
            pass

    reading = [asyncio.create_task(ends(peer)) for peer in asked]
    try:
        for _ in range(ROUNDS):
            if not await goes_on(witness):
                raise Inconclusive("the second connection ended")
            await asyncio.wait(reading, timeout=PAUSE)
            if all(task.done() for task in reading):
                break
        return [task.done() for task in reading]
    finally:
        for task in reading:
            task.cancel()


async def open_all(peers: Peers, count: int) -> list[WebSocketPeer]:
    """So many open connections, made at once; raise `NotApplicable` where the server refuses one of them."""

    async def join() -> WebSocketPeer:
        peer = peers()
        if isinstance(answer := await peer.handshake(), Refusal):
            raise NotApplicable(f"it takes {count} connections at once: {answer.detail}")
        await peer.introduce()
        return peer

    return await all_of(*(join() for _ in range(count)))
