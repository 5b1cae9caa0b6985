"""Writes what is known as data into pages: ``python docs/generate.py``.

A page for each specification from the catalogue and the cases, and what is known of proxies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from wireproof.catalogue.requirement import Requirement, load_catalogue
from wireproof.cli.looking import collect_cases
from wireproof.content import load_drivers
from wireproof.proxy.driver import Driver, Feature, Software, Unsupported
from wireproof.verdict import verdict_when_broken

HERE = Path(__file__).parent
PROXIES = HERE / "proxies.md"
_WRITTEN = "<!-- From here on written by `python docs/generate.py`. -->\n"
_NEWEST = Software(None, "9999", "")


def pages() -> dict[Path, str]:
    """Each page's path and text."""
    catalogue = load_catalogue()
    checked: dict[str, dict[str, str]] = {}
    for case in collect_cases():
        for requirement in case.spec.requirements:
            checked.setdefault(requirement, {})[re.sub(r"\[.*", "", case.id)] = case.title
    specifications = {
        HERE / f"{spec}.md": "\n".join(_page(spec, list(catalogue.values()), checked)) + "\n"
        for spec in catalogue.specs
    }
    return {**specifications, PROXIES: "\n".join(_proxies()) + "\n"}


def _proxies() -> Iterator[str]:
    """The page about proxies: what stands there by hand, and behind it what their drivers say."""
    yield PROXIES.read_text(encoding="utf-8").partition(_WRITTEN)[0] + _WRITTEN
    drivers = load_drivers().values()
    yield "## What each can do\n"
    yield f"| | {' | '.join(driver.title for driver in drivers)} |"
    yield f"| --- |{' --- |' * len(drivers)}"
    for feature in Feature:
        can = ["" if isinstance(one.supports(feature, _NEWEST), Unsupported) else "yes" for one in drivers]
        yield f"| `{feature}`: {feature.meaning} | {' | '.join(can)} |"
    for driver in drivers:
        yield f"\n## {driver.title}\n"
        yield from _lacks(driver)
        if driver.switches:
            yield f"`{driver.name}` has settings of its own, written `NAME` or `NAME=VALUE`:\n"
        yield from (f"- `{name}`: {meaning}" for name, meaning in driver.switches.items())
        for known in driver.deviations:
            yield f"- **{known.what}** {known.why} ([more]({known.link}))"
            yield from (f"  - `{case}`" for case in known.cases)


def _lacks(driver: Driver) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for feature in Feature:
        answer = driver.supports(feature, _NEWEST)
        if isinstance(answer, Unsupported):
            reasons.setdefault(answer.reason, []).append(f"`{feature}`")
    for reason, features in reasons.items():
        yield f"No {', '.join(features)}: {reason}\n"
    if version := next((known.seen_with for known in driver.deviations), ""):
        yield f"What {driver.title} {version} does differently, by normal conduct:\n"


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
        yield (
            f"## Section {section}"
            if section[:1].isdigit()
            else f"## {section.replace('-', ' ').capitalize()}"
        )
        for requirement in mine:
            if requirement.section == section:
                yield ""
                yield from _requirement(requirement, checked.get(requirement.id, {}))


_PUBLIC = ("https://www.rfc-editor.org/", "https://github.com/socketio/")


def _linked(text: str, url: str) -> str:
    """*text*, with a link where the specification is a public text and not this project's own."""
    return f"[{text}]({url})" if url.startswith(_PUBLIC) else text


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
