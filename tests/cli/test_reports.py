"""What a run leaves behind: reports, the journal, and no secret in any of them."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import xml.etree.ElementTree as ET
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import ROOT, Line, Serve

RSV1 = "websocket/s5_2_base_framing/reserved_bit_fails_the_connection[rsv1]"
BITS = "websocket/s5_2_base_framing/*"
SLOW = ("--case", "websocket/s5_5_1_close/*", "--case-timeout", "60", "--journal", "journal.ndjson")


def test_the_json_report_is_as_its_schema_says(line: Line, faulty: str) -> None:
    report = line.report("run", faulty, "--case", BITS, status=1)
    jsonschema.validate(report, json.loads((ROOT / "reports" / "schema.json").read_text()))
    assert report["complete"]
    assert report["selected"] == len(report["cases"]) == sum(report["summary"].values())


def test_the_junit_report_counts_alike(line: Line, faulty: str) -> None:
    report = line.report("run", faulty, "--case", BITS, "--junit", "deep/junit.xml", status=1)
    (suite,) = ET.parse(line.folder / "deep" / "junit.xml").getroot()
    assert suite.get("tests") == str(len(report["cases"]))
    assert suite.get("failures") == str(report["summary"]["fail"])
    assert len(suite.findall("testcase/failure")) == report["summary"]["fail"]


def test_a_report_that_can_not_be_written(line: Line, strict: str) -> None:
    (line.folder / "file").touch()
    ran = line("run", strict, "--case", RSV1, "--json", "file/report.json")
    assert (ran.status, "--json file/report.json" in ran.err) == (2, True), ran


def test_the_journal_gives_the_same_report(line: Line, faulty: str) -> None:
    report = line.report("run", faulty, "--case", BITS, "--journal", "journal.ndjson", status=1)
    again = line.report("report", "journal.ndjson", status=1)
    assert again == report


@pytest.mark.parametrize(
    "text", ["", '{"event":"run-started"}\n', "nonsense\n\n"], ids=["empty", "cut", "other"]
)
def test_a_journal_that_tells_nothing(line: Line, text: str) -> None:
    (line.folder / "journal.ndjson").write_text(text)
    ran = line("report", "journal.ndjson")
    assert (ran.status, "Traceback" not in ran.err) == (2, True), ran


# Cut off -----------------------------------------------------------------------------------------------


def test_a_run_that_was_killed_leaves_its_journal(line: Line, serving: Serve) -> None:
    with line.running("run", serving("never-answers-close"), "-v", *SLOW) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    report = line.report("report", "journal.ndjson", status=4)
    assert not report["complete"]
    assert 0 < len(report["cases"]) < report["selected"]


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)],
    ids=["int", "int-twice", "term", "int-then-term"],
)
def test_an_interrupted_run_tells_where_its_journal_is(
    line: Line, serving: Serve, signals: tuple[signal.Signals, ...]
) -> None:
    words = ("run", serving("never-answers-close"), "-v", *SLOW, "--json", "report.json")
    with line.running(*words) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for number in signals:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)  # as far apart as they are from those who ask a process and its group
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Its journal: journal.ndjson" in err
    report = json.loads((line.folder / "report.json").read_text())
    assert (report["complete"], bool(report["cases"])) == (False, True)


def test_a_journal_that_nobody_chose_is_told_at_the_start(line: Line, strict: str) -> None:
    ran = line("run", strict, "--case", RSV1)
    path = ran.err.removeprefix("The journal of this run: ").rstrip("\n")
    assert (ran.status, Path(path).is_file()) == (0, True), ran
    assert line("run", strict, "--case", RSV1, "-q").err == ""


# Secrets -----------------------------------------------------------------------------------------------


def test_no_secret_is_left_anywhere(line: Line, faulty: str) -> None:
    (line.folder / "token").write_text("Bearer t0ken-in-a-file\n")
    words = ["--header", "Authorization: @token", "--cookie", "sid=c00kie-value", "-H", "X-Key: h3ader-value"]
    words += ["--direct", faulty.replace("ws://", "ws://user:d1rect-word@")]
    words += ["--node", faulty.replace("ws://", "ws://user:n0de-word@")]
    url = faulty.replace("ws://", "ws://user:p4ssword@") + "/?key=qu3ry-value"
    ran = line(
        "run",
        url,
        *words,
        "--case",
        BITS,
        "--json",
        "r.json",
        "--junit",
        "r.xml",
        "--journal",
        "r.ndjson",
        "-v",
    )
    assert ran.status == 1, ran
    written = [(line.folder / name).read_text() for name in ("r.json", "r.xml", "r.ndjson")]
    secrets = ["t0ken-in-a-file", "c00kie-value", "h3ader-value", "p4ssword", "qu3ry-value"]
    words_of_urls = ["p4ssword", "d1rect-word", "n0de-word"]
    secrets += [
        *words_of_urls,
        *(base64.b64encode(b"user:" + one.encode()).decode() for one in words_of_urls),
    ]
    secrets += [secret.encode().hex() for secret in secrets]
    assert not [secret for secret in secrets for text in (ran.out, ran.err, *written) if secret in text]


def test_the_command_that_runs_a_case_again_names_variables(line: Line, faulty: str) -> None:
    url = faulty.replace("ws://", "ws://user:p4ssword@")
    report = line.report("run", url, "-H", "X-Key: h3ader-value", "--case", RSV1, "--seed", "1", status=1)
    assert report["cases"][0]["reproduce"] == (
        f"""wireproof run "$WIREPROOF_URL" --header "X-Key: $WIREPROOF_X_KEY" --case '{RSV1}' --seed 1"""
    )
    assert report["target"]["url"] == url.replace("user:p4ssword", "*************")


def test_an_error_shows_no_secret(line: Line, strict: str) -> None:
    ran = line("run", strict.replace("ws://", "ws://user:p4ssword@") + "/send?type=n0nsense")
    assert ran.status == 3, ran
    assert "p4ssword" not in ran.err
    assert "n0nsense" not in ran.err


@pytest.mark.parametrize(
    "url", ["ws://user:p4ssword@h/#x", "ftp://user:p4ssword@h/", "ws://user:p4ssword@h:x/"]
)
def test_a_url_that_can_not_be_used_shows_no_secret(line: Line, tmp_path: Path, url: str) -> None:
    ran = line("run", url)
    assert (ran.status, "p4ssword" not in ran.err) == (2, True), ran
