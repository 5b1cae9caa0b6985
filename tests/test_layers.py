"""The core imports downwards only, and content imports nothing of this project but the core."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTENT = ("suites", "fixtures", "proxies", "reports")

LAYERS = (
    ("", "bundle", "errors"),
    ("catalogue", "wire", "transcript", "verdict", "attempt"),
    ("model", "peer"),
    ("target", "profile", "toml_document", "proxy", "case"),
    ("run",),
    ("report", "compare", "content"),
    ("pytest_plugin", "cli", "__main__"),
)
"""From the bottom to the top; the empty name is the package itself."""

HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}


def modules_below(*folders: str) -> dict[str, str]:
    """The source of each module, by path."""
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in found
        if "node_modules" not in path.parts
    }


def imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of all that the module at *path* imports, also inside functions and by name."""
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom(module=module, level=level):
                above = package[: len(package) - level + 1] if level else []
                base = ".".join([*above, *([module] if module else [])])
                # Whether a name is a module of its own does not matter: it has the layer of its parent,
                # but for the names that the package itself gives away.
                own = base == "wireproof" or (level and base in CONTENT) or not base
                names = [f"{base}.{alias.name}".lstrip(".") for alias in node.names] if own else [base]
                yield from ((node.lineno, name) for name in names)
            case ast.Call(
                func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def part_of(name: str) -> str:
    """The part of the core that a dotted name belongs to."""
    part = [*name.split("."), ""][1]
    # `from wireproof import __version__` takes a value, not a module.
    return part if (ROOT / "wireproof" / part).is_dir() or (ROOT / f"wireproof/{part}.py").exists() else ""


def wrong_in_core(path: str, source: str) -> Iterator[str]:
    here = path.split("/")[1].removesuffix(".py").replace("__init__", "")
    if here not in HEIGHT:
        yield f"{path}: {here!r} has no place in the layers"
        return
    for line, name in imports(path, source):
        top, *rest = name.split(".")
        if top in (*CONTENT, "tests", "benchmarks", "conftest"):
            yield f"{path}:{line}: the core does not know {name}"
        elif here == "wire" and top == "asyncio":
            yield f"{path}:{line}: wire/ does no input or output"
        # The command line loads content by name, when it is wanted: that is how it does not depend on it.
        elif top == "wireproof" and rest[:1] != ["bundle"]:
            there = part_of(name)
            if HEIGHT.get(there, len(LAYERS)) > HEIGHT[here]:
                yield f"{path}:{line}: {here or 'wireproof'} may not import {there}"


def wrong_in_content(path: str, source: str) -> Iterator[str]:
    own = path.split("/", maxsplit=1)[0]
    relative = {
        node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) and node.level
    }
    for line, name in imports(path, source):
        top = name.split(".")[0]
        if top == own and line in relative:
            continue
        if top in (*CONTENT, "tests", "benchmarks", "conftest") or name.startswith("wireproof.bundle"):
            yield f"{path}:{line}: {own}/ may import the core and, relatively, itself; not {name}"
        elif top == "" or (line in relative and top != own):
            yield f"{path}:{line}: a relative import leaves {own}/"


def test_the_core_imports_downwards_only() -> None:
    modules = modules_below("wireproof")
    assert len(modules) > 20
    assert [breach for path, source in modules.items() for breach in wrong_in_core(path, source)] == []


@pytest.mark.parametrize("folder", CONTENT)
def test_content_imports_the_core_and_itself(folder: str) -> None:
    modules = modules_below(folder)
    assert [breach for path, source in modules.items() for breach in wrong_in_content(path, source)] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("wireproof/peer/raw.py", "from wireproof.target import Target"),
        ("wireproof/peer/raw.py", "from wireproof import target"),
        ("wireproof/peer/raw.py", "from ..run import lab"),
        ("wireproof/errors.py", "def late():\n    import wireproof.case"),
        ("wireproof/wire/http1.py", "from asyncio import Protocol"),
        ("wireproof/run/lab.py", "from fixtures.servers import running"),
        ("wireproof/verdict.py", "from importlib import import_module\nimport_module('wireproof.report')"),
        ("wireproof/homeless.py", ""),
    ],
)
def test_a_breach_of_the_layers_is_seen(path: str, source: str) -> None:
    assert list(wrong_in_core(path, source))


@pytest.mark.parametrize(
    "source",
    [
        "import fixtures.strict",
        "from suites.websocket import rows",
        "from wireproof.bundle.reports import FORMATS",
        "from ... import reports",
        "from ...reports import as_json",
    ],
)
def test_a_breach_by_content_is_seen(source: str) -> None:
    assert list(wrong_in_content("suites/websocket/test_x.py", source))


def test_what_is_allowed_is_not_taken_for_a_breach() -> None:
    fine = "from . import rows\nfrom .rows import row\nfrom ..shared import x\nimport ssl, wireproof.case"
    assert not list(wrong_in_content("suites/websocket/test_x.py", fine))
    assert not list(wrong_in_core("wireproof/run/lab.py", "from wireproof import __version__, case"))
