"""One judged attempt as the record that journal and report hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wireproof.catalogue.requirement import Requirement, load_catalogue
from wireproof.run.judge import Result
from wireproof.run.scheduler import Plan
from wireproof.transcript import Entry, Transcript
from wireproof.verdict import Verdict

PASS_BUDGET = 4096  # bytes of wire data kept for a case that passed
FULL_BUDGET = 1 << 20  # and for any other


def case_record(
    plan: Plan,
    result: Result,
    *,
    title: str,
    suite: str,
    route: str,
    known: dict[str, Any] | None,
    reproduce: str,
) -> dict[str, Any]:
    """The record of *result*, with the keys that the report's schema names."""
    accused = result.accused
    filed = load_catalogue()[accused.requirement] if accused else plan.spec.weightiest
    quiet = result.verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    return {
        "id": plan.id,
        "title": title,
        "suite": suite,
        "route": route,
        "verdict": str(result.verdict),
        "level": str(filed.level),
        "basis": str(filed.basis),
        "requirements": list(plan.spec.requirements),
        "broken": sorted({finding.requirement for finding in result.findings}),
        "findings": [
            {
                "requirement": found.requirement,
                "observed": found.observed,
                "ground": str(found.ground),
                "at": _place(found.entry, result.attempt.transcript),
            }
            for found in result.findings
        ],
        "expected": list(accused.expected) if accused else [],
        "observed": _observed(result),
        "reason": result.reason,
        "in_passing": sorted({f"{v.requirement}: {v.text}" for v in result.attempt.passing}),
        "limits": dict(result.attempt.limits),
        "between": dict(result.attempt.between),
        "started": datetime.fromtimestamp(result.started, UTC).isoformat(timespec="microseconds"),
        "duration_s": round(result.duration_s, 6),
        "known": known,
        "transcript": _entries(result.attempt.transcript, PASS_BUDGET if quiet else FULL_BUDGET),
        "reproduce": reproduce,
    }


def _observed(result: Result) -> str:
    seen = [finding.observed for finding in result.findings] or result.attempt.reports
    return "; ".join(dict.fromkeys(seen))


def _place(wanted: Entry | None, transcript: Transcript) -> int | None:
    return next((at for at, entry in enumerate(transcript.entries()) if entry is wanted), None)


def _entries(transcript: Transcript, budget: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for entry in transcript.entries():
        hexed, budget = _hex(entry, budget)
        entries.append(
            {
                "t": round(entry.t, 6),
                "peer": entry.peer,
                "dir": str(entry.direction),
                "kind": str(entry.kind),
                "text": entry.text,
                "hex": hexed,
                "size": entry.size,
            }
        )
    return entries


def _hex(entry: Entry, budget: int) -> tuple[str | None, int]:
    if entry.data is None:
        return None, budget
    kept = entry.data[: max(0, budget)]
    return kept.hex(), budget - len(kept)


def requirement_record(requirement: Requirement, status: str, cases: list[str]) -> dict[str, Any]:
    """The record of one requirement in the report."""
    return {
        "id": requirement.id,
        "spec": requirement.spec,
        "section": requirement.section,
        "title": requirement.title,
        "level": str(requirement.level),
        "basis": str(requirement.basis),
        "url": requirement.url,
        "asks": requirement.asks,
        "not_testable": requirement.not_testable,
        "status": status,
        "cases": cases,
    }
