"""Rules for the Socket.IO packets that a server sends, broken where a case was looking at something else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case

SENT = (
    "socketio/packet-encoding/message-packet-sent",
    "socketio/exchange-protocol/types-sent",
    "socketio/format/layout-sent",
    "socketio/format/namespace-sent",
    "socketio/format/main-namespace-sent",
    "socketio/format/attachments-sent",
    "socketio/format/attachments-together-sent",
    "socketio/connection-to-a-namespace/sid",
    "socketio/difference-between-v5-and-v4/refusal-object",
    "socketio/sending-and-receiving-data/payload-sent",
    "socketio/sending-and-receiving-data/binary-event-sent",
    "socketio/acknowledgement/payload-sent",
    "socketio/acknowledgement/binary-ack-sent",
    "socketio/acknowledgement/same-id",
)


@case(*SENT)
@pytest.mark.serial("it looks back at all other cases", last=True)
async def test_rules_for_sent_packets_are_kept_in_passing(
    attempt: Attempt, aftermath: Mapping[str, str]
) -> None:
    """No packet broke a rule in a case that looks at something else."""
    for requirement in SENT:
        if requirement in aftermath:
            attempt.found(aftermath[requirement], "no such packet in any case", requirement=requirement)
