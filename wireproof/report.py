"""The report: a fold over a run's events, in the form that reports/schema.json describes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from wireproof.catalogue.requirement import Binds, load_catalogue
from wireproof.errors import JournalError
from wireproof.run.record import requirement_record
from wireproof.verdict import Verdict

SCHEMA = "wireproof/report/1"
Report = Mapping[str, Any]


class Fold:
    """Takes events (as JSON objects) one by one, and makes the report of what has come so far."""

    def __init__(self) -> None:
        self._run: dict[str, Any] | None = None
        self._target: dict[str, Any] | None = None
        self._routes: list[dict[str, Any]] = []
        self._causes: dict[str, str] = {}
        self._cases: list[dict[str, Any]] = []
        self._end: dict[str, Any] | None = None
        self._last: str | None = None  # when the last event was told

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event; unknown ones are passed over, so that older tools read newer journals."""
        self._last = event.get("at", self._last)
        match event.get("event"):
            case "run-started":
                self._run = dict(event)
            case "target-probed":
                self._target, self._routes = dict(event["target"]), list(event["routes"])
                self._causes = dict(event.get("causes", {}))
            case "case-finished":
                self._cases.append(dict(event["case"]))
            case "run-finished":
                self._end = dict(event)
            case _:
                pass

    def report(self) -> dict[str, Any]:
        """The report; raise `JournalError` when the run had not even started."""
        if self._run is None or self._target is None:
            raise JournalError("the journal ends before the target was probed: there is nothing to report")
        end = self._end or {}
        return {
            "schema": SCHEMA,
            "tool": self._run["tool"],
            "started": self._run["started"],
            "finished": end.get("finished", self._last or self._run["started"]),
            "duration_s": end.get("duration_s", self._elapsed(self._run["started"])),
            "seed": self._run["seed"],
            "command": list(self._run["command"]),
            "complete": bool(end.get("complete", False)),
            "selected": self._run["cases"],
            "target": {**self._target, "limits": self._limits()},
            "routes": self._routes,
            "causes": self._causes,
            "between": self._between(),
            "summary": summarise(self._cases),
            "requirements": list(requirement_records(self._cases, self._target["protocols"])),
            "cases": sorted(
                blamed(self._cases, self._target.get("nodes", ())),
                key=lambda case: (case["id"], case["route"]),
            ),
        }

    def _limits(self) -> dict[str, float]:
        """What the cases measured, by name, on the direct route."""
        limits = dict(self._target.get("limits", {})) if self._target else {}
        for case in sorted(self._cases, key=lambda case: str(case["id"])):
            if case["route"] == "direct":
                limits |= case.get("limits", {})
        return dict(sorted(limits.items()))

    def _between(self) -> dict[str, str]:
        """What the survey and the cases inferred about whatever stands between, by name."""
        told = dict(self._causes)
        for case in sorted(self._cases, key=lambda case: str(case["id"])):
            told |= case.get("between", {})
        return told

    def _elapsed(self, started: str) -> float:
        """How long a run has lasted of which no end was told, in seconds."""
        if self._last is None:
            return max((case["duration_s"] for case in self._cases), default=0.0)
        lasted = datetime.fromisoformat(self._last) - datetime.fromisoformat(started)
        return round(lasted.total_seconds(), 6)


def fold(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The report of a whole or partial stream of events; raise `JournalError` when there is none."""
    state = Fold()
    for event in events:
        state.take(event)
    return state.report()


def blamed(cases: Sequence[Mapping[str, Any]], nodes: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """Each case's record with ``blame``: who is accused by a ``fail`` or ``warn``, the server or the route.

    What breaks on the direct route is the server's fault on every route, and what breaks only through one is
    that route's. Where the direct route could not tell, it is nobody's (None). Of several *nodes* the direct
    route leads to one: there the route or the nodes behind it may be to blame.
    """
    direct = {case["id"]: case["verdict"] for case in cases if case["route"] == "direct"}
    for case in cases:
        who = (
            _BLAME.get(direct.get(case["id"], _untried(case)))
            if case["verdict"] in (Verdict.FAIL, Verdict.WARN)
            else None
        )
        yield {**case, "blame": "route-or-nodes" if who == "route" and len(nodes) > 1 else who}


def _untried(case: Mapping[str, Any]) -> str:
    """What stands for the verdict on the direct route where a case takes proxies of ours alone."""
    requirements = load_catalogue()
    bound = {requirements[name].binds for name in case["broken"] if name in requirements}
    return Verdict.PASS if bound == {Binds.INTERMEDIARY} else ""


ROUTED = ("route", "route-or-nodes")
"""Blame that falls on something between the client and one server."""

_BLAME: Mapping[str, str] = {
    Verdict.FAIL: "server",
    Verdict.WARN: "server",
    Verdict.PASS: "route",
    Verdict.INFO: "route",
}
"""Who is to blame for what breaks, by the verdict on the direct route."""


def evidence(case: Mapping[str, Any]) -> list[int]:
    """The places in the transcript of *case* of what shows that it breaks something, in order of findings."""
    return [finding["at"] for finding in case["findings"] if finding.get("at") is not None]


def summarise(cases: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many cases have each verdict, and how many of the failures are known."""
    counts = dict.fromkeys([str(verdict) for verdict in Verdict], 0) | {"known": 0}
    for case in cases:
        counts[case["verdict"]] += 1
        counts["known"] += case["verdict"] == Verdict.FAIL and case["known"] is not None
    return counts


_NETWORK = "network"
"""The specification of which only what was tried is listed: most runs have no network."""

_SPECS = {
    "websocket": ("rfc6455", "rfc7692", "service", "broadcast", _NETWORK),
    "engineio": ("engineio", "service", _NETWORK),
    "socketio": ("socketio", "socketio-contract", "service", _NETWORK),
}


def requirement_records(
    cases: Iterable[Mapping[str, Any]], protocols: Iterable[str]
) -> Iterable[dict[str, Any]]:
    """Each requirement of the protocols' specifications, with what the direct route's cases say of it.

    Cases of the network, which may take other routes alone, count wherever they flew.
    """
    passed: dict[str, list[str]] = {}
    broken: dict[str, list[str]] = {}
    for case in cases:
        if case["route"] != "direct" and case.get("suite") != _NETWORK:
            continue
        for name in case["requirements"]:
            if name in case["broken"]:
                if case["verdict"] in (Verdict.FAIL, Verdict.WARN):
                    broken.setdefault(name, []).append(case["id"])
            # A case that has failed may have ended before it came to the others.
            elif case["verdict"] in (Verdict.PASS, Verdict.INFO):
                passed.setdefault(name, []).append(case["id"])
    specs = {spec for protocol in protocols for spec in _SPECS.get(protocol, ())}
    for name, requirement in load_catalogue().items():
        untried = name not in broken and name not in passed
        if untried and (requirement.spec not in specs or requirement.spec == _NETWORK):
            continue
        if name in broken:
            status = "broken"
        elif name in passed:
            status = "met"
        else:
            status = "not-testable" if requirement.not_testable else "not-tested"
        yield requirement_record(requirement, status, sorted({*broken.get(name, ()), *passed.get(name, ())}))


def exit_status(report: Report, *, fail_on_warn: bool = False) -> int:
    """The status of a run that was not interrupted: 1 for accusations, 4 for what could not be told, 0."""
    summary = report["summary"]
    if _unknown(report, Verdict.FAIL) or (fail_on_warn and _unknown(report, Verdict.WARN)):
        return 1
    if summary["error"] or summary["inconclusive"] or not report["complete"]:
        return 4
    ran = sum(summary[v] for v in ("pass", "fail", "warn", "info"))
    return 0 if ran else 4


def sentence(report: Report, *, fail_on_warn: bool = False) -> str:
    """The verdict on the target in one sentence."""
    summary, url = report["summary"], report["target"]["url"]
    new, warning = _unknown(report, Verdict.FAIL), _unknown(report, Verdict.WARN)
    warned, untold = _count(_distinct(warning), "warning"), _distinct(_of(report, *_UNTOLD))
    if not report["complete"]:
        told = f"{_count(_distinct(new), 'new failed case')}{spread(new)}"
        return f"{url}: the run was cut off; {told} so far."
    if new or (fail_on_warn and warning):
        also = f" {_count(untold, 'case')} could not be judged." if untold else ""
        told = f"{_accusation(new)}, {warned}" if new else f"keeps what it must; {warned}, which count here"
        return f"{url} {told}.{also}{_untested(report)}"
    if not any(summary[verdict] for verdict in ("pass", "fail", "warn", "info")):
        why = (
            f"{_count(untold, 'case')} could not be judged"
            if untold
            else "no case was applicable to this target"
        )
        return f"{url}: nothing could be told: {why}."
    if untold:
        return f"{url}: no new failure, but {_count(untold, 'case')} could not be judged."
    failed = [case for case in report["cases"] if case["verdict"] == Verdict.FAIL]
    known = f" and {_count(_distinct(failed), 'known failed case')}" if failed else ""
    return f"{url} keeps what was tested, with {warned}{known}.{_untested(report)}"


def spread(cases: Sequence[Mapping[str, Any]]) -> str:
    """What is to be told behind the number of *cases*, where one has failed through more than one route."""
    if len(cases) == _distinct(cases):
        return ""
    return f" ({len(cases)} results over {len({case['route'] for case in cases})} routes)"


_UNTOLD = (Verdict.ERROR, Verdict.INCONCLUSIVE)


def _of(report: Report, *verdicts: Verdict) -> list[Mapping[str, Any]]:
    return [case for case in report["cases"] if case["verdict"] in verdicts]


def _unknown(report: Report, verdict: Verdict) -> list[Mapping[str, Any]]:
    return [case for case in _of(report, verdict) if not case["known"]]


def _distinct(cases: Iterable[Mapping[str, Any]]) -> int:
    """How many cases stand behind records, of which each route has one."""
    return len({case["id"] for case in cases})


def by_blame(failed: Iterable[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], ...]:
    """Failures of the server's own, of what stands before it, and of one or the other."""
    own: list[Mapping[str, Any]] = []
    routed: list[Mapping[str, Any]] = []
    anybody: list[Mapping[str, Any]] = []
    for case in failed:
        blame = case.get("blame", "server")
        (anybody if blame is None else routed if blame in ROUTED else own).append(case)
    return own, routed, anybody


def _accusation(failed: Sequence[Mapping[str, Any]]) -> str:
    """Who breaks what: the server, what stands before it, or one of both."""
    own, routed, anybody = by_blame(failed)
    told = f"breaks what it must keep: {_count(_distinct(own), 'failed case')}{spread(own)}"
    if not own:
        told = "keeps what it must by itself" if routed else "may break what it must keep"
    for cases, only in ((routed, "only "), (anybody, "that could not be tried directly, ")):
        if cases:
            count = f"{_distinct(cases)} more" if own else _count(_distinct(cases), "failed case")
            ways = ", ".join(sorted({case["route"] for case in cases}))
            told += f"; {count}{spread(cases)} {only}through {ways}"
    return told


def _untested(report: Report) -> str:
    """What the sentence has to add where much could not be tried."""
    results, lacking = len(report["cases"]), len(_of(report, Verdict.NOT_APPLICABLE))
    noun = "cases" if results == _distinct(report["cases"]) else "results"
    return f" {lacking} of {results} {noun} were not applicable." if lacking > results / 4 else ""


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
