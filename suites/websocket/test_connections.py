"""Several clients at once: nobody holds up, harms or hears another."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt
from wireproof.case import Intensity, case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Refusal
from wireproof.wire.websocket import Frame, Masking, Opcode

from .service import Stage, Way, bring_to, expect_own, expect_served, join, leave

FLOOD = 5000
ECHOES, ECHO_SIZE = 256, 1 << 16  # together more than two kernels buffer

MISDEEDS = {
    "unmasked": Frame(Opcode.TEXT, b"hello", mask=Masking.NONE),
    "reserved-opcode": Frame(0xB, b"hello"),
    "long-ping": Frame.ping(bytes(126)),
    "bad-utf-8": Frame.text(b"\xc3\x28"),
    "unstarted-continuation": Frame.continuation(b"hello"),
}


@case("service/connections/concurrent")
async def test_two_clients_are_served_at_once(attempt: Attempt, peers: Peers) -> None:
    """Two clients are served at the same time, if the server admits two."""
    await _expect_all_served(attempt, peers, 2)


@case("service/connections/concurrent", intensity=Intensity.NORMAL)
async def test_many_clients_are_served_at_once(attempt: Attempt, peers: Peers) -> None:
    """Twenty clients are served at the same time, as far as the server admits them."""
    await _expect_all_served(attempt, peers, 20)


async def _expect_all_served(attempt: Attempt, peers: Peers, count: int) -> None:
    admitted = [peers()]
    await admitted[0].open()
    while len(admitted) < count:
        peer = peers()
        with attempt.expecting("101 Switching Protocols", "a refusal"):
            answer = await peer.handshake()
        if isinstance(answer, Refusal):
            # How many clients a server admits is its own affair.
            attempt.report(f"client {len(admitted) + 1} was refused: {answer.detail}")
            break
        await peer.introduce()
        admitted.append(peer)
    for peer in reversed(admitted):
        await peer.expect_alive()


@case("service/connections/independent")
@pytest.mark.serial("on a server that is held up, every other case would be too")
@pytest.mark.parametrize("stage", [Stage.CONNECTED, Stage.HALF_REQUEST, Stage.HALF_HEADER, Stage.HALF_FRAME])
async def test_stalled_client_holds_up_nobody(peers: Peers, stage: Stage) -> None:
    """While one client stalls, all others are served."""
    other, stalled = peers(), peers()
    await other.open()
    await bring_to(stalled, stage)
    await expect_served(other, peers)


@case("service/connections/independent", needs=["text"])
@pytest.mark.serial("on a server that is held up, every other case would be too")
async def test_unfinished_message_holds_up_nobody(peers: Peers) -> None:
    """While one client has not finished a message, all others are served."""
    other, stalled = peers(), peers()
    await other.open()
    await bring_to(stalled, Stage.HALF_MESSAGE)
    await expect_served(other, peers)


@case("service/connections/independent", needs=["echo"], intensity=Intensity.NORMAL)
@pytest.mark.serial("on a server that is held up, every other case would be too")
async def test_client_that_does_not_read_holds_up_nobody(peers: Peers) -> None:
    """While one client does not read what it is sent, all others are served."""
    other, deaf = peers(), peers()
    await other.open()
    await deaf.open()
    deaf.stop_reading()
    for _ in range(ECHOES):
        deaf.send(Frame.text(b"x" * ECHO_SIZE))
        # The answer shows that the server has had its turn, in which it may have taken the deaf one's.
        await other.expect_alive()
    await expect_served(other, peers)


@case("service/connections/independent", intensity=Intensity.NORMAL)
@pytest.mark.serial("a flood would slow down every other case")
async def test_flood_of_pings_holds_up_nobody(peers: Peers) -> None:
    """While one client floods the server with pings, all others are served."""
    other, flooding = peers(), peers()
    await other.open()
    await flooding.open()
    flooding.send_pings(b"flood", FLOOD)
    await expect_served(other, peers)


@case("service/connections/independent")
@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_failing_client_harms_nobody(peers: Peers, misdeed: str) -> None:
    """When the server fails the connection of one client, all others are served on."""
    other, failing = peers(), peers()
    await other.open()
    await failing.open()
    failing.send(MISDEEDS[misdeed])
    await expect_served(other, peers)


@case("service/connections/isolated")
async def test_closing_handshake_closes_one_connection(peers: Peers) -> None:
    """When one client closes its connection, that of another stays open."""
    other, closing = peers(), peers()
    await other.open()
    await closing.open()
    closing.send(Frame.close())
    await expect_served(other, peers)


@case("service/connections/released", intensity=Intensity.NORMAL)
@pytest.mark.serial("it opens sixty connections")
async def test_connections_that_have_ended_are_released(peers: Peers) -> None:
    """After sixty clients have left in every way, a new one is served."""
    stages = [stage for stage in Stage if stage is not Stage.HALF_MESSAGE]
    for _ in range(5):
        for stage in stages:
            for way in Way:
                leaving = peers()
                await bring_to(leaving, stage)
                leave(leaving, way)
                leaving.discard()
    newcomer = peers()
    await join(newcomer)
    await newcomer.expect_alive()


@case("service/connections/isolated", needs=["text"])
async def test_half_message_is_not_continued_by_another_client(peers: Peers) -> None:
    """An unfinished message of one client means nothing to the messages of another."""
    one, other = peers(), peers()
    await one.open()
    await other.open()
    one.send(Frame.text("half", fin=False))
    await one.expect_alive()
    # Were the message common to both, this frame would be one inside another message.
    other.send(Frame.text("whole"))
    await other.expect_alive()
    one.send(Frame.continuation(b" done"))
    await one.expect_alive()
    await one.expect_alive()


@case("service/connections/isolated", needs=["echo"])
async def test_message_comes_back_to_its_sender(attempt: Attempt, peers: Peers) -> None:
    """Each of three clients gets back its own message."""
    made = {b"of the %s client" % name: peers() for name in (b"first", b"second", b"third")}
    for peer in made.values():
        await peer.open()
    for text, peer in sorted(made.items(), reverse=True):
        peer.send(Frame.text(text))
    # A server that sends every message to all is no echo server gone wrong.
    if foreign := sum([await expect_own(peer, text) for text, peer in made.items()]):
        attempt.report(f"{foreign} messages of other clients came as well: the server seems to broadcast")
