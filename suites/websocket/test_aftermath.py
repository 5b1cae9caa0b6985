"""Rules for what a server sends, broken where the case at hand was looking at something else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from wireproof.attempt import Attempt
from wireproof.case import case

SENT = (
    "rfc6455/5.1/masked-frame-sent",
    "rfc6455/5.2/reserved-bits-sent",
    "rfc6455/5.2/opcode-sent",
    "rfc6455/5.2/length-minimal-sent",
    "rfc6455/5.2/length-top-bit-sent",
    "rfc6455/5.4/fragment-sequence-sent",
    "rfc6455/5.4/interleaving-sent",
    "rfc6455/5.5/control-length",
    "rfc6455/5.5/control-fragmented",
    "rfc6455/5.5.1/close-body-code",
    "rfc6455/5.5.1/close-reason-utf8-sent",
    "rfc6455/5.5.1/data-after-close-sent",
    "rfc6455/5.5.1/second-close-sent",
    "rfc6455/5.6/text-utf8-sent",
    "rfc6455/7.4.1/code-1004-sent",
    "rfc6455/7.4.1/code-1005-sent",
    "rfc6455/7.4.1/code-1006-sent",
    "rfc6455/7.4.1/code-1015-sent",
    "rfc6455/7.4.2/code-below-1000-sent",
    "rfc6455/7.4.2/code-above-4999-sent",
    "rfc6455/7.4.2/unassigned-code-sent",
)


@case(*SENT)
@pytest.mark.serial("it looks back at all other cases", last=True)
async def test_rules_for_sent_frames_are_kept_in_passing(
    attempt: Attempt, aftermath: Mapping[str, str]
) -> None:
    """No frame broke a rule in a case that looks at something else."""
    for requirement in SENT:
        if requirement in aftermath:
            attempt.found(aftermath[requirement], "no such frame in any case", requirement=requirement)
