"""The wheel holds what a run needs, no more, and works with the base requirements in an empty folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import wireproof
from wireproof.run.process import Command, started
from wireproof.run.ready import ReadyLine

ROOT = Path(__file__).parents[1]
BUNDLE = "wireproof/bundle/"
LISTENING = ReadyLine(re.compile(r"^listening on (?P<url>\S+)$"))


def build(kind: str, source: Path, into: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def content(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def requirements_of(*names: str) -> set[str]:
    """The distributions that *names* need, themselves included, as they are installed here."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        if (name := pending.pop()) not in found:
            found.add(name)
            needed = [Requirement(text) for text in distribution(name).requires or ()]
            pending += [r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
    return found


class Installed:
    """A virtual environment with the wheel and what the wheel asks for, and a foreign folder to work in."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        self.folder = folder / "elsewhere"
        self.folder.mkdir()
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self.bin = folder / "venv" / "bin"
        self._run(sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "--no-deps",
                  "--no-index", "--disable-pip-version-check", str(wheel))  # fmt: skip
        (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        ours = next(packages.glob("wireproof-*.dist-info")).name
        for name in requirements_of("wireproof") - {"wireproof"}:
            # Linked, not installed anew: this test needs no network and takes little time.
            for top in {Path(file).parts[0] for file in distribution(name).files or ()} - {"..", ours}:
                source = Path(str(distribution(name).locate_file(top)))
                if source.exists() and not (packages / top).exists():
                    (packages / top).symlink_to(source)

    def __call__(self, *words: str, status: int = 0) -> str:
        return self._run(str(self.bin / words[0]), *words[1:], status=status)

    def _run(self, *words: str, status: int = 0) -> str:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        dropped = ("PYTHON", "PYTEST", "COV", "TOX")
        return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed"))


@pytest.mark.parametrize("folder", ["suites", "fixtures", "proxies", "reports"])
def test_the_wheel_holds_the_content_inside_the_package(content: set[str], folder: str) -> None:
    wanted = {
        BUNDLE + path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not {"__pycache__", "node_modules"} & {*path.parts}
    }
    assert {name for name in content if name.startswith(f"{BUNDLE}{folder}/")} == wanted


def test_the_wheel_holds_what_is_not_python(content: set[str]) -> None:
    assert {
        "wireproof/py.typed",
        "wireproof/bundle/__init__.py",
        "wireproof/catalogue/rfc6455.toml",
        "wireproof/catalogue/rfc7692.toml",
        BUNDLE + "fixtures/servers/node/package-lock.json",
        BUNDLE + "fixtures/servers/node/package.json",
        BUNDLE + "fixtures/servers/node/ws_server.mjs",
        BUNDLE + "reports/schema.json",
        f"wireproof-{wireproof.__version__}.dist-info/licenses/LICENSE",
    } <= content


def test_the_wheel_holds_nothing_else(content: set[str]) -> None:
    assert {name.partition("/")[0] for name in content} == {
        "wireproof",
        f"wireproof-{wireproof.__version__}.dist-info",
    }
    assert [
        name for name in content if re.search(r"conftest|\.pyc|node_modules|(^|/)(tests|benchmarks)/", name)
    ] == []


def test_a_wheel_made_of_the_source_distribution_is_the_same(content: set[str], tmp_path: Path) -> None:
    archive = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(archive) as source:
        source.extractall(tmp_path, filter="data")
    again = build("wheel", tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path / "wheel")
    assert set(zipfile.ZipFile(again).namelist()) == content


def test_the_installed_tool_tells_its_version(installed: Installed) -> None:
    assert wireproof.__version__ in installed("wireproof", "--version")
    assert not (installed.folder / "wireproof").exists()
    where = installed("python", "-c", "import wireproof; print(wireproof.__file__)").strip()
    assert Path(where).is_relative_to(installed.bin.parent)


def test_the_installed_tool_lists_its_cases(installed: Installed) -> None:
    listed = installed("wireproof", "list")
    assert "websocket/s5_2_base_framing/reserved_bit_fails_the_connection[rsv1]" in listed


def test_the_installed_tool_judges_a_server_that_comes_along(installed: Installed) -> None:
    installed(
        "wireproof", "demo", "--case", "websocket/s5_2*", "--json", "report.json", "--junit", "junit.xml"
    )
    report = json.loads((installed.folder / "report.json").read_text("utf-8"))
    assert report["summary"]["pass"] > 10
    assert report["complete"]
    assert (installed.folder / "junit.xml").read_text("utf-8").startswith("<?xml")


def test_the_suites_run_in_a_foreign_repository(installed: Installed) -> None:
    (installed.folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-ra'\n")

    async def scene() -> str:
        serve = Command([str(installed.bin / "wireproof"), "serve", "strict"], ready=LISTENING)
        async with started(serve) as server:
            assert server.match is not None
            words = (
                "--pyargs",
                "wireproof.bundle.suites",
                "--url",
                server.match["url"],
                "--case",
                "websocket/s5_2*",
            )
            return await asyncio.to_thread(installed, "python", "-m", "pytest", *words)

    assert re.search(r"\d\d+ passed", asyncio.run(scene()))
