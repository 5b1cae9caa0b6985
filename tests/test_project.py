"""The house rules that no linter knows: sizes, names, and what no file may contain."""

from __future__ import annotations

import ast
import os
import re
import tomllib
from pathlib import Path

import pytest

import wireproof

ROOT = Path(__file__).parents[1]
LIMITS = {"tests": 250, "suites": 300}
LIMIT = 400
NOT_OURS = {"node_modules", "__pycache__", "build", "dist", "venv", "wireproof-report"}

# Machines differ: what stands in a file must hold in a clone anywhere. The brackets keep this line clean.
OF_ONE_MACHINE = re.compile(r"(?<![\w.)}~-])/(?:[w]ork|[t]mp|[r]oot)/|[.]{2}/[s]hared\b")


def our_files() -> list[Path]:
    """All files of the project, without what tools leave behind."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [n for n in folders if n not in NOT_OURS and (n == ".ci" or not n.startswith("."))]
        found += [Path(folder, name) for name in files]
    return sorted(found)


FILES = our_files()
MODULES = [path for path in FILES if path.suffix in (".py", ".mjs")]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_module_is_too_long() -> None:
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert lengths
    assert {
        name: length for name, length in lengths.items() if length > LIMITS.get(name.partition("/")[0], LIMIT)
    } == {}


def test_no_module_is_called_utils() -> None:
    assert [named(path) for path in FILES if re.fullmatch("_?utils?", path.stem)] == []


def test_cases_accuse_by_verbs_and_never_by_assert() -> None:
    bare = []
    for path in MODULES:
        if path.suffix == ".py" and named(path).startswith("suites/"):
            tree = ast.parse(path.read_text("utf-8"))
            bare += [f"{named(path)}:{n.lineno}" for n in ast.walk(tree) if isinstance(n, ast.Assert)]
    assert bare == []


def test_no_file_names_a_place_on_one_machine() -> None:
    places = [str(ROOT), str(Path.home())]
    guilty = []
    for path in FILES:
        text = path.read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            if OF_ONE_MACHINE.search(line) or any(
                f"{place}/" in line for place in places if place.count("/") > 1
            ):
                guilty.append(f"{named(path)}:{number}: {line.strip()[:100]}")
    assert guilty == []


@pytest.mark.parametrize("line", ["see /{}/main", 'open("/{}/x")', "unix:/{}/a.sock"])
@pytest.mark.parametrize("name", ["work", "tmp", "root"])
def test_such_a_place_is_seen(line: str, name: str) -> None:
    assert OF_ONE_MACHINE.search(line.format(name))
    assert not OF_ONE_MACHINE.search(f"https://example.org/{name}/x, {{cache}}/{name}/x, ~/{name}/x")


def test_the_base_install_is_light() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert [re.match(r"[\w-]+", needed)[0] for needed in project["dependencies"]] == [  # type: ignore[index]
        "click",
        "jinja2",
        "pytest",
        "rich",
    ]


def test_the_changelog_tells_of_this_version() -> None:
    assert f"## [{wireproof.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
