"""``wireproof replay``: run a recorded case again and tell what has become of it."""

from __future__ import annotations

import sys
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import click

from wireproof.cli.comparing import read_report
from wireproof.cli.completing import files, recorded_cases
from wireproof.cli.formats import write_reports
from wireproof.cli.options import run_options
from wireproof.cli.running import perform
from wireproof.cli.stopping import INTERRUPTED, stoppable, told
from wireproof.compare import same_behaviour
from wireproof.errors import UsageError
from wireproof.run.route import DEPLOYED, DIRECT
from wireproof.run.select import match_ids
from wireproof.verdict import Verdict
from wireproof.wire.text import printable


class Fate(IntEnum):
    """What has become of a case; the number is the exit status that it calls for."""

    FINE = 0
    FAILING = 1
    UNTOLD = 4


WIDTH = 80
_GRAVITY = (Fate.FINE, Fate.UNTOLD, Fate.FAILING)
_ACCUSING = (Verdict.FAIL, Verdict.WARN)
_CLEAN = (Verdict.PASS, Verdict.INFO)


@click.command("replay", short_help="Run a case of a report again, as it ran.")
@click.argument("report", shell_complete=files)
@click.argument("pattern", metavar="CASE", shell_complete=recorded_cases)
@click.argument("url", required=False)
@run_options
def replay_command(report: str, pattern: str, **options: Any) -> int:
    """Run CASE (an id or a glob) of the JSON REPORT again, with its seed, its profile and its routes.

    It runs at the same URL and nodes, or at another URL.
    """
    recorded = read_report(report)
    ids = match_ids(pattern, [one["id"] for one in recorded["cases"]])
    wanted = [one for one in recorded["cases"] if one["id"] in ids]
    if not wanted:
        raise UsageError(f"the report has no case {pattern!r}")
    url, *nodes = [options["url"]] if options["url"] else recorded["target"]["nodes"]
    if any("***" in one for one in (url, *nodes)):
        raise UsageError("the report keeps the URL's secrets to itself: give the URL again")
    seed = recorded["seed"] if options["seed"] is None else options["seed"]
    profile = options["profile"] or _profile_of(recorded)
    chosen = {**options, "url": url, "seed": seed, "profile": profile}
    chosen["case"] = tuple(dict.fromkeys(one["id"] for one in wanted))
    chosen["node"] = options["node"] or tuple(nodes)
    chosen["via"] = options["via"] or _routes_of(wanted)
    if options["direct"] is None and any(one["route"] == DEPLOYED.name for one in wanted):
        raise UsageError("the report was made with --direct: give it again")
    with stoppable():
        done = perform(chosen, sys.argv[1:])
        with told(done.journal):
            write_reports(done.report, options)
    now = {_place(one): one for one in done.report["cases"]}
    fates = [judge_replay(one, now.get(_place(one))) for one in wanted]
    if not options["quiet"]:
        for one, (fate, text) in zip(wanted, fates, strict=True):
            _tell(one, now.get(_place(one)), fate, text)
    if len(fates) > 1 or options["quiet"]:
        counts = Counter(text for _, text in fates)
        click.echo(", ".join(f"{count} {text.replace(',', '')}" for text, count in counts.most_common()))
    return INTERRUPTED if done.interrupted else max((fate for fate, _ in fates), key=_GRAVITY.index)


def _profile_of(recorded: Mapping[str, Any]) -> str | None:
    """The profile that the recorded run was told; without it the cases would mean something else."""
    path: str | None = recorded["target"]["profile"]
    if path is not None and not Path(path).is_file():
        raise UsageError(f"the report was made with the profile {path}, which is not here: give --profile")
    return path


def _routes_of(wanted: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The ``--via`` of the routes that *wanted* took; a case that fails through one only must go there."""
    others = (DIRECT.name, DEPLOYED.name)
    return tuple(dict.fromkeys(one["route"] for one in wanted if one["route"] not in others))


def _place(case: Mapping[str, Any]) -> tuple[str, str]:
    return case["id"], case["route"]


def _tell(before: Mapping[str, Any], after: Mapping[str, Any] | None, fate: Fate, text: str) -> None:
    way = "" if before["route"] == "direct" else f" via {printable(before['route'])}"
    click.echo(f"{printable(before['id'])}{way}\n    {text}")
    if after is not None and fate is not Fate.FINE and (seen := after["observed"] or after["reason"]):
        click.echo(textwrap.fill(printable(seen), WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4))


def judge_replay(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> tuple[Fate, str]:
    """What has become of a case, given its record then and now."""
    if after is None or after["verdict"] not in (*_ACCUSING, *_CLEAN):
        return Fate.UNTOLD, "could not tell"
    if after["verdict"] in _CLEAN:
        return Fate.FINE, "fixed" if before["verdict"] in _ACCUSING else f"{after['verdict']}, as before"
    if before["verdict"] not in _ACCUSING:
        return Fate.FAILING, f"{after['verdict']}, which it was not"
    how = "the same way" if same_behaviour(before, after) else "another way"
    return Fate.FAILING, f"still failing, {how}"
