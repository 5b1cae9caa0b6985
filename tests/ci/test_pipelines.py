"""The pipeline pieces: the action's steps are run in order, the YAML fits the published schemas."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STRICT = f"{sys.executable} -m wireproof serve strict --port {{port}}"


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/gitlab.yml")],
)
def test_yaml_fits_the_published_schema(schema: str, file: str) -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Workflow:
    """What the runner does for a composite action: expressions, files, one shell for each step."""

    def __init__(self, folder: Path, inputs: dict[str, str]) -> None:
        self.folder = folder
        self.inputs: dict[str, str] = {
            **{name: spec.get("default", "") for name, spec in ACTION["inputs"].items()},
            **inputs,
        }
        self.status = ""
        self.log = ""

    def run(self) -> int:
        for step in ACTION["runs"]["steps"]:
            if "uses" in step:
                continue
            code = self._step(step)
            if code:
                return code
        return 0

    def _step(self, step: dict[str, Any]) -> int:
        environment = {name: self._value(value) for name, value in step.get("env", {}).items()}
        output = self.folder / "output"
        runner = {
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env={**os.environ, **runner, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        self.log += done.stdout + done.stderr
        if output.exists():
            self.status = output.read_text().strip().partition("=")[2]
        return done.returncode

    def _value(self, expression: str) -> str:
        word = expression.removeprefix("${{ ").removesuffix(" }}")
        if word.startswith("inputs."):
            return self.inputs[word.removeprefix("inputs.")]
        known = {"github.action_path": str(ROOT), "steps.run.outputs.status": self.status}
        return known[word]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The environment that the action's first step makes, with the present one in its place."""
    scripts = tmp_path / "wireproof" / "bin"
    scripts.mkdir(parents=True)
    tool = scripts / "wireproof"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wireproof "$@"\n')
    tool.chmod(0o755)
    return tmp_path


def flow(folder: Path, server: str, port: int, args: str) -> Workflow:
    inputs = {
        "url": f"ws://127.0.0.1:{port}",
        "start": STRICT.format(port=port).replace("strict", server),
        "args": args,
    }
    return Workflow(folder, inputs)


@pytest.fixture
def without_install(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [step for step in ACTION["runs"]["steps"] if step["name"] != "Install wireproof"]
    monkeypatch.setitem(ACTION["runs"], "steps", steps)


@pytest.mark.usefixtures("without_install")
def test_action_passes_a_clean_server(installed: Path, unused_port: int) -> None:
    work = flow(installed, "strict", unused_port, "--case 'websocket/s5_2_base*' --seed 1")
    assert work.run() == 0, work.log
    assert "keeps what was tested" in (installed / "summary").read_text()
    made = {path.name for path in (installed / "wireproof-report").iterdir()}
    assert made == {"report.json", "junit.xml", "report.html", "summary.md", "annotations.txt"}


@pytest.mark.usefixtures("without_install")
def test_action_fails_and_annotates_a_broken_server(installed: Path, unused_port: int) -> None:
    work = flow(installed, "accepts-rsv1", unused_port, "--case 'websocket/s5_2_base*'")
    assert (work.run(), work.status) == (1, "1"), work.log
    assert "::error title=" in work.log
    assert "breaks what it must keep" in (installed / "summary").read_text()


@pytest.mark.usefixtures("without_install")
def test_action_tells_a_target_that_is_not_there(installed: Path, unused_port: int) -> None:
    work = Workflow(installed, {"url": f"ws://127.0.0.1:{unused_port}"})
    assert (work.run(), work.status) == (3, "3"), work.log
    assert "nothing listens there" in work.log


@pytest.mark.usefixtures("without_install")
def test_action_takes_several_nodes_and_routes(installed: Path, unused_port: int) -> None:
    work = flow(installed, "strict", unused_port, "--via simulated:round-robin --case 'websocket/s5_2_base*'")
    work.inputs["url"] += f" http://127.0.0.1:{unused_port}"
    assert work.run() == 0, work.log
    report = json.loads((installed / "wireproof-report/report.json").read_text())
    assert len(report["target"]["nodes"]) == 2
    assert [route["name"] for route in report["routes"]] == ["direct", "simulated:round-robin"]


def test_action_installs_the_extras_that_are_asked_for() -> None:
    (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == "Install wireproof"]
    line = step["run"].replace('"$RUNNER_TEMP/wireproof/bin/pip"', "echo").replace("python3 -m venv", "true")
    for extras, asked in {"": "/here", "proxies": "/here[proxies]"}.items():
        known = {**os.environ, "ACTION_PATH": "/here", "RUNNER_TEMP": "/nowhere", "EXTRAS": extras}
        done = subprocess.run(["bash", "-c", line], env=known, capture_output=True, text=True, check=True)
        assert done.stdout.split()[-1] == asked


def test_gitlab_script_runs(installed: Path, unused_port: int) -> None:
    job = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text())["wireproof"]
    (installed / ".wireproof").symlink_to(installed / "wireproof")
    given = {
        "WIREPROOF_URL": f"ws://127.0.0.1:{unused_port}",
        "WIREPROOF_START": STRICT.format(port=unused_port),
        "WIREPROOF_ARGS": "--case 'websocket/s5_2_base*'",
    }
    done = subprocess.run(
        ["bash", "-e", "-c", job["script"][-1]],
        cwd=installed,
        env={**os.environ, **job["variables"], **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (installed / job["artifacts"]["reports"]["junit"]).is_file()
