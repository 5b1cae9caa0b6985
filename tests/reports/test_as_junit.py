"""JUnit XML as the schemas of Jenkins and Surefire want it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from reports.as_junit import render
from tests.reports.made import FAILING, PASSING, case, report, small

# What both schemas know: attributes (those of the first line must be there), and children.
ATTRIBUTES = {
    "testsuites": (set[str](), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time"},
        {"timestamp", "hostname", "id", "package"},
    ),
    "properties": (set[str](), set[str]()),
    "property": ({"name", "value"}, set[str]()),
    "testcase": ({"name", "classname", "time"}, set[str]()),
    "skipped": (set[str](), {"message", "type"}),
    "failure": ({"type"}, {"message"}),
    "error": ({"type"}, {"message"}),
    "system-out": (set[str](), set[str]()),
}
CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out"],
    "properties": ["property"],
    "testcase": ["skipped", "error", "failure", "system-out"],
}
ONCE = {"properties", "skipped", "error", "failure", "system-out"}


def root_of(made: dict[str, object]) -> ET.Element:
    return ET.fromstring(render(made).encode())


def test_elements_and_attributes_are_those_of_the_schemas() -> None:
    for element in root_of(small()).iter():
        needed, allowed = ATTRIBUTES[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed, element.tag
        order = CHILDREN.get(element.tag, [])
        places = [order.index(child.tag) for child in element]
        assert places == sorted(places), element.tag
        tags = [child.tag for child in element]
        assert all(tags.count(tag) < 2 for tag in ONCE), element.tag


def test_the_counts_are_those_of_the_elements() -> None:
    (suite,) = root_of(small())
    for attribute, tag in (
        ("tests", "testcase"),
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        assert int(suite.attrib[attribute]) == len(list(suite.iter(tag))), attribute


def test_times_are_seconds_without_exponents() -> None:
    (suite,) = root_of(report([case(PASSING, duration_s=1e-7), case(FAILING, duration_s=1234.5678)]))
    assert [one.attrib["time"] for one in suite.iter("testcase")] == ["0.000", "1234.568"]
    assert "+" not in suite.attrib["timestamp"]


@pytest.mark.parametrize("verdict", ["info", "warn"])
def test_properties_carry_the_verdicts_that_junit_has_no_word_for(verdict: str) -> None:
    (suite,) = root_of(report([case(FAILING, verdict), case(PASSING), case(PASSING, verdict, route="nginx")]))
    told = {one.attrib["name"]: one.attrib["value"] for one in suite.iter("property")}
    assert {name: value for name, value in told.items() if "/" in name} == {
        FAILING: verdict,
        f"{PASSING} via nginx": verdict,
    }
    assert told["seed"] == "1"
