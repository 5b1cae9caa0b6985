"""Finds out what a target speaks and can do, before any case runs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from wireproof.attempt import Attempt, Broken, Inconclusive, NotApplicable
from wireproof.errors import TargetError
from wireproof.peer.concurrent import all_of
from wireproof.peer.connection import Dialer
from wireproof.peer.dialect import LIFELESS, ROOMS, Pongs, Room
from wireproof.peer.pacing import TimeLimit
from wireproof.peer.raw import Ended, Refusal
from wireproof.peer.websocket import WebSocketPeer
from wireproof.run.hearing import QUIET_PINGS, hears, is_shared, said
from wireproof.run.mistakes import OTHER_ROOM, unmatched
from wireproof.run.second_hearing import HEARINGS, told_at_last
from wireproof.run.settings import Settings
from wireproof.run.unreached import mute, out_of_reach, refused, unreachable
from wireproof.target import Target, capabilities_of
from wireproof.wire.deflate import DeflateOffer
from wireproof.wire.http1 import Response
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.text import printable, shorten
from wireproof.wire.websocket import CloseCode, Frame, Opcode

ANSWER_WITHIN = 3.0  # seconds for each probe; the handshake itself may take longer
HANDSHAKE_WITHIN = 10.0
STRAY_PONGS = 10  # pongs that answer no ping, behind which none is expected to: some are sent unasked
COUNTED_PINGS = (5, 1, 3, 1)  # how many pings each segment has that show whether pongs can be counted
_SAMPLE = "wireproof probe"
_BINARY = b"\x00\xfe\xff wireproof"
_ROOM_SAMPLE = b"wireproof asks the room "


@dataclass(frozen=True, slots=True)
class Probe:
    """Probes one target with about ten short connections. ``spoken`` is set once a handshake succeeds."""

    settings: Settings
    dialer: Dialer
    spoken: asyncio.Event = field(default_factory=asyncio.Event)
    mistakes: dict[str, str] = field(default_factory=dict)  # of the profile, by capability
    hearings: int = HEARINGS  # one where it is known that something may not be answered: that costs time

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
        pongs = self._told_pongs() or await self._pongs()
        target = replace(target, dialect=replace(target.dialect, pongs=pongs))
        probe = replace(self, hearings=1) if pongs in LIFELESS else self
        if pongs is Pongs.COUNTED:
            probe = replace(self, settings=replace(self.settings, dialect=target.dialect))
        found = await probe._capabilities()
        target = self._conclude(target, found)
        # Other probes have fallen silent: nothing of theirs could be taken for it.
        shared = target.can("text") and await probe._holds(partial(is_shared, probe.peer, target.dialect))
        if not shared:
            return target
        # Beside other probes, what those said may have come first.
        self.mistakes.pop("echo", None)
        found["echo"] = await probe._holds(lambda: probe._echoes(Opcode.TEXT, _SAMPLE.encode()))
        found["echo-binary"] = await probe._holds(lambda: probe._echoes(Opcode.BINARY, _BINARY))
        return replace(self._conclude(target, found), shared=frozenset({"websocket"}))

    async def _capabilities(self) -> dict[str, bool]:
        """What the server can do, as far as the user does not tell it."""
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
        names |= {name: partial(self._relays, name, room) for name, room in rooms.items()}
        wanted = [name for name in names if name not in self.settings.assume | self.settings.without]
        found = await all_of(*(self._holds(names[name]) for name in wanted))
        return dict(zip(wanted, found, strict=True))

    def _conclude(self, target: Target, found: dict[str, bool]) -> Target:
        """*target* with all capabilities, those that were *found* and those that the user tells."""
        lifeless = LIFELESS.get(target.dialect.pongs)
        capabilities = {"pong": not lifeless, "tls": self.dialer.endpoint.tls is not None, **found}
        capabilities |= dict.fromkeys(self.settings.assume, True) | dict.fromkeys(
            self.settings.without, False
        )
        other = ROOMS.keys() - self.settings.dialect.rooms
        reasons = dict.fromkeys(other, OTHER_ROOM) | self.mistakes
        if lifeless:
            reasons |= dict.fromkeys(("text", "binary"), lifeless)
        reasons |= {name: f"told by --without {name}" for name in self.settings.without}
        ordered = {
            name: capabilities.get(name, False) for name in (*capabilities_of(("websocket",)), *capabilities)
        }
        return replace(target, capabilities=ordered, reasons=reasons)

    async def _handshake(self) -> Response:
        peer, connected = self.peer(), False
        try:
            async with TimeLimit(HANDSHAKE_WITHIN):
                await peer.connect()
                connected = True
                await peer.send_request(peer.request())
                answer = await peer.receive_response()
        except TimeoutError:
            why = mute if connected else out_of_reach
            raise TargetError(why(self.settings.url, HANDSHAKE_WITHIN)) from None
        except Inconclusive as exc:
            raise TargetError(unreachable(self.settings.url, exc)) from exc
        finally:
            peer.discard()
        if isinstance(answer, Refusal):
            raise TargetError(refused(self.settings.url, answer))
        if self.settings.dialect.preamble:
            await self._preamble()
        return answer

    async def _preamble(self) -> None:
        """Play the profile's preamble once; raise `TargetError` when the server does not play along."""
        peer = self.peer()
        try:
            async with TimeLimit(ANSWER_WITHIN):
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
            return await told_at_last(ANSWER_WITHIN, probe, self.hearings)
        except (Broken, Inconclusive, NotApplicable):
            return False

    def _told_pongs(self) -> Pongs | None:
        """What comes for pings, where the user tells that."""
        if "pong" in self.settings.without:
            return Pongs.MISSING
        return Pongs.MATCHED if "pong" in self.settings.assume else None

    async def _pongs(self) -> Pongs:
        """What comes for pings."""
        seen: list[bytes] = []
        if await self._holds(partial(self._matches, seen)):
            return Pongs.MATCHED
        if not seen:
            return Pongs.MISSING
        return Pongs.COUNTED if await replace(self, hearings=1)._holds(self._counts) else Pongs.STRAY

    async def _matches(self, seen: list[bytes]) -> bool:
        """Whether a pong has the payload of its ping; those of other pongs are *seen*."""
        peer = self.peer()
        try:
            await peer.open()
            peer.send(ping := peer.ping())
            while len(seen) < STRAY_PONGS and not isinstance(event := await peer.event(), Close | Ended):
                if event == Pong(ping.payload):
                    return True
                if isinstance(event, Pong):
                    seen.append(event.payload)
                    peer.send(ping)
        finally:
            peer.discard()
        return False

    async def _counts(self) -> bool:
        """Whether as many pongs come as pings are sent, both at once and one by one."""
        peer = self.peer()
        pongs = 0
        try:
            await peer.open()
            for pings in COUNTED_PINGS:
                peer.send(*(peer.ping() for _ in range(pings)))
                expected = pongs + pings
                while pongs < expected:
                    event = await peer.event()
                    if isinstance(event, Close | Ended):
                        return False
                    pongs += isinstance(event, Pong)
            # Whatever else was on its way comes before the end.
            peer.send(Frame.close(CloseCode.NORMAL))
            while not isinstance(event := await peer.event(), Close | Ended):
                pongs += isinstance(event, Pong)
        finally:
            peer.discard()
        return pongs == sum(COUNTED_PINGS)

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
        told = self.settings.dialect.echo is not None
        answer = await self._answer(Frame(opcode, data))
        echoed = isinstance(answer, Message) and self.settings.dialect.echoed(answer) == data
        if told and not echoed and opcode == Opcode.TEXT:
            came = [said(answer)] if answer is not None else []
            mistake = unmatched("websocket.echo", self.settings.profile, shorten(data), came)
            self.mistakes["echo"] = mistake
        return isinstance(answer, Message) and echoed and (told or answer.opcode == opcode)

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

    async def _relays(self, name: str, room: Room) -> bool:
        """Whether a second client hears the first: that a sender hears itself would be as true of an echo."""
        sample = _ROOM_SAMPLE + secrets.token_hex(4).encode()
        speaker, listener = self.peer(), self.peer()
        try:
            await speaker.open(speaker.request(room.path))
            await listener.open(listener.request(room.path))
            came: list[str] = []
            if await hears(room, sample, speaker, listener, came):
                return True
            if room.told:
                sent = shorten(room.spoken(sample))
                self.mistakes[name] = unmatched("websocket.broadcast", self.settings.profile, sent, came)
            return False
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


def _text(value: bytes | None) -> str | None:
    return None if value is None else printable(value[:200].decode("latin-1"))
