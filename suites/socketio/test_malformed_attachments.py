"""Malformed packets: numbers of attachments, placeholders, and attachments that are not what is due."""

from __future__ import annotations

from wireproof.attempt import Attempt
from wireproof.case import case
from wireproof.peer.engineio import SLACK
from wireproof.peer.peers import Clients
from wireproof.peer.socketio import SocketIOPeer, describe

from .malformed import Parts, expect_failures, head

COUNT = "socketio/packets/attachment-count-received"
NONE = "socketio/packets/no-attachments-received"
TEXT = "socketio/packets/text-for-attachment-received"
STRAY = "socketio/packets/stray-attachment-received"
PLACEHOLDER = "socketio/packets/placeholder-received"
UNUSED = "socketio/packets/unused-attachment-received"
ONE = '{"_placeholder":true,"num":0}'
DATA = b"\x01\x02\x03"


@case(COUNT)
async def test_wrong_number_of_attachments_closes(clients: Clients, attempt: Attempt) -> None:
    """A binary packet whose number of attachments is missing or no whole number closes the connection."""
    rows: dict[str, Parts] = {
        "no number": (f'5-@["message",{ONE}]', DATA),
        "no number, no hyphen": (f'5@["message",{ONE}]', DATA),
        "no hyphen": (f'51@["message",{ONE}]', DATA),
        "nothing but a type": ("5",),
        "nothing but a number": ("51",),
        "a letter": (f'5a-@["message",{ONE}]', DATA),
        "a fraction": (f'51.23-@["message",{ONE}]', DATA),
        "a negative number": (f'5-1-@["message",{ONE}]', DATA),
        "a word": ("5woooot",),
        "an acknowledgement": (f"6-@0[{ONE}]", DATA),
    }
    await expect_failures(attempt, clients, rows)


@case(NONE)
async def test_binary_packet_without_attachments_closes(clients: Clients, attempt: Attempt) -> None:
    """A binary packet that tells of 0 attachments closes the connection."""
    rows: dict[str, Parts] = {
        "an event": ('50-@["message","x"]',),
        "an event with a placeholder": (f'50-@["message",{ONE}]',),
        "an acknowledgement": ('60-@0["x"]',),
    }
    await expect_failures(attempt, clients, rows)


@case(TEXT)
async def test_text_where_an_attachment_is_due_closes(clients: Clients, attempt: Attempt) -> None:
    """Another packet where an attachment is due closes the connection."""
    event = f'51-@["message",{ONE}]'
    rows: dict[str, Parts] = {
        "an event": (event, '2@["message","x"]'),
        "a binary event": (event, event, DATA),
        "for the second of two": (f'52-@["message",{ONE},{{"_placeholder":true,"num":1}}]', DATA, '2@["x"]'),
        "no packet": (event, "wireproof"),
    }
    await expect_failures(attempt, clients, rows)


@case(STRAY)
async def test_stray_attachment_closes(clients: Clients, attempt: Attempt) -> None:
    """An attachment that no packet told of closes the connection."""
    rows: dict[str, Parts] = {
        "alone": (DATA,),
        "behind an event": ('2@["message","x"]', DATA),
        "one too many": (f'51-@["message",{ONE}]', DATA, DATA),
        "bytes that look like a packet": (b'2["message","x"]',),
    }
    await expect_failures(attempt, clients, rows)


@case(PLACEHOLDER)
async def test_placeholder_without_an_attachment_closes(clients: Clients, attempt: Attempt) -> None:
    """A placeholder whose number is that of no attachment, or is no number, closes the connection."""
    numbers = ("1", "99", "-1", '"splice"', '"0"', "1.5", "null", "true", "[0]", "{}")
    rows: dict[str, Parts] = {
        f"num {number}": (f'51-@["message",{{"_placeholder":true,"num":{number}}}]', DATA)
        for number in numbers
    }
    rows["no num"] = ('51-@["message",{"_placeholder":true}]', DATA)
    await expect_failures(attempt, clients, rows)


@case(UNUSED)
async def test_attachment_without_a_placeholder_is_told(client: SocketIOPeer, attempt: Attempt) -> None:
    """What becomes of a packet is told that has more attachments than placeholders."""
    await client.open()
    await client.send(f'52-{head(client)}["message",{ONE}]', DATA, DATA)
    end = await client.settle()
    came = [
        describe(packet) for packet in client.kept if packet.is_event and packet.data[0] == "message-back"
    ]
    attempt.report(describe(end) if end else ", ".join(came) or "ignored")


@case("socketio/limits/attachments")
async def test_very_many_attachments_close(client: SocketIOPeer, attempt: Attempt) -> None:
    """A packet that tells of 999,999 attachments closes the connection at once."""
    await client.open()
    # A question would be a text where an attachment is due: the heartbeat shows whether the session lives.
    attempt.last(2 * client.session.timers.ping_interval + SLACK, "the server's second ping from now")
    await client.send(f'5999999-{head(client)}["message",{ONE}]')
    with attempt.expecting("the end of the session") as expecting:
        # A first ping may be under way already.
        for number in (len(client.session.heartbeat.pings), len(client.session.heartbeat.pings) + 1):
            if await client.session.next_ping(number) is not None:
                return
        expecting.broken("the session lives on and waits for them")
