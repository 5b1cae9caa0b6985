"""Engine.IO: the upgrade from long-polling to WebSocket, step by step."""

from __future__ import annotations

import time
from functools import partial

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.session import receive_packet
from wireproof.peer.websocket import WebSocketPeer, excuse_refusal
from wireproof.verdict import Ground
from wireproof.wire.engineio import Packet, PacketType
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import Frame

from .asking import answer_in, compare, heard, question
from .polling import NO_ANSWER, held, soon, start

NOOP = "engineio/upgrade/noop-to-pending-get"
TURNS = 3  # sessions, in case the heartbeat releases a poll at that very moment
NOOP_WITHIN = 0.15  # seconds; Node's server looks for a pending GET ten times a second


@case("engineio/upgrade/probe-answered", needs=["upgrade"])
async def test_probe_is_answered(session: SessionPeer, attempt: Attempt) -> None:
    """A ping packet with the payload probe is answered with a pong packet with the payload probe."""
    await session.begin()
    with attempt.expecting("101 Switching Protocols, then the packet 3probe") as expecting:
        found = await session.connect_socket()
        if isinstance(found, Refusal):
            excuse_refusal(found)
            expecting.broken(f"refused: {found.detail}")
        found.send(Frame.text("2probe"))
        packet = await receive_packet(found, session)
        if packet is None:
            expecting.broken(f"the WebSocket ended: {found.close_received or found.ended}", Ground.MISSING)
        if packet != Packet.pong("probe"):
            expecting.broken(f"the packet {packet}")


@case("engineio/upgrade/no-second-open-packet", needs=["upgrade", "messages"])
async def test_no_second_handshake(session: SessionPeer, attempt: Attempt) -> None:
    """No open packet comes over the WebSocket of an upgrade."""
    await session.begin()
    with attempt.expecting("the packet 3probe first, and no open packet") as expecting:
        found = await session.connect_socket()
        if isinstance(found, Refusal):
            excuse_refusal(found)
            return
        found.send(Frame.text("2probe"))
        first = await receive_packet(found, session)
        if first is not None and first.type is PacketType.OPEN:
            expecting.broken(f"the packet {first}")
        found.send(Frame.text("5"), Frame.text("4" + str(question(session, "one").data)))
        while (packet := await receive_packet(found, session)) is not None:
            if packet.type is PacketType.OPEN:
                expecting.broken(f"the packet {packet}")
            if answer_in(session, packet) == "one":
                return


@case(NOOP, needs=["upgrade"])
async def test_noop_for_a_waiting_get(sessions: Sessions, attempt: Attempt) -> None:
    """A GET request that waits is answered with a noop packet when a WebSocket probes."""
    expected, waited = "200 with a noop packet", list[float]()
    for _ in range(TURNS):
        session = sessions()
        await session.begin()
        async with held(session) as pending:
            await session.probe()
            probed = time.monotonic()
            with attempt.expecting(expected) as expecting:
                answer = await soon(session, pending.answer)
                if answer is None:
                    expecting.broken(NO_ANSWER, Ground.MISSING)
                if answer.status != 200:
                    expecting.broken(str(answer))
                packets = session.read_answer(answer)
                if Packet.noop() in packets:
                    return
                if not any(packet.type is PacketType.PING for packet in packets):
                    expecting.broken(str(answer))
        waited.append(time.monotonic() - probed)
        session.discard()
    if max(waited) < NOOP_WITHIN:
        raise Inconclusive("a ping came right behind each probe")
    attempt.broken("each GET was answered with a ping alone", expected, ground=Ground.MISSING)


@case("engineio/upgrade/noop-to-later-get", needs=["upgrade"])
async def test_noop_for_a_later_get(session: SessionPeer, attempt: Attempt) -> None:
    """A GET request behind the probe is answered with a noop packet."""
    await session.begin()
    await session.probe()
    with attempt.expecting("200 with a noop packet") as expecting:
        for _ in range(TURNS):
            answer = await soon(session, session.poll())
            if answer is None:
                expecting.broken(NO_ANSWER)
            packets = session.read_answer(answer) if answer.status == 200 else ()
            if Packet.noop() in packets:
                return
            if not any(packet.type is PacketType.PING for packet in packets):
                expecting.broken(str(answer))
    raise Inconclusive("a ping came for each GET")


@case("engineio/upgrade/completed", needs=["upgrade", "messages"])
async def test_upgrade(session: SessionPeer) -> None:
    """Once the upgrade packet has come, messages are taken and answered over WebSocket."""
    await session.begin()
    socket = await session.probe()
    socket.send(Frame.text("5"))
    session.switch_to(socket)
    await session.expect_alive()


@case("engineio/upgrade/completed", needs=["upgrade", "messages"])
async def test_message_right_behind_the_upgrade_packet(session: SessionPeer, attempt: Attempt) -> None:
    """A message in the same TCP segment as the upgrade packet is taken."""
    await session.begin()
    socket = await session.probe()
    texts = ["behind-1", "behind-2"]
    frames = [Frame.text("4" + str(question(session, text).data)) for text in texts]
    socket.send(Frame.text("5"), *frames)
    session.switch_to(socket)
    compare(attempt, texts, await heard(session, texts))


@case("engineio/upgrade/polling-until-completed", needs=["upgrade", "messages"])
async def test_no_messages_ahead_of_the_upgrade_packet(session: SessionPeer, attempt: Attempt) -> None:
    """A message that the server has to send between probe and upgrade packet comes behind the latter."""
    await session.begin()
    socket = await session.probe()
    await session.post(question(session, "early"))
    with attempt.expecting("no message over WebSocket before the upgrade packet") as expecting:
        if early := await _until_pong(socket):
            expecting.broken(f"the message {early[0]}")


async def _until_pong(socket: WebSocketPeer) -> list[str]:
    """The messages that come before the answer to a ping of WebSocket's own."""
    ping = socket.ping()
    socket.send(ping)
    came: list[str] = []
    while True:
        match await socket.event():
            case Message(_, data) if data[:1] == b"4":
                came.append(data.decode("utf-8", "replace"))
            case Pong(payload) if payload == ping.payload:
                return came
            case Close() | Ended():
                return came
            case _:
                pass


@case("engineio/upgrade/polling-afterwards", needs=["upgrade", "messages"])
async def test_get_behind_the_upgrade(session: SessionPeer, attempt: Attempt) -> None:
    """A GET request behind the upgrade brings no message, and the session goes on."""
    await session.open(Way.UPGRADED)
    exchange = await start(session, session.request())
    await session.expect_alive()
    answer = await soon(session, exchange.receive())
    if answer is not None and answer.status == 200:
        for packet in session.read_answer(answer):
            if packet.type is PacketType.MESSAGE:
                attempt.broken(str(packet), "no message by polling")
    await session.expect_alive()


@case("engineio/upgrade/polling-afterwards", needs=["upgrade", "messages"])
async def test_post_behind_the_upgrade(session: SessionPeer) -> None:
    """A POST request behind the upgrade does the session no harm."""
    await session.open(Way.UPGRADED)
    await session.post(question(session, "late"))
    await session.expect_alive()


@case("engineio/upgrade/polling-afterwards-refused", needs=["upgrade"])
async def test_polling_behind_the_upgrade_is_refused(session: SessionPeer, attempt: Attempt) -> None:
    """GET and POST requests behind the upgrade are refused with 400."""
    await session.open(Way.UPGRADED)
    for name, request in (("GET", session.poll), ("POST", partial(session.post, Packet.noop()))):
        with attempt.row(name), attempt.expecting("400") as expecting:
            answer = await soon(session, request())
            if answer is None or answer.status != 400:
                expecting.broken(str(answer or NO_ANSWER))
