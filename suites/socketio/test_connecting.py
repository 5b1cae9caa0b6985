"""Connection to a namespace: how CONNECT is answered, and what is refused."""

from __future__ import annotations

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.session import SessionEnd
from wireproof.peer.socketio import SocketIOPeer, describe, ground_of
from wireproof.target import Target
from wireproof.verdict import Ground
from wireproof.wire.socketio import ABSENT, Packet, PacketType

from .talk import ANSWERS, CUSTOM, FORBIDDEN, OTHERS, UNKNOWN, expect_same, home, need

ANSWERED = "socketio/connection-to-a-namespace/answered"
SEVERAL = "socketio/connection-to-a-namespace/several-namespaces"
REFUSED = "socketio/connection-to-a-namespace/refused"
OBJECT = "socketio/difference-between-v5-and-v4/refusal-object"
MESSAGE = "socketio/connection-to-a-namespace/refusal-message"
REFUSALS = [pytest.param(FORBIDDEN, id="forbidden"), pytest.param(UNKNOWN, id="unknown")]


@case(ANSWERED)
@pytest.mark.parametrize("way", OTHERS)
async def test_connect_is_answered(client: SocketIOPeer, target: Target, way: Way) -> None:
    """CONNECT for the application's namespace is answered."""
    need(target, way)
    await client.start(way)
    with client.attempt.expecting("CONNECT", "CONNECT_ERROR") as expecting:
        answer = await client.connect(home(client))
        if isinstance(answer, SessionEnd):
            expecting.broken(describe(answer), ground_of(answer))
    if answer.type is PacketType.CONNECT_ERROR:
        client.attempt.report(f"the server refuses this client: {describe(answer)}")


@case("socketio/connection-to-a-namespace/same-namespace", ANSWERED, needs=["custom-namespace"])
async def test_answer_names_the_namespace(client: SocketIOPeer) -> None:
    """The answer to a second CONNECT, which is for /custom, is for /custom."""
    await client.open()
    await client.settle()
    client.kept.clear()
    await client.send(Packet.connect(CUSTOM, client.session.dialect.auth))
    with client.attempt.expecting(f"CONNECT for {CUSTOM}", requirement=ANSWERED) as expecting:
        while True:
            packet = await client.event()
            if isinstance(packet, SessionEnd):
                expecting.broken(describe(packet), ground_of(packet))
            if packet.type in ANSWERS:
                break
    if packet.namespace != CUSTOM:
        client.attempt.broken(describe(packet), f"CONNECT for {CUSTOM}")


@case("socketio/connection-to-a-namespace/answered-once")
async def test_connect_is_answered_once(client: SocketIOPeer) -> None:
    """CONNECT is answered with one packet only."""
    await client.start()
    where = home(client)
    await client.join(where)
    await client.expect_nothing(lambda packet: packet.type in ANSWERS and packet.namespace == where)


@case("socketio/connection-to-a-namespace/sid")
@pytest.mark.parametrize("way", Way)
async def test_answer_has_a_sid(client: SocketIOPeer, target: Target, way: Way) -> None:
    """The payload of CONNECT has the session ID as the string sid."""
    need(target, way)
    await client.start(way)
    told = await client.join()
    sid = told.get("sid") if isinstance(told, dict) else None
    if not (isinstance(sid, str) and sid):
        shown = "no payload" if told is ABSENT else f"the payload {told!r:.120}"
        client.attempt.broken(shown, "an object with sid, a text that is not empty")


@case("socketio/connection-to-a-namespace/sid-unique", needs=["custom-namespace"])
async def test_each_connection_has_its_own_sid(clients: Clients, attempt: Attempt) -> None:
    """No two connections have the same session ID: those of one client, of several, and later ones."""
    seen: dict[str, str] = {}
    for number in range(4):
        client = clients()
        await client.start()
        for name in (home(client), CUSTOM):
            await client.join(name)
            note(attempt, seen, client.sids.get(name), f"client {number + 1} in {name}")
        await client.send(Packet.disconnect(CUSTOM))
        await client.settle()
        await client.join(CUSTOM)
        note(attempt, seen, client.sids.get(CUSTOM), f"client {number + 1} in {CUSTOM} again")


def note(attempt: Attempt, seen: dict[str, str], sid: str | None, where: str) -> None:
    """Note *sid*, and accuse when it was there before."""
    if sid is None:
        raise NotApplicable("the server tells no sid; another case judges that")
    if sid in seen:
        attempt.broken(f"{where} has the sid of {seen[sid]}: {sid}", "a session ID of its own")
    seen[sid] = where


@case("socketio/difference-between-v5-and-v4/sid-of-its-own")
@pytest.mark.parametrize("way", Way)
async def test_sid_is_not_that_of_engineio(client: SocketIOPeer, target: Target, way: Way) -> None:
    """The session ID of a connection is not the sid of the Engine.IO session."""
    need(target, way)
    await client.start(way)
    await client.join()
    if client.sids.get(home(client)) == client.session.sid:
        client.attempt.broken("the sid of the Engine.IO session", "another session ID")


@case(SEVERAL, needs=["custom-namespace"])
async def test_several_namespaces_at_once(client: SocketIOPeer, target: Target) -> None:
    """Two CONNECT packets in one go are answered, each for its namespace and with a session ID of its own."""
    # In one payload they come together for certain.
    await client.start(Way.POLLING if target.can("polling") else None)
    auth, names = client.session.dialect.auth, (home(client), CUSTOM)
    await client.send(*(Packet.connect(name, auth) for name in names))
    with client.attempt.expecting(f"CONNECT for {names[0]} and for {names[1]}") as expecting:
        while not set(names) <= client.connected.keys():
            if isinstance(end := await client.event(), SessionEnd):
                expecting.broken(describe(end), ground_of(end))
            if end.type is PacketType.CONNECT_ERROR:
                expecting.broken(describe(end))


@case(SEVERAL, needs=["custom-echo", "events"])
@pytest.mark.parametrize("way", Way)
async def test_events_in_several_namespaces(client: SocketIOPeer, target: Target, way: Way) -> None:
    """A client in two namespaces exchanges events in both."""
    need(target, way)
    await client.open(way)
    await client.join(CUSTOM)
    for text in ("one", "two"):
        for name in (home(client), CUSTOM):
            await expect_same(client, f"{text} in {name}", namespace=name)


@case(REFUSED, needs=["forbidden-namespace"])
@pytest.mark.parametrize("way", OTHERS)
async def test_forbidden_namespace_is_refused(client: SocketIOPeer, target: Target, way: Way) -> None:
    """CONNECT for /forbidden is answered with CONNECT_ERROR."""
    need(target, way)
    await client.start(way)
    await client.expect_connect_error(FORBIDDEN)


@case("socketio/connection-to-a-namespace/unknown-namespace")
async def test_unknown_namespace_is_refused(client: SocketIOPeer, attempt: Attempt) -> None:
    """CONNECT for an unknown namespace is answered with CONNECT_ERROR; one that is made at once is told."""
    await client.start()
    answer = await client.connect(UNKNOWN)
    if isinstance(answer, SessionEnd):
        attempt.broken(describe(answer), "CONNECT_ERROR", ground=ground_of(answer))
    if answer.type is PacketType.CONNECT:
        attempt.report("any namespace will do: the server makes those that are asked for")


@case(OBJECT)
async def test_refusal_has_an_object(client: SocketIOPeer, target: Target) -> None:
    """The payload of CONNECT_ERROR for an unknown namespace is an object."""
    packet = await refusal(client, target, UNKNOWN)
    if not isinstance(packet.data, dict):
        client.attempt.broken(describe(packet), "CONNECT_ERROR with an object")


@case(MESSAGE)
@pytest.mark.parametrize("namespace", REFUSALS)
async def test_refusal_has_a_message(client: SocketIOPeer, target: Target, namespace: str) -> None:
    """The object of a CONNECT_ERROR packet has the string message."""
    packet = await refusal(client, target, namespace)
    if not isinstance(packet.data, dict):
        raise NotApplicable("the payload is no object; another case judges that")
    if not isinstance(packet.data.get("message"), str):
        client.attempt.broken(describe(packet), "CONNECT_ERROR with the string message")


@case(
    "socketio-contract/connecting/forbidden",
    "socketio/connection-to-a-namespace/refusal-data",
    needs=["forbidden-namespace"],
)
@pytest.mark.parametrize("way", Way)
async def test_refusal_has_the_details_of_the_application(
    client: SocketIOPeer, target: Target, way: Way
) -> None:
    """Each CONNECT for /forbidden is refused with its message and its data, the second one too."""
    need(target, way)
    await client.start(way)
    for _ in range(2):
        answer = await client.connect(FORBIDDEN)
        told = answer.data if isinstance(answer, Packet) else None
        if told != {"message": "forbidden", "data": {"code": 403}}:
            client.attempt.broken(
                describe(answer),
                'CONNECT_ERROR with {"message": "forbidden", "data": {"code": 403}}',
                ground=ground_of(answer),
            )


async def refusal(client: SocketIOPeer, target: Target, namespace: str) -> Packet:
    """The CONNECT_ERROR for *namespace*."""
    if namespace == FORBIDDEN:
        target.require("forbidden-namespace")
    await client.start()
    answer = await client.connect(namespace)
    if isinstance(answer, SessionEnd) or answer.type is not PacketType.CONNECT_ERROR:
        raise NotApplicable(f"the server does not refuse {namespace} with CONNECT_ERROR: {describe(answer)}")
    return answer


@case("socketio/connection-to-a-namespace/refusal-alone", needs=["events"])
@pytest.mark.parametrize("namespace", REFUSALS)
async def test_refusal_leaves_other_namespaces_alone(
    client: SocketIOPeer, target: Target, namespace: str
) -> None:
    """After a refusal the client is still connected to the namespace in which it was before."""
    if namespace == FORBIDDEN:
        target.require("forbidden-namespace")
    await client.open()
    answer = await client.connect(namespace)
    if isinstance(answer, Packet) and answer.type is PacketType.CONNECT:
        raise NotApplicable(f"the server does not refuse {namespace}")
    await expect_same(client, "still there")


@case("socketio/connection-to-a-namespace/duplicate-connect-received")
async def test_second_connect_closes(client: SocketIOPeer) -> None:
    """A second CONNECT for a namespace to which the client is connected closes the connection."""
    await client.open()
    await client.send(Packet.connect(home(client), client.session.dialect.auth))
    await client.expect_failure()


@case("socketio/format/namespace-without-comma-received", needs=["custom-namespace"])
async def test_namespace_without_a_comma(client: SocketIOPeer) -> None:
    """CONNECT that ends with its namespace, without a comma, is answered like one with it."""
    await client.start()
    await client.send(f"0{CUSTOM}")
    end = await client.settle()
    if CUSTOM not in client.connected:
        seen = describe(end) if end else "no answer"
        client.attempt.broken(seen, f"CONNECT for {CUSTOM}", ground=Ground.MISSING)


@case("socketio/format/main-namespace-received")
async def test_main_namespace_may_be_named(client: SocketIOPeer, attempt: Attempt) -> None:
    """Whether a CONNECT packet is accepted that names the main namespace is told."""
    await client.start()
    await client.send("0/,")
    end = await client.settle()
    answers = [packet for packet in client.kept if packet.type in ANSWERS]
    attempt.report(f"0/, is answered with {describe(end) if end else ''.join(map(describe, answers))}")
