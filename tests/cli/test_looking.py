"""``list``, ``explain``, ``serve``, ``demo``, and what a terminal shows."""

from __future__ import annotations

import re
import signal
import sys

import pytest

from tests.cli.conftest import Line

pytestmark = pytest.mark.alone

RSV1 = "websocket/s5_2_base_framing/reserved_bit_fails_the_connection[rsv1]"
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


def test_the_version(line: Line) -> None:
    assert re.fullmatch(r"wireproof, version \S+\n", line("--version").out)


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["-h"]])
def test_help(line: Line, words: list[str]) -> None:
    ran = line(*words)
    assert (ran.status, "Usage:" in ran.out, ran.err) == (0, True, "")


def test_cases_are_listed_with_their_titles(line: Line) -> None:
    ran = line("list", RSV1)
    assert ran.out.splitlines() == [
        RSV1,
        "    A reserved bit that no extension negotiated fails the connection.",
    ]


def test_requirements_are_listed(line: Line) -> None:
    ran = line("list", "--requirements", "rfc6455/5.2/*")
    assert ran.status == 0
    assert all(text.startswith("rfc6455/5.2/") for text in ran.out.splitlines())
    assert "rfc6455/5.2/reserved-bits " in ran.out


def test_cases_are_listed_by_what_they_look_at(line: Line) -> None:
    ran = line("list", "rfc6455/5.2/reserved-bits")
    assert ran.status == 0
    assert f"{RSV1}\n" in ran.out
    assert "reserved_opcode" not in ran.out
    assert ran.err == "rfc6455/5.2/reserved-bits means a requirement, which these cases look at:\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["no/such"], "no case or requirement matches 'no/such'."),
        (["--requirements", "no/such"], "no requirement matches 'no/such'."),
        ([RSV1.replace("conn", "con")], f"Did you mean {RSV1!r}?"),
        (["rfc6455/10.1/untrusted-input"], "no case looks at rfc6455/10.1/untrusted-input"),
    ],
)
def test_nothing_to_list(line: Line, words: list[str], hint: str) -> None:
    ran = line("list", *words)
    assert (ran.status, hint in ran.err) == (2, True), ran


def test_a_requirement_is_no_case_to_run(line: Line) -> None:
    ran = line("run", "ws://127.0.0.1:9", "--case", "rfc6455/5.2/*")
    assert ran.status == 2
    assert "`wireproof list 'rfc6455/5.2/*'` names their cases" in ran.err


@pytest.mark.parametrize("name", [RSV1, "rfc6455/5.2/reserved-bits"], ids=["case", "requirement"])
def test_explaining(line: Line, name: str) -> None:
    ran = line("explain", name)
    assert ran.status == 0, ran
    assert "rfc6455/5.2/reserved-bits  MUST (explicit); broken, it is: fail" in ran.out


def test_explaining_a_function_of_several_cases_once(line: Line) -> None:
    ran = line("explain", RSV1.replace("[rsv1]", "*"))
    assert ran.out.count("async def test_reserved_bit_fails_the_connection(") == 1
    assert "\n  and [rsv2] [rsv3]\n" in ran.out
    assert "accepts-rsv3: " in ran.out


def test_explaining_requirements_by_a_glob(line: Line) -> None:
    ran = line("explain", "rfc6455/5.5.2/*")
    assert (ran.status, ran.out.count("https://")) == (0, ran.out.count("broken, it is:")), ran


def test_explaining_with_what_goes_over_the_wire(line: Line) -> None:
    ran = line("explain", RSV1, "--live")
    assert ran.status == 0, ran
    assert 'text RSV1 [5] "hello"' in ran.out
    assert "with a faultless server: pass" in ran.out


def test_nothing_to_explain(line: Line) -> None:
    ran = line("explain", "no/such")
    assert (ran.status, "no case or requirement matches 'no/such'" in ran.err) == (2, True), ran


def test_bundled_servers_are_listed(line: Line) -> None:
    ran = line("serve")
    assert ran.status == 0, ran
    assert {"strict", "websockets", "aiohttp"} <= {text.split()[0] for text in ran.out.splitlines()}
    assert "faulty twins of them, such as " in ran.out


def test_a_server_that_is_not_bundled(line: Line) -> None:
    ran = line("serve", "no-such")
    assert (ran.status, "'no-such'" in ran.err) == (2, True), ran


@pytest.mark.parametrize("name", ["strict", "accepts-rsv1"])
def test_serving(line: Line, name: str) -> None:
    with line.running("serve", name) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        assert line("run", url, "--case", RSV1).status == (0 if name == "strict" else 1)
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=30)
    assert (server.returncode, err.strip()) == (130, "")


@pytest.mark.parametrize(("server", "status"), [("strict", 0), ("accepts-rsv1", 1)])
def test_the_demo(line: Line, server: str, status: int) -> None:
    ran = line("demo", "--server", server, "--case", RSV1)
    assert ran.status == status, ran


def test_a_target_that_a_case_kills_is_started_again(line: Line) -> None:
    for _ in range(3):  # on a busy machine a process may die so slowly that a witness is still served
        report = line.report(
            "demo", "--server", "dies-of-protocol-error", "-k", "base_framing and rsv", status=1
        )
        told = [(case["verdict"], case["reason"][:11]) for case in report["cases"]]
        if set(told) == {("fail", "server gone")}:
            break
    assert report["complete"]
    assert set(told) == {("fail", "server gone")}


def test_a_target_that_does_not_start(line: Line) -> None:
    ran = line(
        "run", "ws://127.0.0.1:9", "--start", f"{sys.executable} -c 'raise SystemExit(7)'", "--case", RSV1
    )
    assert ran.status == 3, ran
    assert "7" in ran.err


# The terminal ------------------------------------------------------------------------------------------


def test_no_colours_where_nobody_sees_them(line: Line, faulty: str) -> None:
    assert "\x1b" not in line("run", faulty, "--case", RSV1).out


def test_colours_for_those_who_want_them(line: Line, faulty: str) -> None:
    assert COLOUR.search(line("run", faulty, "--case", RSV1, FORCE_COLOR="1", TERM="xterm").out)


def test_no_colours_for_those_who_do_not(line: Line, faulty: str) -> None:
    ran = line("run", faulty, "--case", RSV1, FORCE_COLOR="1", TERM="xterm", NO_COLOR="1")
    assert not COLOUR.search(ran.out)


def test_only_the_closing_lines(line: Line, faulty: str) -> None:
    ran = line("run", faulty, "--case", RSV1, "-q")
    counts, _sentence = ran.out.splitlines()
    assert counts.startswith("1 fail in ")


def test_every_verdict_as_it_comes(line: Line, faulty: str) -> None:
    assert f"fail           {RSV1}" in line("run", faulty, "--case", RSV1, "-v").out.splitlines()
