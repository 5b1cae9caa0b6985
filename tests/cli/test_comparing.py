"""``compare``, ``baseline`` and ``matrix``, as a user calls them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from tests.cli.conftest import Line
from tests.reports.made import FAILING, PASSING, case, report
from wireproof.cli.comparing import MOST


def kept(line: Line, name: str, *cases: dict[str, Any], **changes: Any) -> str:
    (line.folder / name).write_text(json.dumps(report(list(cases), **changes)))
    return name


def many(verdict: str, count: int) -> list[dict[str, Any]]:
    return [
        case(f"websocket/s5_1_masking/unmasked[{n}]", verdict, observed="it lives on") for n in range(count)
    ]


def test_a_regression(line: Line) -> None:
    old, new = kept(line, "old.json", case(FAILING)), kept(line, "new.json", case(FAILING, "fail"))
    ran = line("compare", old, new)
    assert ran.out.splitlines() == [
        "broke (1)",
        "  pass, now fail: the connection lives on: pings behind it were answered",
        f"    {FAILING}",
        "1 regression in 1 cases.",
    ]
    assert ran.status == 1


def test_nothing_changed(line: Line) -> None:
    old = kept(line, "old.json", case(FAILING, "fail"))
    ran = line("compare", old, old)
    assert (ran.status, ran.out) == (0, "Nothing changed.\n")


def test_durations_are_told_once_and_last(line: Line) -> None:
    old = [case(f"websocket/x/{n}", duration_s=seconds) for n, seconds in enumerate((0.1, 0.1, 0.1, 9.0))]
    new = [case(f"websocket/x/{n}", duration_s=seconds) for n, seconds in enumerate((0.1, 3.1, 8.1, 0.1))]
    new[0] = case("websocket/x/0", "fail")
    ran = line("compare", kept(line, "old.json", *old), kept(line, "new.json", *new))
    assert ran.out.splitlines()[-3:] == [
        "By 5 times and 2 s or more: 2 slower and 1 faster, above all websocket/x/3, 9.00",
        "s, now 0.10 s.",
        "1 regression in 4 cases.",
    ]


def test_the_suites_have_changed(line: Line) -> None:
    tool = {"name": "wireproof", "version": "0.1.0", "suites": "2027.1"}
    ran = line(
        "compare", kept(line, "old.json", case(PASSING)), kept(line, "new.json", case(PASSING), tool=tool)
    )
    assert ran.out.startswith("The suites changed from 2026.11 to 2027.1.\n")


def test_it_stays_short(line: Line) -> None:
    old, new = kept(line, "old.json", *many("pass", 300)), kept(line, "new.json", *many("fail", 300))
    ran = line("compare", old, new)
    assert "broke (300)" in ran.out
    assert f"… and {300 - MOST} more" in ran.out
    assert len(ran.out.splitlines()) == MOST + 4


def test_what_is_not_looked_at_any_more_is_not_mended(line: Line) -> None:
    old, new = (
        kept(line, "a.json", case(FAILING, "fail")),
        kept(line, "b.json", case(FAILING, "not-applicable")),
    )
    ran = line("compare", old, new)
    assert (ran.status, ran.out.startswith("no longer tested (1)\n")) == (0, True), ran


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense"])
def test_what_is_no_report(line: Line, text: str) -> None:
    (line.folder / "x.json").write_text(text)
    ran = line("compare", "x.json", "x.json")
    assert (ran.status, "x.json" in ran.err, "Traceback" in ran.err) == (2, True, False)


def test_a_baseline_makes_a_run_green(line: Line, faulty: str) -> None:
    words = ("run", faulty, "--case", "websocket/s5_2_base_framing/*", "--journal", "journal.ndjson")
    line.report(*words, status=1)
    ran = line("baseline", "report.json")
    assert tomllib.loads(ran.out)["known"]
    (line.folder / "known.toml").write_text(ran.out)
    done = line(*words, "--known", "known.toml", "--strict-known")
    assert (done.status, "KNOWN" in done.out, done.err) == (0, True, "")


# The matrix ---------------------------------------------------------------------------------------------


def test_a_matrix(line: Line) -> None:
    one = kept(line, "one.json", case(FAILING, "fail"), case(PASSING))
    two = kept(line, "two.json", case(FAILING), case(PASSING))
    ran = line("matrix", f"mine={one}", two)
    assert (
        "| | mine | Example/1&#46;0" in ran.out or "| | mine | Example/1.0 at ws://127.0.0.1:9 |" in ran.out
    )
    assert "1 case is clean everywhere; these are not:" in ran.out
    assert "(text) | **fail** | ok |" in ran.out


def test_a_matrix_in_files(line: Line) -> None:
    one = kept(line, "one=1.json", case(FAILING, "fail"))
    ran = line("matrix", one, "--html", "m.html", "--markdown", "m.md")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert (line.folder / "m.html").read_text().startswith("<!doctype html>")
    assert (line.folder / "m.md").read_text().startswith("# Servers side by side\n")


def test_a_matrix_that_can_not_be_written(line: Line) -> None:
    ran = line("matrix", kept(line, "one.json", case(PASSING)), "--html", "no/such/m.html")
    assert (ran.status, "no/such/m.html" in ran.err) == (2, True), ran
