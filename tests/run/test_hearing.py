"""A chat sends every client what each one says: nobody is taken for a faulty server for that."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from fixtures.strict import BroadcastAll, Connection
from fixtures.strict.serving import connection_class
from tests.matrix.flight import running
from wireproof.peer.connection import Dialer
from wireproof.peer.endpoint import parse_endpoint
from wireproof.run.probe import Probe
from wireproof.run.settings import Settings

pytestmark = pytest.mark.alone

CASES = ("websocket/s5_2_payload_length/*", "websocket/s5_4_fragmentation/*", "websocket/rfc7692_context/*")


class Chat(Connection):
    """Sends what one client says to all of them, also at the path where others echo."""

    routes: ClassVar = {**Connection.routes, "/": BroadcastAll}


@pytest.mark.parametrize(
    ("server", "shared"),
    [
        (Chat, {"websocket"}),
        (connection_class("strict"), set()),
        (connection_class("answers-newest-connection"), set()),
    ],
    ids=["chat", "echo", "answers-newest-connection"],
)
def test_shared_echo_is_found_out(server: type[Connection], shared: set[str]) -> None:
    with running(server) as twin:
        probe = Probe(Settings(twin.url), Dialer(parse_endpoint(twin.url)))
        target = asyncio.run(probe.run())
    assert (target.can("echo"), target.shared) == (True, frozenset(shared))


def test_cases_on_a_chat_do_not_mix_up_their_messages(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = [word for case in CASES for word in ("--case", case)]
    with running(Chat) as twin:
        subprocess.run(
            [sys.executable, "-m", "wireproof", "run", twin.url, "--quiet", "--json", str(report), *words],
            check=True,
            timeout=120,
            cwd=tmp_path,
        )
    cases: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["cases"]
    reasons = {case["reason"] for case in cases if case["verdict"] == "not-applicable"}
    assert any("comes to others too" in reason for reason in reasons)
    assert sum(case["verdict"] == "pass" for case in cases) > len(cases) / 2
