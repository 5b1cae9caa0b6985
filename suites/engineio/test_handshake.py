"""Engine.IO, the handshake: the open packet and what it tells, over both transports."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import SessionPeer
from wireproof.peer.raw import Refusal
from wireproof.peer.session import Transport, receive_packet
from wireproof.peer.websocket import excuse_refusal
from wireproof.target import Target
from wireproof.wire.engineio import Packet, PacketType
from wireproof.wire.http1 import Request
from wireproof.wire.websocket import Frame

from .greeting import greet

BOTH = pytest.mark.parametrize("transport", list(Transport))


@case("engineio/handshake/open-packet")
@BOTH
async def test_first_packet(
    session: SessionPeer, target: Target, attempt: Attempt, transport: Transport
) -> None:
    """An open packet with a JSON object comes ahead of all other packets."""
    greeting = await greet(session, target, transport)
    first = greeting.packets[0] if greeting.packets else None
    if first is None or first.type is not PacketType.OPEN:
        attempt.broken(greeting.shown, "an open packet first")
    session.expect_no_violation()


@case("engineio/handshake/polling-status")
async def test_status_by_polling(session: SessionPeer, target: Target, attempt: Attempt) -> None:
    """A handshake by polling is answered with 200."""
    greeting = await greet(session, target, Transport.POLLING)
    if greeting.status != 200:
        attempt.broken(greeting.shown, "200")


@case("engineio/handshake/websocket-status")
async def test_status_over_websocket(session: SessionPeer, target: Target, attempt: Attempt) -> None:
    """A handshake over WebSocket is answered with 101."""
    greeting = await greet(session, target, Transport.WEBSOCKET)
    if greeting.status != 101:
        attempt.broken(greeting.shown, "101")


@case("engineio/handshake/sid")
@BOTH
async def test_sid_is_told(session: SessionPeer, target: Target, transport: Transport) -> None:
    """The open packet names the session in a string, sid."""
    await _read_fields(session, target, transport)


@case("engineio/handshake/upgrades")
@BOTH
async def test_upgrades_are_told(session: SessionPeer, target: Target, transport: Transport) -> None:
    """The open packet lists the upgrades as an array of strings."""
    await _read_fields(session, target, transport)


@case("engineio/handshake/ping-interval")
@BOTH
async def test_ping_interval_is_told(session: SessionPeer, target: Target, transport: Transport) -> None:
    """The open packet tells the ping interval as a number."""
    await _read_fields(session, target, transport)


@case("engineio/handshake/ping-timeout")
@BOTH
async def test_ping_timeout_is_told(session: SessionPeer, target: Target, transport: Transport) -> None:
    """The open packet tells the ping timeout as a number."""
    await _read_fields(session, target, transport)


@case("engineio/handshake/max-payload")
@BOTH
async def test_max_payload_is_told(session: SessionPeer, target: Target, transport: Transport) -> None:
    """The open packet tells the largest payload as a number."""
    await _read_fields(session, target, transport)


@case("engineio/handshake/timers-positive")
@BOTH
async def test_numbers_above_zero(session: SessionPeer, target: Target, transport: Transport) -> None:
    """Ping interval, ping timeout and largest payload are above 0."""
    await _read_fields(session, target, transport)


async def _read_fields(session: SessionPeer, target: Target, transport: Transport) -> None:
    greeting = await greet(session, target, transport)
    _ = greeting.fields  # what tells nothing at all is another case's
    session.expect_no_violation()


@case("engineio/handshake/upgrades-available", needs=["polling"])
async def test_listed_upgrades_work(session: SessionPeer, target: Target, attempt: Attempt) -> None:
    """An upgrade that the open packet lists can be begun."""
    greeting = await greet(session, target, Transport.POLLING)
    upgrades = greeting.fields.get("upgrades")
    if session.handshake is None or not isinstance(upgrades, list) or "websocket" not in upgrades:
        raise NotApplicable("no upgrade to WebSocket is listed")
    with attempt.expecting("the upgrade to WebSocket, as the open packet lists it") as expecting:
        found = await session.connect_socket()
        if isinstance(found, Refusal):
            excuse_refusal(found)
            expecting.broken(f"the WebSocket was refused: {found.detail}")
        found.send(Frame.text("2probe"))
        answer = await receive_packet(found, session)
        if answer != Packet.pong("probe"):
            end = found.close_received or found.ended
            expecting.broken(f"the probe was answered with {answer or end}")


@case("engineio/handshake/upgrades-over-websocket", needs=["websocket-transport"])
async def test_no_upgrade_from_websocket(session: SessionPeer, target: Target, attempt: Attempt) -> None:
    """A session that was opened over WebSocket is offered no upgrade to WebSocket."""
    greeting = await greet(session, target, Transport.WEBSOCKET)
    upgrades = greeting.fields.get("upgrades")
    if isinstance(upgrades, list) and "websocket" in upgrades:
        attempt.broken(f"upgrades is {upgrades}", "a list without websocket")


@case("engineio/handshake/method-received", needs=["polling"])
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
async def test_other_method_opens_nothing(session: SessionPeer, attempt: Attempt, method: str) -> None:
    """A handshake by another method than GET opens no session."""
    with attempt.expecting("an error status", "no open packet") as expecting:
        answer = await session.fetch(_empty(session.request(method=method.upper().encode())))
        if answer.status is not None and answer.status < 400 and answer.body.startswith(b"0{"):
            expecting.broken(str(answer))


def _empty(request: Request) -> Request:
    """*request* with a body of no bytes."""
    return request.with_header(b"Content-Length", b"0")
