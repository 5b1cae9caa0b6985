"""Makes the peers of one attempt, and gives all of them up when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from wireproof.attempt import Attempt, NotApplicable
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import Dialect, Pongs, SessionDialect
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.pongs import UNCERTAIN
from wireproof.peer.socketio import SocketIOPeer
from wireproof.peer.websocket import WebSocketPeer


class Disposable(Protocol):
    """What can be given up."""

    def discard(self) -> None:
        """Give it up, without waiting for anything."""


class Party(Disposable, Protocol):
    """One client of a server."""

    @property
    def is_over(self) -> bool:
        """Whether the server can tell it nothing more."""


P = TypeVar("P", bound=Party)


class Maker(Generic[P]):
    """A case that needs several peers of a kind asks for this, and calls it once for each.

    ``single`` says why there may be one at a time, where that is so.
    """

    def __init__(self, make: Callable[[], P]) -> None:
        self.make = make
        self.made: list[P] = []
        self.single = ""

    def __call__(self) -> P:
        """Another one, not yet connected. Raises `NotApplicable` where there may be one, and is one."""
        if self.single and not all(peer.is_over for peer in self.made):
            raise NotApplicable(self.single)
        peer = self.make()
        self.made.append(peer)
        return peer

    def discard(self) -> None:
        """Give up all of them."""
        for peer in self.made:
            peer.discard()


class Peers(Maker[WebSocketPeer]):
    """Makes WebSocket peers."""

    def __init__(self, dialer: Dialer, attempt: Attempt, dialect: Dialect) -> None:
        super().__init__(lambda: WebSocketPeer(dialer, attempt, dialect))
        if dialect.pongs is Pongs.COUNTED:
            attempt.doubt = UNCERTAIN
        self.dialer = dialer
        self.attempt = attempt
        self.dialect = dialect


class Sessions(Maker[SessionPeer]):
    """Makes Engine.IO sessions."""

    def __init__(self, dialer: Dialer, attempt: Attempt, dialect: SessionDialect) -> None:
        super().__init__(lambda: SessionPeer(dialer, attempt, dialect))
        self.dialer = dialer
        self.attempt = attempt
        self.dialect = dialect


class Clients(Maker[SocketIOPeer]):
    """Makes Socket.IO clients."""

    def __init__(self, sessions: Sessions) -> None:
        super().__init__(lambda: SocketIOPeer(sessions()))
        self.attempt = sessions.attempt
        self.dialect = sessions.dialect


class Crew:
    """All peers of one attempt."""

    def __init__(self, *makers: Disposable) -> None:
        self.makers = makers

    def discard(self) -> None:
        """Give up every connection."""
        for maker in self.makers:
            maker.discard()
