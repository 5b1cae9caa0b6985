"""Judges who got which broadcast message: lost, doubled, reordered or stray deliveries.

A history is what the harness itself did and saw, in one order. Its own acts bound what the server did when:
a member is surely in a room from ``Joined`` until ``Leaving``; between ``Joining`` and ``Joined``, and from
``Leaving`` on, it may be or not. Only what no order of the server's acts can explain is an anomaly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

TOLD = 6  # oddities told one by one
EVERYONE = ""
"""The room that stands for all members, where a protocol has no rooms."""


@dataclass(frozen=True, slots=True)
class Joining:
    """A member asked to be let in; from now on it may be in the room."""

    member: str
    room: str = EVERYONE


@dataclass(frozen=True, slots=True)
class Joined:
    """It is known that the member is in the room."""

    member: str
    room: str = EVERYONE


@dataclass(frozen=True, slots=True)
class Leaving:
    """A member asked to leave, or its connection ended; from now on it may be out."""

    member: str
    room: str = EVERYONE


@dataclass(frozen=True, slots=True)
class Left:
    """It is known that the member is out of the room: it must get nothing that is sent from now on."""

    member: str
    room: str = EVERYONE


@dataclass(frozen=True, slots=True)
class Sent:
    """A member sent a message, told from all others by ``key``, to the members of ``rooms``, once each."""

    sender: str
    key: str
    rooms: frozenset[str] = frozenset({EVERYONE})


@dataclass(frozen=True, slots=True)
class Received:
    """A member received the message called ``key``."""

    member: str
    key: str


Act = Joining | Joined | Leaving | Left | Sent | Received


class SenderRule(StrEnum):
    """Whether a sender gets its own message."""

    INCLUDED = "included"
    EXCLUDED = "excluded"
    EITHER = "either"


class Anomaly(StrEnum):
    """What can go wrong with a delivery."""

    LOST = "lost"
    DOUBLED = "doubled"
    REORDERED = "reordered"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Oddity:
    """One delivery that no order of events explains."""

    kind: Anomaly
    member: str
    key: str
    text: str


def summary(oddities: Sequence[Oddity]) -> tuple[str, str]:
    """*oddities* in one text, and the key of the first message that came: empty where all are losses."""
    more = f"; and {len(oddities) - TOLD} more" if len(oddities) > TOLD else ""
    came = next((oddity.key for oddity in oddities if oddity.kind is not Anomaly.LOST), "")
    return "; ".join(oddity.text for oddity in oddities[:TOLD]) + more, came


@dataclass(slots=True)
class _Membership:
    """Where one member stands in one room, as far as is known."""

    possible: bool = False
    certain: bool = False


@dataclass(slots=True)
class _Fate:
    """One message: who must get it, who may, and what the order of its sender is."""

    sent: Sent
    number: int
    must: set[str] = field(default_factory=set)
    may: set[str] = field(default_factory=set)


class History:
    """Takes acts in the order in which they happened, and judges them at the end."""

    def __init__(self, sender_rule: SenderRule = SenderRule.EITHER) -> None:
        self._rule = sender_rule
        self._standing: dict[tuple[str, str], _Membership] = defaultdict(_Membership)
        self._fates: dict[str, _Fate] = {}
        self._received: dict[str, list[str]] = defaultdict(list)

    def take(self, act: Act) -> None:
        """Take one act; raise `ValueError` for a key that was sent before."""
        match act:
            case Joining(member, room):
                self._standing[member, room].possible = True
                for fate in self._fates.values():
                    # The server may handle an earlier message only now.
                    if room in fate.sent.rooms and member != fate.sent.sender:
                        fate.may.add(member)
            case Joined(member, room):
                self._standing[member, room] = _Membership(True, True)
            case Leaving(member, room):
                self._standing[member, room].certain = False
                for fate in self._fates.values():
                    if room in fate.sent.rooms and member in fate.must:
                        fate.must.discard(member)
                        fate.may.add(member)
            case Left(member, room):
                self._standing[member, room] = _Membership()
            case Sent():
                self._send(act)
            case Received(member, key):
                self._received[member].append(key)

    def _send(self, sent: Sent) -> None:
        if sent.key in self._fates:
            raise ValueError(f"{sent.key!r} was sent before")
        fate = _Fate(sent, len(self._fates))
        for (member, room), standing in self._standing.items():
            if room in sent.rooms and member != sent.sender:
                if standing.certain:
                    fate.must.add(member)
                elif standing.possible:
                    fate.may.add(member)
        if self._rule is SenderRule.INCLUDED and self._is_certain(sent):
            fate.must.add(sent.sender)
        elif self._rule is not SenderRule.EXCLUDED:
            fate.may.add(sent.sender)
        self._fates[sent.key] = fate

    def _is_certain(self, sent: Sent) -> bool:
        """Whether the sender is known to be where it sends to."""
        return any(
            (sent.sender, room) in self._standing and self._standing[sent.sender, room].certain
            for room in sent.rooms
        )

    def oddities(self, waited_for: Mapping[str, bool] | None = None) -> list[Oddity]:
        """What went wrong.

        A missing message is lost only for members of which *waited_for* says that everything that could come
        has come (by default: for all).
        """
        found: list[Oddity] = []
        for fate in self._fates.values():
            for member in sorted(fate.must):
                waited = waited_for is None or waited_for.get(member, False)
                if waited and fate.sent.key not in self._received[member]:
                    text = f"{member} never got {fate.sent.key!r} from {fate.sent.sender}"
                    found.append(Oddity(Anomaly.LOST, member, fate.sent.key, text))
        for member, keys in self._received.items():
            found += self._doubled(member, keys)
            found += self._stray(member, keys)
            found += self._reordered(member, keys)
        return found

    def standing(self) -> list[tuple[str, str]]:
        """Each member with each room in which it may be."""
        return [where for where, standing in self._standing.items() if standing.possible]

    def missing(self, member: str) -> set[str]:
        """The keys that *member* must still get."""
        return {key for key, fate in self._fates.items() if member in fate.must} - set(self._received[member])

    def _doubled(self, member: str, keys: list[str]) -> Iterable[Oddity]:
        for key, count in Counter(keys).items():
            if count > 1:
                yield Oddity(Anomaly.DOUBLED, member, key, f"{member} got {key!r} {count} times")

    def _stray(self, member: str, keys: list[str]) -> Iterable[Oddity]:
        for key in dict.fromkeys(keys):
            fate = self._fates.get(key)
            if fate is None:
                yield Oddity(Anomaly.STRAY, member, key, f"{member} got {key!r}, which nobody sent")
            elif member not in fate.must | fate.may:
                whose = "its own" if fate.sent.sender == member else f"{fate.sent.sender}'s"
                yield Oddity(
                    Anomaly.STRAY, member, key, f"{member} got {whose} {key!r}, which was not for it"
                )

    def _reordered(self, member: str, keys: list[str]) -> Iterable[Oddity]:
        last: dict[str, _Fate] = {}
        for key in dict.fromkeys(keys):
            fate = self._fates.get(key)
            if fate is None:
                continue
            before = last.get(fate.sent.sender)
            if before is not None and before.number > fate.number:
                text = f"{member} got {key!r} behind {before.sent.key!r}, which {fate.sent.sender} sent later"
                yield Oddity(Anomaly.REORDERED, member, key, text)
            else:
                last[fate.sent.sender] = fate
