"""The output formats. Each module makes a text of a report; none of them knows how the report came about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """One format: the option that asks for it, the module with its ``render(report)``, a line of help."""

    option: str
    module: str
    help: str


FORMATS = (
    Format("json", "as_json", "the whole report as JSON (reports/schema.json describes it)"),
    Format("junit", "as_junit", "JUnit XML, for a pipeline's test view"),
)
