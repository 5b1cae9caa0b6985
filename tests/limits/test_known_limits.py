"""What is measured of a server's limits is what the server was told, or what its library says of itself."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from fixtures.servers import missing, npm
from wireproof.run.process import Command, started
from wireproof.run.ready import ReadyLine

pytestmark = pytest.mark.alone

HERE = Path(__file__).parent
NODE = HERE.parents[1] / "fixtures/servers/node"
LISTENING = ReadyLine(re.compile(r"^listening on (?P<url>\S+)$"))
KIB, MIB = 1 << 10, 1 << 20
SHORT = 1.0  # seconds, as the servers are told
PATIENCE = 2.5
LATE = 0.5  # seconds that a time-out may come late
DEADLINE = 90.0

FIRST, HEAD = "time for the first byte", "time for the handshake"
IDLE, PONGS = "time for an idle client", "time for a client that only answers pings"
CLOSING = "time for the answer to a Close frame"
FRAME, MESSAGE = "largest frame announced (bytes)", "largest message in one frame (bytes)"
FRAGMENTED, INFLATED = "largest message in fragments (bytes)", "largest inflated message (bytes)"
FIELD, HANDSHAKE = "largest header field (bytes)", "largest handshake (bytes)"
FIELDS, FRAGMENTS = "header fields (of one handshake)", "fragments (of one message)"
NAME = len(b"X-Wireproof-000: ")

SIZES: dict[str, dict[str, int]] = {
    # A line may have 8192 bytes with its end; there may be 128 of them.
    "websockets": {
        FRAME: MIB,
        MESSAGE: MIB,
        FRAGMENTED: MIB,
        INFLATED: MIB,
        FIELD: 8190,
        FIELDS: 128,
    },
    # What is not compressed has to be smaller than the limit. The limit on fields counts the value alone.
    "aiohttp": {
        FRAME: 4 * MIB - 1,
        MESSAGE: 4 * MIB - 1,
        FRAGMENTED: 4 * MIB - 1,
        INFLATED: 4 * MIB,
        FIELD: NAME + 8190,
        FIELDS: 128,
    },
    "tornado": {FRAME: 10 * MIB, MESSAGE: 10 * MIB, FRAGMENTED: 10 * MIB, HANDSHAKE: 64 * KIB},
    "wsproto": {MESSAGE: 1_500_000, FRAGMENTED: 1_500_000, INFLATED: 1_500_000},
    "ws": {
        FRAME: 3_000_000,
        MESSAGE: 3_000_000,
        FRAGMENTED: 3_000_000,
        INFLATED: 3_000_000,
        FRAGMENTS: 1000,
    },
}
TIMES: dict[str, dict[str, float | None]] = {
    "websockets": {FIRST: SHORT, HEAD: SHORT, IDLE: SHORT, PONGS: None, CLOSING: SHORT},
    # A heartbeat waits half of its interval for the pong.
    "aiohttp": {IDLE: 1.5 * SHORT, PONGS: None, CLOSING: SHORT},
    # It waits five seconds for the answer to its Close frame, which nothing changes.
    "tornado": {FIRST: SHORT, HEAD: SHORT, IDLE: SHORT, PONGS: None, CLOSING: None},
    "wsproto": {},
    "ws": {FIRST: SHORT, HEAD: SHORT, IDLE: None, PONGS: None, CLOSING: SHORT},
}


def command(name: str) -> Command:
    if name != "ws":
        return Command((sys.executable, str(HERE / "limited.py"), name), ready=LISTENING)
    program = (HERE / "limited.mjs").read_text(encoding="utf-8")
    folder = npm.placed(NODE)
    return Command((npm.node(), "--input-type=module", "-e", program), ready=LISTENING, cwd=folder)


async def run(name: str, report: Path) -> None:
    options = ["--patience", str(PATIENCE), "--json", str(report), "--journal", f"{report}.ndjson"]
    async with asyncio.timeout(DEADLINE), started(command(name)) as child:
        assert child.match is not None
        words = ["run", child.match["url"], "--case", "websocket/limits_*", "--assume", "close", *options]
        tool = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "wireproof", *words), stdout=asyncio.subprocess.DEVNULL
        )
        assert await tool.wait() == 0


@pytest.mark.parametrize("name", SIZES)
def test_measured_limits_are_the_true_ones(name: str, tmp_path: Path) -> None:
    if lack := missing(name):
        pytest.skip(lack)
    report = tmp_path / "report.json"
    asyncio.run(run(name, report))
    limits = json.loads(report.read_text(encoding="utf-8"))["target"]["limits"]
    assert {key: limits.get(key) for key in SIZES[name]} == SIZES[name]
    for key, seconds in TIMES[name].items():
        if seconds is None:
            assert limits[f"{key} (seconds, at least)"] == PATIENCE, limits
        else:
            assert seconds - 0.1 <= limits[f"{key} (seconds)"] <= seconds + LATE, (key, limits)
