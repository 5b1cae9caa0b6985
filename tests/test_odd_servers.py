"""Servers that do what the texts allow and few others do: nobody may accuse them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from fixtures.strict import Connection
from fixtures.strict.engineio import EngineConnection
from fixtures.strict.engineio_session import Session
from fixtures.strict.handshake import Request
from fixtures.strict.sio_packets import Packet
from fixtures.strict.socketio import Client, SocketIoConnection
from fixtures.strict.socketio_contract import Contract

from .matrix.flight import Seen, collected, fly_at
from .matrix.judgement import is_long, meant

pytestmark = pytest.mark.alone


class EagerSession(Session):
    pinged = False

    def schedule_ping(self) -> None:
        if self.pinged:
            super().schedule_ping()
        else:
            self.pinged = True
            self.ping()


class PingsAtOnce(SocketIoConnection):
    """The first ping comes right behind the handshake."""

    session = EagerSession


class ImpatientSession(Session):
    def on_poll(self, connection: EngineConnection) -> None:
        super().on_poll(connection)
        self.release_poll()


class PollsShort(SocketIoConnection):
    """A GET request never waits: it is answered with a noop where there is nothing else."""

    session = ImpatientSession


class BusyClient(Client):
    connect_seconds = 10.0
    delays: tuple[float, ...] = (0.03, 0.0, 0.06)
    taken = 0

    def on_packet(self, packet: Packet) -> None:
        self.taken += 1
        delay = self.delays[self.taken % len(self.delays)]
        asyncio.get_running_loop().call_later(delay, super().on_packet, packet)


class AnswersInTasks(SocketIoConnection):
    """Each packet is handled in a task of its own, so that a later one may be answered first."""

    client = BusyClient


class SlowClient(BusyClient):
    delays = (1.0,)


class AnswersLate(SocketIoConnection):
    """The application takes longer than three intervals of the heartbeat."""

    client = SlowClient


class QuietSession(Session):
    ping_interval = ping_timeout = 5.0


class AnswersPostsLate(SocketIoConnection):
    """A POST request with a message is answered once the application has done with that."""

    session = QuietSession
    slow = False

    def on_body(self, request: Request, body: bytes) -> None:
        self.slow = b"4" in body
        super().on_body(request, body)

    def confirm_post(self) -> None:
        asyncio.get_running_loop().call_later(1.1 if self.slow else 0, super().confirm_post)


class RefusesLatePosts(SocketIoConnection):
    """From the WebSocket of an upgrade on, POST requests are refused."""

    def receive_post(self, request: Request, session: Session) -> None:
        if session.probe is not None:
            self.refuse_request(3)
        else:
            super().receive_post(request, session)


class TalkativeContract(Contract):
    def on_event(self, name: object, args: list[Any], ack: Callable[..., None]) -> None:
        self.socket.emit("news", b"of somebody else")
        super().on_event(name, args, ack)


class SpeaksInBinary(SocketIoConnection):
    """Events with bytes come unasked."""

    contract = TalkativeContract


@dataclass(frozen=True, slots=True)
class Odd:
    """A server, and globs of the cases that judge it: those that it may break are left out."""

    server: type[Connection]
    cases: Sequence[str] = ("engineio/*",)
    besides: Sequence[str] = ()


ORDER = ("engineio/message/order*", "engineio/upgrade_under_load/*")  # a server may be warned there
WHERE_ANSWERS_COUNT = (
    "engineio/headers/body_without_content_type",
    "engineio/heartbeat/slow_client_is_kept[polling]",
    "engineio/packet_encoding/several_packets_*",
    "engineio/receiving_data/waiting_*",
    "engineio/upgrade/message_right_behind_the_upgrade_packet",
    "engineio/websocket/one_packet_in_each_message_sent",
)
SERVERS = (
    Odd(PingsAtOnce),
    Odd(PollsShort),
    Odd(AnswersInTasks, besides=ORDER),
    Odd(AnswersLate, WHERE_ANSWERS_COUNT),
    Odd(AnswersPostsLate, ("engineio/sending_data/every_post_is_answered",)),
    Odd(RefusesLatePosts, ("engineio/upgrade*",)),
    Odd(SpeaksInBinary, ("engineio/packet_encoding/binary_*", "engineio/websocket/*")),
)
TRIES = 3  # on a busy machine a case may be unable to tell


def chosen(odd: Odd) -> list[str]:
    """The cases that judge *odd*."""
    ids = [case for case, (_, item) in collected().items() if not is_long(item)]
    wanted = meant(odd.cases, ids) - meant(odd.besides, ids)
    return [case for case in ids if case in wanted]


@pytest.mark.parametrize("odd", SERVERS, ids=lambda odd: odd.server.__name__)
def test_nobody_is_accused_of_what_is_allowed(odd: Odd) -> None:
    cases, seen = chosen(odd), list[Seen]()
    for _ in range(TRIES):
        again = fly_at(odd.server, cases).seen
        seen += [one for one in again if one.told]
        if not (cases := [one.case for one in again if not one.told]):
            break
    assert seen
    assert not cases, "some case can never tell"
    assert not [one for one in seen if not one.clean]
