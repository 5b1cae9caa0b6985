"""What a person sees when a run is over: it fits, it tells what matters, and nothing acts on the terminal."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.cli.conftest import Line, Serve
from tests.reports.made import FAILING, PASSING, TAKING, case, entry, report
from wireproof.cli.terminal import plain, shell, show, show_briefly
from wireproof.report import sentence

LONG = "websocket/s5_1_masking/" + "a_name_that_is_long_" * 5 + "end"
ASKED = "rfc6455/5.1/unmasked-frame"
FINDING = {"requirement": ASKED, "observed": "the connection lives on", "ground": "seen"}


def shown(made: dict[str, Any], capsys: pytest.CaptureFixture[str], quiet: bool = False) -> str:
    (show_briefly if quiet else show)(made, sentence(made))
    return capsys.readouterr().out


@pytest.fixture
def one(capsys: pytest.CaptureFixture[str]) -> str:
    return shown(report([case(FAILING, "fail"), case(PASSING)]), capsys)


def test_a_failure_tells_all_that_is_needed(one: str) -> None:
    lines = [line.strip() for line in one.splitlines()]
    assert lines[0] == f"FAIL  {FAILING}"
    assert lines[1] == "A frame that is not masked makes the server close the connection."
    assert lines[2].startswith("demanded  MUST, RFC 6455 section 5.1: ")
    assert "expected  a Close frame (1002) or the end of TCP" in lines
    assert "observed  the connection lives on: pings behind it were answered" in lines
    assert 'wire      0.0010      connected\n                0.0012 sent "GET' in one
    assert any(line.startswith("again     wireproof run ws://127.0.0.1:9 ") for line in lines)


def test_the_last_lines_are_counts_and_one_sentence(one: str) -> None:
    counts, sentence = one.splitlines()[-2:]
    assert counts == "1 pass, 1 fail in 0.2 s"
    assert sentence == "ws://127.0.0.1:9 breaks what it must keep: 1 failed case, no warnings."


def test_what_is_accused_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [entry(0.1, "in", "frame", f"text [{size}]") for size in range(20)]
    made = case(FAILING, "fail", transcript=lines, findings=[{**FINDING, "at": 7}])
    told = shown(report([made]), capsys)
    assert "wire      0.1000 came text [2]\n" in told
    assert "              > 0.1000 came text [7]\n                0.1000 came text [8]\n" in told
    assert "… 12 more: in --html and --json" in told


def test_a_transcript_names_the_peers_where_there_are_several(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [entry(0.1, "out", "frame", "ping [0]", None, peer) for peer in (1, 2)]
    told = shown(report([case(FAILING, "fail", transcript=lines)]), capsys)
    assert "0.1000 #2 sent ping [0]" in told


# Width --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["fail", "warn", "inconclusive", "error", "info", "not-applicable"])
def test_it_fits_eighty_columns(capsys: pytest.CaptureFixture[str], verdict: str) -> None:
    words = "many words that have to be wrapped somewhere " * 8
    told = shown(
        report(
            [
                case(
                    FAILING,
                    verdict,
                    observed=words,
                    title=words,
                    reason=words,
                    expected=[words] * 3,
                    in_passing=[words],
                    transcript=[entry(0.1, "in", "frame", words)],
                ),
                case(PASSING, "fail", known={"reason": words, "link": words, "expires": "2031-12-31"}),
            ]
        ),
        capsys,
    )
    assert max(map(len, told.splitlines())) <= 80
    assert told.split().count("somewhere") % 8 == 0, "words were lost"


def test_an_id_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(report([case(LONG, "fail"), case(f"{LONG}[b]", "fail")]), capsys)
    assert f"FAIL  {LONG}\n" in told


def test_the_command_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    made = case(
        FAILING, "fail", reproduce=f"wireproof run \"$URL\" --header 'A: b c' --case '{FAILING}' --seed 1"
    )
    told = shown(report([made]), capsys)
    command = told[told.index("wireproof run") :].partition("\n\n")[0]
    assert shlex.split(command.replace("\\\n", "")) == shlex.split(made["reproduce"])


def test_what_stands_for_a_secret_is_explained_once(capsys: pytest.CaptureFixture[str]) -> None:
    again = 'wireproof run "$WIREPROOF_URL" --cookie "$WIREPROOF_COOKIE" --case x'
    told = shown(report([case(f"websocket/x/{n}", "fail", reproduce=again) for n in "ab"]), capsys)
    sentence = "These commands leave out what is secret: set $WIREPROOF_URL and $WIREPROOF_COOKIE to"
    assert " ".join(told.split()).count(sentence) == 1


def test_wrapping_keeps_words_and_hangs() -> None:
    assert plain("aa bb-cc " + "d" * 9, 6, 2) == ["aa", "  bb-cc", "  " + "d" * 9]
    assert plain("", 10) == [""]
    assert shell("again ", "do --this that", 15) == ["again do \\", "  --this that"]


# Grouping -----------------------------------------------------------------------------------------------


def failing(number: int, **changes: Any) -> dict[str, Any]:
    return case(f"websocket/s5_1_masking/unmasked[{number}]", "fail", findings=[FINDING], **changes)


def test_one_defect_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(report([failing(n) for n in range(300)]), capsys)
    assert told.count("demanded") == 1
    assert len(told.splitlines()) < 40
    assert "and 279 more, which --json names" in " ".join(told.split())


def test_what_was_seen_otherwise_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(report([failing(1), failing(2, observed="a Close frame with 1000")]), capsys)
    assert told.count("demanded") == 1
    assert "likewise  [2]\n                a Close frame with 1000" in told


def test_cases_of_other_functions_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    other = "websocket/s5_1_masking/unmasked_ping"
    told = shown(report([failing(1), case(f"{other}[a]", "fail"), case(f"{other}[b]", "fail")]), capsys)
    assert f"        {other} [a] [b]\n" in told


def test_what_fails_on_every_route_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    ways = [{"name": name} for name in ("direct", "caddy", "nginx")]
    names = {"[1]": ways, "[2]": ways, "[3]": ways[:2], "_ping": ways}
    made = [
        case(f"websocket/s5_1_masking/unmasked{name}", "fail", route=way["name"])
        for name, taken in names.items()
        for way in taken
    ]
    made.append(case("websocket/s5_1_masking/unmasked[1]", "pass", route="other"))
    told = shown(report(made, routes=ways), capsys)
    lines = [line.strip() for line in told.splitlines()]
    assert "likewise  on all routes" in lines
    assert "likewise  [2] on all routes" in lines
    assert "likewise  [3] directly and via caddy" in lines
    assert "websocket/s5_1_masking/unmasked_ping on all routes" in lines
    assert "11 fail over 4 routes in" in told


def test_another_sight_on_a_route_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    name = "websocket/s5_1_masking/alone"
    made = [case(name, "fail"), case(name, "fail", route="nginx", observed="a Close frame with 1000")]
    assert "likewise  via nginx\n                a Close frame with 1000" in shown(report(made), capsys)


def test_other_requirements_stand_alone(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(report([failing(1), failing(2, broken=["rfc6455/5.2/reserved-bits"])]), capsys)
    assert told.count("demanded") == 2


def test_known_failures_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    known = {"reason": "told upstream", "link": "https://example.org/1", "expires": "2031-12-31"}
    told = shown(report([failing(n, known=known) for n in range(3)]), capsys)
    assert told.startswith("KNOWN told upstream\n      see       https://example.org/1\n")
    assert "demanded" not in told
    assert "[0] [1] [2]" in told


# The overview -------------------------------------------------------------------------------------------


def test_what_is_left_open_and_absent_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    made = [
        case(FAILING, "info", in_passing=["rfc6455/5.1/masked-server-frame: a mask"]),
        case(PASSING, "not-applicable"),
    ]
    told = shown(report(made), capsys)
    assert "INFO  1 case looked at what the text leaves open." in told
    assert "     1  rfc6455/5.1/masked-server-frame: a mask\n" in told
    assert "     1  the target lacks the capability text\n" in told
    assert re.search(
        r"RFC 6455: 1 requirement met, 0 broken, \d+ not tested, \d+ unseen from outside\.", told
    )


@pytest.mark.parametrize(
    ("routes", "nodes", "heading", "told"),
    [
        (["direct"], 1, "directly", ["nodes: 3", "stickiness: none"]),
        (["direct", "nginx"], 2, "directly", []),
        (["direct", "deployed"], 2, "ws://127.0.0.1:9", ["nodes: 3", "stickiness: none"]),
    ],
)
def test_it_says_of_which_way_it_tells(
    capsys: pytest.CaptureFixture[str], routes: list[str], nodes: int, heading: str, told: list[str]
) -> None:
    made = report([case(PASSING)], routes=[{"name": name} for name in routes])
    made["target"]["nodes"] *= nodes
    made["between"] = {"nodes": "3", "stickiness": "none", "errors": "from one"}
    between = shown(made, capsys).partition("What stands between (")[2].splitlines()
    found = [line.strip() for line in between[: len(told) + 2]]
    assert found == [f"{heading}):", *told, "errors: from one"]


def test_only_the_closing_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(shown(report([case(FAILING, "fail")]), capsys, quiet=True).splitlines()) == 2


def test_nothing_acts_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = f"\x1b[2J\r\x07{TAKING}"
    known = {"reason": evil, "link": evil, "expires": None}
    made = [
        case(
            f"websocket/x/y[{verdict}]",
            verdict,
            **dict.fromkeys(("title", "observed", "reason", "reproduce"), evil),
            expected=[evil],
            in_passing=[evil],
            transcript=[entry(0.1, "in", "http", evil)],
            known=known if verdict == "fail" else None,
        )
        for verdict in ("fail", "warn", "error", "inconclusive", "info", "not-applicable")
    ]
    told = shown(report(made), capsys)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", told)


def test_a_traceback_of_our_own_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(report([case(FAILING, "error", reason="Traceback:\n  boom\nValueError")]), capsys)
    assert "reason    Traceback:\n" in told
    assert " ValueError\n" in told


def test_a_whole_run_fits(line: Line, serving: Serve) -> None:
    ran = line("run", serving("accepts-rsv1"), "--case", "websocket/s5_2*", "--seed", "1")
    wide = [text for text in ran.out.splitlines() if len(text) > 80 and "websocket/" not in text]
    assert (wide, "\x1b" in ran.out) == ([], False)
    assert re.search(r'\n {14}> \d+\.\d+ came text \[5\] "hello"\n {16}… 4 more, pings and the like', ran.out)
