"""Completion, as a shell asks for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Line
from wireproof.cli import completing
from wireproof.cli.completing import MOST, steps

RSV = "websocket/s5_2_base_framing/reserved_bit_fails_the_connection"
BASH = shutil.which("bash")


def offered(line: Line, *words: str) -> list[str]:
    """What is offered in the place of the last of *words*."""
    ran = line(
        _WIREPROOF_COMPLETE="bash_complete",
        COMP_WORDS="\n".join(("wireproof", *words)),
        COMP_CWORD=str(len(words)),
    )
    assert ran.err == ""
    return [text.partition(",")[2] for text in ran.out.splitlines() if text]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(line: Line, shell: str) -> None:
    ran = line("completion", shell)
    assert (ran.status, "_WIREPROOF_COMPLETE" in ran.out) == (0, True), ran


def test_no_script_for_another_shell(line: Line) -> None:
    assert line("completion", "tcsh").status == 2


@pytest.mark.parametrize("words", [["run", "--case"], ["explain"], ["list"]], ids=" ".join)
def test_case_ids(line: Line, words: list[str]) -> None:
    assert offered(line, *words, f"{RSV}[r") == [f"{RSV}[rsv{bit}]" for bit in (1, 2, 3)]


def test_servers(line: Line) -> None:
    assert offered(line, "serve", "accepts-rs") == ["accepts-rsv1", "accepts-rsv2", "accepts-rsv3"]
    assert offered(line, "demo", "--server", "strict") == ["strict", "strict-socketio"]


@pytest.mark.parametrize("option", ["--assume", "--without"])
def test_capabilities(line: Line, option: str) -> None:
    assert offered(line, "run", option, "echo") == ["echo", "echo-binary"]


@pytest.mark.parametrize(
    "words", [["run", "--html"], ["run", "--profile"], ["compare"], ["replay"]], ids=" ".join
)
def test_files_are_left_to_the_shell(line: Line, words: list[str]) -> None:
    ran = line(
        _WIREPROOF_COMPLETE="bash_complete",
        COMP_WORDS="\n".join(("wireproof", *words, "x")),
        COMP_CWORD=str(len(words) + 1),
    )
    assert ran.out.splitlines() == ["file,x"]


def test_cases_of_a_report(line: Line) -> None:
    (line.folder / "r.json").write_text(json.dumps({"cases": [{"id": "a/b/c"}, {"id": "x/y/z"}]}))
    assert offered(line, "replay", "r.json", "a/") == ["a/b/c"]
    assert offered(line, "replay", "no.json", "a/") == []


def test_the_ids_are_collected_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(line.folder))
    offered(line, "explain", RSV)
    (kept,) = (line.folder / "wireproof/completion").iterdir()
    kept.write_text(json.dumps(["only/this/one"]))
    assert completing.case_ids() == ["only/this/one"]
    kept.write_text("nonsense")
    assert len(completing.case_ids()) > 100


def test_many_ids_are_offered_step_by_step() -> None:
    ids = [f"suite/{module}/case_{number}[p]" for module in ("one", "two") for number in range(MOST)]
    assert steps(ids, "su") == ["suite/one/", "suite/two/"]
    assert steps(ids, "suite/one/") == ids[:MOST]
    assert steps(ids, "suite/one/case_49") == ["suite/one/case_49[p]"]
    assert steps(ids, "no") == []


@pytest.mark.skipif(BASH is None, reason="no bash on this machine")
def test_bash_takes_it(line: Line, tmp_path: Path) -> None:
    tool = tmp_path / "wireproof"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wireproof "$@"\n')
    tool.chmod(0o755)
    script = (
        'eval "$(wireproof completion bash)"; COMP_WORDS=(wireproof serve accepts-rsv1); COMP_CWORD=2; '
        '_wireproof_completion wireproof; echo "${COMPREPLY[@]}"'
    )
    environment = line.environment(PATH=f"{tmp_path}:{os.environ['PATH']}")
    done = subprocess.run(
        [str(BASH), "-c", script], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    assert done.stdout == "accepts-rsv1\n"
