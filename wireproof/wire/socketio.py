"""Socket.IO packets (protocol version 5): writing them, and reading a server's strictly.

`encode` writes packets that are right in form; anything else is said with raw strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import Any, Final

from wireproof.wire.errors import WireError
from wireproof.wire.session import Violation
from wireproof.wire.strict_json import JsonError, TooDeep, parse_json, write_json
from wireproof.wire.text import printable

_PREFIX = re.compile(r"(?P<namespace>/[^,]*)?(?P<comma>,)?(?P<id>[0-9]+)?(?P<payload>.*)", re.DOTALL)
_COUNT = re.compile(r"([0-9]*)(-?)")
_LONGEST_NUMBER = 300  # digits


class PacketType(IntEnum):
    """The packet types of version 5."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


EVENTS = frozenset({PacketType.EVENT, PacketType.BINARY_EVENT})
ACKS = frozenset({PacketType.ACK, PacketType.BINARY_ACK})
BINARY = frozenset({PacketType.BINARY_EVENT, PacketType.BINARY_ACK})
_WITH_ATTACHMENTS = {PacketType.EVENT: PacketType.BINARY_EVENT, PacketType.ACK: PacketType.BINARY_ACK}


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""A packet has no payload: not the same as the payload null."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. ``data`` is a JSON value, in which bytes stand at any depth for attachments, or `ABSENT`.

    A packet that was read has its attachments in ``attachments`` too, in the order in which they came.
    """

    type: PacketType
    namespace: str = "/"
    data: Any = ABSENT
    id: int | None = None
    attachments: tuple[bytes, ...] = ()

    @classmethod
    def connect(cls, namespace: str = "/", auth: Any = ABSENT) -> Packet:
        """A request to join a namespace."""
        return cls(PacketType.CONNECT, namespace, auth)

    @classmethod
    def disconnect(cls, namespace: str = "/") -> Packet:
        """The end of the connection to a namespace."""
        return cls(PacketType.DISCONNECT, namespace)

    @classmethod
    def event(cls, name: str, *args: Any, namespace: str = "/", id: int | None = None) -> Packet:
        """An event; *id* asks for an acknowledgement. With bytes among *args* it becomes a binary event."""
        return cls(PacketType.EVENT, namespace, [name, *args], id)

    @classmethod
    def ack(cls, id: int, *args: Any, namespace: str = "/") -> Packet:
        """An acknowledgement. With bytes among *args* it becomes a binary one."""
        return cls(PacketType.ACK, namespace, list(args), id)

    @property
    def is_event(self) -> bool:
        """Whether it is an event, binary or not."""
        return self.type in EVENTS

    @property
    def is_ack(self) -> bool:
        """Whether it is an acknowledgement, binary or not."""
        return self.type in ACKS


class PacketError(WireError):
    """What came breaks the protocol; ``packet`` is what could be read of it all the same, if anything.

    Without ``violations`` it is beyond what is read here, and nobody is to blame.
    """

    def __init__(self, violations: Iterable[Violation], packet: Packet | None = None, text: str = "") -> None:
        super().__init__(violations, text)
        self.packet = packet


def encode(packet: Packet) -> list[str | bytes]:
    """The text of a packet, then its attachments, each to be sent as an Engine.IO message.

    Bytes inside ``data`` are taken out, depth first, as attachments, and make an event or acknowledgement
    binary. Where there are none, ``attachments`` are sent as given: placeholders are up to the caller then.
    """
    found: list[bytes] = []
    data = packet.data if packet.data is ABSENT else _take_out(packet.data, found)
    kind = packet.type
    attachments = found or list(packet.attachments)
    if attachments:
        kind = _WITH_ATTACHMENTS.get(kind, kind)
    count = f"{len(attachments)}-" if kind in BINARY else ""
    namespace = "" if packet.namespace == "/" else f"{packet.namespace},"
    number = "" if packet.id is None else str(packet.id)
    payload = "" if data is ABSENT else write_json(data)
    return [f"{kind.value}{count}{namespace}{number}{payload}", *attachments]


def _take_out(value: Any, found: list[bytes]) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        found.append(bytes(value))
        return {"_placeholder": True, "num": len(found) - 1}
    if isinstance(value, list | tuple):
        return [_take_out(one, found) for one in value]
    if isinstance(value, Mapping):
        return {key: _take_out(one, found) for key, one in value.items()}
    return value


@dataclass(slots=True)
class Decoder:
    """Puts the packets of one side together; reading goes on behind whatever is wrong."""

    _waiting: Packet | None = None
    _due: int = 0
    _held: list[bytes] = field(default_factory=list)

    @property
    def pending(self) -> int:
        """How many attachments are still awaited."""
        return self._due - len(self._held) if self._waiting is not None else 0

    def feed(self, message: str | bytes) -> Packet | None:
        """The packet that the data of one Engine.IO message completes; None while attachments are awaited.

        Raise `PacketError`. A packet whose text is wrong awaits no attachments.
        """
        if isinstance(message, bytes):
            return self._feed_attachment(message)
        late, self._waiting = self._waiting, None
        if late is None:
            return self._feed_text(message)
        violation = _wrong(
            "format/attachments-together-sent",
            f"a text, with {self._due - len(self._held)} attachments still due",
        )
        try:
            packet = self._feed_text(message)
        except PacketError as exc:
            raise PacketError([violation, *exc.violations], exc.packet) from None
        raise PacketError([violation], packet)

    def _feed_text(self, text: str) -> Packet | None:
        packet, due = _read(text)
        if not due:
            return packet
        self._waiting, self._due = packet, due
        self._held.clear()
        return None

    def _feed_attachment(self, data: bytes) -> Packet | None:
        if self._waiting is None:
            raise PacketError(
                [_wrong("format/attachments-sent", f"{len(data)} binary bytes where none are due")]
            )
        self._held.append(data)
        if len(self._held) < self._due:
            return None
        packet, self._waiting = self._waiting, None
        return replace(packet, data=_put_in(packet.data, self._held), attachments=tuple(self._held))


def _put_in(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, list):
        return [_put_in(one, attachments) for one in value]
    if isinstance(value, dict):
        if value.get("_placeholder") is True:
            return attachments[value["num"]]
        return {key: _put_in(one, attachments) for key, one in value.items()}
    return value


def _read(text: str) -> tuple[Packet, int]:
    """The packet of *text* and how many attachments it announces."""
    if not text or text[0] not in "0123456":
        raise PacketError(
            [_wrong("exchange-protocol/types-sent", f"a packet of unknown type: {_quote(text)}")]
        )
    kind = PacketType(int(text[0]))
    violations: list[Violation] = []
    rest, due = text[1:], 0
    if kind in BINARY:
        count = _COUNT.match(rest)
        if count is None or not count[1] or not count[2]:
            raise PacketError([_wrong("format/layout-sent", f"no number of attachments: {_quote(text)}")])
        _check_length(count[1])
        rest, due = rest[count.end() :], int(count[1])
    packet = _read_fields(kind, rest, violations)
    if kind in BINARY and packet.data is not ABSENT:
        violations += _wrong_placeholders(packet.data, due)
    if kind in BINARY and not due:
        rule = "sending-and-receiving-data/binary-event" if kind in EVENTS else "acknowledgement/binary-ack"
        violations.append(_wrong(f"{rule}-sent", "a binary packet without attachments"))
    if violations:
        raise PacketError(violations, packet)
    return packet, due


def _read_fields(kind: PacketType, rest: str, violations: list[Violation]) -> Packet:
    parts = _PREFIX.fullmatch(rest)
    if parts is None:
        raise ValueError("the pattern matches any text")
    namespace, digits, payload = parts["namespace"] or "/", parts["id"], parts["payload"]
    if parts["namespace"] is not None and parts["comma"] is None:
        violations.append(_wrong("format/namespace-sent", f"no comma behind the namespace: {_quote(rest)}"))
    elif parts["comma"] is not None and parts["namespace"] is None:
        violations.append(_wrong("format/layout-sent", f"a comma without a namespace: {_quote(rest)}"))
    elif parts["namespace"] == "/":
        violations.append(_wrong("format/main-namespace-sent", "the main namespace is written out"))
    _check_length(digits or "")
    number = int(digits) if digits else None
    data: Any = ABSENT
    if payload:
        try:
            data = parse_json(payload)
        except JsonError as exc:
            looks_like_id = payload[0].isalnum() or payload[0] in "+-."
            what = "an id that is no number, or" if looks_like_id and number is None else "a payload that is"
            violations.append(_wrong("format/layout-sent", f"{what} no JSON ({exc}): {_quote(payload)}"))
        except TooDeep as exc:
            raise PacketError([], Packet(kind, namespace, ABSENT, number), str(exc)) from None
    if not payload or data is not ABSENT:
        violations += _wrong_shape(kind, data)
    if kind in ACKS and number is None:
        violations.append(_wrong("acknowledgement/same-id", "an acknowledgement without an id"))
    return Packet(kind, namespace, data, number)


def _wrong_shape(kind: PacketType, data: Any) -> Iterator[Violation]:
    if kind is PacketType.CONNECT and data is not ABSENT and not isinstance(data, dict):
        yield _wrong("connection-to-a-namespace/sid", "a CONNECT packet with a payload that is no object")
    if kind is PacketType.CONNECT_ERROR and not isinstance(data, dict):
        yield _wrong(
            "difference-between-v5-and-v4/refusal-object", "a CONNECT_ERROR packet whose payload is no object"
        )
    if kind in EVENTS and not (isinstance(data, list) and data):
        yield _wrong(
            "sending-and-receiving-data/payload-sent", "an event whose payload is no array, or an empty one"
        )
    if kind in ACKS and not isinstance(data, list):
        yield _wrong("acknowledgement/payload-sent", "an acknowledgement whose payload is no array")


def _wrong_placeholders(data: Any, due: int) -> Iterator[Violation]:
    numbers = list(_placeholders(data))
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int):
            yield _wrong("format/attachments-sent", "a placeholder whose num is no integer")
        elif not 0 <= number < due:
            yield _wrong(
                "format/attachments-sent", f"placeholder {_clip(number)} of {_clip(due)} attachments"
            )
    usable = [number for number in numbers if type(number) is int]
    if len(set(usable)) < len(usable):
        yield _wrong("format/attachments-sent", "two placeholders for the same attachment")
    if len(set(usable)) < due:
        yield _wrong(
            "format/attachments-sent", f"{len(set(usable))} placeholders for {_clip(due)} attachments"
        )


def _placeholders(value: Any) -> Iterator[Any]:
    # A stack of our own: generators inside each other cost a C frame each.
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, list):
            stack.extend(reversed(one))
        elif isinstance(one, dict):
            if one.get("_placeholder") is True:
                yield one.get("num")
            else:
                stack.extend(reversed(list(one.values())))


def _check_length(digits: str) -> None:
    if len(digits) > _LONGEST_NUMBER:
        raise PacketError([], text=f"a number of {len(digits)} digits")


def _clip(number: int) -> str:
    return str(number) if abs(number) < 10**12 else f"about 10^{len(str(abs(number))) - 1}"


def _wrong(requirement: str, text: str) -> Violation:
    return Violation(f"socketio/{requirement}", text)


def _quote(text: str) -> str:
    return f'"{printable(text[:40])}"' + (f" and {len(text) - 40} characters more" if len(text) > 40 else "")
