"""``replay``: what has become of recorded cases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Line, Serve
from tests.reports.made import FAILING, case
from wireproof.cli.replaying import Fate, judge_replay

BITS = "websocket/s5_2_base_framing/reserved_bit_fails_the_connection*"
OPENED = "network/sessions/websocket_is_opened_on_the_way"
SEEN = {"requirement": "rfc6455/5.1/unmasked-frame", "observed": 'answered "x"', "ground": "seen"}


def recorded(verdict: str, observed: str = 'answered "x"') -> dict[str, Any]:
    findings = [SEEN | {"observed": observed}] if verdict in ("fail", "warn") else []
    return case(FAILING, verdict, findings=findings)


@pytest.mark.parametrize(
    ("before", "after", "fate", "text"),
    [
        (recorded("fail"), recorded("pass"), Fate.FINE, "fixed"),
        (recorded("pass"), recorded("pass"), Fate.FINE, "pass, as before"),
        (recorded("fail"), recorded("fail"), Fate.FAILING, "still failing, the same way"),
        (recorded("fail"), recorded("fail", 'answered "y"'), Fate.FAILING, "still failing, the same way"),
        (recorded("fail"), recorded("fail", "a Close frame"), Fate.FAILING, "still failing, another way"),
        (recorded("pass"), recorded("warn"), Fate.FAILING, "warn, which it was not"),
        (recorded("fail"), recorded("inconclusive"), Fate.UNTOLD, "could not tell"),
        (recorded("fail"), recorded("not-applicable"), Fate.UNTOLD, "could not tell"),
        (recorded("fail"), None, Fate.UNTOLD, "could not tell"),
    ],
)
def test_what_has_become_of_a_case(
    before: dict[str, Any], after: dict[str, Any] | None, fate: Fate, text: str
) -> None:
    assert judge_replay(before, after) == (fate, text)


@pytest.fixture
def kept(line: Line, faulty: str) -> str:
    """The report of a run on a server that accepts RSV1 only."""
    line.report("run", faulty, "--case", BITS, "--seed", "5", status=1)
    return "report.json"


def test_at_the_same_server(line: Line, kept: str) -> None:
    ran = line("replay", kept, BITS)
    assert ran.status == 1, ran
    lines = ran.out.splitlines()
    assert lines[1:3] == [
        "    still failing, the same way",
        "    the connection lives on: pings behind it were answered",
    ]
    assert lines[-1] == "2 pass as before, 1 still failing the same way"
    assert max(map(len, lines)) <= 80


def test_only_the_closing_line(line: Line, kept: str) -> None:
    ran = line("replay", kept, BITS, "-q")
    assert (ran.status, ran.out) == (1, "2 pass as before, 1 still failing the same way\n"), ran
    ran = line("replay", kept, f"{BITS}[rsv1]".replace("*", ""), "-q")
    assert (ran.status, ran.out) == (1, "1 still failing the same way\n"), ran


def test_at_another_server(line: Line, kept: str, strict: str) -> None:
    ran = line("replay", kept, f"{BITS}[rsv1]".replace("*", ""), strict)
    assert (ran.status, ran.out.splitlines()[-1]) == (0, "    fixed"), ran


def test_at_a_server_that_fails_otherwise(line: Line, kept: str, serving: Serve) -> None:
    ran = line("replay", kept, BITS, serving("accepts-rsv2"), "--json", "again.json")
    assert (ran.status, "fail, which it was not" in ran.out, "fixed" in ran.out) == (1, True, True), ran
    assert len(json.loads((line.folder / "again.json").read_text())["cases"]) == 3


def test_the_seed_is_that_of_the_report(line: Line, kept: str) -> None:
    ran = line("replay", kept, BITS, "--journal", "j.ndjson")
    events = [json.loads(text) for text in (line.folder / "j.ndjson").read_text().splitlines()]
    assert (ran.status, events[0]["seed"]) == (1, 5)


def test_the_profile_is_that_of_the_report(line: Line, faulty: str) -> None:
    (line.folder / "mine.toml").write_text("[capabilities]\nsend = false\n")
    line.report("run", faulty, "--case", BITS, "--profile", "mine.toml", status=1)
    assert line("replay", "report.json", BITS, "--json", "again.json").status == 1
    again = json.loads((line.folder / "again.json").read_text())["target"]
    assert (again["profile"], again["capabilities"]["send"]) == ("mine.toml", False)
    (line.folder / "mine.toml").unlink()
    ran = line("replay", "report.json", BITS)
    assert (ran.status, "give --profile" in ran.err) == (2, True), ran


def test_a_case_that_the_report_lacks(line: Line, kept: str) -> None:
    ran = line("replay", kept, "no/such")
    assert (ran.status, "'no/such'" in ran.err) == (2, True), ran


def test_a_url_that_was_kept_secret(line: Line, faulty: str) -> None:
    secret = faulty.replace("ws://", "ws://user:p4ssword@")
    line.report("run", secret, "--case", BITS, status=1)
    ran = line("replay", "report.json", BITS)
    assert (ran.status, "give the URL again" in ran.err) == (2, True), ran
    assert line("replay", "report.json", BITS, secret).status == 1


def test_a_case_that_fails_on_a_route_goes_there_again(line: Line, strict: str) -> None:
    way = "simulated:strips-upgrade"
    report = line.report("run", strict, "--case", OPENED, "--via", way, status=1)
    assert [one["route"] for one in report["cases"] if one["verdict"] == "fail"] == [way]
    ran = line("replay", "report.json", OPENED)
    assert ran.status == 1, ran
    assert f"{OPENED} via {way}\n    still failing, the same way\n" in ran.out
    assert ran.out.splitlines()[-1] == "1 pass as before, 1 still failing the same way"
