"""Writes a page for each specification from the catalogue and the cases: ``python docs/generate.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from wireproof.catalogue.requirement import Requirement, load_catalogue
from wireproof.cli.looking import collect_cases
from wireproof.verdict import verdict_when_broken

HERE = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Each page's path and text."""
    catalogue = load_catalogue()
    checked: dict[str, dict[str, str]] = {}
    for case in collect_cases():
        for requirement in case.spec.requirements:
            checked.setdefault(requirement, {})[re.sub(r"\[.*", "", case.id)] = case.title
    return {
        HERE / f"{spec}.md": "\n".join(_page(spec, list(catalogue.values()), checked)) + "\n"
        for spec in catalogue.specs
    }


def _page(spec: str, requirements: list[Requirement], checked: dict[str, dict[str, str]]) -> Iterator[str]:
    about = load_catalogue().specs[spec]
    mine = [requirement for requirement in requirements if requirement.spec == spec]
    covered = sum(requirement.id in checked for requirement in mine)
    unseen = sum(requirement.not_testable is not None for requirement in mine)
    yield f"# {_linked(about.title, about.url)}"
    yield ""
    yield f"{len(mine)} requirements: {covered} checked by cases, {unseen} that can't be seen from outside."
    yield "This page is written by `python docs/generate.py`; `wireproof explain ID` shows more of each."
    for section in dict.fromkeys(requirement.section for requirement in mine):
        yield ""
        yield f"## Section {section}" if section[:1].isdigit() else f"## {section.capitalize()}"
        for requirement in mine:
            if requirement.section == section:
                yield ""
                yield from _requirement(requirement, checked.get(requirement.id, {}))


def _linked(text: str, url: str) -> str:
    """*text*, with a link where the specification is a public text and not this project's own."""
    return f"[{text}]({url})" if url.startswith("https://www.rfc-editor.org/") else text


def _requirement(requirement: Requirement, cases: dict[str, str]) -> Iterator[str]:
    level = _linked(str(requirement.level), requirement.url)
    binds = "" if requirement.binds == "server" else f", binds the {requirement.binds}"
    yield f"### {requirement.title}"
    yield ""
    verdict = verdict_when_broken(requirement)
    yield f"`{requirement.id}`: {level}, {requirement.basis}{binds}; broken, it is `{verdict}`."
    yield ""
    yield requirement.asks
    if requirement.not_testable:
        yield ""
        yield f"*Not testable: {requirement.not_testable}*"
    if cases:
        yield ""
        yield from (f"- `{case}`: {title}" for case, title in sorted(cases.items()))


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
