"""Which node gets a request: the ways in which load balancers choose."""

from __future__ import annotations

import hashlib
import random
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from wireproof.proxy.driver import COOKIE, HASH_HEADER
from wireproof.wire.http1 import Request

from .nodes import Member

REMEMBERED = 10_000
"""Sessions that a policy remembers; the one that was silent longest is forgotten."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the address where it came from."""

    source: str
    request: Request

    def cookie(self, name: str) -> str | None:
        """The value of a cookie."""
        lines = [value for field, value in self.request.headers if field.lower() == b"cookie"]
        for pair in b";".join(lines).decode("latin-1").split(";"):
            key, equals, value = pair.strip().partition("=")
            if equals and key == name:
                return value
        return None

    def session(self) -> str | None:
        """The Engine.IO session that the target names."""
        query = self.request.target.partition(b"?")[2].decode("latin-1")
        return next(iter(parse_qs(query).get("sid", ())), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """A node, what made it the one, and the cookie that ties the client to it (a whole Set-Cookie value)."""

    member: Member
    why: str
    cookie: bytes | None = None


class Policy(ABC):
    """Chooses among the nodes. One belongs to one balancer: it remembers what it did."""

    @abstractmethod
    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:
        """The node for a request; None when all drain. *members* are those to choose from, at least one."""

    def forget(self) -> None:  # noqa: B027  # most have nothing to forget
        """Treat every client as new, and tie it to another node than before."""


def _open(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if not member.draining]


class RoundRobin(Policy):
    """Each request goes to the next node."""

    def __init__(self) -> None:
        self._turn = 0

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:  # noqa: ARG002
        """See `Policy.choose`."""
        free = _open(members)
        if not free:
            return None
        self._turn += 1
        return Choice(free[(self._turn - 1) % len(free)], "next in turn")


class Random(Policy):
    """Each request goes to any node; the same seed makes the same choices."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:  # noqa: ARG002
        """See `Policy.choose`."""
        free = _open(members)
        return Choice(self._random.choice(free), "by chance") if free else None


class LeastConnections(Policy):
    """Each request goes to the node with the fewest open requests and tunnels, the first of equals."""

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:  # noqa: ARG002
        """See `Policy.choose`."""
        free = _open(members)
        if not free:
            return None
        member = min(free, key=lambda one: one.active)
        return Choice(member, f"{member.active} open, the fewest")


class _Hash(Policy):
    """Requests with the same key go to the same node, as long as it is there; others stay where they were."""

    def __init__(self) -> None:
        self._rank = 0

    def forget(self) -> None:
        """See `Policy.forget`."""
        self._rank += 1

    def _by(self, key: str, members: Sequence[Member], why: str) -> Choice | None:
        def weight(member: Member) -> bytes:
            return hashlib.sha256(f"{member.name}\0{key}".encode()).digest()

        free = _open(members)
        if not free:
            return None
        # The node with the highest weight: when one leaves, only those who were tied to it move.
        ranking = sorted(free, key=weight, reverse=True)
        return Choice(ranking[self._rank % len(ranking)], why)


class SourceHash(_Hash):
    """All requests from one address go to one node."""

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:
        """See `Policy.choose`."""
        return self._by(asked.source, members, f"hash of {asked.source}")


class HeaderHash(_Hash):
    """All requests with the same value of one header field go to one node; those without it, in turn."""

    def __init__(self, field: str = HASH_HEADER) -> None:
        super().__init__()
        self.field = field
        self._others = RoundRobin()

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:
        """See `Policy.choose`."""
        value = asked.request.get(self.field.encode())
        if value is None:
            return self._others.choose(asked, members)
        return self._by(value.decode("latin-1"), members, f"hash of {self.field}")


class Cookie(Policy):
    """Who shows the balancer's cookie goes where it says; who does not goes to the next node and gets one."""

    def __init__(self, name: str = COOKIE) -> None:
        self.name = name
        self._age = 0
        self._fresh = RoundRobin()

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:
        """See `Policy.choose`."""
        shown = asked.cookie(self.name)
        name, _, age = (shown or "").partition(".")
        known = next((member for member in members if member.name == name), None)
        if known is not None and age == str(self._age):
            return Choice(known, f"cookie {self.name}={shown}")
        # Who was tied to a node before all was forgotten gets another one, or nobody could tell.
        others = [member for member in _open(members) if member is not known or age == str(self._age)]
        choice = self._fresh.choose(asked, others or members)
        if choice is None:
            return None
        value = f"{self.name}={choice.member.name}.{self._age}; Path=/; HttpOnly"
        return Choice(choice.member, f"{choice.why}, new cookie", value.encode())

    def forget(self) -> None:
        """See `Policy.forget`."""
        self._age += 1


class NoneSticky(Policy):
    """No two requests of one session in a row go to the same node: the worst that can happen to a session.

    A session is an Engine.IO session, or else an address.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[str, str] = OrderedDict()

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:
        """See `Policy.choose`."""
        free = _open(members)
        if not free:
            return None
        session = asked.session()
        key = f"address {asked.source}" if session is None else f"session {session}"
        # The first request of a session follows the handshake, which did not know the session's name.
        last = self._last.get(key) or self._last.get(f"address {asked.source}", "")
        names = [member.name for member in free]
        member = free[(names.index(last) + 1) % len(free)] if last in names else free[0]
        self._last[key] = member.name
        self._last.move_to_end(key)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return Choice(member, "not the last one" if last else "the first")


class Forgetful(Policy):
    """Does what a sticky policy does, and forgets it all once *after* requests were given away.

    Without *after* it does so only when `Balancer.forget` is called.
    """

    def __init__(self, sticky: Policy, after: int | None = None) -> None:
        self.sticky = sticky
        self._left = after

    def choose(self, asked: Asked, members: Sequence[Member]) -> Choice | None:
        """See `Policy.choose`."""
        if self._left is not None:
            if self._left == 0:
                self.forget()
            self._left = self._left - 1 if self._left > 0 else None
        return self.sticky.choose(asked, members)

    def forget(self) -> None:
        """See `Policy.forget`."""
        self.sticky.forget()
