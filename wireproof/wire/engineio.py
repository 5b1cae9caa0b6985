"""Engine.IO packets (protocol version 4): writing any of them, and reading a server's strictly.

Everything that takes a packet to write also takes a raw string, which goes out as it is: that is how wrong
packets are said.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from wireproof.wire.errors import WireError
from wireproof.wire.session import Violation
from wireproof.wire.strict_json import JsonError, TooDeep, parse_json
from wireproof.wire.text import printable, shorten

SEPARATOR = "\x1e"
DEFAULT_MAX_PAYLOAD = 1_000_000
LONGEST_INTERVAL = 2**31 - 1  # ms: the timers of JavaScript reach no further
LARGEST_PAYLOAD = 2**53 - 1  # bytes: the integers of JavaScript reach no further
MOST_PACKETS = 1 << 17  # of one payload that are read, so that nobody can fill the memory with empty ones
MOST_VIOLATIONS = 1000  # of one payload that are told


class PacketType(IntEnum):
    """The packet types of version 4."""

    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; only a message can be binary. Raise ValueError for any other type with bytes."""

    type: PacketType
    data: str | bytes = ""

    def __post_init__(self) -> None:
        if isinstance(self.data, bytes) and self.type is not PacketType.MESSAGE:
            raise ValueError(f"a {self.type.name} packet can't be binary")

    @classmethod
    def open(cls, data: str) -> Packet:
        """An open packet."""
        return cls(PacketType.OPEN, data)

    @classmethod
    def close(cls) -> Packet:
        """A close packet."""
        return cls(PacketType.CLOSE)

    @classmethod
    def ping(cls, data: str = "") -> Packet:
        """A ping; ``probe`` as *data* starts an upgrade."""
        return cls(PacketType.PING, data)

    @classmethod
    def pong(cls, data: str = "") -> Packet:
        """A pong."""
        return cls(PacketType.PONG, data)

    @classmethod
    def message(cls, data: str | bytes) -> Packet:
        """A text or a binary message."""
        return cls(PacketType.MESSAGE, data)

    @classmethod
    def upgrade(cls) -> Packet:
        """The packet that completes an upgrade."""
        return cls(PacketType.UPGRADE)

    @classmethod
    def noop(cls) -> Packet:
        """The packet that ends a poll and means nothing."""
        return cls(PacketType.NOOP)

    def __str__(self) -> str:
        if isinstance(self.data, bytes):
            return f"binary message [{len(self.data)}] {shorten(self.data, 32)}"
        said = f" {shorten(self.data.encode('utf-8', 'replace'))}" if self.data else ""
        return self.type.name.lower() + said


class PacketError(WireError):
    """A packet or payload breaks the protocol; ``packets`` holds what could be read all the same."""

    def __init__(self, violations: Iterable[Violation], packets: Iterable[Packet] = ()) -> None:
        super().__init__(violations)
        self.packets = tuple(packets)


@dataclass(frozen=True, slots=True)
class PayloadReading:
    """What a payload holds, and every rule that it breaks."""

    packets: tuple[Packet, ...]
    violations: tuple[Violation, ...]


def encode_packet(packet: Packet | str | bytes) -> str | bytes:
    """A packet as a WebSocket message: text, or bytes for a binary message. Raw ones stay as they are."""
    if not isinstance(packet, Packet):
        return packet
    return packet.data if isinstance(packet.data, bytes) else f"{packet.type.value}{packet.data}"


def decode_packet(message: str | bytes) -> Packet:
    """The packet that a WebSocket message carries. Raise `PacketError`."""
    if isinstance(message, bytes):
        return Packet(PacketType.MESSAGE, message)
    packet, violation = _read_text(message)
    if violation is not None or packet is None:
        raise PacketError([violation] if violation else [])
    return packet


def encode_payload(packets: Iterable[Packet | str]) -> str:
    """Packets as the body of a request or response of long-polling; raw strings go in as they are."""
    return SEPARATOR.join(packet if isinstance(packet, str) else _encode_polled(packet) for packet in packets)


def decode_payload(payload: str) -> list[Packet]:
    """The packets of a body of long-polling. Raise `PacketError`, which also has what could be read."""
    reading = read_payload(payload)
    if reading.violations:
        raise PacketError(reading.violations, reading.packets)
    return list(reading.packets)


def read_payload(payload: str) -> PayloadReading:
    """The packets of a body of long-polling, `MOST_PACKETS` at most, and what is wrong with the others."""
    packets: list[Packet] = []
    violations: list[Violation] = []
    for part in payload.split(SEPARATOR, MOST_PACKETS)[:MOST_PACKETS]:
        packet, violation = _read_binary(part) if part.startswith("b") else _read_text(part)
        if packet is not None:
            packets.append(packet)
        if violation is not None and len(violations) < MOST_VIOLATIONS:
            violations.append(violation)
    return PayloadReading(tuple(packets), tuple(violations))


def _encode_polled(packet: Packet) -> str:
    if isinstance(packet.data, bytes):
        return "b" + base64.b64encode(packet.data).decode("ascii")
    return f"{packet.type.value}{packet.data}"


def _read_text(text: str) -> tuple[Packet | None, Violation | None]:
    if not text:
        return None, Violation("engineio/protocol/types-sent", "an empty packet, which has no type")
    if text[0] not in "0123456":
        return None, Violation("engineio/protocol/types-sent", f"a packet of unknown type: {_quote(text)}")
    return Packet(PacketType(int(text[0])), text[1:]), None


def _read_binary(text: str) -> tuple[Packet | None, Violation | None]:
    try:
        return Packet(PacketType.MESSAGE, base64.b64decode(text[1:], validate=True)), None
    # A ValueError stands for characters that are not even ASCII.
    except (binascii.Error, ValueError):
        return None, Violation(
            "engineio/packet-encoding/base64-sent", f"a binary packet, no base64: {_quote(text)}"
        )


def _quote(text: str) -> str:
    return f'"{printable(text[:40])}"' + (f" and {len(text) - 40} characters more" if len(text) > 40 else "")


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the open packet tells: intervals in seconds, the payload in bytes, ``extra`` as it came."""

    sid: str
    upgrades: tuple[str, ...]
    ping_interval: float
    ping_timeout: float
    max_payload: int
    extra: tuple[tuple[str, Any], ...] = ()


class HandshakeError(WireError):
    """An open packet is wrong; ``handshake`` is there when it can be worked with all the same.

    What is missing is replaced then: no upgrades, and `DEFAULT_MAX_PAYLOAD`.
    """

    def __init__(self, faults: Iterable[Violation], handshake: Handshake | None = None) -> None:
        super().__init__(faults)
        self.faults = [violation.text for violation in self.violations]
        self.handshake = handshake


def parse_handshake(text: str) -> Handshake:
    """The fields of an open packet's payload. Raise `HandshakeError`, which tells all that is wrong."""
    try:
        fields = parse_json(text)
    except (JsonError, TooDeep) as exc:
        raise HandshakeError([_fault("open-packet", f"the open packet holds no JSON: {exc}")]) from None
    if not isinstance(fields, dict):
        raise HandshakeError([_fault("open-packet", f"the open packet holds {_name(fields)}, no object")])
    faults: list[Violation] = []
    sid = _read_sid(fields, faults)
    upgrades = _read_upgrades(fields, faults)
    interval = _read_number(fields, "pingInterval", LONGEST_INTERVAL, faults)
    timeout = _read_number(fields, "pingTimeout", LONGEST_INTERVAL, faults)
    most = _read_number(fields, "maxPayload", LARGEST_PAYLOAD, faults)
    known = {"sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"}
    handshake = None
    if sid is not None and interval is not None and timeout is not None:
        handshake = Handshake(
            sid,
            upgrades,
            interval / 1000,
            timeout / 1000,
            DEFAULT_MAX_PAYLOAD if most is None else int(most),
            tuple((name, value) for name, value in fields.items() if name not in known),
        )
    if faults or handshake is None:
        raise HandshakeError(faults, handshake)
    return handshake


def _fault(field: str, text: str) -> Violation:
    return Violation(f"engineio/handshake/{field}", text)


def _read_sid(fields: Mapping[str, Any], faults: list[Violation]) -> str | None:
    sid = fields.get("sid")
    if "sid" not in fields:
        faults.append(_fault("sid", "sid is missing"))
    elif not isinstance(sid, str):
        faults.append(_fault("sid", f"sid is {_name(sid)}, no string"))
    elif not sid:
        faults.append(_fault("sid", "sid is empty"))
    return sid if isinstance(sid, str) and sid else None


def _read_upgrades(fields: Mapping[str, Any], faults: list[Violation]) -> tuple[str, ...]:
    upgrades = fields.get("upgrades")
    if "upgrades" not in fields:
        faults.append(_fault("upgrades", "upgrades is missing"))
    elif not isinstance(upgrades, list):
        faults.append(_fault("upgrades", f"upgrades is {_name(upgrades)}, no list"))
    else:
        faults += [_fault("upgrades", f"upgrades has {_name(x)}") for x in upgrades if not isinstance(x, str)]
        return tuple(x for x in upgrades if isinstance(x, str))
    return ()


def _read_number(fields: Mapping[str, Any], name: str, most: int, faults: list[Violation]) -> float | None:
    value = fields.get(name)
    slug = {"pingInterval": "ping-interval", "pingTimeout": "ping-timeout", "maxPayload": "max-payload"}[name]
    if name not in fields:
        faults.append(_fault(slug, f"{name} is missing"))
    # In Python a bool is an int.
    elif isinstance(value, bool) or not isinstance(value, int | float):
        faults.append(_fault(slug, f"{name} is {_name(value)}, no number"))
    elif value <= 0:
        faults.append(_fault("timers-positive", f"{name} is {value!r:.20}, not above 0"))
    elif not value <= most:
        faults.append(_fault(slug, f"{name} is {value!r:.20}, which can't be meant"))
    else:
        return value
    return None


def _name(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"the string {_quote(value)}"
    if isinstance(value, int | float):
        return f"the number {value!r:.20}"
    return "an array" if isinstance(value, list) else "an object"
