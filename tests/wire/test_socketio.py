"""Socket.IO packets survive the way there and back, and nothing wrong with a server's is overlooked."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.catalogue.requirement import load_catalogue
from wireproof.wire.socketio import ABSENT, Decoder, Packet, PacketError, PacketType, encode

ONE = '{"_placeholder":true,"num":0}'
TWO = '{"_placeholder":true,"num":1}'

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
KEYS = st.text().filter(lambda key: key != "_placeholder")
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)
VALUES = st.recursive(
    SCALARS | st.binary(max_size=9),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)
NAMESPACES = st.just("/") | st.text(st.characters(exclude_characters=","), min_size=1).map(
    lambda name: f"/{name}"
)
IDS = st.integers(0, 2**63)
PACKETS = st.one_of(
    st.builds(Packet.connect, NAMESPACES, st.dictionaries(KEYS, PLAIN) | st.just(ABSENT)),
    st.builds(Packet.disconnect, NAMESPACES),
    st.builds(Packet, st.just(PacketType.CONNECT_ERROR), NAMESPACES, st.dictionaries(KEYS, PLAIN)),
    st.builds(Packet, st.just(PacketType.EVENT), NAMESPACES, st.lists(VALUES, min_size=1), st.none() | IDS),
    st.builds(Packet, st.just(PacketType.ACK), NAMESPACES, st.lists(VALUES), IDS),
)


def fed(*messages: str | bytes) -> Packet | None:
    decoder = Decoder()
    *first, last = messages
    assert [decoder.feed(message) for message in first] == [None] * len(first)
    return decoder.feed(last)


def refused(*messages: str | bytes) -> PacketError:
    with pytest.raises(PacketError) as caught:
        fed(*messages)
    return caught.value


def requirements(error: PacketError) -> list[str]:
    return [violation.requirement.removeprefix("socketio/") for violation in error.violations]


@given(st.lists(PACKETS, max_size=3))
def test_packets_come_back_as_they_were(packets: list[Packet]) -> None:
    decoder, received = Decoder(), []
    for packet in packets:
        messages = encode(packet)
        received += [found for message in messages if (found := decoder.feed(message)) is not None]
        assert received[-1].attachments == tuple(messages[1:])
    assert [(p.namespace, p.data, p.id, p.is_event, p.is_ack) for p in received] == [
        (p.namespace, p.data, p.id, p.is_event, p.is_ack) for p in packets
    ]
    assert decoder.pending == 0


@pytest.mark.parametrize(
    ("packet", "messages"),
    [
        (Packet.connect(), ["0"]),
        (Packet.connect("/admin", {"sid": "oSO0"}), ['0/admin,{"sid":"oSO0"}']),
        (Packet(PacketType.CONNECT_ERROR, data={"message": "no"}), ['4{"message":"no"}']),
        (Packet.event("foo"), ['2["foo"]']),
        (Packet.event("bar", namespace="/admin"), ['2/admin,["bar"]']),
        (Packet.event("baz", b"\1"), [f'51-["baz",{ONE}]', b"\1"]),
        (Packet.event("baz", b"\1", b"\2", namespace="/a"), [f'52-/a,["baz",{ONE},{TWO}]', b"\1", b"\2"]),
        (Packet.event("foo", id=12), ['212["foo"]']),
        (Packet.ack(13, "bar", namespace="/admin"), ['3/admin,13["bar"]']),
        (Packet.ack(15, "bar", b"\1"), [f'61-15["bar",{ONE}]', b"\1"]),
        (Packet.ack(0), ["30[]"]),
        (Packet.disconnect(), ["1"]),
        (Packet.disconnect("/admin"), ["1/admin,"]),
        (Packet.event("x", {"a": [b"1"]}, b"2"), [f'52-["x",{{"a":[{ONE}]}},{TWO}]', b"1", b"2"]),
        (Packet.event("é\ud800\n"), ['2["é\\ud800\\n"]']),
        (Packet(PacketType.BINARY_EVENT, data=["a", {"_placeholder": True, "num": 7}], attachments=(b"1",)),
         ['51-["a",{"_placeholder":true,"num":7}]', b"1"]),
        (Packet(PacketType.BINARY_EVENT, data=["a"]), ['50-["a"]']),
    ],
)  # fmt: skip
def test_packets_look_as_the_protocol_shows_them(packet: Packet, messages: list[str | bytes]) -> None:
    assert encode(packet) == messages


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": -float("inf")}])
def test_what_json_lacks_can_only_be_said_raw(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode(Packet.event("a", value))


def test_attachments_are_awaited() -> None:
    decoder = Decoder()
    assert decoder.pending == 0
    assert decoder.feed(f'52-/a,3["x",{TWO},{ONE}]') is None
    assert decoder.pending == 2
    assert decoder.feed(b"1") is None
    assert decoder.pending == 1
    packet = Packet(PacketType.BINARY_EVENT, "/a", ["x", b"2", b"1"], 3, (b"1", b"2"))
    assert decoder.feed(b"2") == packet
    assert decoder.pending == 0


def test_a_placeholder_of_an_event_without_attachments_is_data() -> None:
    packet = fed(f'2["x",{ONE}]')
    assert packet is not None
    assert packet.data == ["x", {"_placeholder": True, "num": 0}]


SHAPE = "sending-and-receiving-data/payload-sent"
LAYOUT, ATTACHED, NAMED = "format/layout-sent", "format/attachments-sent", "format/namespace-sent"
ACK, ACK_ID = "acknowledgement/payload-sent", "acknowledgement/same-id"
TYPE, NO_BINARY = "exchange-protocol/types-sent", "sending-and-receiving-data/binary-event-sent"
REFUSAL = "difference-between-v5-and-v4/refusal-object"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [TYPE]),
        ("7", [TYPE]),
        ("x[]", [TYPE]),
        ("٢[]", [TYPE]),
        ('5["a"]', [LAYOUT]),
        ('5-["a"]', [LAYOUT]),
        (f'51["a",{ONE}]', [LAYOUT]),
        (f'5-1-["a",{ONE}]', [LAYOUT]),
        ('51-["a"]', [ATTACHED]),
        (f'52-["a",{ONE}]', [ATTACHED]),
        (f'51-["a",{ONE},{ONE}]', [ATTACHED]),
        (f'51-["a",{TWO}]', [ATTACHED]),
        ('50-["a"]', [NO_BINARY]),
        ("60-1[]", ["acknowledgement/binary-ack-sent"]),
        (f'50-["a",{ONE}]', [ATTACHED, NO_BINARY]),
        ('51-["a",{"_placeholder":true}]', [ATTACHED, ATTACHED]),
        ('51-["a",{"_placeholder":true,"num":-1}]', [ATTACHED]),
        ('51-["a",{"_placeholder":true,"num":0.0}]', [ATTACHED, ATTACHED]),
        ('51-["a",{"_placeholder":true,"num":false}]', [ATTACHED, ATTACHED]),
        ("0/admin", [NAMED]),
        ("0,", [LAYOUT]),
        ('2/,["a"]', ["format/main-namespace-sent"]),
        ('2x1["a"]', [LAYOUT]),
        ('2-1["a"]', [LAYOUT]),
        ("2", [SHAPE]),
        ("2[]", [SHAPE]),
        ("2{}", [SHAPE]),
        ("2null", [SHAPE]),
        ('2["a"', [LAYOUT]),
        ('2["a"]x', [LAYOUT]),
        ('2["a",NaN]', [LAYOUT]),
        ('2["a",Infinity]', [LAYOUT]),
        ('2["a\n"]', [LAYOUT]),
        ("31", [ACK]),
        ("31{}", [ACK]),
        ("3[]", [ACK_ID]),
        ("3", [ACK, ACK_ID]),
        ("0[]", ["connection-to-a-namespace/sid"]),
        ("4", [REFUSAL]),
        ('4"no"', [REFUSAL]),
    ],
)  # fmt: skip
def test_every_violation_is_told(text: str, found: list[str]) -> None:
    error = refused(text)
    assert requirements(error) == found
    assert str(error)


def test_every_violation_is_of_a_rule_that_the_catalogue_has() -> None:
    told = {SHAPE, LAYOUT, ATTACHED, NAMED, ACK, ACK_ID, TYPE, NO_BINARY, REFUSAL}
    assert not [rule for rule in told if f"socketio/{rule}" not in load_catalogue()]


def test_a_disconnect_may_have_a_payload() -> None:
    assert fed('1{"reason":"bye"}') == Packet(PacketType.DISCONNECT, data={"reason": "bye"})


def test_text_where_an_attachment_is_due_is_a_violation_and_read_all_the_same() -> None:
    decoder = Decoder()
    decoder.feed(f'51-["a",{ONE}]')
    with pytest.raises(PacketError, match="1 attachments still due") as caught:
        decoder.feed('2["b"]')
    assert caught.value.packet == Packet.event("b")
    assert decoder.pending == 0
    assert decoder.feed('2["c"]') == Packet.event("c")


def test_wrong_text_where_an_attachment_is_due_is_two_violations() -> None:
    assert requirements(refused(f'51-["a",{ONE}]', "2[]")) == ["format/attachments-together-sent", SHAPE]


def test_an_attachment_that_nobody_announced_is_a_violation() -> None:
    decoder = Decoder()
    with pytest.raises(PacketError, match="3 binary bytes where none are due"):
        decoder.feed(b"abc")
    assert decoder.feed('2["a"]') == Packet.event("a")


def test_what_can_be_read_of_a_wrong_packet_is_shown() -> None:
    assert refused("2/a,7{}").packet == Packet(PacketType.EVENT, "/a", {}, 7)


def nested(depth: int, start: str, end: str) -> str:
    return f'2["a",{start * depth}1{end * depth}]'


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_read_up_to_a_bound(start: str, end: str) -> None:
    packet = fed(nested(390, start, end))
    assert packet is not None
    assert encode(packet) == [nested(390, start, end)]
    for depth in (500, 100_000):
        error = refused(nested(depth, start, end))
        assert not error.violations, "a limit of the reader accuses nobody"
        assert "nested" in str(error)


def test_brackets_in_strings_do_not_nest() -> None:
    text = r'2["a","' + r"[{\"" * 5000 + '"]'
    assert fed(text) == Packet.event("a", '[{"' * 5000)


@pytest.mark.parametrize(
    "text", ["2" + "1" * 400 + '["a"]', "5" + "1" * 5000 + '-["a"]', "2[" + "1" * 5000 + "]"]
)
def test_absurd_numbers_are_beyond_what_is_read(text: str) -> None:
    assert not refused(text).violations


def test_many_announced_attachments_take_no_memory() -> None:
    assert requirements(refused(f'5{"9" * 200}-["a",{ONE}]')) == [ATTACHED]


@given(st.lists(st.text(st.sampled_from('0123456[]{}",/-:ab_ \n')) | st.text() | st.binary(), max_size=4))
def test_any_messages_are_packets_or_told_to_be_wrong(messages: list[Any]) -> None:
    decoder = Decoder()
    for message in messages:
        with suppress(PacketError):
            decoder.feed(message)
