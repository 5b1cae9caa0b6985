"""The two families of servers: those of one WebSocket, and those of sessions. Each has cases of its own."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.strict import Connection, EngineConnection
from fixtures.strict.serving import STRICT, STRICT_SOCKETIO
from wireproof.run.select import CaseItem


@dataclass(frozen=True, slots=True)
class Family:
    """Which cases judge a server, and what they need to know of it."""

    title: str
    suites: tuple[str, ...]
    scheme: str
    strict: str
    """The faultless server of the family, by name."""

    def __str__(self) -> str:
        return "-".join(self.suites)

    @property
    def aftermath(self) -> tuple[str, ...]:
        """Globs of the cases where what was seen in passing in other cases is told once more."""
        return tuple(f"{suite}/aftermath/*" for suite in self.suites)

    def judges(self, case: CaseItem) -> bool:
        """Whether *case* is one for servers of this family."""
        return case.suite in self.suites


WEBSOCKET = Family("WebSocket", ("websocket",), "ws", STRICT)
SESSIONS = Family("Engine.IO and Socket.IO", ("engineio", "socketio"), "http", STRICT_SOCKETIO)
FAMILIES = (WEBSOCKET, SESSIONS)


def family_of(server: type[Connection]) -> Family:
    """The family that *server* belongs to, by what it is built on."""
    return SESSIONS if issubclass(server, EngineConnection) else WEBSOCKET
