"""Every faulty server is noticed by the cases meant for it and, as far as a sample shows, by no others.

The whole matrix, every case on every server, is `python -m tests.matrix`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

import pytest

from fixtures.faulty import load
from fixtures.strict.serving import STRICT
from wireproof.verdict import Verdict

from .fleet import Fleet, fleet
from .flight import SEED, Flown, Seen
from .judgement import is_long, judge, meant, worthwhile

TWINS = load()
SAMPLE = 40
RUNS = 3


@pytest.fixture(scope="module")
def workers() -> Iterator[Fleet]:
    with fleet() as made:
        yield made


@pytest.fixture(scope="module")
def cases(workers: Fleet) -> list[str]:
    return [case.id for case in workers.cases]


@pytest.fixture(scope="module")
def strict(workers: Fleet) -> list[Flown]:
    cases = [case.id for case in workers.cases if not is_long(case)]
    return [workers.judge(STRICT, cases).result() for _ in range(RUNS)]


@pytest.fixture(scope="module")
def baseline(strict: list[Flown]) -> Mapping[str, Seen]:
    return {one.case: one for one in strict[0].seen}


@pytest.fixture(scope="module")
def flown(request: pytest.FixtureRequest, workers: Fleet) -> Mapping[str, Flown]:
    """Every twin that is asked for, all of them in flight at once."""
    asked = [getattr(item, "callspec", None) for item in request.session.items]
    names = dict.fromkeys(spec.params["twin"] for spec in asked if spec and spec.params.get("twin") in TWINS)
    flights = {name: workers.judge(name, _chosen(name, workers)) for name in names}
    return {name: flight.result() for name, flight in flights.items()}


def _chosen(name: str, workers: Fleet) -> list[str]:
    cases = worthwhile(TWINS[name], workers.cases)
    wanted, falling = meant(TWINS[name].cases, cases), meant(TWINS[name].also, cases)
    modules = {_module(case) for case in wanted}
    others = [case for case in cases if _module(case) not in modules and case not in falling]
    sample = Random(f"{SEED}/{name}").sample(others, min(SAMPLE, len(others)))
    return [case for case in cases if case in wanted or case in sample]


def _module(case: str) -> str:
    return case.rpartition("/")[0]


def test_the_strict_server_passes_everything(strict: list[Flown]) -> None:
    assert not [one for one in strict[0].seen if not one.clean]


def test_hardly_anything_is_not_applicable_to_the_strict_server(strict: list[Flown]) -> None:
    lacking = {one.why for one in strict[0].seen if one.verdict is Verdict.NOT_APPLICABLE}
    assert lacking == {
        "the target is not reached over TLS",
        "the server takes clients of any origin",
        "it waits for what may never come: --patience SECONDS says how long it may",
    }


def test_verdicts_on_the_strict_server_are_the_same_in_every_run(strict: list[Flown]) -> None:
    first, *others = [[(one.case, one.verdict) for one in run.seen] for run in strict]
    assert all(other == first for other in others)


@pytest.mark.parametrize("twin", TWINS)
def test_the_cases_meant_for_a_twin_notice_it_and_no_others(
    twin: str, workers: Fleet, flown: Mapping[str, Flown], baseline: Mapping[str, Seen], cases: list[str]
) -> None:
    row = judge(twin, TWINS[twin], flown[twin], baseline, cases)
    if list(row.holes()):
        # All fly at once on two processors: a hole is believed when it is there without the others, too.
        alone = workers.judge(twin, _chosen(twin, workers)).result()
        row = judge(twin, TWINS[twin], alone, baseline, cases)
    assert not list(row.holes())
