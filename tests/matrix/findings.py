"""What the bundled real servers are accused of, and why: the lists in docs/, and the pages made of them.

``python -m tests.matrix.findings`` writes the pages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fixtures.servers import BUNDLED
from wireproof.catalogue.requirement import load_catalogue
from wireproof.run.select import match_ids
from wireproof.verdict import Verdict, verdict_when_broken

DOCS = Path(__file__).parents[2] / "docs"
ACCUSING = (Verdict.FAIL, Verdict.WARN)

_WEBSOCKET = """# What the suites find in real servers

Each accusation was checked by hand against the text of RFC 6455 or RFC 7692; the reasons say where it stands.
A *fail* breaks what the text binds a server to, a *warn* a SHOULD or a duty that is inferred. The servers are
the bundled ones (`wireproof demo --server NAME`), each a page of code on its library with that library's own
settings. This page is made of `docs/findings.toml` by `python -m tests.matrix.findings`, and
`tests/test_real_servers.py` compares that list with real runs. Servers for Socket.IO have
[a page of their own](servers-socketio.md).
"""
_SOCKETIO = """# What the suites find in real Socket.IO servers

Each accusation was checked by hand against the text of the protocols, [Engine.IO 4](engineio.md) and
[Socket.IO 5](socketio.md), and against the packets that were exchanged; the reasons say where it stands. A
*fail* breaks what the text binds a server to or what its application offers, a *warn* a SHOULD or a duty that
is inferred. The servers are the bundled ones, as `wireproof demo --server NAME --protocol engineio --protocol
socketio` judges them. The WebSocket below is that of their libraries, which are [judged by
themselves](servers.md). This page is made of `docs/findings-socketio.toml` by `python -m
tests.matrix.findings`, and `tests/test_real_servers.py` compares that list with real runs.
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One accusation of some servers: ``seen`` maps their names to what they did.

    ``chance`` says what must happen for it, where it is not made in every run; ``packets`` are what was sent
    (``>``) and what came (``<``).
    """

    requirement: str
    cases: tuple[str, ...]
    reason: str
    seen: Mapping[str, str]
    packets: tuple[str, ...] = ()
    chance: str = ""

    @property
    def verdict(self) -> Verdict:
        """What the catalogue makes of it."""
        return verdict_when_broken(load_catalogue()[self.requirement])


@dataclass(frozen=True, slots=True)
class Findings:
    """One list of accusations, the page that shows it, and the protocols that its servers are judged by."""

    list: Path
    page: Path
    head: str
    protocols: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        """The arguments for a run that makes these accusations."""
        return tuple(word for protocol in self.protocols for word in ("--protocol", protocol))

    def versions(self) -> Mapping[str, str]:
        """The version of each server that the list speaks of."""
        versions: dict[str, str] = self._document()["versions"]
        return versions

    def known(self) -> Sequence[Known]:
        """The accusations, in their order."""
        return [
            Known(
                one["requirement"],
                tuple(one["cases"]),
                " ".join(one["reason"].split()),
                one["seen"],
                tuple(one.get("packets", "").strip().splitlines()),
                one.get("chance", ""),
            )
            for one in self._document()["finding"]
        ]

    def documented(self, server: str, cases: Sequence[str]) -> Mapping[tuple[str, str], Known]:
        """Every pair of case and requirement that *server* is known for.

        Raises `ValueError` for a glob that matches none of *cases*.
        """
        pairs: dict[tuple[str, str], Known] = {}
        for known in self.known():
            for pattern in known.cases if server in known.seen else ():
                meant = match_ids(pattern, cases)
                if not meant:
                    raise ValueError(f"{pattern} means no case")
                pairs |= {(case, known.requirement): known for case in meant}
        return pairs

    def text(self) -> str:
        """The page in Markdown."""
        lines = [self.head]
        for name, version in self.versions().items():
            lines += _server(name, version, [one for one in self.known() if name in one.seen])
        if more := self._document().get("notes"):
            lines += [more]
        return "\n".join([*lines, *_reasons(self.known())]) + "\n"

    def _document(self) -> dict[str, Any]:
        return tomllib.loads(self.list.read_text(encoding="utf-8"))


LISTS: Mapping[str, Findings] = {
    "websocket": Findings(DOCS / "findings.toml", DOCS / "servers.md", _WEBSOCKET),
    "socketio": Findings(
        DOCS / "findings-socketio.toml", DOCS / "servers-socketio.md", _SOCKETIO, ("engineio", "socketio")
    ),
}
"""All lists, by what their servers are."""


def accusations(report: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Every pair of case and requirement that *report* makes a fail or a warn of."""
    catalogue = load_catalogue()
    return {
        (case["id"], finding["requirement"])
        for case in report["cases"]
        for finding in case["findings"]
        if verdict_when_broken(catalogue[finding["requirement"]]) in ACCUSING
    }


def _server(name: str, version: str, known: Sequence[Known]) -> Iterator[str]:
    yield f"## {BUNDLED[name].title}"
    yield ""
    yield f"Seen with {version}."
    yield ""
    yield "| verdict | requirement | what it does | cases |"
    yield "| --- | --- | --- | --- |"
    for one in sorted(known, key=lambda one: ACCUSING.index(one.verdict)):
        url = load_catalogue()[one.requirement].url
        seen = f"{one.seen[name]} ({one.chance})" if one.chance else one.seen[name]
        yield f"| {one.verdict} | {_linked(one.requirement, url)} | {seen} | {_cases(one)} |"
    yield ""


def _linked(text: str, url: str) -> str:
    return f"[{text}]({url})" if url.startswith("https:") else text


def _reasons(known: Sequence[Known]) -> Iterator[str]:
    yield "## Why"
    yield ""
    grouped: dict[str, list[Known]] = {}
    for one in known:
        grouped.setdefault(one.requirement, []).append(one)
    for name, several in sorted(grouped.items(), key=lambda pair: list(load_catalogue()).index(pair[0])):
        asked = load_catalogue()[name]
        reasons = " ".join(dict.fromkeys(one.reason for one in several))
        yield f"- **{name}** ({asked.level}, {asked.basis}): {reasons}"
        for one in several:
            if one.packets:
                yield from ("", "  ```text", *(f"  {line}" for line in one.packets), "  ```", "")


def _cases(known: Known) -> str:
    first, *more = known.cases
    shown = f"`{first.removeprefix('websocket/')}`"
    return f"{shown} and {len(more)} more" if more else shown


if __name__ == "__main__":
    for each in LISTS.values():
        each.page.write_text(each.text(), encoding="utf-8")
