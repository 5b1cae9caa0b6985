"""Sending and receiving data: events of text and JSON, there and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wireproof.attempt import Attempt, Inconclusive, NotApplicable
from wireproof.case import Intensity, case
from wireproof.peer.engineio import Way
from wireproof.peer.peers import Clients
from wireproof.peer.raw import Refusal
from wireproof.peer.session import receive_packet
from wireproof.peer.socketio import SocketIOPeer, describe
from wireproof.peer.table import named
from wireproof.target import Target
from wireproof.wire import engineio
from wireproof.wire.websocket import Frame

from .talk import CUSTOM, OTHERS, back, expect_same, hear, need, need_contract, payload, same, say, shown

EXCHANGED = "socketio/sending-and-receiving-data/exchanged"
COMPLETE = "socketio-contract/events/complete"
ONCE = "socketio-contract/events/once"
ORDER = "socketio-contract/events/order"
UNCHANGED = "socketio-contract/events/unchanged"
UPGRADING = "socketio-contract/events/upgrading"
MANY = 100
FEW = 25
LARGE = 200_000  # characters


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    """A text inside so many arrays or objects."""
    value: Any = "core"
    for _ in range(depth):
        value = wrap(value)
    return value


TEXTS = {
    "empty": "",
    "ASCII": "hello",
    "Latin": "gr\u00fc\u00dfe \u00e6\u00f8\u00e5",
    "Cyrillic, Greek, Hebrew, Arabic": "\u0416 \u03a9 \u05d0 \u0639",
    "CJK": "\u6f22\u5b57\u4eee\u540d",
    "beyond the BMP": "\U0001f600\U00010348\U0010ffff",
    "combining, not normalised": "e\u0301 \u00e9 \u212b",
    "line separators": "a\u2028b\u2029c\u0085d",
    "control characters": "".join(map(chr, range(32))) + "\x7f",
    "record separator": "a\x1eb\x1e42[]",
    "quotes and backslashes": "\"'\\/\\n\\u0041",
    "byte order mark": "\ufeffx",
    "white space around": "  \t x \r\n ",
    "what looks like packets": '/custom,12["message"] 51-["message",{"_placeholder":true,"num":0}]',
    "what looks like HTML": "<script>alert(1)</script>&amp;",
}
JSON: dict[str, tuple[Any, ...]] = {
    "no argument": (),
    "null": (None,),
    "booleans": (True, False),
    "0, 1 and 1.5": (0, 1, -1, 1.5),
    "large integers": (2**31, -(2**31), 2**53 - 1, 1 - 2**53),
    "doubles": (0.1, 1e308, 5e-324, 1e21, -1.25e-7),
    "numbers in texts": ("1", "1.0", "true", "null"),
    "arrays": ([], [[]], [1, [2, [3]]]),
    "objects": ({}, {"": ""}, {"a": {"b": {"c": None}}}),
    "an array as first argument": (["message-back", 1],),
    "names of JavaScript's own": ({"constructor": 1, "toString": 2, "length": 3, "hasOwnProperty": 4},),
    "keys beyond ASCII": ({"\u00e9\U0001f600": 1, "a b": 2, "1": 3, "\n": 4},),
    "several arguments": ("a", 1, None, True, [1], {"b": 2}),
    "100 arguments": tuple(range(100)),
    "1,000 elements": ([{"n": n, "t": str(n)} for n in range(1000)],),
    "100 arrays deep": (nested(100, lambda value: [value]),),
    "100 objects deep": (nested(100, lambda value: {"a": value}),),
}


@case(EXCHANGED, COMPLETE, needs=["events"])
@pytest.mark.parametrize("way", OTHERS)
async def test_events_are_exchanged(client: SocketIOPeer, target: Target, way: Way) -> None:
    """An event of the client's is taken, and one comes back."""
    need(target, way)
    await client.open(way)
    await say(client, "hello")
    await hear(client, requirement=EXCHANGED)


@case(UNCHANGED, COMPLETE, needs=["events"])
@pytest.mark.parametrize("way", Way)
async def test_texts_come_back_unchanged(client: SocketIOPeer, target: Target, way: Way) -> None:
    """Texts of all kinds come back as they were."""
    need(target, way)
    await client.open(way)
    for row, text in TEXTS.items():
        with named(row):
            await expect_same(client, text)


@case(UNCHANGED, COMPLETE, needs=["events"])
@pytest.mark.parametrize("way", Way)
async def test_values_come_back_unchanged(client: SocketIOPeer, target: Target, way: Way) -> None:
    """Arguments of every JSON type come back with their types and values, however many and however deep."""
    need(target, way)
    need_contract(client)
    await client.open(way)
    for row, args in JSON.items():
        with named(row):
            await expect_same(client, *args)


@case(UNCHANGED, COMPLETE, needs=["events"], intensity=Intensity.NORMAL)
@pytest.mark.parametrize("way", [Way.POLLING, Way.WEBSOCKET])
async def test_large_text_comes_back(client: SocketIOPeer, target: Target, way: Way) -> None:
    """A text of 200,000 characters comes back as it was."""
    need(target, way)
    await client.open(way)
    if client.session.timers.max_payload < 2 * LARGE:
        raise NotApplicable(f"the server takes {client.session.timers.max_payload} bytes at most")
    await expect_same(client, "wireproof " * (LARGE // 10))


@case(ORDER, COMPLETE, ONCE, needs=["events"])
@pytest.mark.parametrize("way", Way)
async def test_burst_comes_back_in_order(client: SocketIOPeer, target: Target, way: Way) -> None:
    """Many events in one go all come back, once each and in their order."""
    need(target, way)
    await client.open(way)
    # A request for each, one after another.
    count = FEW if way is Way.POLLING else MANY
    texts = [f"{number} of {count}" for number in range(count)]
    for text in texts:
        await say(client, text)
    await expect_series(client, texts)


@case(ORDER, COMPLETE, ONCE, needs=["events", "polling"])
async def test_payload_of_many_packets_comes_back_in_order(client: SocketIOPeer) -> None:
    """Events that came in one payload of long-polling all come back, once each and in their order."""
    need_contract(client)
    await client.open(Way.POLLING)
    await client.send(*(f'2["message","{number} of 10"]' for number in range(10)))
    await expect_series(client, [f"{number} of 10" for number in range(10)])


async def expect_series(client: SocketIOPeer, wanted: list[str]) -> None:
    """Demand the texts in *wanted*, each once and in order."""
    came = [await hear(client, requirement=COMPLETE) for _ in wanted]
    with client.attempt.expecting(f"{len(wanted)} events, each once", requirement=ONCE) as expecting:
        await client.settle()
        more = [describe(packet) for packet in client.kept if back(packet, client)]
        if more:
            expecting.broken(f"{len(more)} events more, the first being {more[0]}")
    for place, (got, text) in enumerate(zip(came, wanted, strict=True)):
        if not same(got, [text]):
            missing = [text for text in wanted if [text] not in came]
            client.attempt.broken(
                f"{shown(got)} as number {place + 1}" + (f"; {missing[0]!r} is missing" if missing else ""),
                f"{text!r} as number {place + 1}",
                requirement=COMPLETE if missing else ORDER,
            )


@case("socketio-contract/events/addressed", needs=["events"])
async def test_event_comes_back_to_its_sender_only(clients: Clients, target: Target) -> None:
    """What comes back to one client is not sent to another, nor to the same one in another namespace."""
    sender, other = clients(), clients()
    for one in (sender, other):
        need_contract(one)
        await one.open()
        if target.can("custom-namespace"):
            await one.join(CUSTOM)
    await expect_same(sender, "for myself")
    for one in (sender, other):
        await one.expect_nothing(lambda packet: packet.is_event and payload(packet)[:1] == ["for myself"])


@case(UPGRADING, needs=["events", "upgrade"])
async def test_events_while_upgrading(client: SocketIOPeer) -> None:
    """Events before, within and behind an upgrade come back, once each, in order and unchanged."""
    await client.open(Way.POLLING)
    texts = iter(wanted := [f"{number} while upgrading" for number in range(25)])
    await say_some(client, texts)
    session = client.session
    socket = await session.connect_socket()
    if isinstance(socket, Refusal):
        raise Inconclusive(f"the WebSocket of an upgrade was refused: {socket.detail}")
    await say_some(client, texts)
    socket.send(Frame.text("2probe"))
    await say_some(client, texts)
    with client.attempt.expecting("the answer to the probe: 3probe"):
        answer = await receive_packet(socket, session)
    if answer != engineio.Packet.pong("probe"):
        raise Inconclusive(f"the probe of an upgrade was answered with {answer or socket.ended}")
    await say_some(client, texts)
    await session.complete_upgrade(socket)
    await say_some(client, texts)
    came = [await hear(client) for _ in wanted]
    await client.settle()
    came += [[f"{describe(packet)} again"] for packet in client.kept if back(packet, client)]
    if came != [[text] for text in wanted]:
        wrong = next(
            pair for pair in zip(came, [*wanted, "nothing more"], strict=False) if pair[0] != [pair[1]]
        )
        client.attempt.broken(f"{shown(wrong[0])} in the place of {wrong[1]!r}", "all events in order")


async def say_some(client: SocketIOPeer, texts: Any) -> None:
    """Emit the next five events."""
    for _ in range(5):
        await say(client, next(texts))


@case("socketio/limits/nesting", needs=["acks"])
async def test_deepest_nesting_is_told(clients: Clients, attempt: Attempt) -> None:
    """How deep the arrays of an event may nest until it is refused or ignored is told."""
    deepest = 0
    for depth in (200, 500, 2000, 10_000):
        client = clients()
        await client.open()
        number = client.new_id()
        await client.send(f'2{number}["message-with-ack",{"[" * depth}{"]" * depth}]')
        end = await client.settle()
        if not any(packet.is_ack and packet.id == number for packet in client.kept):
            seen = f"the end of the session ({end})" if end else "no acknowledgement"
            attempt.report(f"{depth} arrays inside each other: {seen}; {deepest} are taken")
            return
        deepest = depth
        client.discard()
    attempt.report(f"{deepest} arrays inside each other are taken")
