"""Probes with a time limit: one that was cut short is heard once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from wireproof.peer.pacing import TimeLimit

HEARINGS = 2


async def told_at_last(
    seconds: float, probe: Callable[[], Awaitable[bool]], hearings: int = HEARINGS
) -> bool:
    """What *probe* tells within *seconds*, in the first of the *hearings* that was not cut short, else no.

    One that was cut short tells little of what a server can do: we, or the network, may have been held up.
    """
    for _ in range(hearings):
        try:
            async with TimeLimit(seconds):
                return await probe()
        except TimeoutError:
            pass
    return False
