"""The catalogue that ships, and the loader's refusals."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from wireproof.catalogue.requirement import (
    Basis,
    Binds,
    Catalogue,
    CatalogueError,
    Level,
    Requirement,
    load_catalogue,
    parse_spec,
)
from wireproof.errors import WireproofError

HEAD = 'spec = "rfc1"\ntitle = "A protocol"\nurl = "https://example.org/rfc1"\n'
ENTRY = {
    "id": '"rfc1/5.2/some-rule"',
    "section": '"5.2"',
    "title": '"Some rule"',
    "level": '"MUST"',
    "basis": '"derived"',
    "binds": '"server"',
    "asks": '"Do it."',
}


def toml(**changes: str | None) -> str:
    """A specification with one requirement, *changes* applied to its keys (``None`` leaves a key out)."""
    keys = ENTRY | {key.replace("_", "-"): value for key, value in changes.items()}
    lines = [f"{key} = {value}" for key, value in keys.items() if value is not None]
    return "\n".join([HEAD, "[[requirement]]", *lines])


def one(text: str) -> Requirement:
    _, requirements = parse_spec("rfc1", text)
    (requirement,) = requirements.values()
    return requirement


def test_every_field_is_read() -> None:
    requirement = one(toml(agreed="true", not_testable='"Nobody sees it."'))
    assert requirement == Requirement(
        id="rfc1/5.2/some-rule",
        spec="rfc1",
        section="5.2",
        title="Some rule",
        level=Level.MUST,
        basis=Basis.DERIVED,
        agreed=True,
        binds=Binds.SERVER,
        asks="Do it.",
        url="https://example.org/rfc1#section-5.2",
        not_testable="Nobody sees it.",
    )


def test_optional_keys_may_be_left_out() -> None:
    requirement = one(toml(title=None))
    assert (requirement.title, requirement.agreed, requirement.not_testable) == ("", False, None)


@pytest.mark.parametrize("level", Level)
def test_every_level_is_known(level: Level) -> None:
    assert one(toml(level=f'"{level.value}"')).level is level


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(toml(levle='"MUST"'), "unknown key levle", id="unknown-key"),
        pytest.param(toml(asks=None), "missing key asks", id="missing-key"),
        pytest.param(toml(level='"MUST NOT"'), "level is one of", id="bad-level"),
        pytest.param(toml(basis='"folklore"'), "basis is one of", id="bad-basis"),
        pytest.param(toml(binds='"client"'), "binds is one of", id="bad-binds"),
        pytest.param(toml(id='"rfc2/5.2/some-rule"'), "must begin with rfc1/5.2/", id="id-of-another-spec"),
        pytest.param(
            toml(id='"rfc1/5.3/some-rule"'), "must begin with rfc1/5.2/", id="id-of-another-section"
        ),
        pytest.param(toml(id='"rfc1/5.2/Some_Rule"'), "is no id", id="ill-formed-id"),
        pytest.param(toml(id='"rfc1/5.2/7"'), "is no id", id="sequence-number"),
        pytest.param(toml(id=None), "is no id", id="no-id"),
        pytest.param(toml(id="5"), "is no id", id="id-that-is-no-text"),
        pytest.param(toml(level="5"), "must be a text", id="number-for-a-level"),
        pytest.param(toml(asks='" "'), "must be a text", id="blank-text"),
        pytest.param(toml(title=f'"{"x" * 51}"'), "longer than 50", id="long-title"),
        pytest.param(toml(basis='"explicit"', agreed="true"), "agreed", id="agreed-but-explicit"),
        pytest.param(toml(agreed='"yes"'), "agreed", id="agreed-that-is-no-bool"),
        pytest.param("extra = 1\n" + toml(), "unknown key extra", id="unknown-key-of-the-file"),
        pytest.param(HEAD.replace("rfc1", "rfc2"), "the file's own name", id="spec-of-another-name"),
        pytest.param('spec = "rfc1"\ntitle = "A"\n', "key url", id="no-url"),
        pytest.param(HEAD + "requirement = 5\n", "array of tables", id="requirement-that-is-no-array"),
        pytest.param("spec = ", "rfc1: ", id="no-toml"),
    ],
)
def test_what_breaks_the_rules_is_refused(text: str, said: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(said)):
        parse_spec("rfc1", text)


def test_an_id_that_occurs_twice_is_refused() -> None:
    twice = toml() + toml().removeprefix(HEAD)
    with pytest.raises(CatalogueError, match=re.escape("rfc1/5.2/some-rule: this id occurs twice")):
        parse_spec("rfc1", twice)


def test_a_specification_is_read_when_it_is_asked_for() -> None:
    read: list[str] = []

    def text(spec: str) -> str:
        read.append(spec)
        return toml().replace("rfc1", spec)

    catalogue = Catalogue({spec: partial(text, spec) for spec in ("rfc1", "rfc2", "rfc3")})
    assert "rfc4/5.2/some-rule" not in catalogue
    assert read == []
    assert catalogue["rfc2/5.2/some-rule"].spec == "rfc2"
    assert "rfc2/5.2/another-rule" not in catalogue
    assert read == ["rfc2"]
    assert list(catalogue.specs) == ["rfc1", "rfc2", "rfc3"]
    assert len(catalogue) == 3
    assert sorted(read) == ["rfc1", "rfc2", "rfc3"]


def test_a_catalogue_error_is_of_the_tree_and_a_value_error() -> None:
    assert issubclass(CatalogueError, WireproofError)
    assert issubclass(CatalogueError, ValueError)


def test_there_is_one_catalogue_for_each_process() -> None:
    assert load_catalogue() is load_catalogue()


def test_the_catalogue_is_a_mapping_by_id() -> None:
    catalogue = load_catalogue()
    assert list(catalogue) == [requirement.id for requirement in catalogue.values()]
    assert len(set(catalogue)) == len(catalogue)
    assert catalogue["rfc6455/5.2/reserved-bits"].section == "5.2"
    assert "rfc6455/5.2/nothing-of-the-kind" not in catalogue


@pytest.mark.parametrize(
    ("spec", "title", "fewest"),
    [("rfc6455", "The WebSocket Protocol", 180), ("rfc7692", "Compression Extensions for WebSocket", 60)],
)
def test_a_specification_is_told_in_full(spec: str, title: str, fewest: int) -> None:
    catalogue = load_catalogue()
    assert catalogue.specs[spec].title == title
    assert catalogue.specs[spec].url.startswith("https://www.rfc-editor.org/rfc/")
    assert sum(requirement.spec == spec for requirement in catalogue.values()) >= fewest


@pytest.mark.parametrize("spec", ["rfc6455", "rfc7692"])
def test_sections_come_in_the_order_of_the_text(spec: str) -> None:
    sections = load_catalogue().sections(spec)
    assert sections == tuple(sorted(sections, key=lambda section: [int(part) for part in section.split(".")]))


def test_sections_of_an_unknown_specification_are_refused() -> None:
    with pytest.raises(CatalogueError, match="no specification 'rfc0'"):
        load_catalogue().sections("rfc0")


def test_the_sections_that_bind_a_server_are_there() -> None:
    sections = {"4.2.1", "4.2.2", "4.4", "5.1", "5.2", "5.3", "5.4", "5.5", "5.5.1", "5.5.2", "5.5.3", "5.6"}
    sections |= {"6.1", "6.2", "7.1.1", "7.1.7", "7.4.1", "7.4.2", "8.1", "9.1", "10.4", "11.3.2", "11.3.4"}
    assert sections <= set(load_catalogue().sections("rfc6455"))


def test_a_permission_is_never_a_failure_in_disguise() -> None:
    """What is derived from a permission binds; the permission itself is no more than a MAY."""
    permissions = [r for r in load_catalogue().values() if (r.not_testable or "").startswith("A permission")]
    assert permissions
    assert {r.level for r in permissions} == {Level.MAY}


def test_every_requirement_tells_itself_apart() -> None:
    """Two requirements with the same demand, or the same title in one section, would confuse a report."""
    requirements = load_catalogue().values()
    told = Counter((r.spec, r.asks) for r in requirements)
    headed = Counter((r.spec, r.section, r.title) for r in requirements)
    assert [key for key, count in (told | headed).items() if count > 1] == []


def test_every_demand_is_one_sentence() -> None:
    unlike = [r.id for r in load_catalogue().values() if not re.fullmatch(r"[A-Z][^\n]*\.", r.asks)]
    assert unlike == []


@pytest.mark.parametrize("spec", ["service", "broadcast", "socketio-contract"])
def test_what_no_rfc_says_is_told_in_the_docs(spec: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / f"{spec}.md").read_text()
    headings = {line.removeprefix("## ").lower() for line in page.splitlines() if line.startswith("## ")}
    mine = [requirement for requirement in load_catalogue().values() if requirement.spec == spec]
    assert {requirement.url.rpartition("#")[2] for requirement in mine} <= headings
