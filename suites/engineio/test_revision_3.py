"""Engine.IO, clients of revision 3 of the protocol: refused so that somebody understands it, or served."""

from __future__ import annotations

from wireproof.attempt import Attempt, NotApplicable
from wireproof.case import case
from wireproof.peer.dialect import Application
from wireproof.peer.engineio import SessionPeer
from wireproof.target import Target

from .revision_3 import enter, knock, listen_for, say

SAMPLE = "€ and \U0001f600"  # 7 characters to JavaScript, 6 to Unicode, 12 bytes


@case("engineio/revision-3/refused-legibly", needs=["polling"])
async def test_refusal(session: SessionPeer, attempt: Attempt) -> None:
    """A client of revision 3 that is not served is told so with 400 and words about the version."""
    answer = await knock(session)
    if answer.status == 200:
        raise NotApplicable("the server answers clients of revision 3")
    if answer.status != 400 or b"version" not in answer.body.lower():
        attempt.broken(str(answer), "400 with a message that tells of the version")


@case("engineio/revision-3/open-packet", needs=["polling"])
async def test_open_packet(session: SessionPeer) -> None:
    """A client of revision 3 that is served gets its open packet behind a count of characters."""
    await enter(session)


@case("engineio/revision-3/pings-answered", needs=["polling"])
async def test_ping(session: SessionPeer, attempt: Attempt) -> None:
    """A ping of a client of revision 3 is answered with a pong, and none is sent to it."""
    came = await enter(session)
    await say(session, "2")
    came += await listen_for(session, "a pong", "3".__eq__)
    if "2" in came:
        attempt.broken("a ping came", "pongs only")


@case("engineio/revision-3/messages", needs=["polling", "messages"])
async def test_message(session: SessionPeer, target: Target) -> None:
    """A message of a client of revision 3 is answered, its characters counted as JavaScript does."""
    await enter(session)
    match session.dialect.application:
        case Application.ECHO:
            said = f"4{SAMPLE}"
        case Application.SOCKETIO if target.can("events") and session.dialect.echo is None:
            # There clients are in the namespace / without a word.
            said = f'42["message","{SAMPLE}"]'
        case _:
            raise NotApplicable("no application is known that answers clients of revision 3")
    await say(session, said)
    await listen_for(session, f"a message with {SAMPLE}", lambda packet: SAMPLE in packet)
