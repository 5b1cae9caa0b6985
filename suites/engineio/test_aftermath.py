"""Rules for the packets that a server sends, broken where the case at hand was looking at something else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case

SENT = (
    "engineio/protocol/types-sent",
    "engineio/packet-encoding/utf-8-sent",
    "engineio/packet-encoding/base64-sent",
    "engineio/handshake/open-packet",
    "engineio/handshake/sid",
    "engineio/handshake/upgrades",
    "engineio/handshake/ping-interval",
    "engineio/handshake/ping-timeout",
    "engineio/handshake/max-payload",
    "engineio/handshake/timers-positive",
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
