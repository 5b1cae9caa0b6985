"""Pongs that do not tell which ping they answer: where one comes for each, they can be counted."""

from __future__ import annotations

from collections import deque

from wireproof.attempt import NotApplicable
from wireproof.wire.session import Pong

OWN = b"wireproof-"  # begins the payload of each ping by which the harness asks for a sign of life
TOO_MANY = (
    "pongs come without the payload of their ping (RFC 6455 section 5.5.3), and more of them than pings, "
    "so nothing shows whether the server is alive"
)

UNCERTAIN = "pongs come without the payload of their ping (RFC 6455 section 5.5.3): counting them may mislead"
"""Why silence accuses nobody where pongs are counted."""


class PongCount:
    """Takes each pong for the answer to the oldest ping that has none.

    A server need answer only the latest of several pings (section 5.5.3), and then too few pongs come: what
    is waited for comes later than it could, or never, but no sign of life is seen where there is none.
    ``wanted`` are payloads for whose pongs somebody waits, beside those of the harness's own pings.
    """

    def __init__(self) -> None:
        self.wanted: set[bytes] = set()
        self._unanswered: deque[bytes] = deque()

    def sent(self, payload: bytes) -> None:
        """A ping with *payload* goes out."""
        self._unanswered.append(payload)

    def told(self, pong: Pong) -> Pong:
        """*pong* with the payload of its ping where that is waited for as a sign of life, else as it came.

        Raise `NotApplicable` when there is no ping that it could answer.
        """
        if not self._unanswered:
            raise NotApplicable(TOO_MANY)
        ping = self._unanswered.popleft()
        return Pong(ping) if ping.startswith(OWN) or ping in self.wanted else pong
