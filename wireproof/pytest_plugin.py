"""Runs cases as pytest items: pytest collects and counts, the lab's scheduler flies them at once.

pytest's own protocol stays sequential. The first item starts all flights; each item then waits for its own.
Everything rests on public hooks.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from wireproof.attempt import Attempt
from wireproof.case import CaseSpec, case_id, spec_of
from wireproof.content import load_drivers, prepare_content
from wireproof.errors import UsageError, WireproofError
from wireproof.run.campaign import BETWEEN, CAMPAIGN, Campaign
from wireproof.run.choosing import settings_from
from wireproof.run.journal import JournalWriter
from wireproof.run.judge import Result
from wireproof.run.options import RUN_OPTIONS, RunOption, Shape
from wireproof.run.scheduler import Flight, Plan
from wireproof.run.select import NETWORK, CaseItem
from wireproof.run.track import PROVIDED, Track
from wireproof.target import CROWDED, PROTOCOLS
from wireproof.verdict import Verdict

prepare_content()

_GRAVITY = (
    Verdict.NOT_APPLICABLE,
    Verdict.PASS,
    Verdict.INFO,
    Verdict.WARN,
    Verdict.INCONCLUSIVE,
    Verdict.ERROR,
    Verdict.FAIL,
)
_CASE = pytest.StashKey[CaseItem]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a run, for those who call pytest themselves."""
    group = parser.getgroup("wireproof", "conformance of real-time servers")
    for option in (
        RunOption("url", "The target: ws://, wss://, http://, https:// or unix:/path."),
        *RUN_OPTIONS,
    ):
        words: dict[str, Any] = {"help": option.help, "default": option.empty, "dest": _dest(option)}
        match option.shape:
            case Shape.FLAG:
                words |= {"action": "store_true"}
            case Shape.TEXTS:
                words |= {"action": "append", "default": [], "metavar": option.metavar}
            case _:
                kind = {Shape.COUNT: int, Shape.NUMBER: float}.get(option.shape, str)
                words |= {"type": kind, "metavar": option.metavar}
        if option.choices:
            words = {**words, "choices": option.choices}
            words.pop("metavar", None)
        try:
            group.addoption(f"--{option.name}", **words)
        except ValueError:  # another plugin has taken the name
            group.addoption(f"--wireproof-{option.name}", **words)


def _dest(option: RunOption) -> str:
    return f"wireproof_{option.key}"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare a campaign when a target is given, by the command line tool or by ``--url``."""
    config.addinivalue_line(
        "markers", "serial(reason, last=False): a case that never runs beside others, or behind all others"
    )
    campaign = config.stash.get(CAMPAIGN, None)
    if campaign is None and config.getoption("wireproof_url", None):
        try:
            campaign = _campaign(config)
        except WireproofError as exc:
            raise pytest.UsageError(str(exc)) from exc
    if campaign is not None:
        config.stash[CAMPAIGN] = campaign
        config.pluginmanager.register(Tower(campaign), "wireproof-tower")


def _campaign(config: pytest.Config) -> Campaign:
    options = {option.key: config.getoption(_dest(option)) for option in RUN_OPTIONS}
    if config.getoption("numprocesses", None):
        for name in ("journal", "start", "continue"):
            if options[name]:
                raise UsageError(f"--{name} is for one process: with -n, each worker would do it on its own")
    settings = settings_from(
        {"url": config.getoption("wireproof_url"), **options}, config.invocation_params.args
    )
    journal = options["journal"]
    return Campaign(settings, (JournalWriter(Path(journal)),) if journal else (), load_drivers)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Enum members of ours as lower-case ids, so that case ids are the same everywhere."""
    ours = isinstance(val, Enum) and type(val).__module__.partition(".")[0] in ("wireproof", "suites")
    return val.name.lower().replace("_", "-") if ours and isinstance(val, Enum) and val.name else None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A case can't run without a target."""
    if spec_of(pyfuncitem.function) and CAMPAIGN not in pyfuncitem.config.stash:
        pytest.skip("no target: give one with --url")
    return None


@pytest.fixture
def peer() -> None:
    """A `WebSocketPeer` that has not yet connected; made when the case flies."""


@pytest.fixture
def peers() -> None:
    """Makes any number of peers: call it once for each; made when the case flies."""


@pytest.fixture
def session() -> None:
    """A `SessionPeer` of Engine.IO that has not yet been opened; made when the case flies."""


@pytest.fixture
def sessions() -> None:
    """Makes any number of Engine.IO sessions: call it once for each; made when the case flies."""


@pytest.fixture
def client() -> None:
    """A `SocketIOPeer` that has not yet been opened; made when the case flies."""


@pytest.fixture
def clients() -> None:
    """Makes any number of Socket.IO clients: call it once for each; made when the case flies."""


@pytest.fixture
def network() -> None:
    """The `Network` to the target: its nodes, and routes that last for one case."""


@pytest.fixture
def attempt() -> None:
    """The running `Attempt`: what a case reports or finds goes there; made when the case flies."""


@pytest.fixture
def aftermath() -> None:
    """What was seen broken in passing and no case accused, by requirement; for cases marked last."""


@pytest.fixture
def target() -> None:
    """The `Target` under test; handed over when the case flies."""


def case_item(item: pytest.Item) -> CaseItem | None:
    """What a campaign needs to know of *item*; None when it is no case."""
    if not isinstance(item, pytest.Function):
        return None
    spec = spec_of(item.function)
    if spec is None:
        return None
    made = item.stash.get(_CASE, None)
    if made is None:
        made = item.stash[_CASE] = _make_case_item(item, spec)
    return made


def _make_case_item(item: pytest.Function, spec: CaseSpec) -> CaseItem:
    suite = _suite(item.path)
    callspec = getattr(item, "callspec", None)
    identifier = case_id(suite, item.path.stem, item.originalname, callspec.id if callspec else None)
    title = (inspect.getdoc(item.function) or item.originalname).partition("\n")[0]
    spec.resolve()
    return CaseItem(identifier, title, suite.partition("/")[0], spec, str(item.path))


def _suite(path: Path) -> str:
    parts = path.parent.parts
    if "suites" in parts:
        return "/".join(parts[len(parts) - parts[::-1].index("suites") :]) or "suites"
    return path.parent.name.lower()


class Tower:
    """Connects pytest's items to a campaign's flights."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.flights: dict[str, list[Flight]] = {}
        self.started = False

    def pytest_ignore_collect(self, collection_path: Path, config: pytest.Config) -> bool | None:
        """Leave out the suites of protocols that the target does not speak, so that they cost no time."""
        suite = collection_path.parent.name
        if config.option.collectonly:
            return None
        if suite == "suites" and collection_path.name in PROTOCOLS:
            return None if self.campaign.speaks(collection_path.name) else True
        if suite == NETWORK and collection_path.stem not in BETWEEN:
            return None if self.campaign.has_network else True
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the cases that are selected; refuse ids that are not unique."""
        try:
            cases = {item: case for item in items if (case := case_item(item))}
            chosen = set(self.campaign.select(list(cases.values())))
        except UsageError as exc:
            items.clear()  # pytest goes on to finish the collection
            pytest.exit(str(exc), returncode=pytest.ExitCode.USAGE_ERROR)
        dropped = [item for item in items if item in cases and cases[item] not in chosen]
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            gone = set(dropped)
            items[:] = [item for item in items if item not in gone]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Probe the target before the first item, once it is known that there is one."""
        cases = [case for item in session.items if (case := case_item(item))]
        if not cases or session.config.option.collectonly or session.testsfailed:
            return
        try:
            self.campaign.open(cases)
        except WireproofError as exc:
            pytest.exit(str(exc), returncode=exc.status)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Start every flight with the first item."""
        if self.started:
            return
        self.started = True
        if item.session.config.getoption("usepdb", False):
            return  # each case flies at its own turn
        for one in item.session.items:
            if isinstance(one, pytest.Function) and (case := case_item(one)) and can_fly(one):
                self.flights[one.nodeid] = self._flights(one, case, {})
        self.campaign.fly([flight for flights in self.flights.values() for flight in flights])

    def _flights(self, item: pytest.Function, case: CaseItem, funcargs: dict[str, Any]) -> list[Flight]:
        """A flight for each route."""
        return [
            Flight(plan_item(self.campaign, item, case, funcargs, track), track.route.name)
            for track in self.campaign.tracks_of(case)
        ]

    def _result(self, flights: list[Flight]) -> tuple[Flight, Result]:
        """The flight that decides pytest's outcome, and its result: the gravest of all routes."""
        found = [(flight, self.campaign.wait(flight)) for flight in flights]
        return max(found, key=lambda one: _GRAVITY.index(one[1].verdict))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Await the item's outcome; what is nobody's failure is an error, which pytest has at set-up."""
        case = case_item(item)
        if case is None or not isinstance(item, pytest.Function):
            return
        if (flights := self.flights.get(item.nodeid)) is None:
            return
        _, result = self._result(flights)
        if result.verdict is Verdict.ERROR and result.error is not None:
            raise result.error
        if result.verdict in (Verdict.INCONCLUSIVE, Verdict.ERROR):
            pytest.fail(f"{result.verdict}: {result.reason}", pytrace=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Turn the verdict into pytest's outcome."""
        case = case_item(pyfuncitem)
        if case is None:
            return None
        flights = self.flights.get(pyfuncitem.nodeid)
        if flights is None:
            funcargs = {n: v for n, v in pyfuncitem.funcargs.items() if n not in PROVIDED}
            flights = self.flights[pyfuncitem.nodeid] = self._flights(pyfuncitem, case, funcargs)
            self.campaign.fly(flights)
        flight, result = self._result(flights)
        pyfuncitem.user_properties += [("case", case.id), ("verdict", str(result.verdict))]
        self._conclude(pyfuncitem, case, result, flight.route)
        return True

    def _conclude(self, item: pytest.Function, case: CaseItem, result: Result, route: str) -> None:
        text = self.campaign.explain(case, result)
        if result.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE):
            item.add_report_section("call", "evidence", text)
        known = self.campaign.known_failure(case, result, route)
        match result.verdict:
            case Verdict.WARN if not self.campaign.settings.fail_on_warn:
                pass
            case Verdict.FAIL | Verdict.WARN if known is not None:
                pytest.xfail(f"known: {known.reason}")
            case Verdict.FAIL | Verdict.WARN:
                pytest.fail(text, pytrace=False)
            case Verdict.NOT_APPLICABLE:
                pytest.skip(result.reason)
            case Verdict.INCONCLUSIVE | Verdict.ERROR:
                pytest.fail(f"{result.verdict}: {result.reason}", pytrace=False)
            case _:
                pass

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Report the time that the case took, not the time that pytest waited."""
        flights = self.flights.get(item.nodeid)
        if call.when == "call" and flights and (result := flights[0].result) is not None:
            call.start, call.duration = result.started, result.duration_s
            call.stop = result.started + result.duration_s
        report = yield
        if report.skipped and call.when == "setup" and not flights and isinstance(item, pytest.Function):
            self._set_aside(item, str(call.excinfo.value) if call.excinfo else "skipped")
        return report

    def _set_aside(self, item: pytest.Function, reason: str) -> None:
        if (case := case_item(item)) is not None:
            self.campaign.set_aside(plan_item(self.campaign, item, case, {}, self.campaign.lab.track), reason)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """End the lab and all that it started."""
        self.campaign.close()


def can_fly(item: pytest.Function) -> bool:
    """Whether all that *item* asks for is known ahead, so that it can be put in flight before its turn."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    wanted = set(inspect.signature(item.function).parameters)
    blocked = {"skip", "skipif", "usefixtures"} & {mark.name for mark in item.iter_markers()}
    return inspect.iscoroutinefunction(item.function) and not blocked and wanted <= {*PROVIDED, *params}


def plan_item(
    campaign: Campaign, item: pytest.Function, case: CaseItem, funcargs: dict[str, Any], track: Track
) -> Plan:
    """The plan of *item* for *campaign* on *track*; *funcargs* are what fixtures of the user's own gave."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    names = list(inspect.signature(item.function).parameters)

    async def body(attempt: Attempt) -> None:
        spoken = (case.suite,) if case.suite in PROTOCOLS else ()
        track.target.require(*spoken, *case.spec.needs)
        provided, crew = track.board(attempt, names, track.target.mixes_up(case.suite, case.spec.needs))
        known = {**params, **funcargs, **provided}
        try:
            await item.obj(**{name: known[name] for name in names})
        finally:
            crew.discard()

    mark = item.get_closest_marker("serial")
    alone = CROWDED if track.target.is_crowded(case.suite, case.spec.needs) else ""
    if mark is not None:
        alone = str(next(iter(mark.args), "marked serial"))
    last = mark is not None and bool(mark.kwargs.get("last", False))
    return campaign.plan(case, body, alone=alone, last=last)
