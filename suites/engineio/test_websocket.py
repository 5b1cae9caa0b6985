"""Engine.IO, the WebSocket transport."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, Inconclusive
from wireproof.case import case
from wireproof.peer.dialect import Application
from wireproof.peer.engineio import SessionPeer, Way
from wireproof.peer.peers import Sessions
from wireproof.peer.raw import Refusal
from wireproof.peer.session import Transport
from wireproof.peer.websocket import WebSocketPeer
from wireproof.target import Target
from wireproof.wire.engineio import Packet
from wireproof.wire.websocket import Frame

from .asking import answer_in, answers_in, question, questions
from .polling import NOBODY
from .sockets import expect_no_session, open_witness, watch
from .ways import need

SECOND = "engineio/websocket/second-connection"


@case("engineio/websocket/missing-version", needs=["websocket-transport"])
async def test_missing_version(sessions: Sessions) -> None:
    """A WebSocket without EIO is refused or closed."""
    await expect_no_session(sessions(), {"EIO": None}, await open_witness(sessions))


@case("engineio/websocket/missing-transport", needs=["websocket-transport"])
async def test_missing_transport(sessions: Sessions) -> None:
    """A WebSocket without transport is refused or closed."""
    await expect_no_session(sessions(), {"transport": None}, await open_witness(sessions))


@case("engineio/websocket/unknown-version", needs=["websocket-transport"])
async def test_unknown_version(sessions: Sessions, attempt: Attempt) -> None:
    """A WebSocket for a version that nobody knows opens no session."""
    witness = await open_witness(sessions)
    for version in ("99", "abc", "-4", "4.5", "__proto__"):
        with attempt.row(f"EIO={version}"):
            await expect_no_session(sessions(), {"EIO": version}, witness)


@case("engineio/websocket/unknown-transport", needs=["websocket-transport"])
async def test_unknown_transport(sessions: Sessions, attempt: Attempt) -> None:
    """A WebSocket for another transport is refused or closed."""
    witness = await open_witness(sessions)
    for transport in ("polling", "abc", "__proto__"):
        with attempt.row(f"transport={transport}"):
            await expect_no_session(sessions(), {"transport": transport}, witness)


@case("engineio/websocket/unknown-sid", needs=["websocket-transport"])
async def test_unknown_session(sessions: Sessions, attempt: Attempt) -> None:
    """A WebSocket for a session that nobody has is refused or closed."""
    witness = await open_witness(sessions)
    for sid in (NOBODY, "__proto__"):
        with attempt.row(f"sid={sid}"):
            await expect_no_session(sessions(), {"sid": sid}, witness)


@case("engineio/websocket/plain-request-received", needs=["websocket-transport"])
async def test_plain_request(session: SessionPeer) -> None:
    """A request for the WebSocket transport that is no WebSocket handshake is refused."""
    await session.expect_bad_request(session.request({"transport": "websocket"}))


@case("engineio/websocket/one-packet-each-sent", needs=["websocket-transport", "messages"])
async def test_one_packet_in_each_message_sent(session: SessionPeer, attempt: Attempt) -> None:
    """Packets that are sent one behind the other come in WebSocket messages of their own."""
    await session.begin_way(Way.WEBSOCKET)
    texts = [f"packet-{n}" for n in range(10)]
    await session.send(*questions(session, texts))
    missing = set(texts)
    with attempt.expecting(f"the answers to {len(texts)} messages, one packet in each") as expecting:
        while missing:
            message = await session.next_message(expecting)
            # Others may say anything, a separator included.
            if "\x1e" in str(message.data) and any(text in str(message.data) for text in texts):
                expecting.broken(f"a WebSocket message with several packets: {message}")
            missing.difference_update(answers_in(session, [message]))


@case("engineio/websocket/one-packet-each-received", needs=["websocket-transport", "messages"])
async def test_separator_in_a_message_received(session: SessionPeer) -> None:
    """A WebSocket message is one packet, also when it holds the separator of long-polling."""
    await session.begin_way(Way.WEBSOCKET)
    text = "one\x1e4two"
    await session.send(question(session, text))
    with session.attempt.expecting("the answer to one message with a separator in it") as expecting:
        while not (answer := answer_in(session, await session.next_message(expecting)) or "").startswith(
            "one"
        ):
            pass
        if answer != text:
            expecting.broken(f"the answer to {answer!r}")


@case(SECOND, needs=["websocket-transport"])
@pytest.mark.parametrize("way", [Way.WEBSOCKET, Way.UPGRADED])
async def test_second_connection(
    sessions: Sessions, session: SessionPeer, target: Target, attempt: Attempt, way: Way
) -> None:
    """When a client opens a second WebSocket for its session, one of the two is closed."""
    need(target, way)
    witness = await open_witness(sessions)
    if way is Way.WEBSOCKET:
        await session.begin(Transport.WEBSOCKET)
        first = session.socket
    else:
        await session.begin()
        first = await session.probe()
        first.send(Frame.text("5"))
    if first is None:
        raise Inconclusive("the session has no WebSocket")
    if session.dialect.application is Application.SOCKETIO:
        # One that joins no namespace is closed in time, whatever becomes of the second connection.
        first.send(Frame.text(f"4{session.dialect.joining}"))
    expected = ("the second WebSocket is refused", "one of the two is closed")
    with attempt.expecting(*expected) as expecting:
        second = await session.connect_socket()
        if isinstance(second, Refusal):
            return
        if not await _close_one(witness, first, second):
            expecting.broken("both stay open, also when the second one upgrades the session")


async def _close_one(witness: WebSocketPeer, first: WebSocketPeer, second: WebSocketPeer) -> bool:
    # A server may take the second one for another upgrade; then it is told that it is one.
    for said in ("", "2probe", "5"):
        if said:
            second.send(Frame.text(said))
        if await watch(witness, [first, second]):
            return True
    return False


@case(SECOND, needs=["upgrade"])
async def test_second_connection_during_the_upgrade(
    sessions: Sessions, session: SessionPeer, attempt: Attempt
) -> None:
    """When a client opens a second WebSocket while its session upgrades, one of the two is closed."""
    await session.open(Way.POLLING)
    witness = await open_witness(sessions)
    first = await session.probe()
    expected = ("the second WebSocket is refused", "one of the two is closed")
    with attempt.expecting(*expected) as expecting:
        second = await session.connect_socket()
        if not isinstance(second, Refusal) and not await _close_one(witness, first, second):
            expecting.broken("both stay open, also when the second one completes the upgrade")


@case("engineio/websocket/second-connection-session", needs=["upgrade", "messages"])
async def test_session_after_a_second_connection(session: SessionPeer, attempt: Attempt) -> None:
    """What becomes of a session whose client opens a second WebSocket."""
    await session.open(Way.UPGRADED)
    await session.connect_socket()
    end = await session.outlook()
    attempt.report(f"the session ended: {end}" if end else "the session went on over the first WebSocket")


@case("engineio/websocket/polling-request-received", needs=["polling", "websocket-transport"])
async def test_polling_in_a_session_over_websocket(session: SessionPeer, attempt: Attempt) -> None:
    """Polling requests of a session that was opened over WebSocket are refused with 400."""
    await session.begin(Transport.WEBSOCKET)
    with attempt.expecting("400"):
        await session.expect_status(await session.poll(), 400)
        await session.expect_status(await session.post(Packet.noop()), 400)
