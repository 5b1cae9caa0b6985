"""Real reports fit the published schema, and the schema knows every key that they have."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.reports.made import many, report, small

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "reports/schema.json").read_text("utf-8"))
CASES = ("websocket/s5_2_base_framing/*", "websocket/s4_2_1_host/*", "websocket/s4_2_2_tls/*")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a run on a faulty server: passes, failures, observations, and what is not applicable."""
    folder = tmp_path_factory.mktemp("run")
    words = [sys.executable, "-m", "wireproof", "demo", "--server", "accepts-rsv1", "--json", "r.json"]
    words += ["--journal", "j.ndjson", *(word for glob in CASES for word in ("--case", glob))]
    subprocess.run(words, cwd=folder, check=False, capture_output=True, timeout=120)
    made: dict[str, Any] = json.loads((folder / "r.json").read_text("utf-8"))
    assert {"pass", "fail", "not-applicable"} <= {one["verdict"] for one in made["cases"]}
    return made


def unknown(value: object, schema: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """The keys of *value* that *schema* does not speak of."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("oneOf", ()):
        if choice.get("type") == "object" and isinstance(value, dict):
            schema = choice
    if isinstance(value, list) and "items" in schema:
        for one in value:
            yield from unknown(one, schema["items"], f"{where}[]")
    elif isinstance(value, dict) and "properties" in schema:
        for key, one in value.items():
            if key in schema["properties"]:
                yield from unknown(one, schema["properties"][key], f"{where}.{key}")
            else:
                yield f"{where}.{key}"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_real_report_fits(real: dict[str, Any]) -> None:
    jsonschema.validate(real, SCHEMA)


def test_the_schema_knows_every_key(real: dict[str, Any]) -> None:
    assert set(unknown(real, SCHEMA)) == set()


@pytest.mark.parametrize("made", [report([]), small(), many(300)], ids=["empty", "small", "many"])
def test_the_reports_of_the_tests_fit(made: dict[str, Any]) -> None:
    # Surrogates are there on purpose, where a page is to survive them.
    jsonschema.validate(made, SCHEMA)
    assert set(unknown(made, SCHEMA)) == set()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cases", 0, "verdict"), "great"),
        (("cases", 0, "findings"), [{"requirement": "x"}]),
        (("cases", 0, "id"), "Not An Id"),
        (("requirements", 0, "not_testable"), True),
        (("summary", "pass"), -1),
        (("schema",), "wireproof/report/2"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_does_not_fit(real: dict[str, Any], path: tuple[Any, ...], value: object) -> None:
    broken = json.loads(json.dumps(real))
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


def test_findings_tell_what_the_case_tells(real: dict[str, Any]) -> None:
    for one in real["cases"]:
        assert sorted({finding["requirement"] for finding in one["findings"]}) == one["broken"]


def test_requirements_tell_why_they_are_not_tested(real: dict[str, Any]) -> None:
    for one in real["requirements"]:
        assert one["title"]
        assert (one["not_testable"] is None) is (one["status"] != "not-testable")
