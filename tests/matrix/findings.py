"""What the bundled real servers are accused of, and why: docs/findings.toml, and the page made of it.

``python -m tests.matrix.findings`` writes docs/servers.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fixtures.servers import BUNDLED
from wireproof.catalogue.requirement import load_catalogue
from wireproof.run.select import match_ids
from wireproof.verdict import Verdict, verdict_when_broken

DOCS = Path(__file__).parents[2] / "docs"
LIST, PAGE = DOCS / "findings.toml", DOCS / "servers.md"
ACCUSING = (Verdict.FAIL, Verdict.WARN)

_HEAD = """# What the suites find in real servers

Each accusation was checked by hand against the text of RFC 6455 or RFC 7692; the reasons say where it stands.
A *fail* breaks what the text binds a server to, a *warn* a SHOULD or a duty that is inferred. The servers are
the bundled ones (`wireproof demo --server NAME`), each a page of code on its library with that library's own
settings. This page is made of `docs/findings.toml` by `python -m tests.matrix.findings`, and
`tests/test_real_servers.py` compares that list with real runs.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One accusation of some servers: ``seen`` maps their names to what they did."""

    requirement: str
    cases: tuple[str, ...]
    reason: str
    seen: Mapping[str, str]

    @property
    def verdict(self) -> Verdict:
        """What the catalogue makes of it."""
        return verdict_when_broken(load_catalogue()[self.requirement])


def load_versions() -> Mapping[str, str]:
    """The version of each server that the list speaks of."""
    versions: dict[str, str] = _document()["versions"]
    return versions


def load_known() -> list[Known]:
    """The list, in its order."""
    return [
        Known(one["requirement"], tuple(one["cases"]), " ".join(one["reason"].split()), one["seen"])
        for one in _document()["finding"]
    ]


def _document() -> dict[str, Any]:
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def documented(server: str, cases: Sequence[str]) -> set[tuple[str, str]]:
    """Every pair of case and requirement that *server* is known for. Raises `ValueError` for a vain glob."""
    pairs = set()
    for known in load_known():
        for pattern in known.cases if server in known.seen else ():
            meant = match_ids(pattern, cases)
            if not meant:
                raise ValueError(f"{pattern} means no case")
            pairs |= {(case, known.requirement) for case in meant}
    return pairs


def accusations(report: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Every pair of case and requirement that *report* makes a fail or a warn of."""
    catalogue = load_catalogue()
    return {
        (case["id"], finding["requirement"])
        for case in report["cases"]
        for finding in case["findings"]
        if verdict_when_broken(catalogue[finding["requirement"]]) in ACCUSING
    }


def page() -> str:
    """The page in Markdown."""
    known, versions = load_known(), load_versions()
    lines = [_HEAD]
    for name, version in versions.items():
        lines += _server(name, version, [one for one in known if name in one.seen])
    return "\n".join([*lines, *_reasons(known)]) + "\n"


def _server(name: str, version: str, known: Sequence[Known]) -> Iterator[str]:
    yield f"## {BUNDLED[name].title}"
    yield ""
    yield f"Seen with {version}."
    yield ""
    yield "| verdict | requirement | what it does | cases |"
    yield "| --- | --- | --- | --- |"
    for one in sorted(known, key=lambda one: ACCUSING.index(one.verdict)):
        url = load_catalogue()[one.requirement].url
        yield f"| {one.verdict} | [{one.requirement}]({url}) | {one.seen[name]} | {_cases(one)} |"
    yield ""


def _reasons(known: Iterable[Known]) -> Iterator[str]:
    yield "## Why"
    yield ""
    grouped: dict[str, list[str]] = {}
    for one in known:
        grouped.setdefault(one.requirement, []).append(one.reason)
    for name, reasons in sorted(grouped.items(), key=lambda pair: list(load_catalogue()).index(pair[0])):
        asked = load_catalogue()[name]
        yield f"- **{name}** ({asked.level}, {asked.basis}): {' '.join(dict.fromkeys(reasons))}"


def _cases(known: Known) -> str:
    first, *more = known.cases
    shown = f"`{first.removeprefix('websocket/')}`"
    return f"{shown} and {len(more)} more" if more else shown


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
