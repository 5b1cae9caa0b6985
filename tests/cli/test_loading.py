"""Suites that can't be read, and cases that pytest skips."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Line, Ran

HEAD = "import pytest\nfrom wireproof.case import case\n"
CASE = """
@case("rfc6455/5.2/reserved-bits")
async def test_alive(peer):
    "It answers."
    await peer.open()
    await peer.expect_alive()
"""
# The command line with other suites than the bundled ones.
PROGRAM = """
import sys
from pathlib import Path
import wireproof.cli, wireproof.cli.session
wireproof.cli.session.suites_folder = lambda: Path("suites").absolute()
wireproof.cli.main()
"""


def run(line: Line, url: str, *sources: str) -> Ran:
    """Run with the modules *sources* as the only suite."""
    folder = line.folder / "suites" / "mine"
    folder.mkdir(parents=True)
    for number, source in enumerate(sources):
        (folder / f"test_m{number}.py").write_text(HEAD + source)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "run", url, "--json", "report.json"],
        check=False,
        capture_output=True,
        text=True,
        cwd=line.folder,
        env=line.environment(),
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_module_that_can_not_be_read(line: Line, strict: str) -> None:
    ran = run(line, strict, CASE, "import no_such_module\n")
    assert ran.status == 4, ran
    assert "the suites can't be read: mine/test_m1.py: ModuleNotFoundError" in ran.err, ran
    assert "cut off" not in ran.err
    assert not Path(line.folder, "report.json").exists()


def test_a_case_that_pytest_skips(line: Line, strict: str) -> None:
    skipped = "@pytest.mark.skip(reason='not on Sundays')" + CASE.replace("alive", "sunday")
    ran = run(line, strict, CASE + skipped)
    assert ran.status == 0, ran
    report = json.loads(Path(line.folder, "report.json").read_text())
    told = {case["id"]: (case["verdict"], case["reason"]) for case in report["cases"]}
    assert told == {"mine/m0/alive": ("pass", ""), "mine/m0/sunday": ("not-applicable", "not on Sundays")}
    assert report["complete"]


INTERRUPTING = """
import runpy, sys

class Interrupt:
    def find_spec(self, name, *_):
        if name == "click":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
runpy.run_module("wireproof", run_name="__main__")
"""


def test_an_interrupt_while_the_command_line_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTING], check=False, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
