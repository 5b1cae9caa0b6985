"""``wireproof run``: what it selects, and its exit status."""

from __future__ import annotations

import json
import socket
import sys
from typing import Any

import pytest

from tests.cli.conftest import Line, Serve

BITS = "websocket/s5_2_base_framing/*"
RSV1 = "websocket/s5_2_base_framing/reserved_bit_fails_the_connection[rsv1]"
RSV2 = "websocket/s5_2_base_framing/reserved_bit_fails_the_connection[rsv2]"
ANSWERED = "websocket/s4_2_1_refusal/refusal_is_a_response"


def ids(report: dict[str, Any]) -> list[str]:
    return [case["id"] for case in report["cases"]]


def test_a_server_that_keeps_the_rules(line: Line, strict: str) -> None:
    ran = line("run", strict, "--case", BITS)
    assert ran.status == 0, ran
    assert f"{strict} keeps what was tested" in ran.out


def test_a_server_that_breaks_one(line: Line, faulty: str) -> None:
    ran = line("run", faulty, "--case", RSV1, "--case", RSV2)
    assert ran.status == 1, ran
    assert f"FAIL  {RSV1}" in ran.out
    assert RSV2 not in ran.out
    assert "MUST, RFC 6455 section 5.2" in ran.out


def test_the_command_that_runs_a_case_again(line: Line, faulty: str) -> None:
    (case,) = line.report("run", faulty, "--case", RSV1, "--seed", "7", status=1)["cases"]
    assert case["reproduce"] == f"wireproof run {faulty} --case '{RSV1}' --seed 7"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["--case", "no/such/case"], "no case matches 'no/such/case'", id="case"),
        pytest.param(["-k", "no_such_case"], "nothing selected", id="keyword"),
        pytest.param(["--shard", "3/2"], "--shard 3/2", id="shard"),
        pytest.param(["--header", "no colon"], "--header 'no colon'", id="header"),
        pytest.param(["--header", "A: @missing"], "missing", id="header-file"),
        pytest.param(["--cookie", "a=b\nc"], "line breaks", id="line-break"),
        pytest.param(["--assume", "flying"], "no capability is called 'flying'", id="capability"),
        pytest.param(["--rerun-failed", "missing.json"], "--rerun-failed missing.json", id="rerun"),
        pytest.param(["--profile", "missing.toml"], "missing.toml", id="profile"),
        pytest.param(["--ca", "missing.pem"], "certificate", id="ca"),
        pytest.param(["--intensity", "brutal"], "brutal", id="intensity"),
        pytest.param(["--no-such-option"], "--no-such-option", id="option"),
    ],
)
def test_what_can_not_be_used(line: Line, strict: str, words: list[str], told: str) -> None:
    ran = line("run", strict.replace("ws:", "wss:") if "--ca" in words else strict, *words)
    assert ran.status == 2, ran
    assert told in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("url", "told"),
    [("localhost:80", "did you mean ws://localhost:80"), ("ftp://h/", "must begin with"), ("", "no target")],
    ids=["scheme", "other-scheme", "none"],
)
def test_a_url_that_can_not_be_used(line: Line, url: str, told: str) -> None:
    ran = line("run", *([url] if url else []))
    assert (ran.status, told in ran.err) == (2, True), ran


def test_a_target_where_nothing_listens(line: Line) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ran = line("run", f"ws://127.0.0.1:{taken.getsockname()[1]}")
    assert (ran.status, "nothing listens there" in ran.err) == (3, True), ran


def test_a_target_that_refuses(line: Line, strict: str) -> None:
    ran = line("run", f"{strict}/send?type=nonsense")
    assert (ran.status, "refused the WebSocket handshake: 400" in ran.err) == (3, True), ran


def test_a_target_without_what_the_cases_need(line: Line, strict: str) -> None:
    ran = line("run", strict, "--case", RSV1, "--without", "text")
    assert (ran.status, "no case was applicable" in ran.out) == (4, True), ran


@pytest.mark.parametrize(("words", "status"), [([], 0), (["--fail-on", "warn"], 1)], ids=["pass", "fail"])
def test_a_warning(line: Line, serving: Serve, words: list[str], status: int) -> None:
    ran = line("run", serving("refuses-without-response"), "--case", ANSWERED, *words)
    assert (ran.status, f"WARN  {ANSWERED}" in ran.out) == (status, True), ran


# Selection ---------------------------------------------------------------------------------------------


def test_globs_take_brackets_literally(line: Line, strict: str) -> None:
    assert ids(line.report("run", strict, "--case", "*_fails_the_connection[rsv?]")) == [
        RSV1,
        RSV2,
        RSV2.replace("rsv2", "rsv3"),
    ]


def test_a_keyword(line: Line, strict: str) -> None:
    assert ids(line.report("run", strict, "-k", "base_framing and rsv1 and not rsv2 and not rsv3")) == [RSV1]


def test_shards_are_disjoint_and_complete(line: Line, strict: str) -> None:
    whole = ids(line.report("run", strict, "--case", BITS))
    first = ids(line.report("run", strict, "--case", BITS, "--shard", "1/2"))
    second = ids(line.report("run", strict, "--case", BITS, "--shard", "2/2"))
    assert sorted(first + second) == whole
    assert not set(first) & set(second)


def test_only_what_failed(line: Line, faulty: str) -> None:
    before = line.report("run", faulty, "--case", BITS, status=1)
    failed = [case["id"] for case in before["cases"] if case["verdict"] == "fail"]
    assert ids(line.report("run", faulty, "--rerun-failed", "report.json", status=1)) == failed
    assert 0 < len(failed) < len(before["cases"])


def test_run_that_goes_on(line: Line, strict: str) -> None:
    first = line.report("run", strict, "--case", RSV1, "--journal", "first.ndjson")
    whole = line.report("run", strict, "--case", BITS, "--continue", "first.ndjson")
    assert ids(whole) == ids(line.report("run", strict, "--case", BITS))
    assert (whole["complete"], whole["selected"], whole["seed"]) == (True, len(whole["cases"]), first["seed"])
    (kept,) = (case for case in whole["cases"] if case["id"] == RSV1)
    assert kept == first["cases"][0]


def test_nothing_left_to_go_on_with(line: Line, strict: str, faulty: str) -> None:
    for url, status in ((strict, 0), (faulty, 1)):
        first = line.report("run", url, "--case", RSV1, "--journal", "first.ndjson", status=status)
        words = ["run", url, "--case", RSV1, "--continue", "first.ndjson", "--journal", "second.ndjson"]
        ran = line(*words, "--json", "again.json")
        assert (ran.status, "Nothing is left to run" in ran.err) == (status, True), ran
        assert json.loads((line.folder / "again.json").read_text()) == first
        assert line("report", "second.ndjson").status == status


def test_nothing_left_of_a_target_that_is_gone(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url, serve = f"ws://127.0.0.1:{port}", f"{sys.executable} -m wireproof serve strict --port {port}"
    line("run", url, "--start", serve, "--case", RSV1, "--journal", "first.ndjson")
    ran = line("run", url, "--case", RSV1, "--continue", "first.ndjson")
    assert (ran.status, "1 pass" in ran.out) == (0, True), ran


def test_journals_are_two_files(line: Line, strict: str) -> None:
    line("run", strict, "--case", RSV1, "--journal", "first.ndjson")
    ran = line("run", strict, "--continue", "first.ndjson", "--journal", "first.ndjson")
    assert (ran.status, "the same file" in ran.err) == (2, True), ran


def test_nothing_failed(line: Line, strict: str) -> None:
    line.report("run", strict, "--case", RSV1)
    ran = line("run", strict, "--rerun-failed", "report.json")
    assert (ran.status, "nothing selected" in ran.err) == (2, True), ran


# What the developer's own settings can't change ---------------------------------------------------------


def test_pytest_settings_of_the_folder_change_nothing(line: Line, strict: str) -> None:
    (line.folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (line.folder / "conftest.py").write_text("raise RuntimeError('not mine')\n")
    ran = line("run", strict, "--case", RSV1, PYTEST_ADDOPTS="--nonsense", PYTEST_PLUGINS="no_such_plugin")
    assert ran.status == 0, ran


def test_a_profile_in_the_folder(line: Line, strict: str) -> None:
    (line.folder / "wireproof.toml").write_text(f'url = "{strict}"\n[capabilities]\ntext = false\n')
    report = line.report("run", "--case", RSV1, status=4)
    assert report["target"]["capabilities"]["text"] is False


def test_a_failure_that_is_known(line: Line, faulty: str) -> None:
    (line.folder / "known.toml").write_text(f'[[known]]\ncase = "{RSV1}"\nreason = "we know"\n')
    report = line.report("run", faulty, "--case", RSV1, "--known", "known.toml")
    assert (report["summary"]["fail"], report["summary"]["known"]) == (1, 1)


@pytest.mark.parametrize(("words", "status"), [([], 0), (["--strict-known"], 1)], ids=["told", "strict"])
def test_a_known_failure_that_passes(line: Line, strict: str, words: list[str], status: int) -> None:
    (line.folder / "known.toml").write_text(f'[[known]]\ncase = "{RSV1}"\nreason = "we know"\n')
    ran = line("run", strict, "--case", RSV1, "--known", "known.toml", *words)
    assert (ran.status, "does not fail any more (we know)" in ran.err) == (status, True), ran
