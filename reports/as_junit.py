"""The report as JUnit XML, in the form that the schemas of Jenkins and Surefire agree on.

They know properties of a suite only, not of a case: those carry the verdicts that JUnit has no word for.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from wireproof.report import evidence

# XML 1.0 section 2.2 has no way at all to write these, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Mapping[str, Any]) -> str:
    """The report as one ``testsuites`` element."""
    summary = report["summary"]
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        name="wireproof",
        tests=str(len(report["cases"])),
        failures=str(summary["fail"] - summary["known"]),
        errors=str(summary["error"] + summary["inconclusive"]),
        skipped=str(summary["not-applicable"] + summary["known"]),
        time=f"{report['duration_s']:.3f}",
        timestamp=report["started"].partition("+")[0].partition(".")[0],
        hostname=_legal(report["target"]["url"]),
    )
    _add_properties(suite, report)
    for case in report["cases"]:
        _add_case(suite, case)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _add_properties(suite: ET.Element, report: Mapping[str, Any]) -> None:
    tool = report["tool"]
    told = [
        ("tool", f"{tool['name']} {tool['version']}"),
        ("suites", tool["suites"]),
        ("seed", str(report["seed"])),
        ("server", report["target"]["server"] or ""),
    ]
    told += [
        (_name(case), case["verdict"]) for case in report["cases"] if case["verdict"] in ("info", "warn")
    ]
    properties = ET.SubElement(suite, "properties")
    for name, value in told:
        ET.SubElement(properties, "property", name=_legal(name), value=_legal(value))


def _name(case: Mapping[str, Any]) -> str:
    return str(case["id"]) + ("" if case["route"] == "direct" else f" via {case['route']}")


def _add_case(suite: ET.Element, case: Mapping[str, Any]) -> None:
    classname, _, name = case["id"].rpartition("/")
    route = _name(case).removeprefix(case["id"])
    element = ET.SubElement(
        suite,
        "testcase",
        classname=_legal(classname.replace("/", ".")),
        name=_legal(name + route),
        time=f"{case['duration_s']:.3f}",
    )
    verdict, text = case["verdict"], _legal(_text(case))
    if verdict == "fail" and case["known"] is not None:
        ET.SubElement(element, "skipped", message=_legal(f"known: {case['known']['reason']}"))
    elif verdict == "fail":
        ET.SubElement(element, "failure", message=_legal(case["observed"]), type=case["level"]).text = text
    elif verdict in ("inconclusive", "error"):
        ET.SubElement(element, "error", message=_legal(case["reason"]), type=verdict).text = text
    elif verdict == "not-applicable":
        ET.SubElement(element, "skipped", message=_legal(case["reason"]))
    elif verdict == "warn":
        ET.SubElement(element, "system-out").text = text


def _text(case: Mapping[str, Any]) -> str:
    lines = [case["title"], f"demanded by {', '.join(case['broken'] or case['requirements'])}"]
    if case["expected"]:
        lines.append(f"expected {' or '.join(case['expected'])}")
    if case["observed"]:
        lines.append(f"observed {case['observed']}")
    if case["reason"]:
        lines.append(case["reason"])
    marked = evidence(case)
    lines += [
        f"{'>' if at in marked else ''}{e['t']:9.4f} #{e['peer']} {e['dir']:<4} {e['kind']:<5} {e['text']}"
        for at, e in enumerate(case["transcript"][:100])
    ]
    lines.append(f"again: {case['reproduce']}")
    return "\n".join(lines)


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
