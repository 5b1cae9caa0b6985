"""What a server says around the cases: what to send and expect first, what to ignore, how its echo looks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from wireproof.wire.session import Message
from wireproof.wire.socketio import ABSENT, Packet, encode
from wireproof.wire.websocket import Opcode


class Act(StrEnum):
    """One step of a preamble."""

    SEND = "send"
    EXPECT = "expect"


@dataclass(frozen=True, slots=True)
class Step:
    """Send a text, or await one that matches a regular expression."""

    act: Act
    text: str


class Pongs(Enum):
    """What comes for the pings that are sent, and so how a server shows that it is alive."""

    MATCHED = "a pong with the payload of its ping"
    COUNTED = "a pong for each ping, without its payload"
    STRAY = "pongs, of which nothing shows what they answer"
    MISSING = "nothing"


LIFELESS: Mapping[Pongs, str] = {
    Pongs.STRAY: "pongs come without the payload of their ping (RFC 6455 section 5.5.3), and not one for "
    "each, so nothing shows whether the server is alive",
    Pongs.MISSING: "the server answers no pings, so nothing shows whether it is alive",
}
"""Why a server shows no life where its pongs are of no use."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where a server relays messages between its clients, and how that looks.

    ``path`` None is the target's own. ``send`` is the text to send, with ``{payload}`` for the message, and
    ``receive`` matches the text that then comes, its group ``payload`` being the message; without them a
    message is sent and comes as it is. ``told`` rooms stem from a profile, the others from the test contract.
    """

    path: str | None
    includes_sender: bool
    send: str | None = None
    receive: re.Pattern[str] | None = None
    binary: bool = True
    told: bool = False

    def spoken(self, payload: bytes) -> bytes:
        """What to send, as text, so that the room hears *payload*."""
        return payload if self.send is None else self.send.encode().replace(b"{payload}", payload)

    def heard(self, message: Message) -> bytes | None:
        """The payload that *message* brings; None when it does not look like one of the room's."""
        return _payload(self.receive, message)


ROOMS: Mapping[str, Room] = {
    "broadcast": Room("/broadcast", includes_sender=False),
    "broadcast-all": Room("/broadcast-all", includes_sender=True),
}
"""The rooms of the test contract, by capability."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one server's application talks.

    ``echo`` matches a whole text message; its group ``payload`` is what was sent. ``pongs`` tells what comes
    for a ping. ``room`` is the one room that a profile tells. ``replies`` are the texts among what is ignored
    that are answered at once, as a protocol above WebSocket demands.
    """

    preamble: tuple[Step, ...] = ()
    ignore: tuple[re.Pattern[str], ...] = ()
    echo: re.Pattern[str] | None = None
    pongs: Pongs = Pongs.MATCHED
    room: Room | None = None
    replies: tuple[tuple[str, str], ...] = ()

    @property
    def rooms(self) -> Mapping[str, Room]:
        """The rooms by the capability that they would be; what a profile tells replaces the contract's."""
        if self.room is None:
            return ROOMS
        return {"broadcast-all" if self.room.includes_sender else "broadcast": self.room}

    def reply_to(self, message: Message) -> str | None:
        """The text that *message* is to be answered with at once, if any."""
        if not self.replies or message.opcode != Opcode.TEXT:
            return None
        return dict(self.replies).get(message.data.decode("utf-8", "replace"))

    def is_noise(self, message: Message) -> bool:
        """Whether *message* is one of those to be ignored."""
        if not self.ignore or message.opcode != Opcode.TEXT:
            return False
        text = message.data.decode("utf-8", "surrogateescape")
        return any(pattern.fullmatch(text) for pattern in self.ignore)

    def matches(self, step: Step, message: Message) -> bool:
        """Whether *message* is what an expecting *step* waits for."""
        text = message.data.decode("utf-8", "surrogateescape")
        return re.fullmatch(step.text, text, re.DOTALL) is not None

    def echoed(self, message: Message) -> bytes | None:
        """The payload that *message* brings back; None when it does not look like an echo."""
        return _payload(self.echo, message)


def _payload(pattern: re.Pattern[str] | None, message: Message) -> bytes | None:
    if pattern is None or message.opcode != Opcode.TEXT:
        return message.data
    match = pattern.fullmatch(message.data.decode("utf-8", "surrogateescape"))
    return None if match is None else match["payload"].encode("utf-8", "surrogateescape")


class Application(Enum):
    """What is spoken in the messages of an Engine.IO session."""

    SOCKETIO = "Socket.IO"
    ECHO = "an echo of text messages"
    UNKNOWN = "something unknown"


@dataclass(frozen=True, slots=True)
class EventForm:
    """How an application's Socket.IO events look that carry a text.

    ``send`` is the JSON of the event to emit, with ``{payload}`` inside a string; ``receive`` matches the
    JSON, written without spaces, of the event that then comes, its group ``payload`` being the text.
    """

    send: str
    receive: re.Pattern[str]
    includes_sender: bool = True

    def spoken(self, payload: str) -> list[Any]:
        """The event to emit, its name first, so that *payload* is heard."""
        event: list[Any] = json.loads(self.send.replace("{payload}", json.dumps(payload)[1:-1]))
        return event

    def heard(self, event: Any) -> str | None:
        """The text that *event*, its name first, brings; None when it does not look like that."""
        match = self.receive.fullmatch(json.dumps(event, separators=(",", ":"), default=str))
        try:
            text = None if match is None else json.loads(f'"{match["payload"]}"')
        except ValueError:  # it reaches over the end of a string
            text = None
        return text


@dataclass(frozen=True, slots=True)
class SessionDialect:
    """How a server's application over Engine.IO is spoken to.

    ``path`` is where Engine.IO is served, ``auth`` is what goes with each request to join a namespace, and
    ``namespace`` the one in which the application answers. ``echo`` and ``room`` tell how it does so where it
    does not follow the test contract; their texts are the JSON of whole events. ``websocket`` tells whether
    clients go over WebSocket where a case does not say how.
    """

    path: str = "/socket.io/"
    application: Application = Application.SOCKETIO
    auth: Any = ABSENT
    namespace: str = "/"
    echo: EventForm | None = None
    room: EventForm | None = None
    websocket: bool = True

    @property
    def joining(self) -> str:
        """The Socket.IO packet that joins the application's namespace."""
        (text,) = encode(Packet.connect(self.namespace, self.auth))
        return str(text)

    def question(self, text: str) -> str | None:
        """A message that the application answers with *text*, which has no comma; None where none is known.

        A request to join a namespace is answered with its name, whether there is one or not.
        """
        match self.application:
            case Application.SOCKETIO:
                return f"0/{text},"
            case Application.ECHO:
                return text
        return None

    @property
    def over_websocket(self) -> Dialect:
        """What the WebSocket transport of this server says around the cases about WebSocket itself."""
        steps = [Step(Act.EXPECT, r"0\{.*")]
        if self.application is Application.SOCKETIO:
            steps += [Step(Act.SEND, f"4{self.joining}"), Step(Act.EXPECT, "4[04].*")]
        # Everything but what the steps wait for.
        noise = re.compile(r"(?!0\{|40|44)[0-6].*", re.DOTALL)
        return Dialect(tuple(steps), (noise,), replies=(("2", "3"),))
