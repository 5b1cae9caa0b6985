"""The whole tool against servers that want to bring it down: it ends, says so, and stays small."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.hostile import HOSTILITIES, Hostility, Target, serve

ROOT = Path(__file__).parent.parent
LAUNCHER = ROOT / "benchmarks" / "rusage.py"
KILL_AFTER = 60.0  # seconds
MOST_MEMORY = 300 << 20  # bytes
AT_ONCE = 4 * (os.cpu_count() or 1)  # most of a run is spent waiting for what never comes
CASES = (
    "websocket/s5_2_base_framing/reserved_bit_fails_the_connection[rsv1]",
    "websocket/s5_5_2_ping/ping_is_answered",
    "websocket/s7_1_closing/tcp_is_closed_cleanly",
)
SESSION_CASES = (
    "engineio/handshake/upgrades_are_told[polling]",
    "engineio/handshake/upgrades_are_told[websocket]",
    "engineio/query_parameters/missing_version",
    "engineio/errors/json_in_refusals",
    "engineio/receiving_data/waiting_packets_are_handed_out",
    "engineio/websocket/missing_version",
    "engineio/websocket/one_packet_in_each_message_sent",
)
UNREACHABLE = 3
# A copy: pytest changes the process's own while threads start others, which then find no such address.
ENVIRONMENT = dict(os.environ)


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run of the tool ended; ``memory`` is its peak in bytes."""

    status: int
    output: str
    memory: int
    report: str


def run_tool(url: str, folder: Path) -> Ran:
    """Run the command line tool on *url* in a process of its own; kill it when it does not come to an end."""
    report = folder / "out.json"
    words = [sys.executable, "-m", "wireproof", "run", url, "--insecure", "--case-timeout", "2"]
    words += ["--json", str(report), "--journal", str(folder / "journal.ndjson")]
    cases = SESSION_CASES if url.startswith("http:") else CASES
    words += [word for case in cases for word in ("--case", case)]
    usage = folder / "usage.json"
    # The peak of a process begins with that of the one it was forked from: a small one stands between.
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(usage), *words]
    with (folder / "output").open("w+b") as output:
        child = subprocess.Popen(
            launcher,
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        killer = threading.Timer(KILL_AFTER, os.killpg, (child.pid, signal.SIGKILL))
        killer.start()
        killed = child.wait()
        killer.cancel()
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    used = json.loads(usage.read_text("utf-8")) if usage.exists() else {"status": killed, "peak_bytes": 0}
    return Ran(used["status"], text, used["peak_bytes"], report.read_text("utf-8") if report.exists() else "")


def run_against(hostility: Hostility, folder: Path) -> Ran:
    """Start the hostile server, and run the tool against it."""

    async def both() -> Ran:
        async with serve(hostility.behaviour, hostility.sane, hostility.strict) as port:
            return await asyncio.to_thread(run_tool, f"{hostility.scheme}://127.0.0.1:{port}/", folder)

    return asyncio.run(both())


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Ran]]]:
    """All runs that the selected tests need, some at once."""
    params = (getattr(item, "callspec", None) for item in request.session.items if item.path == request.path)
    names = dict.fromkeys(spec.params["name"] for spec in params if spec is not None)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            name: pool.submit(run_against, HOSTILITIES[name], tmp_path_factory.mktemp("hostile"))
            for name in names
        }
        pool.shutdown(cancel_futures=True)


def expected_status(report: dict[str, Any]) -> int:
    """What the command line tool documents: failures weigh more than what nobody knows."""
    summary = report["summary"]
    return 1 if summary["fail"] else 4 if summary["inconclusive"] else 0


@pytest.mark.parametrize("name", HOSTILITIES)
def test_a_run_ends_well(runs: dict[str, Future[Ran]], name: str) -> None:
    ran = runs[name].result()
    assert ran.status >= 0, f"killed by signal {-ran.status}: no end within {KILL_AFTER:g} s\n{ran.output}"
    assert "Traceback" not in ran.output, ran.output
    assert "Task exception was never retrieved" not in ran.output, ran.output
    # Whatever the server sends reaches no terminal as it is.
    assert not set(ran.output) & (set(map(chr, range(32))) | {"\x7f", "\x9b"}) - {"\n", "\t"}, ascii(
        ran.output
    )
    if HOSTILITIES[name].target is Target.UNFIT:
        assert ran.status == UNREACHABLE, ran.output
    else:
        assert ran.report, f"exit status {ran.status} and no report: {ran.output}"
        report = json.loads(ran.report)
        assert ran.status == expected_status(report), ran.output
        assert report["summary"]["error"] == 0, ran.output
    assert ran.memory < MOST_MEMORY, f"{ran.memory >> 20} MiB"


def test_every_hostile_server_says_what_it_does() -> None:
    assert [name for name, one in HOSTILITIES.items() if not one.sentence.endswith(".")] == []
