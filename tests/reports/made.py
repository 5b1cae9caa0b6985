"""Reports made up for the tests of the page."""

from __future__ import annotations

import random
from typing import Any

from wireproof.report import blamed, requirement_records, summarise
from wireproof.wire.text import describe_frame
from wireproof.wire.websocket import Frame

HEAD = b"GET /chat HTTP/1.1\r\nHost: 127.0.0.1:9\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
HEAD_BACK = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
REQUIREMENTS = ("rfc6455/5.1/unmasked-frame", "rfc6455/5.2/reserved-bits", "rfc6455/5.5.2/pong-reply")

FAILING = "websocket/s5_1_masking/unmasked[text]"
PASSING = "websocket/s5_1_masking/unmasked[ping]"
TAKING = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>\u202e"


def entry(
    t: float, way: str, kind: str, text: str, data: bytes | None = None, peer: int = 1
) -> dict[str, Any]:
    return {
        "t": t,
        "peer": peer,
        "dir": way,
        "kind": kind,
        "text": text,
        "hex": None if data is None else data.hex(),
        "size": len(data or b""),
    }


def transcript(rng: random.Random, peers: int = 1) -> list[dict[str, Any]]:
    entries = []
    for peer in range(1, peers + 1):
        entries += [
            entry(0.001 * peer, "note", "tcp", "connected", None, peer),
            entry(0.0012 * peer, "out", "http", '"GET /chat HTTP/1.1"', HEAD, peer),
            entry(0.0015 * peer, "in", "http", "101 Switching Protocols", HEAD_BACK, peer),
        ]
        for index in range(3):
            ping = Frame.ping(f"wireproof-{index}".encode())
            pong = Frame.pong(ping.payload)
            entries.append(
                entry(0.002, "out", "frame", describe_frame(ping), ping.encode(rng.randbytes(4)), peer)
            )
            entries.append(
                entry(0.003, "in", "frame", describe_frame(pong), b"\x8a\x0b" + pong.payload, peer)
            )
    return entries


def case(case_id: str, verdict: str = "pass", **changes: Any) -> dict[str, Any]:
    if "transcript" not in changes:
        changes["transcript"] = transcript(random.Random(case_id))
    accused = verdict in ("fail", "warn")
    told = {
        "id": case_id,
        "title": "A frame that is not masked makes the server close the connection.",
        "suite": case_id.partition("/")[0],
        "route": "direct",
        "verdict": verdict,
        "level": "MUST",
        "basis": "explicit",
        "requirements": [REQUIREMENTS[0]],
        "broken": [REQUIREMENTS[0]] if accused else [],
        "findings": [],
        "expected": ["a Close frame (1002)", "the end of TCP"] if accused else [],
        "observed": "the connection lives on: pings behind it were answered" if accused else "",
        "reason": ""
        if verdict in ("pass", "fail", "warn", "info")
        else "the target lacks the capability text",
        "in_passing": [],
        "started": "2026-11-22T20:07:14.000000+00:00",
        "duration_s": 0.0123,
        "known": None,
        "reproduce": f"wireproof run ws://127.0.0.1:9 --case '{case_id}' --seed 1",
    }
    return told | changes


def report(cases: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    told = {
        "schema": "wireproof/report/1",
        "tool": {"name": "wireproof", "version": "0.1.0", "suites": "2026.11"},
        "started": "2026-11-22T20:07:13.985+00:00",
        "finished": "2026-11-22T20:07:14.165+00:00",
        "duration_s": 0.18,
        "seed": 1,
        "command": ["run", "ws://127.0.0.1:9", "-H", "X: y z"],
        "complete": True,
        "selected": len({one["id"] for one in cases}),
        "target": {
            "url": "ws://127.0.0.1:9",
            "nodes": ["ws://127.0.0.1:9"],
            "protocols": ["websocket"],
            "server": "Example/1.0",
            "capabilities": {"echo": True, "tls": False},
            "profile": None,
            "limits": {"largest message (bytes)": 1048576},
        },
        "routes": [{"name": "direct", "kind": "direct", "software": None, "version": None}],
        "summary": summarise(cases),
        "causes": {},
        "between": {},
        "requirements": list(requirement_records(cases, ["websocket"])),
        "cases": sorted(blamed(cases), key=lambda one: (one["id"], one["route"])),
    }
    return told | changes


def many(count: int, share_of_failures: float = 0.05, seed: int = 7) -> dict[str, Any]:
    """A report of *count* results over twenty modules."""
    rng = random.Random(seed)
    sections = ("4_2_1", "4_2_2", "5_1", "5_2", "5_4", "5_5_1", "5_5_2", "7_1_7", "7_4", "8_1")
    weights = {
        "fail": share_of_failures,
        "warn": 0.01,
        "info": 0.02,
        "not-applicable": 0.03,
        "inconclusive": 0.002,
    }
    weights["pass"] = 1 - sum(weights.values())
    verdicts = rng.choices(list(weights), list(weights.values()), k=count)
    transcripts = [transcript(rng) for _ in range(200)]
    cases = []
    for index, verdict in enumerate(verdicts):
        module = f"s{sections[index % 10]}_{'framing' if index // 10 % 2 else 'odd_payloads'}"
        function = f"what_the_server_does_about_it_{index // 200 % 25}"
        cases.append(
            case(
                f"websocket/{module}/{function}[offset-{index}-rsv{index % 3 + 1}]",
                verdict,
                title=f"A reserved bit that nothing negotiated fails the connection, {index // 200 % 25}.",
                requirements=[REQUIREMENTS[index % 3]],
                broken=[REQUIREMENTS[index % 3]] if verdict in ("fail", "warn") else [],
                transcript=transcripts[index % len(transcripts)],
                duration_s=round(rng.lognormvariate(-4, 1), 6),
                observed="a Close frame with 1002, then the end of TCP"
                if verdict == "info"
                else "the connection lives on"
                if verdict in ("fail", "warn")
                else "",
            )
        )
    return report(cases)


def small() -> dict[str, Any]:
    """A report with something of every kind, and texts that want to be more than texts."""
    known = {"reason": "our own framing layer", "link": "https://example.org/1", "expires": "2031-12-31"}
    cases = [
        case(FAILING, "fail", transcript=transcript(random.Random(1), 3)),
        case(PASSING),
        case("websocket/s5_1_masking/alone", "fail", known=known),
        case(
            "websocket/s5_2_base_framing/seen", "info", observed=TAKING, in_passing=["rfc6455/5.1/x: a mask"]
        ),
        case("websocket/s5_2_base_framing/should", "warn", basis="derived"),
        case("websocket/s5_2_base_framing/absent", "not-applicable"),
        case("websocket/s5_2_base_framing/unclear", "inconclusive"),
        case("websocket/s5_2_base_framing/ours", "error", reason=f"Traceback\n{TAKING}"),
        *(
            case(f"websocket/s8_1_utf8/row[{n}]", route=route)
            for n in range(60)
            for route in ("direct", "nginx")
        ),
        case("websocket/s8_1_utf8/routed", route="direct"),
        case("websocket/s8_1_utf8/routed", "fail", route="nginx"),
        case(
            "websocket/s9_1_odd/nasty",
            title=TAKING,
            transcript=[entry(0.1, "in", "http", TAKING, TAKING.encode())],
        ),
    ]
    return report(cases)
