"""Engine.IO: upgrades that are begun and come to nothing."""

from __future__ import annotations

import asyncio

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SLACK, SessionPeer, Way
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Refusal
from wireproof.peer.session import Transport, receive_packet
from wireproof.wire.engineio import Packet
from wireproof.wire.websocket import Frame

from .polling import fence
from .sockets import open_witness, watch

SESSION = "engineio/upgrade/unfinished-session"
FIRST = {
    "message": Frame.text("4hello"),
    "ping": Frame.text("2"),
    "other-probe": Frame.text("2other"),
    "unknown": Frame.text("9"),
    "binary": Frame.binary(b"probe"),
    "empty": Frame.text(""),
}


@case(SESSION, needs=["upgrade", "messages"])
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
@pytest.mark.parametrize("said", ["", "2probe"], ids=["at-once", "probed"])
async def test_websocket_dies(session: SessionPeer, how: str, said: str) -> None:
    """A session whose WebSocket dies before or behind the answer to its probe goes on by polling."""
    await session.open(Way.POLLING)
    if said:
        found = await session.probe()
    else:
        connected = await session.connect_socket()
        if isinstance(connected, Refusal):
            return
        found = connected
    match how:
        case "close":
            found.send(Frame.close(1000))
        case "fin":
            found.half_close()
        case _:
            found.reset()
    await session.expect_alive()


@case(SESSION, needs=["upgrade", "messages"])
async def test_probe_is_all(session: SessionPeer) -> None:
    """A session whose client probes and then stays with polling goes on."""
    await session.open(Way.POLLING)
    await session.probe()
    await session.expect_alive()


@case(SESSION, needs=["upgrade", "messages"])
async def test_second_attempt(session: SessionPeer, attempt: Attempt) -> None:
    """A session whose first attempt to upgrade died upgrades with the next one."""
    await session.open(Way.POLLING)
    found = await session.probe()
    found.send(Frame.close(1000))
    await found.expect_end()
    found.discard()
    await fence(session)
    await session.expect_alive()
    with attempt.expecting("101, and the packet 3probe") as expecting:
        again = await session.connect_socket()
        if isinstance(again, Refusal):
            expecting.broken(f"refused: {again.detail}")
        again.send(Frame.text("2probe"))
        packet = await receive_packet(again, session)
        if packet != Packet.pong("probe"):
            expecting.broken(str(packet or again.close_received or again.ended))
    await session.complete_upgrade(again)
    await session.expect_alive()


@case("engineio/upgrade/unfinished-closed", needs=["upgrade"], seconds=10.0)
async def test_probe_without_an_end(session: SessionPeer, attempt: Attempt) -> None:
    """A WebSocket that probes and does not complete the upgrade is closed after a while."""
    seconds = attempt.be_patient()
    await session.open(Way.POLLING)
    found = await session.probe()
    with attempt.expecting("the end of the WebSocket") as expecting:
        try:
            async with asyncio.timeout(seconds - SLACK):
                await found.expect_end()
        except TimeoutError:
            expecting.broken(f"it is open {seconds - SLACK:.0f} s behind the probe")


@case("engineio/upgrade/other-first-packet-received", needs=["upgrade"])
async def test_other_first_packet(sessions: Sessions, attempt: Attempt) -> None:
    """A WebSocket for an upgrade whose first packet is none of an upgrade is closed."""
    witness = await open_witness(sessions)
    for name, frame in FIRST.items():
        session = sessions()
        await session.begin(Transport.POLLING)
        with attempt.row(name), attempt.expecting("the end of the WebSocket") as expecting:
            found = await session.connect_socket()
            if isinstance(found, Refusal):
                continue
            found.send(frame)
            if not await watch(witness, [found]):
                expecting.broken("it stays open")
        session.discard()
