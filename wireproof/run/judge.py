"""From what an attempt found to its verdict: the only place where verdicts are made."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field

from wireproof.attempt import NOBODYS, Attempt, Broken, Inconclusive, NotApplicable, TargetGone
from wireproof.catalogue.requirement import load_catalogue
from wireproof.verdict import Finding, Ground, Verdict, highest, verdict_when_broken, worst

LEAST_SILENCE = 0.75  # seconds that it must have been silent for, however short the deadline
SILENT_FOR = 0.5  # the part of a deadline that a peer must have been silent for, to be accused of silence

SURVIVAL = "service/connections/survival"


@dataclass(frozen=True, slots=True)
class Result:
    """The judged outcome of one attempt; ``started`` is in seconds since the epoch."""

    verdict: Verdict
    attempt: Attempt
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    started: float = 0.0
    duration_s: float = 0.0
    gone: bool = False
    deadline: bool = False
    error: BaseException | None = field(default=None, compare=False)

    @property
    def doubtful(self) -> bool:
        """Whether the verdict rests on something that did not come, so that it must be seen alone as well."""
        if self.verdict is Verdict.INCONCLUSIVE:
            return True
        return self.verdict in (Verdict.FAIL, Verdict.WARN) and any(
            finding.ground is Ground.MISSING for finding in self.findings
        )

    @property
    def accused(self) -> Finding | None:
        """The finding that weighs most: the one that the verdict speaks of."""
        catalogue = load_catalogue()
        top = highest(catalogue[finding.requirement] for finding in self.findings)
        return next((f for f in self.findings if top and f.requirement == top.id), None)


def judge(attempt: Attempt, outcome: BaseException | None) -> Result:
    """The verdict on an attempt that ended with *outcome* (None: it returned)."""
    match outcome:
        case None:
            return _from_findings(attempt, tuple(attempt.findings))
        case Broken(finding=finding):
            return _from_findings(attempt, (*attempt.findings, finding))
        case NotApplicable():
            # What was found before still counts: a finding outweighs what could not be tried.
            if attempt.findings:
                return _from_findings(attempt, tuple(attempt.findings), str(outcome))
            return Result(Verdict.NOT_APPLICABLE, attempt, reason=str(outcome))
        case Inconclusive():
            gone = isinstance(outcome, TargetGone)
            return Result(Verdict.INCONCLUSIVE, attempt, reason=str(outcome), gone=gone)
        case _:
            text = "".join(traceback.format_exception_only(outcome)).strip()
            return Result(Verdict.ERROR, attempt, reason=f"wireproof failed: {text}", error=outcome)


def judge_deadline(attempt: Attempt, timeout: float, waited: float, witness: str | None) -> Result:
    """The verdict on an attempt whose deadline of *timeout* seconds passed, the last *waited* on one answer.

    *witness* is None when a ping on a second connection was answered meanwhile, else what went wrong with it.
    Whoever got much of its time to answer late in a slow attempt is not accused of silence.
    """
    waiting = attempt.waiting
    slow = waiting is None or waited < max(timeout * SILENT_FOR, LEAST_SILENCE)
    doubt = attempt.doubt or attempt.excused()
    if waiting is not None and waiting.requirement == NOBODYS:
        doubt = doubt or f"it was not ready yet: it waited for {' or '.join(waiting.expected)}"
    if waiting is None or slow or witness is not None or doubt:
        late = "it went on slowly until then (--case-timeout grants it more)"
        why = f"a second connection: {witness}" if witness else doubt or late
        reason = f"no end within {timeout:g} s; {why}"
        return Result(Verdict.INCONCLUSIVE, attempt, reason=reason, deadline=True)
    observed = f"nothing within {waited:.1f} s, while a second connection was served"
    finding = Finding(waiting.requirement, waiting.expected, observed, Ground.MISSING)
    judged = _from_findings(attempt, (*attempt.findings, finding))
    return Result(judged.verdict, attempt, judged.findings, deadline=True)


def judge_gone(attempt: Attempt, obituary: str) -> Result:
    """The verdict on an attempt that left a healthy target dead; *obituary* tells how it ended."""
    finding = Finding(
        SURVIVAL,
        ("a server that goes on accepting connections",),
        "the server was gone after the case, also when the case was repeated alone",
        Ground.GONE,
    )
    return Result(
        Verdict.FAIL,
        attempt,
        (*attempt.findings, finding),
        reason=f"server gone: {obituary}" if obituary else "server gone",
    )


def _from_findings(attempt: Attempt, findings: tuple[Finding, ...], reason: str = "") -> Result:
    catalogue = load_catalogue()
    verdict = worst(verdict_when_broken(catalogue[finding.requirement]) for finding in findings)
    if verdict is Verdict.PASS and attempt.reports:
        verdict = Verdict.INFO
    return Result(verdict, attempt, findings, reason)
