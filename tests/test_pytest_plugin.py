"""Cases as pytest items: in this repository and in somebody else's."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAD = """
import asyncio, pytest
from wireproof.case import case
from wireproof.wire.websocket import CloseCode, Frame, Rsv
BITS = "rfc6455/5.2/reserved-bits"
"""
PASS = """
@case(BITS)
async def test_alive(peer):
    "It answers."
    await peer.open()
    await peer.expect_alive()
"""
FAIL = """
@case(BITS)
async def test_wrong(peer):
    "It does what it must not."
    await peer.open()
    await peer.expect_failure()
"""
SILENT = """
@case(BITS)
async def test_silent(peer):
    "It waits for what never comes."
    await peer.open()
    await peer.expect_message()
"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Somebody else's repository."""

    folder: Path
    url: str

    def write(self, name: str, *parts: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(parts))
        return path

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--url", self.url, "-rA", *words]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return kept | {"PYTHONPATH": str(ROOT)}

    def run(self, argv: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            argv,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment(),
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    def pytest(self, *words: str) -> tuple[int, str]:
        return self.run(self.argv(*words))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "wireproof", "serve", "strict"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
        server.kill()


@pytest.fixture
def foreign(tmp_path: Path, url: str) -> Foreign:
    return Foreign(tmp_path, url)


def counts(out: str) -> dict[str, int]:
    return {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", out.splitlines()[-1])}


def test_the_bundled_cases(foreign: Foreign) -> None:
    status, out = foreign.pytest("--pyargs", "wireproof.bundle.suites", "-k", "reserved_bit_fails", "-q")
    assert (status, counts(out)["passed"]) == (0, 3), out


def test_a_repository_with_settings_of_its_own(foreign: Foreign) -> None:
    foreign.write("pytest.ini", "[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    foreign.write("conftest.py", "import pytest\n@pytest.fixture(autouse=True)\ndef mine(): pass\n")
    foreign.write("test_own.py", "def test_own(): pass\n")
    status, out = foreign.pytest(
        "--pyargs", "wireproof.bundle.suites", "test_own.py", "-k", "reserved_bit_fails or test_own", "-q"
    )
    assert (status, counts(out)["passed"]) == (0, 4), out


def test_cases_of_ones_own(foreign: Foreign) -> None:
    foreign.write("suites/mine/test_x.py", HEAD, PASS, FAIL)
    status, out = foreign.pytest("suites")
    assert (status, counts(out)["passed"], counts(out)["failed"]) == (1, 1, 1), out
    assert "MUST (explicit), rfc6455 section 5.2" in out
    assert "mine/x/wrong" in out


def test_no_target_no_verdict(foreign: Foreign) -> None:
    foreign.write("test_x.py", HEAD, PASS)
    _, out = foreign.run([sys.executable, "-m", "pytest", "-q"])
    assert counts(out) == {"skipped": 1}, out


def test_the_first_failure_may_end_it(foreign: Foreign) -> None:
    foreign.write("test_x.py", HEAD, FAIL, PASS)
    status, out = foreign.pytest("-x")
    assert (status, counts(out).get("passed")) == (1, None), out


def test_deselection(foreign: Foreign) -> None:
    foreign.write("test_x.py", HEAD, FAIL, PASS)
    status, out = foreign.pytest("--deselect", "test_x.py::test_wrong")
    assert (status, counts(out)["passed"], counts(out)["deselected"]) == (0, 1, 1), out


def test_one_case(foreign: Foreign) -> None:
    path = foreign.write("test_x.py", HEAD, FAIL, PASS)
    status, out = foreign.pytest("--case", f"{path.parent.name.lower()}/x/alive")
    assert (status, counts(out)["passed"], counts(out)["deselected"]) == (0, 1, 1), out


def test_several_workers(foreign: Foreign) -> None:
    for name in "ab":
        foreign.write(f"suites/mine/test_{name}.py", HEAD, PASS, FAIL)
    status, out = foreign.pytest("-n", "2", "--dist", "loadfile")
    assert (status, counts(out)["passed"], counts(out)["failed"]) == (1, 2, 2), out


def test_an_ordinary_fixture(foreign: Foreign) -> None:
    fixture = "@pytest.fixture\ndef word(): return 'hello'\n"
    body = PASS.replace("(peer)", "(peer, word)") + "    assert word == 'hello'\n"
    foreign.write("test_x.py", HEAD, fixture, body)
    status, out = foreign.pytest()
    assert (status, counts(out)) == (0, {"passed": 1}), out


@pytest.mark.parametrize(
    ("mark", "counted"),
    [
        ("@pytest.mark.skip", {"skipped": 2}),
        ("@pytest.mark.skipif(True, reason='no')", {"skipped": 2}),
        ("@pytest.mark.xfail", {"xfailed": 1, "xpassed": 1}),
    ],
    ids=["skip", "skipif", "xfail"],
)
def test_marks_of_pytest(foreign: Foreign, mark: str, counted: dict[str, int]) -> None:
    foreign.write("test_x.py", HEAD, *(part.replace("@case", f"{mark}\n@case") for part in (PASS, FAIL)))
    status, out = foreign.pytest()
    assert (status, counts(out)) == (0, counted), out


def test_a_case_with_a_defect_is_an_error(foreign: Foreign) -> None:
    foreign.write("test_x.py", HEAD, PASS.replace("await peer.open()", "raise KeyError('ours')"))
    status, out = foreign.pytest()
    assert (status, counts(out)) == (1, {"error": 1}), out
    assert "KeyError: 'ours'" in out


def test_one_at_a_time_under_the_debugger(foreign: Foreign) -> None:
    foreign.write("test_x.py", HEAD, PASS)
    status, out = foreign.pytest("--pdb")
    assert (status, counts(out)) == (0, {"passed": 1}), out


@pytest.mark.parametrize(
    ("source", "told"),
    [
        pytest.param(
            "@pytest.mark.parametrize('p', ['A'])" + FAIL.replace("(peer)", "(peer, p)"),
            "lower-case ids",
            id="letters",
        ),
        pytest.param(
            FAIL.replace("BITS", "'rfc6455/5.2/no-such'"),
            "no requirement rfc6455/5.2/no-such",
            id="requirement",
        ),
    ],
)
def test_what_is_refused(foreign: Foreign, source: str, told: str) -> None:
    foreign.write("test_x.py", HEAD, source)
    status, out = foreign.pytest()
    assert (status, told in out, "INTERNALERROR" in out) == (4, True, False), out


def test_an_id_that_occurs_twice_is_refused(foreign: Foreign) -> None:
    for name in "ab":
        foreign.write(f"{name}/suites/mine/test_x.py", HEAD, PASS)
    status, out = foreign.pytest("--import-mode=importlib")
    assert (status, "several cases have the id mine/x/alive" in out) == (4, True), out


def test_ids_of_other_peoples_tests_stay_as_they_are(foreign: Foreign) -> None:
    source = "import enum, pytest\nclass Way(enum.Enum):\n    OUT = 1\n"
    foreign.write("test_x.py", source, "@pytest.mark.parametrize('way', Way)\ndef test_it(way): pass\n")
    _, out = foreign.pytest()
    assert "test_it[Way.OUT]" in out


def test_a_target_that_is_not_there(foreign: Foreign) -> None:
    foreign.write("test_x.py", HEAD, PASS)
    status, out = Foreign(foreign.folder, "ws://127.0.0.1:1").pytest()
    assert (status, "nothing listens there" in out) == (3, True), out


def test_an_interrupted_run_ends_at_once(foreign: Foreign) -> None:
    foreign.write("test_x.py", HEAD, SILENT)
    words = foreign.argv("-v", "--case-timeout", "600")
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, cwd=foreign.folder, env=foreign.environment()
    ) as process:
        assert process.stdout is not None
        while "collected 1 item" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 2, out
