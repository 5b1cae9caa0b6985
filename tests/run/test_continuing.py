"""What a run takes over from the journal of one that was cut off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wireproof import SUITES_VERSION
from wireproof.case import CaseSpec
from wireproof.content import load_drivers
from wireproof.errors import JournalError, UsageError
from wireproof.run.campaign import Campaign
from wireproof.run.continuing import Begun, read_begun
from wireproof.run.select import CaseItem
from wireproof.run.settings import Settings

URL = "ws://127.0.0.1:9"
STARTED = {"event": "run-started", "seed": 7, "tool": {"suites": SUITES_VERSION}}
PROBED = {"event": "target-probed", "target": {"url": URL}, "routes": []}


def finished(name: str, verdict: str, route: str = "direct") -> dict[str, Any]:
    return {"event": "case-finished", "case": {"id": name, "verdict": verdict, "route": route}}


def journal(folder: Path, *events: dict[str, Any], cut: str = "") -> Path:
    path = folder / "journal.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in events) + cut)
    return path


def item(name: str) -> CaseItem:
    return CaseItem(name, "A case.", "websocket", CaseSpec(("rfc6455/5.2/reserved-bits",)), "x.py")


def test_what_was_judged_is_taken_over_and_the_rest_is_not(tmp_path: Path) -> None:
    verdicts = ("pass", "fail", "warn", "info", "not-applicable", "inconclusive", "error")
    path = journal(tmp_path, STARTED, PROBED, *(finished(f"a/{one}", one) for one in verdicts))
    begun = read_begun(path, URL)
    assert begun.seed == 7
    assert [case["verdict"] for case in begun.cases] == list(verdicts[:5])


def test_line_that_was_cut_off_is_no_verdict(tmp_path: Path) -> None:
    path = journal(tmp_path, STARTED, PROBED, finished("a/b", "pass"), cut='{"event": "case-fin')
    assert [case["id"] for case in read_begun(path, URL).cases] == ["a/b"]


def test_run_that_never_reached_its_target_settled_nothing(tmp_path: Path) -> None:
    assert read_begun(journal(tmp_path, STARTED), URL) == Begun(7)


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([], "nothing had begun"),
        ([STARTED | {"tool": {"suites": "0.0"}}], "it is of the suites 0.0"),
        ([STARTED, PROBED | {"target": {"url": "ws://other"}}], "it is about ws://other"),
    ],
    ids=["empty", "other-suites", "other-target"],
)
def test_journals_of_something_else(tmp_path: Path, events: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_begun(journal(tmp_path, *events), URL)


def test_file_that_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        read_begun(tmp_path / "missing", URL)


def test_cases_that_were_judged_do_not_fly_again_and_shards_stay_the_same() -> None:
    kept = tuple(finished(name, "pass")["case"] for name in ("s/m/a", "s/m/d"))
    campaign = Campaign(Settings(URL, kept=kept, shard=(1, 2)))
    chosen = campaign.select([item(f"s/m/{letter}") for letter in "abcdef"])
    assert [case.id for case in chosen] == ["s/m/c", "s/m/e"]
    assert [record["id"] for record in campaign.kept] == ["s/m/a"]


def test_case_flies_again_where_a_route_of_the_new_run_has_no_verdict() -> None:
    kept = tuple(finished("s/m/a", "pass", route)["case"] for route in ("direct", "nginx"))
    for via, left in (((), 0), (("nginx",), 0), (("haproxy",), 1)):
        campaign = Campaign(Settings(URL, kept=kept, via=via), drivers=load_drivers)
        assert len(campaign.select([item("s/m/a")])) == left
        assert len(campaign.kept) == (0 if left else 1 + len(via))
