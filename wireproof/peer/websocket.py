"""The peer that WebSocket cases drive: verbs that hold the tolerance of RFC 6455 once, for all cases.

Every verb names what would conform. It raises `Broken` when something else comes; when nothing comes, the
case's deadline ends it, and the harness judges with the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from wireproof.attempt import Expectation, Inconclusive, NotApplicable
from wireproof.peer.connection import End
from wireproof.peer.dialect import LIFELESS, Pongs
from wireproof.peer.pongs import OWN, PongCount
from wireproof.peer.raw import Ended, PeerEvent, RawPeer, Refusal
from wireproof.verdict import Ground
from wireproof.wire.http1 import Request, Response
from wireproof.wire.session import Close, Message, Ping, Pong
from wireproof.wire.text import describe_frame, opcode_name, shorten
from wireproof.wire.websocket import CloseCode, Frame, Opcode

ANSWER = "rfc6455/4.2.1/error-response"  # the duty to answer a bad handshake at all
PONG_DATA = "rfc6455/5.5.3/pong-data"  # the duty to return a ping's payload
TOO_LONG = (413, 414, 431)  # statuses that tell a limit on requests, which is policy
RATE = 429  # the status of a limit on how often one may ask
BUSY = (RATE, 503)  # statuses of a server that has no room now
GATEWAY = (502, 504)  # statuses of what stands before a server that has not answered
LIMITS = {
    CloseCode.TOO_BIG: "the server's own limit on sizes: it closed with 1009",
    CloseCode.POLICY_VIOLATION: "the server's own policy: it closed with 1008",
}
ABSENCES = (CloseCode.GOING_AWAY, CloseCode.SERVICE_RESTART, CloseCode.TRY_AGAIN_LATER)
LIVES_ON = 2  # answered pings that show it: the first may have overtaken the failure of the connection
LIVES_ON_COUNTED = 4  # of pongs that are counted: an unasked one is taken for an answer
STRAYS = 3  # pongs with a foreign payload that accuse: one may be sent of the server's own accord


@dataclass(frozen=True, slots=True)
class Closing:
    """How the server ended a connection: its Close frame, if one came, or else the end of TCP."""

    close: Close | None
    end: Ended | None

    def __str__(self) -> str:
        return describe_close(self.close) if self.close else f"no Close frame; {self.end}"


def describe_close(close: Close) -> str:
    """A received Close frame in words."""
    return str(close)


def describe_message(message: Message) -> str:
    """A received message in words."""
    return f"a {opcode_name(message.opcode)} message of {len(message.data)} bytes {shorten(message.data, 32)}"


@dataclass(slots=True)
class WebSocketPeer(RawPeer):
    """A raw peer with expectations."""

    _pings: int = 0
    _awaited: set[bytes] = field(default_factory=set)
    _count: PongCount = field(default_factory=PongCount)

    def _encode(self, frame: Frame) -> bytes:
        if frame.opcode == Opcode.PING and self.dialect.pongs is Pongs.COUNTED:
            self._count.sent(frame.payload)
        return RawPeer._encode(self, frame)  # super() needs a cell that slots take away

    def _take(self, item: object) -> PeerEvent | None:
        event = RawPeer._take(self, item)
        if isinstance(event, Pong) and self.dialect.pongs is Pongs.COUNTED:
            return self._count.told(event)
        return event

    def send_pings(self, payload: bytes, count: int) -> None:
        """Send *count* pings with *payload* at once, recorded in one line."""
        ping = Frame.ping(payload)
        if self.dialect.pongs is Pongs.COUNTED:
            for _ in range(count):
                self._count.sent(payload)
        self.send_bytes(ping.encode(self.attempt.random.randbytes(4)) * count, f"{count} pings")

    # The opening handshake ----------------------------------------------------------------------

    async def expect_accepted(
        self, request: Request | None = None, requirement: str | None = None, pieces: Sequence[int] = ()
    ) -> Response:
        """Connect, send *request*, cut at the offsets in *pieces*, and demand a 101 (section 4.2.2)."""
        with self.attempt.expecting("101 Switching Protocols", requirement=requirement) as expecting:
            answer = await self.handshake(request, pieces=pieces)
            if isinstance(answer, Refusal):
                excuse_refusal(answer)
                expecting.broken(f"refused: {answer.detail}", ground_of(answer.status))
        return answer

    async def expect_refused(self, request: Request, requirement: str | None = None) -> Refusal:
        """Connect, send *request* and demand that it does not open a WebSocket (section 4.2.1).

        Any response but 101 is a refusal, and so is the end of TCP: section 10.7 lets a server drop the
        connection; that it SHOULD answer is demanded by a case of its own. Silence opens no WebSocket either:
        it breaks only the duty to answer, where the case is about that one too. A limit on how often one may
        ask says nothing of what was asked.
        """
        expected = ("an HTTP error status", "TCP ends without an answer")
        silence = ANSWER if ANSWER in self.attempt.requirements else requirement
        with self.attempt.expecting(*expected, requirement=silence):
            answer = await self.handshake(request)
        if isinstance(answer, Response):
            self.attempt.broken("the handshake was accepted with 101", *expected, requirement=requirement)
        excuse_rate(answer.status, answer.detail)
        return answer

    async def answer_to(self, request: Request, requirement: str | None = None) -> str:
        """Connect, send *request* and tell the answer in words; whatever comes is right, silence is not."""
        with self.attempt.expecting("an answer of any kind", requirement=requirement):
            answer = await self.handshake(request)
        return "accepted" if isinstance(answer, Response) else f"refused ({answer.detail})"

    # Liveness -----------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether its connection has ended."""
        return self._connection is not None and self._connection.end is not None

    def ping(self) -> Frame:
        """A ping whose answer the verbs know; raise `NotApplicable` where answers show nothing."""
        self._need_pings()
        self._pings += 1
        payload = OWN + b"%d" % self._pings
        self._awaited.add(payload)
        return Frame.ping(payload)

    def _need_pings(self) -> None:
        if why := LIFELESS.get(self.dialect.pongs):
            raise NotApplicable(why)

    async def expect_alive(self, requirement: str | None = None) -> None:
        """Send a ping and demand its pong: whatever was sent before has been accepted.

        Messages that come first are kept for `expect_message`.
        """
        ping = self.ping()
        self.send(ping)
        await self.expect_pong(ping.payload, requirement=requirement)

    async def expect_pong(self, payload: bytes, requirement: str | None = None) -> None:
        """Demand a pong with *payload*; messages, pings and other pongs may come before it."""
        self._count.wanted.add(payload)
        with self.attempt.expecting(f"a pong with {shorten(payload)}", requirement=requirement) as expecting:
            while True:
                match await self._open_event(expecting):
                    case Pong(received) if received == payload:
                        self._awaited.discard(payload)
                        return
                    case Message() as message:
                        self.messages.append(message)
                    case _:
                        pass

    async def _open_event(self, expecting: Expectation) -> Message | Ping | Pong:
        """The next event of a connection that has no reason to end."""
        event = await self.event()
        if isinstance(event, Close | Ended):
            cut_short(expecting, event)
        return event

    async def expect_answered(self, ping: Frame, requirement: str | None = None) -> None:
        """Send *ping* and demand a pong with its very payload (section 5.5.3).

        A pong with another payload may be nobody's answer, so it takes three of them, each behind the ping
        sent anew, and all of it once more alone, to accuse. Messages that come first are kept for
        `expect_message`. Where pongs can only be counted, none but the payload's own requirement is broken
        by what they bring.
        """
        self._need_pings()
        accused = requirement or self.attempt.requirements[0]
        if self.dialect.pongs is Pongs.COUNTED and accused != PONG_DATA:
            self.send(ping)
            await self.expect_alive(requirement)
            return
        what = f"a pong with {shorten(ping.payload)}"
        self._awaited.add(ping.payload)
        self.send(ping)
        strays = 0
        with self.attempt.expecting(what, requirement=requirement) as expecting:
            while True:
                match await self._open_event(expecting):
                    case Pong(received) if received == ping.payload:
                        return
                    case Pong(received) if received not in self._awaited:
                        strays += 1
                        if strays == STRAYS:
                            observed = f"pongs with other payloads, at last {shorten(received)}"
                            expecting.broken(observed, Ground.MISSING)
                        self.send(ping)
                    case Message() as message:
                        self.messages.append(message)
                    case _:
                        pass

    # Failing the connection -----------------------------------------------------------------------

    async def expect_failure(self, *codes: CloseCode, requirement: str | None = None) -> Closing:
        """Demand that the server fails the connection (section 7.1.7) because of what was just sent.

        A Close frame of any code conforms, and so does the end of TCP; *codes* are those that are named as
        fitting, a case of its own judges them. An answered ping does not conform. A first pong may have
        overtaken the failure in a server that reads ahead, so it takes a second one to accuse, and two more
        where pongs can only be counted.
        """
        enough = LIVES_ON_COUNTED if self.dialect.pongs is Pongs.COUNTED else LIVES_ON
        fitting = (
            f"a Close frame ({' or '.join(str(int(code)) for code in codes)})" if codes else "a Close frame"
        )
        with self.attempt.expecting(fitting, "the end of TCP", requirement=requirement) as expecting:
            self.send(self.ping())
            pongs = 0
            while True:
                match await self.event():
                    case Close() as close:
                        return self._closing(close)
                    case Ended() as end:
                        return Closing(None, end)
                    case Pong(payload) if payload in self._awaited:
                        self._awaited.discard(payload)
                        pongs += 1
                        if pongs == enough:
                            expecting.broken("the connection lives on: pings behind it were answered")
                        self.send(self.ping())
                    case _:
                        pass

    def _closing(self, close: Close) -> Closing:
        if not self.close_sent:
            self.send(Frame.close(close.code if close.code is not None else None))
        return Closing(close, None)

    # Messages -------------------------------------------------------------------------------------

    async def expect_message(self, requirement: str | None = None) -> Message:
        """Demand any message; pings and pongs may come before it."""
        with self.attempt.expecting("a message", requirement=requirement) as expecting:
            return await self._message(expecting)

    async def _message(self, expecting: Expectation) -> Message:
        if self.messages:
            return self.messages.popleft()
        while True:
            if isinstance(event := await self._open_event(expecting), Message):
                return event

    async def expect_echo(self, opcode: Opcode, data: bytes, requirement: str | None = None) -> Message:
        """Demand *data* back as a message of the same type, in the form that the profile tells."""
        what = f"the echo of {len(data)} bytes {shorten(data, 32)}"
        with self.attempt.expecting(what, requirement=requirement) as expecting:
            message = await self._message(expecting)
            echoed = self.dialect.echoed(message)
            if message.opcode != opcode and self.dialect.echo is None:
                expecting.broken(f"{describe_message(message)}, though it was sent as {opcode_name(opcode)}")
            if echoed != data:
                expecting.broken(describe_message(message) + difference(data, echoed))
        return message

    async def expect_no_message(self, requirement: str | None = None) -> None:
        """Demand that no message comes before the answer to a ping that is sent now."""
        ping = self.ping()
        self.send(ping)
        with self.attempt.expecting("no message", requirement=requirement) as expecting:
            await self.expect_pong(ping.payload, requirement=requirement)
            if self.messages:
                frame = self.messages[0].frames[-1]
                expecting.broken(describe_message(self.messages[0]), seen=describe_frame(frame))

    # Closing ----------------------------------------------------------------------------------------

    async def expect_close(self, requirement: str | None = None) -> Close:
        """Demand a Close frame (section 5.5.1); data that was under way may come before it."""
        with self.attempt.expecting("a Close frame", requirement=requirement) as expecting:
            while True:
                match await self.event():
                    case Close() as close:
                        return close
                    case Ended() as end:
                        expecting.broken(f"no Close frame; {end}", Ground.MISSING)
                    case Message() as message:
                        self.messages.append(message)
                    case _:
                        pass

    async def expect_end(self, requirement: str | None = None) -> Ended:
        """Demand the end of TCP; whatever comes before it is left to the session's own rules."""
        with self.attempt.expecting("the end of TCP", requirement=requirement):
            while True:
                match await self.event():
                    case Ended() as end:
                        return end
                    case Message() as message:
                        self.messages.append(message)
                    case _:
                        pass

    async def close(self, code: int | None = CloseCode.NORMAL, reason: str | bytes = b"") -> Close:
        """Close as a client should: send a Close frame, demand the answer."""
        self.send(Frame.close(code, reason))
        return await self.expect_close()

    def expect_no_violation(self, requirement: str | None = None) -> None:
        """Demand that nothing which came so far broke *requirement* (the case's first by default)."""
        wanted = requirement or self.attempt.requirements[0]
        for violation in self.violations:
            if violation.requirement == wanted:
                self.attempt.broken(
                    violation.text,
                    "none of it in the server's frames",
                    requirement=wanted,
                    seen=f"breaks {wanted}: ",
                )


def cut_short(expecting: Expectation, end: Close | Ended) -> NoReturn:
    """End the attempt because a connection ended that was still needed, unless that breaks no rule."""
    if isinstance(end, Close):
        excuse_close(end)
    expecting.broken(str(end), Ground.MISSING)


def excuse_close(close: Close) -> None:
    """Raise when *close* tells of the server's own affairs, which no rule governs (section 7.4.1).

    Its limits and its policy make a case `NotApplicable`; a server that goes away leaves it `Inconclusive`.
    """
    if close.code in LIMITS:
        raise NotApplicable(LIMITS[CloseCode(close.code)])
    if close.code in ABSENCES:
        raise Inconclusive(f"the server went away: {close}")


def excuse_refusal(refusal: Refusal) -> None:
    """Raise when a handshake was refused for the server's own affairs, as `excuse_close` does."""
    excuse_status(refusal.status, refusal.detail)


def excuse_status(status: int | None, detail: str) -> None:
    """Raise for a status, told in *detail*, by which a server refuses for its own limits or want of room."""
    if status in TOO_LONG:
        raise NotApplicable(f"the server's own limit on requests: {detail}")
    if status in BUSY:
        raise Inconclusive(f"the server has no room: {detail}")


def excuse_rate(status: int | None, detail: str) -> None:
    """Raise for a status, told in *detail*, by which a server refuses whatever comes too often."""
    if status == RATE:
        raise Inconclusive(f"the server limits how often it is asked: {detail}")


def difference(sent: bytes, received: bytes | None) -> str:
    """Where *received* begins to differ from *sent*, in words."""
    if received is None:
        return ", which does not look like the echo that the profile tells"
    if len(sent) != len(received) and (sent.startswith(received) or received.startswith(sent)):
        more = len(received) - len(sent)
        return f", its payload {abs(more)} bytes {'longer' if more > 0 else 'shorter'} than what was sent"
    at = next((i for i, (a, b) in enumerate(zip(sent, received, strict=False)) if a != b), 0)
    return f", different from byte {at} on"


def ground_of(status: int | None) -> Ground:
    """What a finding about a refusal with *status* rests on: an answer of the server's own, or none of it."""
    return Ground.MISSING if status is None or status in GATEWAY else Ground.SEEN


__all__ = [
    "Closing",
    "End",
    "Ended",
    "Refusal",
    "WebSocketPeer",
    "cut_short",
    "describe_close",
    "describe_message",
    "difference",
    "excuse_close",
    "excuse_rate",
    "excuse_refusal",
    "excuse_status",
    "ground_of",
]
