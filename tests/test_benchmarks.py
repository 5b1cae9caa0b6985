"""The benchmarks run at their small size and tell all that they are for; no time is judged here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import found
from benchmarks.measuring import MeasuringError, interleaved, measured
from benchmarks.table import Size
from fixtures.servers import missing


def test_all_benchmarks_are_found_by_their_module_names() -> None:
    assert {"routes", "sessions", "suite", "volume", "wire"} <= found().keys()
    assert all(benchmark.title.endswith(".") for benchmark in found().values())


def test_the_suite_is_measured_both_ways_on_one_server() -> None:
    (table,) = found()["suite"].measure(Size.QUICK)
    slow, fast, ratio = table.rows
    assert slow["items"] == fast["items"]
    assert slow.keys() == fast.keys() == ratio.keys()
    for row in (slow, fast):
        for key in ("wall s", "client CPU s", "peak MiB", "items/s"):
            value = row[key]
            assert isinstance(value, float)
            assert value > 0


@pytest.mark.skipif(missing("socket.io") is not None, reason="the server is not installed")
def test_sessions_are_measured_on_two_servers() -> None:
    (table,) = found()["sessions"].measure(Size.QUICK)
    node, python = table.rows
    assert node.keys() == python.keys()
    assert node["items"] == python["items"]
    assert (node["reach s"], python["reach s"]) == (6.0, 12.0)


@pytest.mark.skipif(missing("ws-deflate") is not None, reason="the server is not installed")
def test_volume_is_measured_by_whole_runs() -> None:
    (table,) = found()["volume"].measure(Size.QUICK)
    assert [(row[""], row["cases"]) for row in table.rows] == [("ws-deflate", 1)]
    assert table.notes == ()


def test_routes_are_measured_by_starts_and_by_whole_runs() -> None:
    starts, runs = found()["routes"].measure(Size.QUICK)
    assert starts.rows[-1][""] == "all fast"
    assert [row[""] for row in runs.rows][:2] == ["direct", "direct and all fast"]
    assert runs.rows[0]["times direct"] == 1


def test_the_numbers_are_written_as_json(tmp_path: Path) -> None:
    file = tmp_path / "new" / "numbers.json"
    command = [sys.executable, "-m", "benchmarks", "wire", "--quick", "--json", str(file)]
    usage = measured(command, tmp_path)
    assert usage.status == 0
    document = json.loads(file.read_text("utf-8"))
    assert document["size"] == "quick"
    assert [table["rows"][0]["payload bytes"] for table in document["benchmarks"]["wire"]] == ["0"]


def test_what_uses_more_measures_as_more(tmp_path: Path) -> None:
    size = 64 * 2**20
    small = measured([sys.executable, "-c", f"bytearray({size})"], tmp_path)
    large = measured([sys.executable, "-c", f"bytearray({3 * size})"], tmp_path)
    assert large.peak_bytes - small.peak_bytes == pytest.approx(2 * size, rel=0.1)


def test_a_failed_run_gives_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(MeasuringError, match="Strange"):
        measured([sys.executable, "-c", "import sys; print('Strange'); sys.exit(7)"], tmp_path)
    with pytest.raises(MeasuringError, match="did not end"):
        measured([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, timeout=0.3)


def test_ways_take_turns() -> None:
    turns = list(interleaved({"a": (), "b": ()}, 1, 2))
    assert turns == [("a", False), ("b", False), ("b", True), ("a", True), ("a", True), ("b", True)]
