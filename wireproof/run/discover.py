"""Finds out which protocols a target speaks, and joins what the probes of each tell."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from wireproof.errors import TargetError
from wireproof.peer.connection import Dialer
from wireproof.peer.session import REVISION, Transport
from wireproof.run.probe import Probe
from wireproof.run.probe_session import SessionFacts, SessionProbe
from wireproof.run.settings import Settings
from wireproof.target import PROTOCOLS, Target, capabilities_of

GRACE = 0.5  # seconds that one protocol may take longer to show itself than all that is told of another

_CONTRACT_PATHS = ("subprotocol", "close", "send", "broadcast", "broadcast-all", "echo", "echo-binary")


async def discover(settings: Settings, dialer: Dialer) -> Target:
    """Probe for all that is wanted; raise `TargetError` when none of it is spoken."""
    wanted = settings.protocols or PROTOCOLS
    plain, above = Probe(settings, dialer), SessionProbe(settings, dialer, settings.session)
    sockets = asyncio.create_task(_sockets(plain)) if "websocket" in wanted else None
    sessions = asyncio.create_task(above.run()) if set(wanted) - {"websocket"} else None
    tasks = {task for task in (sockets, sessions) if task is not None}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if _speaks(sockets) or _speaks(sessions):
            _, late = await asyncio.wait(tasks, timeout=GRACE + dialer.pacer.backlog)
            if late and (plain.spoken if sockets in late else above.spoken).is_set():
                await asyncio.wait(late)
        else:
            await asyncio.wait(tasks)
        found = sockets.result() if sockets and sockets.done() else None
        facts = sessions.result() if sessions and sessions.done() else None
        if sessions is None and isinstance(found, TargetError):
            facts = await above.run()  # its WebSocket transport may be what is meant
    finally:
        for task in tasks:
            task.cancel()
    if isinstance(found, TargetError) and not (facts and facts.protocols):
        raise _with_refusal(found, facts, settings)
    if facts is None or not facts.protocols:
        if isinstance(found, Target):
            return found
        raise TargetError(
            f"{settings.url} does not speak Engine.IO at {settings.session.path}: {_detail(facts)}"
        )
    protocols = tuple(name for name in facts.protocols if name in wanted)
    target = found if isinstance(found, Target) else None
    if target is None and "websocket" in wanted and facts.capabilities["websocket-transport"]:
        target = await _transport(settings, dialer, facts)
    if target is None:
        target = Target(dialer.endpoint, protocols=(), server=facts.server)
    if not (protocols or target.protocols):
        raise TargetError(
            f"{settings.url} speaks {' and '.join(facts.protocols)}, and nothing of what is wanted"
        )
    return _joined(
        replace(target, protocols=(*target.protocols, *protocols), session=facts.dialect), facts, settings
    )


def _speaks(task: asyncio.Task[Target | TargetError] | asyncio.Task[SessionFacts] | None) -> bool:
    if task is None or not task.done():
        return False
    found = task.result()
    return isinstance(found, Target) or (isinstance(found, SessionFacts) and bool(found.protocols))


async def _sockets(probe: Probe) -> Target | TargetError:
    try:
        return await probe.run()
    except TargetError as exc:
        return exc


async def _transport(settings: Settings, dialer: Dialer, facts: SessionFacts) -> Target | None:
    """The WebSocket transport of Engine.IO as what the WebSocket suites judge."""
    resource = f"{facts.dialect.path}?EIO={REVISION}&transport={Transport.WEBSOCKET}"
    there = replace(dialer.endpoint, resource=resource)
    told = replace(
        settings,
        dialect=facts.dialect.over_websocket,
        without=settings.without | frozenset(_CONTRACT_PATHS) - settings.assume,
    )
    try:
        target = await Probe(told, Dialer(there, dialer.pacer)).run()
    except TargetError:
        return None
    why = "what is judged is the WebSocket transport of Engine.IO, which carries its packets only"
    reasons = {**target.reasons, **dict.fromkeys(_CONTRACT_PATHS, why), "text": why, "binary": why}
    return replace(target, endpoint=dialer.endpoint, sockets=there, reasons=reasons)


def _joined(target: Target, facts: SessionFacts, settings: Settings) -> Target:
    told = dict.fromkeys(settings.assume, True) | dict.fromkeys(settings.without, False)
    known = {**target.capabilities, **facts.capabilities, **told}
    names = capabilities_of(target.protocols)
    reasons = {**target.reasons, **facts.reasons, **{n: f"told by --without {n}" for n in settings.without}}
    capabilities = {name: known.get(name, False) for name in names}
    return replace(
        target,
        capabilities=capabilities,
        reasons=reasons,
        server=target.server or facts.server,
        shared=target.shared | ({"socketio"} if facts.shared else frozenset()),
    )


def _with_refusal(exc: TargetError, facts: SessionFacts | None, settings: Settings) -> TargetError:
    if facts is None or not facts.detail:
        return exc
    return TargetError(f"{exc}\n  nor does it speak Engine.IO at {settings.session.path}: {_detail(facts)}")


def _detail(facts: SessionFacts | None) -> str:
    return facts.detail if facts and facts.detail else "no answer"
