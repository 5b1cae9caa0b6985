"""What was broken in passing is accused once, by the case that looks back."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

from wireproof.attempt import Attempt
from wireproof.case import CaseSpec, spec_of
from wireproof.catalogue.requirement import load_catalogue
from wireproof.content import prepare_content
from wireproof.peer import session as peer
from wireproof.run.judge import Result
from wireproof.run.lab import Lab
from wireproof.run.scheduler import Flight, Plan
from wireproof.run.settings import Settings
from wireproof.run.track import Track
from wireproof.verdict import Finding, Verdict
from wireproof.wire import engineio, session, socketio, websocket
from wireproof.wire.session import Violation

BODY = "rfc6455/5.5.1/close-body-code"
MASK = "rfc6455/5.1/masked-frame-sent"


async def nothing(_: Attempt) -> None:
    """A body that is never flown."""


def flown(name: str, *passing: str, accused: str | None = None) -> Flight:
    spec = CaseSpec((MASK,))
    attempt = Attempt(spec.requirements, passing=[Violation(one, "an odd frame") for one in passing])
    findings = (Finding(accused, ("none",), "an odd frame"),) if accused else ()
    flight = Flight(Plan(name, spec, nothing))
    flight.result = Result(Verdict.FAIL if accused else Verdict.PASS, attempt, findings)
    return flight


@pytest.fixture
def track() -> Track:
    return Lab(Settings("ws://127.0.0.1:9")).track


def test_what_nobody_accused_is_told_with_its_case(track: Track) -> None:
    track.flown = [flown("a", BODY), flown("b", BODY)]
    assert track.aftermath() == {BODY: "an odd frame (seen in a)"}


def test_what_a_case_accused_is_not_told_again(track: Track) -> None:
    track.flown = [flown("a", MASK, BODY), flown("b", accused=MASK)]
    assert list(track.aftermath()) == [BODY]


def test_what_an_earlier_run_saw_is_told_as_well() -> None:
    kept = [
        {"id": "a", "route": "direct", "broken": [], "in_passing": [f"{BODY}: odd: a frame"]},
        {"id": "b", "route": "direct", "broken": [MASK], "in_passing": [f"{MASK}: an odd frame"]},
    ]
    track = Lab(Settings("ws://127.0.0.1:9", kept=tuple(kept))).track
    assert track.aftermath() == {BODY: "odd: a frame (seen in a)"}


@pytest.mark.parametrize(
    ("suite", "sources"),
    [("websocket", (session, websocket)), ("engineio", (engineio, peer)), ("socketio", (socketio, engineio))],
)
def test_case_that_looks_back_lists_every_rule_that_the_codecs_know(
    suite: str, sources: tuple[ModuleType, ...]
) -> None:
    prepare_content()
    module = importlib.import_module(f"wireproof.bundle.suites.{suite}.test_aftermath")
    (spec,) = (found for name in vars(module) if (found := spec_of(getattr(module, name))) is not None)
    source = "".join(map(inspect.getsource, sources))
    family = {"websocket": "rfc6455"}.get(suite, suite)
    # What stands there is the whole id, or what follows a prefix that is common to all.
    known = [
        name
        for name in load_catalogue()
        if name.startswith(f"{family}/")
        and any(f'"{part}"' in source for part in (name, name.partition("/")[2]))
    ]
    assert known
    assert set(known) <= set(spec.requirements)


def test_every_rule_that_is_put_together_is_listed() -> None:
    prepare_content()
    module = importlib.import_module("wireproof.bundle.suites.engineio.test_aftermath")
    wrong = '{"sid": 1, "upgrades": 1, "pingInterval": "1", "pingTimeout": 0, "maxPayload": null}'
    for text in ("no JSON", wrong):
        with pytest.raises(engineio.HandshakeError) as caught:
            engineio.parse_handshake(text)
        assert {violation.requirement for violation in caught.value.violations} <= set(module.SENT)
    module = importlib.import_module("wireproof.bundle.suites.socketio.test_aftermath")
    for text in ("50-[1]", "60-1[]"):
        with pytest.raises(socketio.PacketError) as found:
            socketio.Decoder().feed(text)
        assert {violation.requirement for violation in found.value.violations} <= set(module.SENT)
