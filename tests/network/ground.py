"""Flies single cases of suites/network through proxies that behave, and through ones that do not."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

from tests.network.spoiler import Spoiler
from wireproof.attempt import Attempt
from wireproof.case import spec_of
from wireproof.content import load_drivers
from wireproof.peer.connection import Dialer
from wireproof.peer.peers import Clients, Peers, Sessions
from wireproof.run.discover import discover
from wireproof.run.judge import Result, judge, judge_deadline
from wireproof.run.network import Network
from wireproof.run.route import DIRECT
from wireproof.run.settings import Settings
from wireproof.run.survey import Survey
from wireproof.run.ways import Ways
from wireproof.target import Target

WITHIN = 30.0
NOWHERE = "ws://127.0.0.1:9"

Case = Callable[..., Awaitable[None]]


async def fly(
    case: Case,
    via: str | None = None,
    nodes: Sequence[str] = (),
    /,
    within: float = WITHIN,
    patience: float = 0.0,
    survey: Survey | None = None,
    **parameters: Any,
) -> Result:
    """Judge one attempt of *case* on the route that *via* says, to *nodes*, of which none may be needed.

    *survey* is what was found before.
    """
    spec = spec_of(case)
    assert spec is not None
    url, *others = nodes or [NOWHERE]
    settings = Settings(url, nodes=tuple(others), via=(via,) if via else ())
    ways = Ways(settings, lambda: {**load_drivers(), "spoiler": Spoiler()})
    attempt = Attempt(spec.requirements, random=Random(6455), patience=patience)
    outcome: BaseException | None = None
    network = None
    try:
        there = settings.endpoint()
        target = await discover(settings, Dialer(there)) if nodes else Target(there)
        if survey is not None:
            ways.found, ways.survey, target = target, survey, survey.seen(target, DIRECT)
        target.require(*spec.needs)
        network = Network(ways, target, attempt, via)
        sessions = Sessions(Dialer(there), attempt, target.session)
        offered = {
            "network": network,
            "attempt": attempt,
            "target": target,
            "peers": Peers(Dialer(target.sockets or there), attempt, target.dialect),
            "sessions": sessions,
            "clients": Clients(sessions),
            **parameters,
        }
        async with asyncio.timeout(within):
            await case(**{name: offered[name] for name in inspect.signature(case).parameters})
    except asyncio.CancelledError:
        raise
    except BaseException as exc:  # noqa: BLE001  # all of them are judged
        outcome = exc
    finally:
        if network is not None:
            network.discard()
        await ways.close()
    if isinstance(outcome, TimeoutError):
        return judge_deadline(attempt, within, within, None)
    return judge(attempt, outcome)


def told(result: Result) -> str:
    """A result in one line, for a test that fails."""
    seen = "; ".join(f"{one.requirement}: {one.observed}" for one in result.findings)
    return f"{result.verdict}: {seen} {result.reason} {'; '.join(result.attempt.reports)}"
