"""Engine.IO packets survive the way there and back, and nothing wrong with a server's is overlooked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.wire.engineio import (
    DEFAULT_MAX_PAYLOAD,
    MOST_PACKETS,
    MOST_VIOLATIONS,
    Handshake,
    HandshakeError,
    Packet,
    PacketError,
    PacketType,
    decode_packet,
    decode_payload,
    encode_packet,
    encode_payload,
    parse_handshake,
    read_payload,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1e"), max_size=50)
PACKETS = st.one_of(
    st.builds(Packet, st.sampled_from(PacketType), TEXTS), st.builds(Packet.message, st.binary(max_size=50))
)
FIELDS = {
    "sid": "lv_V",
    "upgrades": ["websocket"],
    "pingInterval": 300,
    "pingTimeout": 200,
    "maxPayload": 10**6,
}


def requirements(error: PacketError | HandshakeError) -> list[str]:
    return [violation.requirement for violation in error.violations]


@given(PACKETS)
def test_a_packet_comes_back_from_a_websocket_message(packet: Packet) -> None:
    assert decode_packet(encode_packet(packet)) == packet


@given(st.lists(PACKETS, min_size=1, max_size=5))
def test_packets_come_back_from_a_payload(packets: list[Packet]) -> None:
    assert decode_payload(encode_payload(packets)) == packets


@pytest.mark.parametrize(
    ("packet", "text"),
    [
        (Packet.open("{}"), "0{}"),
        (Packet.close(), "1"),
        (Packet.ping("probe"), "2probe"),
        (Packet.pong(), "3"),
        (Packet.message("héllo"), "4héllo"),
        (Packet.upgrade(), "5"),
        (Packet.noop(), "6"),
        (Packet.message(b"\1\2\3\4"), b"\1\2\3\4"),
    ],
)
def test_packets_look_as_the_protocol_shows_them(packet: Packet, text: str | bytes) -> None:
    assert encode_packet(packet) == text


def test_a_payload_looks_as_the_protocol_shows_it() -> None:
    packets = [Packet.message("hello"), Packet.ping(), Packet.message(b"\1\2\3\4")]
    assert encode_payload(packets) == "4hello\x1e2\x1ebAQIDBA=="


def test_wrong_packets_are_said_raw() -> None:
    assert encode_packet("9wrong") == "9wrong"
    assert encode_packet(b"\0") == b"\0"
    assert encode_payload([Packet.message("a"), "", "x", "b?"]) == "4a\x1e\x1ex\x1eb?"


def test_only_messages_are_binary() -> None:
    with pytest.raises(ValueError, match="PING"):
        Packet(PacketType.PING, b"probe")


@pytest.mark.parametrize("text", ["", "7", "x", "٣", "-1", " 4", "\x00", "bAQIDBA=="])
def test_a_message_without_a_known_type_is_a_violation(text: str) -> None:
    with pytest.raises(PacketError) as caught:
        decode_packet(text)
    assert requirements(caught.value) == ["engineio/protocol/types-sent"]
    assert not caught.value.packets


@pytest.mark.parametrize("data", ["A", "AQ", "AQ=", "AQID BA=", "A-_=", "é", "AQ==\n", "=", "\N{SNOWMAN}AAA"])
def test_bad_base64_is_a_violation(data: str) -> None:
    with pytest.raises(PacketError) as caught:
        decode_payload(f"4a\x1eb{data}\x1e2")
    assert requirements(caught.value) == ["engineio/packet-encoding/base64-sent"]
    assert caught.value.packets == (Packet.message("a"), Packet.ping())


@pytest.mark.parametrize(
    ("payload", "count"), [("", 1), ("\x1e", 2), ("4a\x1e", 1), ("\x1e4a", 1), ("4\x1e\x1e4", 1)]
)
def test_empty_packets_are_violations(payload: str, count: int) -> None:
    found = read_payload(payload).violations
    assert [one.requirement for one in found] == ["engineio/protocol/types-sent"] * count


@given(st.text(max_size=60))
def test_any_payload_is_read_to_its_end(payload: str) -> None:
    reading = read_payload(payload)
    assert len(reading.packets) + len(reading.violations) == payload.count("\x1e") + 1


def test_an_open_packet_is_parsed() -> None:
    text = json.dumps({**FIELDS, "zeal": [1]})
    assert parse_handshake(text) == Handshake("lv_V", ("websocket",), 0.3, 0.2, 1_000_000, (("zeal", [1]),))


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", [None, True, {}, [[1]], -1, 0, 1e308, 10**400, ""])
def test_an_absurd_field_is_a_fault(name: str, value: Any) -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_handshake(json.dumps({**FIELDS, name: value}))
    slug = {"pingInterval": "ping-interval", "pingTimeout": "ping-timeout", "maxPayload": "max-payload"}
    rule = "timers-positive" if name in slug and type(value) is int and value < 1 else slug.get(name, name)
    assert requirements(caught.value) == [f"engineio/handshake/{rule}"]
    assert caught.value.faults[0].startswith(name)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_in_json_is_a_fault(value: str) -> None:
    with pytest.raises(HandshakeError, match="no JSON number"):
        parse_handshake(json.dumps(FIELDS).replace("300", value))


def test_every_fault_is_told() -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_handshake("{}")
    assert caught.value.faults == [f"{name} is missing" for name in FIELDS]
    assert caught.value.handshake is None


def test_a_faulty_handshake_is_used_as_far_as_possible() -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_handshake('{"sid": "a", "pingInterval": 25000.0, "pingTimeout": 20000, "upgrades": ["x", 1]}')
    assert caught.value.handshake == Handshake("a", ("x",), 25, 20, DEFAULT_MAX_PAYLOAD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"sid"',
        "{",
        "{}x",
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 5000,
        "\ud800",
        "{'a': 1}",
    ],
)
def test_hostile_json_is_a_fault(text: str) -> None:
    with pytest.raises(HandshakeError) as caught:
        parse_handshake(text)
    assert requirements(caught.value) == ["engineio/handshake/open-packet"]


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_a_handshake_or_faulty(text: str) -> None:
    with pytest.raises(HandshakeError):
        parse_handshake(text)


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (Packet.ping("probe"), 'ping "probe"'),
        (Packet.close(), "close"),
        (Packet.message(b"\xff"), 'binary message [1] "\\xff"'),
    ],
)
def test_packets_in_words(packet: Packet, words: str) -> None:
    assert str(packet) == words


def test_payload_of_endless_packets_is_read_in_part() -> None:
    reading = read_payload("\x1e".join(["4"] * (MOST_PACKETS + 5)))
    assert len(reading.packets) == MOST_PACKETS


def test_only_so_many_violations_of_a_payload_are_told() -> None:
    reading = read_payload("\x1e" * (2 * MOST_VIOLATIONS))
    assert len(reading.violations) == MOST_VIOLATIONS
