"""Finds out what a target speaks and can do, before any case runs."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from wireproof.attempt import Attempt, Broken, Inconclusive, NotApplicable
from wireproof.errors import TargetError
from wireproof.peer.concurrent import all_of
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import ROOMS, Dialect, Room
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.run.settings import Settings
from wireproof.target import CAPABILITIES, Target, capabilities_of
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.http1 import Response
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.text import printable, shorten
from wireproof.wire.websocket import Frame, Opcode

ANSWER_WITHIN = 3.0  # seconds for each probe; the handshake itself may take longer
HANDSHAKE_WITHIN = 10.0
QUIET_PINGS = 10  # answered pings after which an application that said nothing is taken to be silent
_SPOKEN_AT = (0, 2, 5)  # rounds of pings in which a room is spoken to: clients may join it behind their 101
_SAMPLE = "wireproof probe"
_BINARY = b"\x00\xfe\xff wireproof"
_ROOM_SAMPLE = b"wireproof asks the room "


@dataclass(frozen=True, slots=True)
class Probe:
    """Probes one target with about ten short connections. ``spoken`` is set once a handshake succeeds."""

    settings: Settings
    dialer: Dialer
    spoken: asyncio.Event = field(default_factory=asyncio.Event)

    def peer(self) -> WebSocketPeer:
        """A peer outside any case."""
        return WebSocketPeer(self.dialer, Attempt(("probe",)), self.settings.dialect)

    async def run(self) -> Target:
        """Probe the target; raise `TargetError` with a hint when it can't be judged at all."""
        response = await self._handshake()
        self.spoken.set()
        target = Target(
            self.dialer.endpoint, server=_text(response.get(b"Server")), dialect=self.settings.dialect
        )
        told = self.settings.assume | self.settings.without
        pong = "pong" in self.settings.assume if "pong" in told else await self._holds(self._pong)
        if not pong:
            target = replace(target, dialect=replace(target.dialect, pings=False))
        names: dict[str, Callable[[], Awaitable[bool]]] = {
            "text": lambda: self._accepts(Frame.text(_SAMPLE)),
            "binary": lambda: self._accepts(Frame.binary(_BINARY)),
            "echo": lambda: self._echoes(Opcode.TEXT, _SAMPLE.encode()),
            "echo-binary": lambda: self._echoes(Opcode.BINARY, _BINARY),
            "subprotocol": self._subprotocol,
            "close": self._close,
            "send": self._send,
            "deflate": self._deflate,
        }
        rooms = self.settings.dialect.rooms
        names |= {name: partial(self._relays, room) for name, room in rooms.items()}
        wanted = [name for name in names if name not in self.settings.assume | self.settings.without]
        found = await all_of(*(self._holds(names[name]) for name in wanted))
        capabilities = {
            "pong": pong,
            "tls": self.dialer.endpoint.tls is not None,
            **dict(zip(wanted, found, strict=True)),
        }
        capabilities |= dict.fromkeys(self.settings.assume, True) | dict.fromkeys(
            self.settings.without, False
        )
        reasons = dict.fromkeys(ROOMS.keys() - rooms, "the profile tells of another kind of broadcast")
        if not pong:
            reasons |= dict.fromkeys(("text", "binary"), CAPABILITIES["pong"])
        reasons |= {name: f"told by --without {name}" for name in self.settings.without}
        ordered = {
            name: capabilities.get(name, False) for name in (*capabilities_of(("websocket",)), *capabilities)
        }
        return replace(target, capabilities=ordered, reasons=reasons)

    async def _handshake(self) -> Response:
        peer = self.peer()
        try:
            async with asyncio.timeout(HANDSHAKE_WITHIN):
                answer = await peer.handshake()
        except TimeoutError:
            raise TargetError(
                f"{self.settings.url} accepted the connection and gave no answer to the opening handshake "
                f"within {HANDSHAKE_WITHIN:g} s"
            ) from None
        except Inconclusive as exc:
            raise TargetError(_unreachable(self.settings.url, exc)) from exc
        finally:
            peer.discard()
        if isinstance(answer, Refusal):
            raise TargetError(_refused(self.settings.url, answer))
        if self.settings.dialect.preamble:
            await self._preamble()
        return answer

    async def _preamble(self) -> None:
        """Play the profile's preamble once; raise `TargetError` when the server does not play along."""
        peer = self.peer()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await peer.open()
        except (TimeoutError, Inconclusive) as exc:
            wanted = peer.attempt.waiting.expected[0] if peer.attempt.waiting else "the profile's preamble"
            came = [entry.text for entry in peer.attempt.transcript.entries() if entry.direction == "in"]
            raise TargetError(
                f"{self.settings.url} did not play the profile's preamble: expected {wanted}\n"
                f"  what came: {'; '.join(came[1:]) or 'nothing'}{f' ({exc})' if str(exc) else ''}"
            ) from exc
        finally:
            peer.discard()

    async def _holds(self, probe: Callable[[], Awaitable[bool]]) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await probe()
        except (TimeoutError, Broken, Inconclusive, NotApplicable):
            return False

    async def _pong(self) -> bool:
        peer = self.peer()
        try:
            await peer.open()
            await peer.expect_alive()
        finally:
            peer.discard()
        return True

    async def _accepts(self, frame: Frame) -> bool:
        peer = self.peer()
        try:
            await peer.open()
            peer.send(frame)
            await peer.expect_alive()
            # A server that refuses the message may answer the ping first and close behind it.
            await peer.expect_alive()
        finally:
            peer.discard()
        return True

    async def _answer(self, frame: Frame, resource: str | None = None) -> Message | Close | Ended | None:
        """What the application says to *frame*; None when it stays silent over several answered pings.

        Pings are often answered below the application, so that one answer alone would say little.
        """
        peer = self.peer()
        try:
            await peer.open(peer.request(resource))
            peer.send(frame)
            for _ in range(QUIET_PINGS):
                ping = peer.ping()
                peer.send(ping)
                while (event := await peer.event()) != Pong(ping.payload):
                    # A server may relay to everybody what another probe asks a room.
                    if isinstance(event, Message) and _ROOM_SAMPLE in event.data:
                        continue
                    if isinstance(event, (Message, Close, Ended)):
                        return event
        finally:
            peer.discard()
        return None

    async def _echoes(self, opcode: Opcode, data: bytes) -> bool:
        answer = await self._answer(Frame(opcode, data))
        if not isinstance(answer, Message):
            return False
        same_type = answer.opcode == opcode or self.settings.dialect.echo is not None
        return self.settings.dialect.echoed(answer) == data and same_type

    async def _subprotocol(self) -> bool:
        peer = self.peer()
        try:
            answer = await peer.handshake(
                peer.request().with_header(b"Sec-WebSocket-Protocol", b"other.wireproof, echo.wireproof")
            )
        finally:
            peer.discard()
        return isinstance(answer, Response) and answer.get(b"Sec-WebSocket-Protocol") == b"echo.wireproof"

    async def _close(self) -> bool:
        answer = await self._answer(Frame.text(_SAMPLE), "/close?code=3210&reason=probe")
        return isinstance(answer, Close) and answer.code == 3210

    async def _send(self) -> bool:
        answer = await self._answer(Frame.text(_SAMPLE), "/send?type=binary&size=5&count=2&fragment=5")
        return isinstance(answer, Message) and answer.opcode == Opcode.BINARY and len(answer.data) == 5

    async def _relays(self, room: Room) -> bool:
        """Whether a second client hears the first: that a sender hears itself would be as true of an echo."""
        sample = _ROOM_SAMPLE + secrets.token_hex(4).encode()
        speaker, listener = self.peer(), self.peer()
        try:
            await speaker.open(speaker.request(room.path))
            await listener.open(listener.request(room.path))
            return await _hears(room, sample, speaker, listener)
        finally:
            speaker.discard()
            listener.discard()

    async def _deflate(self) -> bool:
        # What browsers offer (RFC 7692 section 7.1.2.2).
        peer = self.peer()
        try:
            answer = await peer.handshake(peer.offering(DeflateOffer(client_max_window_bits=0)))
        finally:
            peer.discard()
        return isinstance(answer, Response) and peer.agreement is not None


async def _hears(room: Room, sample: bytes, speaker: WebSocketPeer, listener: WebSocketPeer) -> bool:
    """Whether *listener* gets what *speaker* says, within so many answered pings."""
    for number in range(QUIET_PINGS):
        if number in _SPOKEN_AT:
            speaker.send(Frame.text(room.spoken(sample)))
        pings = [(peer, peer.ping()) for peer in (speaker, listener)]
        for peer, ping in pings:
            peer.send(ping)
        for peer, ping in pings:
            await peer.expect_pong(ping.payload)
        if any(
            message.opcode == Opcode.TEXT and room.heard(message) == sample for message in listener.messages
        ):
            return True
        listener.messages.clear()
    return False


async def is_alive(dialer: Dialer, dialect: Dialect, within: float) -> str | None:
    """None when a new connection's ping is answered within *within* seconds, else what went wrong."""
    peer = WebSocketPeer(dialer, Attempt(("check",)), dialect)
    try:
        async with asyncio.timeout(within):
            await peer.open()
            if dialect.pings:
                await peer.expect_alive()
    except TimeoutError:
        return f"no answer within {within:g} s"
    except (Broken, Inconclusive, NotApplicable) as exc:
        return str(exc)
    finally:
        peer.discard()
    return None


def _text(value: bytes | None) -> str | None:
    return None if value is None else printable(value[:200].decode("latin-1"))


_HINTS = {
    200: "an ordinary page is served there; is the path of the WebSocket endpoint right?",
    301: "it redirects; give the URL that it points to",
    302: "it redirects; give the URL that it points to",
    307: "it redirects; give the URL that it points to",
    308: "it redirects; give the URL that it points to",
    400: "it may demand something in the request: --header, --origin, --subprotocol or --cookie add to it",
    401: "it wants credentials: --header 'Authorization: @file' or a user in the URL gives them",
    403: "it may check the origin (--origin) or credentials (--header, --cookie)",
    404: "nothing is served at that path; is the path of the WebSocket endpoint right?",
    426: "it wants another upgrade or version than WebSocket 13",
    503: "the service is not available now; is its upstream up?",
}


def _tls_hint(url: str, refusal: Refusal) -> str:
    if refusal.body and refusal.body[0] not in (0x15, 0x16):  # alert and handshake, RFC 8446 section 5.1
        return ""
    if url.startswith(("wss:", "https:")):
        return "\n  hint: it may want a client's certificate (--client-cert)"
    return "\n  hint: does it speak TLS there (wss://)?"


def _refused(url: str, refusal: Refusal) -> str:
    response = refusal.response
    if response is None:
        shown = f"; it sent {shorten(refusal.body, 100)}" if refusal.body else ""
        return f"{url} does not speak HTTP: {refusal.detail}{shown}{_tls_hint(url, refusal)}"
    hint = _HINTS.get(response.status, "")
    location = response.get(b"Location")
    lines = [f"{url} refused the WebSocket handshake: {response.describe()}"]
    if location:
        lines.append(f"it points to {shorten(location, 200)}")
    if refusal.body:
        lines.append(f"its body begins with {shorten(refusal.body, 200)}")
    if hint:
        lines.append(f"hint: {hint}")
    return "\n  ".join(lines)


def _unreachable(url: str, exc: Inconclusive) -> str:
    cause = exc.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"{url}: the certificate is not trusted: {cause.verify_message}\n"
            "  hint: --ca FILE names the authority to trust, --insecure accepts any certificate"
        )
    if isinstance(cause, ssl.SSLError):
        return (
            f"{url}: TLS failed: {cause.reason or cause}\n"
            "  hint: does the server speak TLS on that port (ws:// or wss://)?"
        )
    if isinstance(cause, (ConnectionRefusedError, FileNotFoundError)):
        return f"{url}: nothing listens there"
    return f"{url} can't be reached: {cause or exc}"
