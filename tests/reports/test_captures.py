"""pcapng and HAR: what capture tools make of a report's transcripts."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports import as_har, as_pcapng
from tests.reports.made import PASSING, case, entry, report
from wireproof.wire.websocket import Frame

STARTED = "2026-11-22T20:07:14.000000+00:00"
CLOSED = [
    entry(0.0, "note", "tcp", "connected"),
    entry(
        0.001, "out", "http", '"GET / HTTP/1.1"', b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"
    ),
    entry(0.002, "in", "http", "101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
    entry(0.003, "out", "frame", "text [2]", Frame.text("hi").encode(b"\1\2\3\4")),
    entry(0.004, "in", "frame", "binary [1]", b"\x82\x01\xff"),
    entry(0.005, "in", "tcp", "the server closed TCP"),
]
REPORT = report([case(PASSING, transcript=CLOSED, started=STARTED)])


def blocks(capture: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(capture):
        kind, size = struct.unpack_from("<II", capture, at)
        assert size % 4 == 0
        assert struct.unpack_from("<I", capture, at + size - 4) == (size,)
        yield kind, capture[at + 8 : at + size - 4]
        at += size


def test_capture_is_a_section_an_interface_and_packets() -> None:
    kinds = [kind for kind, _ in blocks(as_pcapng.render(REPORT))]
    # Three packets for the connection, four with data, one FIN.
    assert kinds == [0x0A0D0D0A, 1, *[6] * 8]


def test_packets_follow_one_another() -> None:
    sent = 0
    for kind, body in blocks(as_pcapng.render(REPORT)):
        if kind != 6:
            continue
        captured = struct.unpack_from("<I", body, 12)[0]
        packet = body[20 : 20 + captured]
        source, _, sequence = struct.unpack_from("!HHI", packet, 20)
        if source == 10001:
            assert sequence == 1000 + sent + (1 if sent or packet[33] != 0x02 else 0)
            sent += len(packet) - 40
    assert sent == sum(e["size"] for e in CLOSED if e["dir"] == "out")


def test_tshark_reads_the_websocket_frames(tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed: only the structure was checked")
    path = tmp_path / "run.pcapng"
    path.write_bytes(as_pcapng.render(REPORT))
    words = [
        tshark,
        "-r",
        str(path),
        "-d",
        "tcp.port==9,http",
        "-Y",
        "websocket",
        "-T",
        "fields",
        "-e",
        "_ws.col.Info",
    ]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "WebSocket Text [FIN] [MASKED]" in told
    assert "WebSocket Binary [FIN]" in told


def test_archive_has_an_entry_for_each_connection() -> None:
    (one,) = json.loads(as_har.render(REPORT))["log"]["entries"]
    assert (one["request"]["method"], one["response"]["status"]) == ("GET", 101)
    assert one["response"]["headers"] == [{"name": "Upgrade", "value": "websocket"}]
    assert [(m["type"], m["opcode"], m["data"]) for m in one["_webSocketMessages"]] == [
        ("send", 1, "hi"),
        ("receive", 2, "/w=="),
    ]


def test_connection_without_a_request_is_left_out() -> None:
    silent = report([case(PASSING, transcript=CLOSED[:1], started=STARTED)])
    assert json.loads(as_har.render(silent))["log"]["entries"] == []
