"""Sessions that answer no pings: nobody is accused once the server may have given such a session up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from wireproof.attempt import Broken, Inconclusive
from wireproof.peer.engineio import SessionPeer


@contextmanager
def while_fresh(session: SessionPeer) -> Iterator[None]:
    """Take what breaks inside, where *session* begins too, for an end by time-out when it came too late."""
    began = time.monotonic()
    try:
        yield
    except Broken as broken:
        told = session.handshake
        if told is not None and time.monotonic() - began >= told.ping_interval + told.ping_timeout:
            late = f"the session may have ended for want of a pong; until then: {broken}"
            raise Inconclusive(late) from None
        raise
