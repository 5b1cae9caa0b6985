"""The real servers, judged by the real tool: every accusation is one that was checked by hand.

``WIREPROOF_ROUNDS`` says how many times each is judged, one time after another; the verdicts must not differ.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.servers import missing
from tests.matrix.findings import LISTS, Findings, accusations

pytestmark = pytest.mark.alone

ROUNDS = int(os.environ.get("WIREPROOF_ROUNDS", "1"))
SERVERS = {server: findings for findings in LISTS.values() for server in findings.versions()}
TRIES = 3  # of a round in which some case could not tell
DEADLINE = 120.0  # seconds for one run, which takes about five, and up to half a minute where much is missed

Report = dict[str, Any]
each_list = pytest.mark.parametrize("findings", LISTS.values(), ids=LISTS)


def judge(server: str, folder: Path, number: int) -> Report:
    path = folder / f"{number}.json"
    words = ["demo", "--server", server, "--quiet", "--seed", str(number), "--json", str(path)]
    words += [*SERVERS[server].options, "--journal", str(path.with_suffix(".ndjson"))]
    done = subprocess.run(
        [sys.executable, "-m", "wireproof", *words],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert path.exists(), done.stdout + done.stderr
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    summary = report["summary"]
    status = 1 if summary["fail"] else 4 if summary["inconclusive"] or summary["error"] else 0
    assert done.returncode == status, done.stdout + done.stderr
    return report


def untold(report: Report) -> list[tuple[str, str, str]]:
    """The cases that could not tell."""
    return [
        (case["id"], case["verdict"], case["reason"])
        for case in report["cases"]
        if case["verdict"] in ("error", "inconclusive")
    ]


def judge_again(server: str, folder: Path, number: int) -> Report:
    """One round; again where something could not be told: heartbeats of 200 ms wait for no busy machine."""
    for _ in range(TRIES):
        report = judge(server, folder, number)
        if not untold(report):
            break
    return report


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if lack := missing(name):
        pytest.skip(lack)
    return name


@pytest.fixture(scope="module")
def reports(server: str, tmp_path_factory: pytest.TempPathFactory) -> list[Report]:
    folder = tmp_path_factory.mktemp(server)
    return [judge_again(server, folder, number) for number in range(1, ROUNDS + 1)]


def test_every_case_can_tell(reports: list[Report]) -> None:
    for report in reports:
        assert report["complete"]
        assert not untold(report)


def test_every_accusation_is_known_and_every_known_one_is_made(server: str, reports: list[Report]) -> None:
    known = SERVERS[server].documented(server, [case["id"] for case in reports[0]["cases"]])
    sure = {pair for pair, one in known.items() if not one.chance}
    for report in reports:
        made = accusations(report)
        assert (sorted(made - known.keys()), sorted(sure - made)) == ([], [])


def test_verdicts_are_the_same_in_every_round(server: str, reports: list[Report]) -> None:
    known = SERVERS[server].documented(server, [case["id"] for case in reports[0]["cases"]])
    wavering = {case for (case, _), one in known.items() if one.chance}
    first, *others = [
        {case["id"]: case["verdict"] for case in report["cases"] if case["id"] not in wavering}
        for report in reports
    ]
    for other in others:
        assert {
            case: (first[case], verdict) for case, verdict in other.items() if first[case] != verdict
        } == {}


@each_list
def test_the_page_is_made_of_the_list(findings: Findings) -> None:
    assert findings.page.read_text(encoding="utf-8") == findings.text()


@each_list
def test_every_reason_names_its_section(findings: Findings) -> None:
    assert not [known.requirement for known in findings.known() if "section" not in known.reason.lower()]


@each_list
def test_the_list_speaks_of_servers_that_come_along(findings: Findings) -> None:
    assert not [known.requirement for known in findings.known() if set(known.seen) - set(findings.versions())]
