"""Servers that conform, and do less or other things than the test contract says: nobody accuses them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from fixtures.strict import Connection
from fixtures.strict.socketio import Client, Socket, SocketIoConnection
from fixtures.strict.socketio_contract import Acknowledge, Contract
from fixtures.strict.socketio_namespace import Namespace
from wireproof.verdict import Verdict

from .flight import collected, fly_at
from .judgement import is_long

pytestmark = pytest.mark.alone

APPLIES = {
    "socketio/connecting/answer_names_the_namespace": True,
    "socketio/connecting/several_namespaces_at_once": True,
    "socketio/disconnecting/client_may_connect_again_at_once": True,
    "socketio/connecting_with_auth/another_namespace_works_alone[websocket]": False,
    "socketio/disconnecting/disconnect_ends_the_namespace_that_it_names": False,
    "socketio/foreign_namespaces/event_for_another_namespace_is_not_delivered[custom]": False,
}
"""Cases about /custom, and whether they can tell anything of a server that has nothing to say there."""


class PrintedContract(Contract):
    heard = ("message", "message-with-ack")

    def on_event(self, name: object, args: list[object], ack: Acknowledge) -> None:
        if name in self.heard and self.socket.namespace.name == "/":
            super().on_event(name, args, ack)


class ForgetfulNamespace(Namespace):
    recovers = False


class PrintedClient(Client):
    refusals: ClassVar[Mapping[str, dict[str, Any]]] = {}


class Printed(SocketIoConnection):
    """As the server at the end of the document: in /custom it emits auth, and listens to nothing."""

    client = PrintedClient
    contract = PrintedContract
    namespace = ForgetfulNamespace


class HospitableClient(PrintedClient):
    def refusal(self, name: str) -> None:
        del name


class HospitableSocket(Socket):
    def open(self) -> None:
        super().open()
        if self.namespace.name not in HospitableClient.names:
            self.disconnect()


class HospitableContract(Contract):
    def on_event(self, name: object, args: list[object], ack: Acknowledge) -> None:
        if self.socket.namespace.name == "/":
            super().on_event(name, args, ack)


class Hospitable(SocketIoConnection):
    """It takes clients to any namespace, and sends them away from most; it listens in the main one only."""

    client = HospitableClient
    socket = HospitableSocket
    contract = HospitableContract


class TalkativeContract(Contract):
    number = 0

    def joined(self) -> None:
        self.socket.emit("welcome", self.socket.sid)
        super().joined()
        self.socket.namespace.emit([], [], "joined", self.socket.sid)
        self.speak()

    def speak(self) -> None:
        if self.socket.connected:
            self.number += 1
            self.socket.emit("news", b"unasked", self.number)
            asyncio.get_running_loop().call_later(0.02, self.speak)


class Talkative(SocketIoConnection):
    """It does all that the contract says, and speaks by itself without an end."""

    contract = TalkativeContract


def verdicts(server: type[Connection]) -> dict[str, Verdict]:
    cases = [case for case, (_, it) in collected().items() if it.suite == "socketio" and not is_long(it)]
    seen = fly_at(server, cases).seen
    assert seen
    assert [one for one in seen if one.noticed or one.verdict is Verdict.ERROR] == []
    return {one.case: one.verdict for one in seen}


@pytest.mark.parametrize("server", [Printed, Hospitable])
def test_a_server_that_does_less_is_not_accused(server: type[Connection]) -> None:
    found = verdicts(server)
    assert {case: found[case] is not Verdict.NOT_APPLICABLE for case in APPLIES} == APPLIES


def test_a_server_that_says_more_is_not_accused() -> None:
    found = verdicts(Talkative)
    assert [case for case in APPLIES if found[case] is Verdict.NOT_APPLICABLE] == []
