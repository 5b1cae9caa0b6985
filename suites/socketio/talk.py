"""What the cases about Socket.IO share: how to talk to the application, and when values are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wireproof.attempt import NotApplicable
from wireproof.peer.engineio import Way
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer, describe, event_name, ground_of
from wireproof.target import Target
from wireproof.wire.socketio import Packet, PacketType
from wireproof.wire.text import shorten

CUSTOM = "/custom"
FORBIDDEN = "/forbidden"
UNKNOWN = "/wireproof-nowhere"
ANSWERS = (PacketType.CONNECT, PacketType.CONNECT_ERROR)
OTHERS = (Way.POLLING, Way.UPGRADED)
"""The ways of a client that say more than the probes, which go over WebSocket where that is offered."""
_NEEDED: Mapping[Way, tuple[str, ...]] = {
    Way.POLLING: ("polling",),
    Way.WEBSOCKET: ("websocket-transport",),
    Way.UPGRADED: ("polling", "upgrade"),
}


def need(target: Target, way: Way) -> None:
    """Raise `NotApplicable` where the server does not offer *way*."""
    target.require(*_NEEDED[way])


def need_contract(client: SocketIOPeer) -> None:
    """Raise `NotApplicable` where the application's own events carry no more than a text."""
    if client.session.dialect.echo is not None:
        raise NotApplicable("the server's own events carry a text, as its profile tells, and nothing else")


def home(client: SocketIOPeer) -> str:
    """The namespace in which the application answers."""
    return client.session.dialect.namespace


def payload(packet: Packet) -> list[Any]:
    """The arguments of an event, or of an acknowledgement; none where its payload is no array."""
    if not isinstance(packet.data, list):
        return []
    return packet.data[1:] if packet.is_event else packet.data


async def say(client: SocketIOPeer, *args: Any, namespace: str | None = None) -> None:
    """Emit the event that the application sends back."""
    form = client.session.dialect.echo
    if form is None:
        await client.emit("message", *args, namespace=namespace)
        return
    (text,) = args
    name, *rest = form.spoken(text)
    await client.emit(name, *rest, namespace=namespace)


async def hear(
    client: SocketIOPeer, namespace: str | None = None, requirement: str | None = None
) -> list[Any]:
    """Demand an event that comes back, and return its arguments."""
    form = client.session.dialect.echo
    if form is None:
        return payload(await client.expect_event("message-back", namespace, requirement))
    with client.attempt.expecting("the event with the same text", requirement=requirement) as expecting:
        while True:
            packet = await client.event()
            if isinstance(packet, SessionEnd):
                expecting.broken(describe(packet), ground_of(packet))
            if packet.is_event and (text := form.heard(packet.data)) is not None:
                return [text]


async def expect_same(
    client: SocketIOPeer, *args: Any, namespace: str | None = None, requirement: str | None = None
) -> None:
    """Emit an event and demand the same arguments back."""
    await say(client, *args, namespace=namespace)
    with client.attempt.expecting("the same arguments", requirement=requirement) as expecting:
        came = await hear(client, namespace, requirement)
        if not same(came, list(args)):
            expecting.broken(f"{shown(came)} for {shown(list(args))}")


def back(packet: Packet, client: SocketIOPeer) -> bool:
    """Whether *packet* is an event that comes back."""
    form = client.session.dialect.echo
    if not packet.is_event:
        return False
    return event_name(packet) == "message-back" if form is None else form.heard(packet.data) is not None


async def expect_nothing_back(client: SocketIOPeer) -> None:
    """Demand that no event has come back, or comes until the server has dealt with what was sent."""
    with client.attempt.expecting("no event sent back", "the end of the session") as expecting:
        await client.settle()
        for packet in client.kept:
            if back(packet, client):
                expecting.broken(describe(packet))


async def whoami(client: SocketIOPeer, namespace: str | None = None) -> dict[str, Any]:
    """What the application tells of a client; nothing where it acknowledges with something else."""
    came = await client.call("whoami", namespace=namespace)
    return came[0] if came and isinstance(came[0], dict) else {}


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON, which has one kind of numbers, or the same bytes."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


def shown(value: Any) -> str:
    """A value in a few words."""
    return shorten(repr(value).encode("utf-8", "backslashreplace"), 120)
