"""What is written of a proxy's normal conduct is what it does, before a server without faults."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.strict import serve
from proxies import load
from tests.proxies.ground import REAL, through
from wireproof.cli.completing import case_ids
from wireproof.proxy.deviation import Deviation
from wireproof.proxy.via import parse_upstream
from wireproof.run.select import matches

ROOT = Path(__file__).parents[2]


def speaks_of(known: Deviation, record: dict[str, Any]) -> bool:
    return any(matches(glob, record["id"]) for glob in known.cases) and (
        known.observed is None or matches(known.observed, record["observed"])
    )


def is_plain(glob: str) -> bool:
    """Whether it means cases of plain WebSocket."""
    return glob.startswith("websocket/")


async def judged(url: str, globs: list[str], folder: Path) -> list[dict[str, Any]]:
    """The records of the cases, run against *url*."""
    words = [word for glob in globs for word in ("--case", glob)]
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "wireproof",
            "run",
            url,
            "--json",
            "report.json",
            "-q",
            "--case-timeout",
            "5",
            *words,
        ),
        cwd=folder,
        env={**os.environ, "XDG_CACHE_HOME": str(folder), "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert (folder / "report.json").exists(), said.decode()
    records: list[dict[str, Any]] = json.loads((folder / "report.json").read_text("utf-8"))["cases"]
    return records


@pytest.mark.parametrize("name", REAL)
def test_every_deviation_names_cases_that_there_are(name: str) -> None:
    ids = case_ids()
    globs = [glob for known in load()[name].deviations for glob in known.cases]
    assert [glob for glob in globs if not any(matches(glob, one) for one in ids)] == []


@pytest.mark.parametrize("name", [n for n in REAL if any(known.cases for known in load()[n].deviations)])
def test_every_deviation_is_seen(name: str, tmp_path: Path) -> None:
    async def scene() -> tuple[str, list[dict[str, Any]]]:
        async with serve() as site, through(name, [parse_upstream(site.url)], tmp_path / "route") as route:
            # Those of sessions take another server; `python -m tests.matrix.routes` shows them.
            globs = [glob for known in load()[name].deviations for glob in known.cases if is_plain(glob)]
            return route.entrance.software.version, await judged(route.url, globs, tmp_path)

    version, records = asyncio.run(scene())
    known = [one for one in load()[name].deviations if one.cases]
    due = [one for one in known if one.seen_with == version and not one.sometimes]
    broken = [record for record in records if record["verdict"] in ("fail", "warn")]
    unexplained = {r["id"]: r["observed"] for r in broken if not any(speaks_of(one, r) for one in known)}
    unseen = [one.what for one in due if not any(speaks_of(one, record) for record in broken)]
    assert (unexplained, unseen) == ({}, [])
