"""Every faulty server is noticed by the cases meant for it and, as far as a sample shows, by no others.

The whole matrix, every case on every server, is `python -m tests.matrix`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import pytest

from fixtures.faulty import load
from wireproof.verdict import Verdict

from .family import FAMILIES, SESSIONS, WEBSOCKET, Family, family_of
from .fleet import MANY, Fleet, fleet
from .flight import SEED, Flown, Seen
from .judgement import is_long, judge, meant, worthwhile

pytestmark = pytest.mark.alone

TWINS = load()
SAMPLE = 40
RUNS = 3
NEEDS_PATIENCE = "it waits for what may never come: --patience SECONDS says how long it may"
LACKING = {
    WEBSOCKET: {
        "the target is not reached over TLS",
        "the server takes clients of any origin",
        NEEDS_PATIENCE,
    },
    SESSIONS: {
        "the server does not serve revision 3 of the protocol",
        "it takes 2 nodes of one service: give a URL for each",
    },
}
"""Why some cases can not be flown at the faultless server of each family."""


@pytest.fixture(scope="module")
def workers() -> Iterator[Fleet]:
    with fleet(MANY) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Faultless:
    """The faultless server of a family, judged several times over."""

    runs: Sequence[Flown]
    """All cases, side by side with other servers."""
    again: Sequence[Flown]
    """Those whose verdict moved or could not be told, without the others."""

    @property
    def settled(self) -> dict[str, Seen]:
        """What is believed of each case: the machine may be too busy to tell, but not every time."""
        settled = {one.case: one for one in self.runs[0].seen}
        settled.update({one.case: one for run in self.again for one in run.seen if one.told})
        return settled


@pytest.fixture(scope="module")
def faultless(workers: Fleet) -> Mapping[Family, Faultless]:
    """The faultless server of each family."""
    judged = {}
    for family in FAMILIES:
        cases = [case.id for case in workers.cases(family) if not is_long(case)]
        runs = [workers.judge(family.strict, cases).result() for _ in range(RUNS)]
        told: dict[str, set[Verdict]] = {case: set() for case in cases}
        for one in (one for run in runs for one in run.seen):
            told[one.case].add(one.verdict)
        open_ = [
            case for case, verdicts in told.items() if verdicts == {Verdict.INCONCLUSIVE} or len(verdicts) > 1
        ]
        again = [workers.judge(family.strict, open_).result() for _ in range(RUNS if open_ else 0)]
        judged[family] = Faultless(runs, again)
    return judged


@pytest.fixture(scope="module")
def flown(
    request: pytest.FixtureRequest, workers: Fleet, faultless: Mapping[Family, list[Flown]]
) -> Mapping[str, Flown]:
    """Every twin that is asked for, all of them in flight at once."""
    asked = [getattr(item, "callspec", None) for item in request.session.items]
    names = dict.fromkeys(spec.params["twin"] for spec in asked if spec and spec.params.get("twin") in TWINS)
    flights = {name: workers.judge(name, _chosen(name, workers)) for name in names}
    return {name: flight.result() for name, flight in flights.items()}


def _chosen(name: str, workers: Fleet) -> list[str]:
    cases = worthwhile(TWINS[name], workers.cases(family_of(TWINS[name].server)))
    wanted, falling = meant(TWINS[name].cases, cases), meant(TWINS[name].also, cases)
    modules = {_module(case) for case in wanted}
    others = [case for case in cases if _module(case) not in modules and case not in falling]
    sample = Random(f"{SEED}/{name}").sample(others, min(SAMPLE, len(others)))
    return [case for case in cases if case in wanted or case in sample]


def _module(case: str) -> str:
    return case.rpartition("/")[0]


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_the_faultless_server_passes_everything(
    family: Family, faultless: Mapping[Family, Faultless]
) -> None:
    assert not [one for one in faultless[family].settled.values() if not one.clean]


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_hardly_anything_is_not_applicable_to_the_faultless_server(
    family: Family, faultless: Mapping[Family, Faultless]
) -> None:
    seen = faultless[family].settled.values()
    assert {one.why for one in seen if one.verdict is Verdict.NOT_APPLICABLE} == LACKING[family]


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_no_run_accuses_the_faultless_server(family: Family, faultless: Mapping[Family, Faultless]) -> None:
    runs = (*faultless[family].runs, *faultless[family].again)
    assert not [one for run in runs for one in run.seen if one.noticed]


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_verdicts_on_the_faultless_server_do_not_move(
    family: Family, faultless: Mapping[Family, Faultless]
) -> None:
    settled = faultless[family].settled
    again = [one for run in faultless[family].again for one in run.seen if one.told]
    assert not [one for one in again if one.verdict is not settled[one.case].verdict]


@pytest.mark.parametrize("twin", TWINS)
def test_the_cases_meant_for_a_twin_notice_it_and_no_others(
    twin: str, workers: Fleet, flown: Mapping[str, Flown], faultless: Mapping[Family, Faultless]
) -> None:
    family = family_of(TWINS[twin].server)
    baseline = faultless[family].settled
    cases = [case.id for case in workers.cases(family)]
    row = judge(twin, TWINS[twin], flown[twin], baseline, cases)
    for _ in range(RUNS):
        if not list(row.holes()):
            break
        # All fly at once on two processors: a hole is believed when it stays without the others, too.
        alone = workers.judge(twin, _chosen(twin, workers)).result()
        row = judge(twin, TWINS[twin], alone, baseline, cases)
    assert not list(row.holes())
