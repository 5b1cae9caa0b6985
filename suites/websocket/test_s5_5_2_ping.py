"""RFC 6455 section 5.5.2: pings are answered."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.peers import Peers
from wireproof.peer.raw import Ended
from wireproof.peer.websocket import WebSocketPeer, cut_short
from wireproof.target import Target
from wireproof.wire.session import Close, Message, Pong
from wireproof.wire.websocket import Frame, Opcode


@case("rfc6455/5.5.2/pong-reply")
async def test_ping_is_answered(peer: WebSocketPeer, attempt: Attempt, target: Target) -> None:
    """A ping right behind the handshake is answered with a pong."""
    # A server that was found to answer no pings is judged here, and spared in all other cases.
    if "pong" in target.reasons:
        target.require("pong")
    await peer.open()
    peer.send(Frame.ping(b"hello"))
    with attempt.expecting("a pong") as expecting:
        while not isinstance(event := await peer.event(), Pong):
            if isinstance(event, (Close, Ended)):
                cut_short(expecting, event)


@case("rfc6455/5.5.2/pong-reply")
async def test_empty_ping_is_answered(peer: WebSocketPeer) -> None:
    """A ping without a payload is answered."""
    await peer.open()
    await peer.expect_answered(Frame.ping())


@case("rfc6455/5.5.2/pong-reply")
async def test_many_pings_are_answered(peer: WebSocketPeer, attempt: Attempt) -> None:
    """Ten times twenty pings are answered, or at least the last of each twenty."""
    await peer.open()
    for turn in range(10):
        pings = [peer.ping() for _ in range(20)]
        peer.send(*pings)
        with attempt.row(f"ping {20 * turn + 20}"):
            await peer.expect_pong(pings[-1].payload)


@case("rfc6455/5.5.2/pong-reply", needs=["text"])
async def test_pings_between_messages_are_answered(peer: WebSocketPeer) -> None:
    """Pings are answered before, between and behind messages in the same segment."""
    await peer.open()
    before, between, behind = peer.ping(), peer.ping(), peer.ping()
    peer.send(before)
    await peer.expect_pong(before.payload)
    peer.send(Frame.text("one"), between, Frame.text("two"))
    await peer.expect_pong(between.payload)
    peer.send(behind)
    await peer.expect_pong(behind.payload)


@case("rfc6455/5.5.2/pong-reply", needs=["echo"])
async def test_pings_and_messages_in_one_segment_are_all_answered(
    peer: WebSocketPeer, attempt: Attempt
) -> None:
    """Of twenty messages with pings between them each comes back, and the last ping is answered."""
    await peer.open()
    pings = [peer.ping() for _ in range(20)]
    peer.send(*(frame for n in range(20) for frame in (Frame.text(f"message {n}"), pings[n])))
    await peer.expect_pong(pings[-1].payload)
    for n in range(20):
        with attempt.row(f"message {n}"):
            await peer.expect_echo(Opcode.TEXT, b"message %d" % n)


@case("rfc6455/5.5.2/pong-reply", "rfc6455/5.5.3/latest-ping")
async def test_flood_of_pings(peers: Peers, attempt: Attempt) -> None:
    """A thousand pings in one segment: the last one is answered, or the server sets a limit and goes on."""
    peer, other = peers(), peers()
    await other.open()
    await peer.open()
    stop = peer.ping()
    peer.send(*(Frame.ping(b"flood %d" % n) for n in range(999)), stop)
    pongs = 0
    with attempt.expecting("a pong for the last ping", requirement="rfc6455/5.5.3/latest-ping"):
        while True:
            match await peer.event():
                case Pong(payload) if payload == stop.payload:
                    break
                case Pong():
                    pongs += 1
                case Close() | Ended() as end:
                    # How many unanswered pings a server bears is its own policy.
                    attempt.report(f"a limit: the connection ended behind {pongs} pongs: {end}")
                    break
                case _:
                    pass
    await other.expect_alive()


@case("rfc6455/5.5.2/pong-prompt", needs=["echo"])
async def test_pong_does_not_wait_for_messages_behind_the_ping(peer: WebSocketPeer, attempt: Attempt) -> None:
    """A ping is answered before forty messages that came behind it."""
    count = 40
    await peer.open()
    ping = peer.ping()
    peer.send(ping, *(Frame.text(f"behind the ping {n}") for n in range(count)))
    echoes = 0
    with attempt.expecting(f"a pong before the echo of message {count}") as expecting:
        while echoes < count:
            match await peer.event():
                case Pong(received) if received == ping.payload:
                    return
                case Message():
                    echoes += 1
                case Close() | Ended() as end:
                    cut_short(expecting, end)
                case _:
                    pass
        expecting.broken(f"{count} messages were answered before the ping")
