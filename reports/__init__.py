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
    Format("html", "as_html", "one HTML page that needs nothing else"),
    Format("markdown", "as_markdown", "a summary in Markdown, for a pipeline's page"),
    Format("annotations", "as_annotations", "workflow commands for GitHub's annotations"),
    Format("badge", "as_badge", "a badge (SVG)"),
    Format("pcap", "as_pcapng", "every connection as a capture for Wireshark (pcapng)"),
    Format("har", "as_har", "every connection as an HTTP archive with WebSocket messages"),
)
