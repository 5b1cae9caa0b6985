"""Engine.IO: the types of packets."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.peers import Sessions
from wireproof.target import Target
from wireproof.wire.engineio import Packet

from .asking import question
from .ways import WAYS, need

STRAYS = {
    "open": Packet.open('{"sid":"x"}'),
    "noop": Packet.noop(),
    "a late upgrade": Packet.upgrade(),
    "a late probe's answer": Packet.pong("probe"),
}


@case("engineio/protocol/types-sent", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_types_sent(session: SessionPeer, target: Target, way: Way) -> None:
    """Whatever the server sends is a packet of one of the seven types."""
    need(target, way)
    await session.open(way)
    await session.expect_alive()
    session.expect_no_violation()


@case("engineio/protocol/unknown-type-received", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_unknown_type(sessions: Sessions, attempt: Attempt, target: Target, way: Way) -> None:
    """A packet of an unknown type ends the session."""
    need(target, way)
    for raw in ("7", "9hello", "abc", "-1", "\uff14hello", " 4hello"):
        session = sessions()
        await session.begin_way(way)
        with attempt.row(repr(raw)):
            await session.send(raw)
            await session.expect_failure()
        session.discard()


@case("engineio/protocol/missing-type-received", needs=["websocket-transport", "messages"])
async def test_empty_websocket_message(session: SessionPeer) -> None:
    """An empty text message, a packet without a type, ends the session."""
    await session.begin_way(Way.WEBSOCKET)
    await session.send("")
    await session.expect_failure()


@case("engineio/protocol/missing-type-received", needs=["polling", "messages"])
async def test_nothing_between_separators(session: SessionPeer) -> None:
    """A payload with nothing between two separators ends the session."""
    await session.begin_way(Way.POLLING)
    await session.send(question(session, "one"), "", question(session, "two"))
    await session.expect_failure()


@case("engineio/protocol/out-of-place-received", needs=["messages"])
@pytest.mark.parametrize("way", WAYS)
async def test_packets_out_of_place(sessions: Sessions, attempt: Attempt, target: Target, way: Way) -> None:
    """What becomes of packets that a client has no reason to send."""
    need(target, way)
    for name, packet in STRAYS.items():
        session = sessions()
        await session.open(way)
        await session.send(packet)
        end = await session.outlook()
        attempt.report(f"{name}: " + (f"the session ended: {end}" if end else "ignored"))
        session.discard()
