"""The report: what whole and partial runs amount to, and the exit status."""

from __future__ import annotations

from typing import Any

import pytest

from wireproof.errors import JournalError
from wireproof.report import blamed, exit_status, fold, requirement_records, sentence, summarise
from wireproof.verdict import Verdict

BITS, OPCODE = "rfc6455/5.2/reserved-bits", "rfc6455/5.2/unknown-opcode"
STARTED = {
    "event": "run-started",
    "started": "2026-01-01T00:00:00Z",
    "tool": {"name": "wireproof"},
    "command": ["run"],
    "seed": 7,
    "cases": 2,
}
PROBED = {"event": "target-probed", "target": {"url": "ws://h", "protocols": ["websocket"]}, "routes": [{}]}
FINISHED = {"event": "run-finished", "finished": "2026-01-01T00:00:09Z", "duration_s": 9.0, "complete": True}


def case(name: str, verdict: str = "pass", **more: Any) -> dict[str, Any]:
    made = {
        "id": name,
        "route": "direct",
        "verdict": verdict,
        "requirements": [BITS],
        "broken": [BITS] if verdict in ("fail", "warn") else [],
        "known": None,
        "duration_s": 1.5,
    }
    return made | more


def done(*cases: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"event": "case-finished", "case": one} for one in cases]


# Folding ------------------------------------------------------------------------------------------------


def test_a_whole_run() -> None:
    report = fold([STARTED, PROBED, *done(case("b"), case("a", "fail")), FINISHED])
    assert report["schema"] == "wireproof/report/1"
    assert [one["id"] for one in report["cases"]] == ["a", "b"]
    assert (report["complete"], report["duration_s"], report["selected"]) == (True, 9.0, 2)
    assert (report["started"], report["finished"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z")


def test_a_run_that_was_cut_off() -> None:
    report = fold([STARTED, PROBED, *done(case("a"))])
    assert (report["complete"], len(report["cases"]), report["selected"]) == (False, 1, 2)


def test_a_run_that_was_cut_off_lasted_until_its_last_event() -> None:
    first, last = ({"at": f"2026-01-01T00:00:0{second}.500+00:00"} for second in (1, 4))
    report = fold([STARTED | first, PROBED | first, *[one | last for one in done(case("a"))]])
    assert (report["finished"], report["duration_s"]) == (last["at"], 4.5)


def test_a_run_that_ended_early() -> None:
    report = fold([STARTED, PROBED, *done(case("a")), FINISHED | {"complete": False}])
    assert (report["complete"], report["duration_s"]) == (False, 9.0)


def test_events_of_a_newer_tool_are_passed_over() -> None:
    assert fold([STARTED, {"event": "comet"}, PROBED, FINISHED])["complete"]


@pytest.mark.parametrize("events", [[], [STARTED], [STARTED, FINISHED]], ids=["empty", "cut", "no-target"])
def test_a_run_that_had_not_begun(events: list[dict[str, Any]]) -> None:
    with pytest.raises(JournalError, match="before the target was probed"):
        fold(events)


def test_a_fold_does_not_change_what_it_takes() -> None:
    events: list[dict[str, Any]] = [STARTED, PROBED, *done(case("a")), FINISHED]
    assert fold(events) == fold(events)


# Counting -----------------------------------------------------------------------------------------------


def test_every_verdict_is_counted() -> None:
    cases = [case(f"c{number}", verdict) for number, verdict in enumerate(Verdict)]
    assert summarise(cases) == dict.fromkeys(map(str, Verdict), 1) | {"known": 0}


def test_only_failures_are_known() -> None:
    known = {"reason": "we know"}
    counts = summarise([case("a", "fail", known=known), case("b", "warn", known=known), case("c", "fail")])
    assert (counts["fail"], counts["warn"], counts["known"]) == (2, 1, 1)


# Requirements -------------------------------------------------------------------------------------------


def status_of(*cases: dict[str, Any], name: str = BITS) -> tuple[str, list[str]]:
    records = {one["id"]: one for one in requirement_records(cases, ["websocket"])}
    return records[name]["status"], records[name]["cases"]


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["pass"], "met"),
        (["pass", "fail"], "broken"),
        (["pass", "warn"], "broken"),
        (["info"], "met"),
        (["inconclusive"], "not-tested"),
        (["not-applicable", "error"], "not-tested"),
        (["pass", "inconclusive"], "met"),
        ([], "not-tested"),
    ],
    ids="-".join,
)
def test_what_cases_say_of_a_requirement(verdicts: list[str], status: str) -> None:
    cases = [case(f"c{number}", verdict) for number, verdict in enumerate(verdicts)]
    assert status_of(*cases)[0] == status


def test_the_cases_that_speak_of_a_requirement() -> None:
    assert status_of(case("b"), case("c", "fail"), case("a"), case("d", "error"))[1] == ["a", "b", "c"]


def test_a_case_breaks_only_what_it_accuses() -> None:
    both = case("a", "fail", requirements=[BITS, OPCODE], broken=[OPCODE])
    assert status_of(both) == ("not-tested", [])
    assert status_of(both, name=OPCODE) == ("broken", ["a"])


def test_other_routes_say_nothing_of_the_target() -> None:
    assert status_of(case("a", "fail", route="nginx")) == ("not-tested", [])


def test_only_the_specifications_of_the_target_and_what_was_checked_besides() -> None:
    assert [one["id"] for one in requirement_records([case("a")], [])] == case("a")["requirements"]


# Exit status --------------------------------------------------------------------------------------------

KNOWN = {"reason": "we know"}


@pytest.mark.parametrize(
    ("cases", "status"),
    [
        pytest.param([case("a")], 0, id="pass"),
        pytest.param([case("a", "info")], 0, id="info"),
        pytest.param([case("a"), case("b", "warn")], 0, id="warn"),
        pytest.param([case("a"), case("b", "fail")], 1, id="fail"),
        pytest.param([case("a"), case("b", "fail", known=KNOWN)], 0, id="known"),
        pytest.param([case("a", "fail"), case("b", "fail", known=KNOWN)], 1, id="known-and-new"),
        pytest.param([case("a"), case("b", "error")], 4, id="error"),
        pytest.param([case("a"), case("b", "inconclusive")], 4, id="inconclusive"),
        pytest.param([case("a", "error"), case("b", "fail")], 1, id="fail-before-error"),
        pytest.param([case("a", "not-applicable")], 4, id="vacuous"),
        pytest.param([case("a"), case("b", "not-applicable")], 0, id="partly-applicable"),
    ],
)
def test_the_exit_status(cases: list[dict[str, Any]], status: int) -> None:
    assert exit_status(fold([STARTED, PROBED, *done(*cases), FINISHED])) == status


def test_warnings_count_where_they_shall() -> None:
    report = fold([STARTED, PROBED, *done(case("a", "warn"), case("b", "error")), FINISHED])
    assert (exit_status(report), exit_status(report, fail_on_warn=True)) == (4, 1)
    report = fold([STARTED, PROBED, *done(case("a", "warn", known=KNOWN)), FINISHED])
    assert (exit_status(report), exit_status(report, fail_on_warn=True)) == (0, 0)


@pytest.mark.parametrize(("verdict", "status"), [("pass", 4), ("fail", 1)])
def test_a_run_that_was_cut_off_is_never_green(verdict: str, status: int) -> None:
    assert exit_status(fold([STARTED, PROBED, *done(case("a", verdict))])) == status


@pytest.mark.parametrize(
    ("direct", "nodes", "blame"),
    [
        ("pass", 1, "route"),
        ("info", 1, "route"),
        ("warn", 1, "server"),
        ("inconclusive", 1, None),
        ("pass", 2, "route-or-nodes"),
        ("fail", 2, "server"),
    ],
)
def test_whom_a_failure_on_a_route_accuses(direct: str, nodes: int, blame: str | None) -> None:
    cases = [
        {"id": "c", "route": route, "verdict": verdict, "broken": ["rfc6455/5.2/reserved-bits"]}
        for route, verdict in (("direct", direct), ("r", "fail"))
    ]
    found = {case["route"]: case["blame"] for case in blamed(cases, ["http://node"] * nodes)}
    assert found["r"] == blame


# The sentence -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        pytest.param(
            [case(name, "fail", route=route) for name in "ab" for route in ("direct", "nginx")],
            "breaks what it must keep: 2 failed cases (4 results over 2 routes), no warnings.",
            id="on-all-routes",
        ),
        pytest.param(
            [
                case("a"),
                case("a", "fail", route="nginx"),
                case("b", "fail"),
                case("b", "warn", route="nginx"),
            ],
            "breaks what it must keep: 1 failed case; 1 more only through nginx, 1 warning.",
            id="on-one-more",
        ),
        pytest.param(
            [case("a"), *(case("a", "fail", route=route) for route in ("caddy", "nginx"))],
            "keeps what it must by itself; 1 failed case (2 results over 2 routes) only through "
            "caddy, nginx, no warnings.",
            id="only-through-proxies",
        ),
        pytest.param(
            [case("a", "fail", known=KNOWN), case("a", "fail", known=KNOWN, route="nginx")],
            "keeps what was tested, with no warnings and 1 known failed case.",
            id="known",
        ),
        pytest.param(
            [case("a"), case("a", "not-applicable", route="nginx")],
            "keeps what was tested, with no warnings. 1 of 2 results were not applicable.",
            id="not-applicable-on-a-route",
        ),
    ],
)
def test_cases_count_once_however_many_routes_they_took(cases: list[dict[str, Any]], told: str) -> None:
    assert sentence(fold([STARTED, PROBED, *done(*cases), FINISHED])) == f"ws://h {told}"


def test_what_could_not_be_judged_is_not_called_inapplicable() -> None:
    told = sentence(fold([STARTED, PROBED, *done(case("a", "inconclusive")), FINISHED]))
    assert told == "ws://h: nothing could be told: 1 case could not be judged."
