"""What RFC 6455 forbids intermediaries, and what a WebSocket must get through them: both ends are here."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import Intensity, Where, case
from wireproof.peer.concurrent import all_of
from wireproof.peer.connection import End
from wireproof.peer.far_end import Blocked, Wire
from wireproof.run.network import Network
from wireproof.wire.http1 import Request, Response, accept_for
from wireproof.wire.websocket import Frame, Opcode, Rsv, fragments

from .tunnels import (
    ENDS,
    MUCH,
    alike,
    both,
    carried,
    frames,
    in_pieces,
    listed,
    next_frame,
    soon,
    tunnel,
)

CONTROL = "rfc6455/5.4/intermediary-control-frame"
RESERVED = "rfc6455/5.4/intermediary-reserved-bits"
EXTENSION = "rfc6455/5.4/intermediary-unknown-extension"
UNKNOWN = b"x-wireproof-unknown"
LISTS = (b"Sec-WebSocket-Protocol",)  # may come on other lines, with other blanks (RFC 9110 section 5.3)
PLACES = ["a request", "a response"]


@case("network/tunnel/opens", where=Where.PROXIED)
async def test_websocket_gets_through(network: Network, attempt: Attempt) -> None:
    """An opening handshake gets to the server and its 101 back to the client."""
    expected = "101 Switching Protocols, said at the far end"
    far = await network.far_end()
    made = await soon(attempt, far.tunnel(), expected)
    if isinstance(made, Blocked):
        hint = "" if made.arrived is None else f"; Upgrade: {made.arrived.get(b'Upgrade')!r}"
        attempt.broken(f"{made}{hint}", expected)
    if made.response.get(b"Sec-WebSocket-Accept") != accept_for(made.asked.get(b"Sec-WebSocket-Key") or b""):
        attempt.broken("a 101 with another Sec-WebSocket-Accept", expected)
    await carried(attempt, made.near, made.far, [Frame.text("hello")])
    await carried(attempt, made.far, made.near, [Frame.text("hello")])


@case("network/tunnel/header-fields", where=Where.PROXIED)
async def test_header_fields_arrive(network: Network, attempt: Attempt) -> None:
    """The fields of the handshake arrive with the values that they were sent with, both ways."""
    there = (
        (b"Origin", b"http://wireproof.example"),
        (b"Cookie", b"session=abc; other=d.e-f"),
        (b"Sec-WebSocket-Protocol", b"one.wireproof, two.wireproof"),
        (b"X-Wireproof-Token", b"a=b; c"),
    )
    back = (
        (b"Sec-WebSocket-Protocol", b"two.wireproof"),
        (b"Set-Cookie", b"session=def; Path=/; HttpOnly"),
        (b"X-Wireproof-Answer", b"yes"),
    )
    async with tunnel(network, there, back) as made:
        asked = (
            *there,
            *((n, made.asked.get(n) or b"") for n in (b"Sec-WebSocket-Key", b"Sec-WebSocket-Version")),
        )
        for name, value in asked:
            if not holds(came := lines(made.request, name), name, value):
                attempt.found(f"{name.decode()} arrived as {came or None!r}", f"{value!r}, as it was sent")
        for name, value in back:
            # A balancer may set a cookie of its own beside the server's.
            if not holds(came := lines(made.response, name), name, value):
                attempt.found(
                    f"{name.decode()} came back as {came or None!r}", f"{value!r}, as it was answered"
                )


def lines(head: Request | Response, name: bytes) -> list[bytes]:
    """The values of all lines called *name* in any letter case."""
    return [value for key, value in head.headers if key.lower() == name.lower()]


def holds(came: Sequence[bytes], name: bytes, value: bytes) -> bool:
    """Whether the lines that *came* hold *value*: of a list the elements, which may be written anew."""
    return elements(*came) == elements(value) if name in LISTS else value in came


def elements(*lines: bytes) -> list[bytes]:
    """The elements of a list, over all of its lines."""
    return [one.strip() for one in b",".join(lines).split(b",") if one.strip()]


@case(CONTROL, where=Where.PROXIED)
async def test_control_frames_arrive_whole(network: Network, attempt: Attempt) -> None:
    """Pings and pongs, alone and between fragments, arrive as one frame each, with their payloads."""
    async with tunnel(network) as made:
        for name, speaker, hearer in both(made):
            with attempt.row(name):
                for payload in (b"", b"x", b"p" * 125):
                    speaker.send(Frame.ping(payload), Frame.pong(payload))
                    for opcode in (Opcode.PING, Opcode.PONG):
                        what = f"a control frame with the opcode {opcode:#x} and {len(payload)} bytes"
                        frame = await next_frame(attempt, hearer, what)
                        if (frame.opcode, frame.fin, frame.payload) != (opcode, True, payload):
                            attempt.broken(listed([frame]), what)
                first, last = fragments(Opcode.TEXT, b"one", b"two")
                speaker.send(first, Frame.ping(b"between"), last)
                while not (frame := await next_frame(attempt, hearer, "a ping between fragments")).is_control:
                    pass
                if (frame.opcode, frame.fin, frame.payload) != (Opcode.PING, True, b"between"):
                    attempt.broken(listed([frame]), "a ping as one frame")


@case(RESERVED, where=Where.PROXIED)
@pytest.mark.parametrize("bit", [Rsv.RSV1, Rsv.RSV2, Rsv.RSV3])
async def test_frames_with_unknown_reserved_bits_stay_as_they_are(
    network: Network, attempt: Attempt, bit: Rsv
) -> None:
    """Where a message uses a reserved bit that nobody has explained, its frames stay as they are."""
    sent = _fragmented(bit)
    async with tunnel(network) as made:
        for name, speaker, hearer in both(made):
            with attempt.row(name):
                speaker.send(*sent)
                came = await frames(attempt, hearer, len(sent), f"{len(sent)} frames as they were sent")
                if isinstance(came, End):
                    # Section 5.2 has whoever reads frames fail such a connection: nothing was cut anew.
                    attempt.report(f"{name}: a reserved bit of unknown meaning ends the connection")
                    return
                if not alike(sent, came):
                    attempt.broken(listed(came), listed(sent))


@case(EXTENSION, where=Where.PROXIED)
async def test_frames_under_an_unknown_extension_stay_as_they_are(network: Network, attempt: Attempt) -> None:
    """Where an extension is negotiated that the intermediary can't know, all frames stay as they are."""
    offer = (b"Sec-WebSocket-Extensions", UNKNOWN)
    async with tunnel(network, [offer], [offer]) as made:
        for name, asked in zip(
            PLACES, (made.request.get(offer[0]), made.response.get(offer[0])), strict=True
        ):
            if asked != UNKNOWN:
                raise NotApplicable(f"the extension is not negotiated: it is left out of {name} on its way")
        for name, speaker, hearer in both(made):
            for bit in (Rsv.NONE, Rsv.RSV2):
                with attempt.row(name):
                    sent = _fragmented(bit)
                    speaker.send(*sent)
                    came = await frames(attempt, hearer, len(sent), f"{len(sent)} frames as they were sent")
                    if isinstance(came, End):
                        attempt.report(f"{name}: an unknown extension ends the connection")
                        return
                    if not alike(sent, came):
                        attempt.broken(listed(came), listed(sent))


def _fragmented(bit: Rsv) -> tuple[Frame, ...]:
    """A message in frames of odd sizes, an empty one among them, as only its sender would cut it."""
    parts = fragments(Opcode.BINARY, b"a", b"", b"bc" * 100, b"d" * 5000, b"e")
    return (*(part.but(rsv=bit) for part in parts), Frame.text("whole", rsv=bit))


@case("network/tunnel/order", CONTROL, where=Where.PROXIED)
async def test_order_is_kept(network: Network, attempt: Attempt) -> None:
    """Three hundred messages and pings, sent both ways at once, arrive in their order."""
    sent = [Frame.ping(b"%d" % n) if n % 3 == 0 else Frame.text(f"{n}") for n in range(300)]

    async def talk(name: str, speaker: Wire, hearer: Wire) -> None:
        speaker.send(*sent[:100])
        for frame in sent[100:]:
            speaker.send(frame)
        with attempt.row(name):
            for number in range(len(sent)):
                came = await next_frame(attempt, hearer, f"number {number}")
                if came.payload != b"%d" % number:
                    attempt.broken(f"{came.payload!r} where {number} was due", "the order of sending")

    async with tunnel(network) as made:
        await all_of(*(talk(*way) for way in both(made)))


@case("network/tunnel/messages", "network/tunnel/frames", where=Where.PROXIED)
async def test_messages_arrive_unchanged(network: Network, attempt: Attempt) -> None:
    """Text and binary messages of many sizes, whole and in fragments, arrive unchanged both ways."""
    fill = attempt.random.randbytes(70_000)
    async with tunnel(network) as made:
        anew = 0
        for name, speaker, hearer in both(made):
            with attempt.row(name):
                for size in (0, 1, 125, 126, 127, 4095, 4096, 16_384, 65_535, 65_536, 70_000):
                    data = fill[:size]
                    anew += await carried(attempt, speaker, hearer, [Frame.binary(data)]) != 1
                    text = data.hex().encode()[:size]
                    anew += await carried(attempt, speaker, hearer, [Frame.text(text)]) != 1
                pieces = in_pieces(fill, 7_001)
                anew += await carried(attempt, speaker, hearer, pieces) != len(pieces)
        if anew:
            attempt.found(
                f"{anew} messages were cut into other frames",
                "frames as they were sent",
                requirement="network/tunnel/frames",
            )


@case("network/tunnel/large", intensity=Intensity.NORMAL, where=Where.PROXIED, seconds=0.3)
@pytest.mark.serial(MUCH)
@pytest.mark.parametrize("kib", [64, 200, 1024, 4096])
async def test_large_messages_arrive_whole(network: Network, attempt: Attempt, kib: int) -> None:
    """A message that is larger than a proxy's buffers arrives whole, in one frame or many, both ways."""
    data = attempt.random.randbytes(kib * 1024)
    async with tunnel(network) as made:
        for name, speaker, hearer in both(made):
            with attempt.row(name):
                await carried(attempt, speaker, hearer, [Frame.binary(data)])
        await carried(attempt, made.near, made.far, in_pieces(data, 16_000))


@case("network/tunnel/close", CONTROL, where=Where.PROXIED)
@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999])
async def test_close_code_arrives(network: Network, attempt: Attempt, code: int) -> None:
    """A Close frame arrives with its code and reason, whichever side sends it."""
    for name in (0, 1):
        async with tunnel(network) as made:
            side, speaker, hearer = both(made)[name]
            with attempt.row(side):
                sent = Frame.close(code, "wirepröof")
                speaker.send(sent)
                what = f"a Close frame with {code} and the reason"
                frame = await next_frame(attempt, hearer, what)
                if (frame.opcode, frame.payload) != (Opcode.CLOSE, sent.payload):
                    attempt.broken(listed([frame]) + f" {frame.payload[:40]!r}", what)
                hearer.send(Frame.close(code))
                what = "the answer to the Close frame"
                frame = await next_frame(attempt, speaker, what)
                if frame.opcode != Opcode.CLOSE or frame.payload[:2] != sent.payload[:2]:
                    attempt.broken(listed([frame]) + f" {frame.payload[:40]!r}", what)


@case("network/tunnel/end", "network/tunnel/reset", where=Where.PROXIED)
@pytest.mark.parametrize("how", [pytest.param(End.FIN, id="fin"), pytest.param(End.RESET, id="rst")])
async def test_end_of_one_side_is_told_to_the_other(network: Network, attempt: Attempt, how: End) -> None:
    """When one side ends its connection without a Close frame, the other one's ends too."""
    for index in (0, 1):
        async with tunnel(network) as made:
            name, ending, hearing = both(made)[index]
            with attempt.row(name):
                if how is End.RESET:
                    ending.connection.reset()
                else:
                    ending.connection.half_close()
                end = await soon(attempt, hearing.end(), "the end of the connection")
                attempt.report(f"{name}: {ENDS[how]} arrives as {ENDS[end]}")
