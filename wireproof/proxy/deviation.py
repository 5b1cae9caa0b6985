"""What a proxy does by normal conduct, kept as data beside its driver."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wireproof.toml_document import Node


@dataclass(frozen=True, slots=True)
class Deviation:
    """Something that a proxy does by normal conduct and that shows in verdicts.

    It speaks of a result when a glob of ``cases`` matches its case or one of ``requirements`` the requirement
    broken, and ``observed`` (a glob; None: anything) matches what was seen. ``seen_with`` is the proxy's
    version; what is so ``sometimes`` does not show each time.
    """

    what: str
    why: str
    link: str
    cases: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    observed: str | None = None
    seen_with: str = ""
    sometimes: bool = False


def read_deviations(path: Path) -> tuple[Deviation, ...]:
    """The deviations in a file: `seen_with` and `[[deviation]]` tables; raise `ProfileError`."""
    from wireproof.toml_document import read_toml  # noqa: PLC0415  # most runs read none

    table = read_toml(path, "list of deviations").table("seen_with", "deviation")
    version = table["seen_with"].text() if "seen_with" in table else ""
    return (
        tuple(_deviation(node, version) for node in table["deviation"].items())
        if "deviation" in table
        else ()
    )


def _deviation(node: Node, version: str) -> Deviation:
    table = node.table("what", "why", "link", "cases", "requirements", "observed", "sometimes")
    for key in ("what", "why", "link"):
        if key not in table:
            raise node.wrong(f"A deviation needs {key!r}.")

    def texts(key: str) -> tuple[str, ...]:
        return tuple(one.text() for one in table[key].items()) if key in table else ()

    return Deviation(
        table["what"].text(),
        table["why"].text(),
        table["link"].text(),
        texts("cases"),
        texts("requirements"),
        table["observed"].text() if "observed" in table else None,
        version,
        "sometimes" in table and table["sometimes"].boolean(),
    )
