"""Payloads of revision 3 of the protocol, where it is served: packets behind their count of characters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from wireproof.attempt import NotApplicable
from wireproof.peer.engineio import SessionPeer, excuse_answer
from wireproof.peer.exchange import Answer, with_body
from wireproof.peer.session import POLL_TYPE
from wireproof.wire.engineio import HandshakeError, parse_handshake

QUERY = {"EIO": "3"}
_ENCODING = "utf-16-le"  # characters are counted as JavaScript does, two bytes each
_LONGEST = 7  # digits


class PayloadError(ValueError):
    """The text is no payload of revision 3."""


def write_payload(packets: Iterable[str]) -> bytes:
    """*packets* as a payload."""
    return "".join(f"{len(one.encode(_ENCODING)) // 2}:{one}" for one in packets).encode()


def read_payload(body: bytes) -> list[str]:
    """The packets of a payload; raise `PayloadError`."""
    try:
        return list(_read(body.decode("utf-8")))
    except UnicodeError as exc:
        raise PayloadError(f"no UTF-8: {exc}") from None


def _read(text: str) -> Iterator[str]:
    while text:
        count, colon, rest = text.partition(":")
        if not (colon and count.isdecimal() and len(count) <= _LONGEST):
            raise PayloadError(f"no count of characters: {text[:20]!r}")
        data, size = rest.encode(_ENCODING), 2 * int(count)
        if len(data) < size:
            raise PayloadError(f"{count} characters are announced, and {len(data) // 2} are there")
        yield data[:size].decode(_ENCODING)
        text = data[size:].decode(_ENCODING)


def is_greeting(answer: Answer) -> bool:
    """Whether *answer* opens a session of revision 3."""
    count, _, packet = answer.body.partition(b":")
    return answer.status == 200 and count.isdigit() and packet.startswith(b"0{")


async def knock(session: SessionPeer) -> Answer:
    """The answer to a handshake of revision 3."""
    with session.attempt.expecting("an answer to EIO=3"):
        answer = await session.fetch(session.request(QUERY))
    excuse_answer(answer)
    return answer


async def enter(session: SessionPeer) -> list[str]:
    """Open a session of revision 3; raise `NotApplicable` when it is refused.

    What came behind the open packet is returned; a payload that can't be read breaks the case's requirement.
    """
    answer = await knock(session)
    if answer.status is None or answer.status >= 400:
        raise NotApplicable("the server does not serve revision 3 of the protocol")
    expected = "an open packet behind its count of characters"
    session.heartbeat.begin()
    try:
        first, *others = read_payload(answer.body)
        session.handshake = parse_handshake(first[1:])
    except PayloadError as exc:
        session.attempt.broken(f"{answer}: {exc}", expected)
    except HandshakeError as exc:
        session.handshake = exc.handshake  # revision 3 tells no maxPayload
    except ValueError:
        session.attempt.broken(f"{answer}: nothing in it", expected)
    if session.handshake is None or not first.startswith("0"):
        session.attempt.broken(str(answer), expected)
    return others


async def say(session: SessionPeer, packet: str) -> None:
    """Send one packet; a refusal breaks the case's requirement."""
    body = write_payload([packet])
    request = with_body(session.request(QUERY, b"POST"), body, POLL_TYPE)
    with session.attempt.expecting("200"):
        await session.expect_status(await session.fetch(request, body), 200)


async def listen_for(session: SessionPeer, what: str, is_wanted: Callable[[str], bool]) -> list[str]:
    """Poll until *what* comes, a packet that is wanted, and return all packets that came."""
    came: list[str] = []
    with session.attempt.expecting(what) as expecting:
        while not any(map(is_wanted, came)):
            answer = await session.fetch(session.request(QUERY))
            if answer.status != 200:
                expecting.broken(str(answer))
            try:
                came += read_payload(answer.body)
            except PayloadError as exc:
                expecting.broken(f"{answer}: {exc}")
    return came
