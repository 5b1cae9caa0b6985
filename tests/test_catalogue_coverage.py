"""Catalogue and cases in step: what can be tested is, and all that is tested binds a server."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.matrix.flight import bundled_cases
from wireproof.catalogue.requirement import Binds, Requirement, load_catalogue
from wireproof.run.select import CaseItem


@pytest.fixture(scope="module")
def cases() -> list[CaseItem]:
    # Collecting is a pytest session, which has no place inside this one.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(bundled_cases).result()


@pytest.fixture(scope="module")
def listed(cases: list[CaseItem]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for case in cases:
        for name in case.spec.requirements:
            found.setdefault(name, []).append(case.id)
    return found


def requirements(spec: str) -> list[Requirement]:
    return [one for one in load_catalogue().values() if one.spec == spec]


def test_there_are_cases(cases: list[CaseItem]) -> None:
    assert len(cases) > 250


def test_every_requirement_that_a_case_names_exists(listed: dict[str, list[str]]) -> None:
    assert not {name: cases for name, cases in listed.items() if name not in load_catalogue()}


def test_no_case_names_a_requirement_twice(cases: list[CaseItem]) -> None:
    assert not [case.id for case in cases if len(set(case.spec.requirements)) < len(case.spec.requirements)]


@pytest.mark.parametrize("spec", load_catalogue().specs)
def test_what_binds_a_server_and_can_be_tested_has_a_case(spec: str, listed: dict[str, list[str]]) -> None:
    wanted = [one for one in requirements(spec) if one.binds is Binds.SERVER and not one.not_testable]
    assert not [one.id for one in wanted if one.id not in listed]


@pytest.mark.parametrize("spec", load_catalogue().specs)
def test_what_can_not_be_tested_has_none(spec: str, listed: dict[str, list[str]]) -> None:
    assert not {one.id: listed[one.id] for one in requirements(spec) if one.not_testable and one.id in listed}


def test_no_case_demands_of_a_server_what_binds_an_intermediary(cases: list[CaseItem]) -> None:
    bound = {one.id for one in load_catalogue().values() if one.binds is not Binds.SERVER}
    assert not [case.id for case in cases if case.suite != "network" and bound & set(case.spec.requirements)]
