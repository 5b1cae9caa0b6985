"""Makes the peers of one attempt, and gives all of them up when it ends."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import Dialect
from wireproof.peer.websocket import WebSocketPeer


class Peers:
    """A case that needs several connections asks for this, and calls it once for each."""

    def __init__(self, dialer: Dialer, attempt: Attempt, dialect: Dialect) -> None:
        self.dialer = dialer
        self.attempt = attempt
        self.dialect = dialect
        self.made: list[WebSocketPeer] = []

    def __call__(self) -> WebSocketPeer:
        """Another peer, not yet connected."""
        peer = WebSocketPeer(self.dialer, self.attempt, self.dialect)
        self.made.append(peer)
        return peer

    def discard(self) -> None:
        """Give up every connection."""
        for peer in self.made:
            peer.discard()
