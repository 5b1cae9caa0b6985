"""The benchmark of the simulated proxies runs; no time is judged."""

from __future__ import annotations

from benchmarks.bench_simulated import DIRECT, measure
from benchmarks.table import Size


def test_every_way_is_measured() -> None:
    (table,) = measure(Size.QUICK)
    names = [row[""] for row in table.rows]
    assert names[:4] == [DIRECT, "bare relay", "simulated-relay", "simulated"]
    assert ("HAProxy, TCP mode" in names) != bool(table.notes)
    assert all(isinstance(row["round trip µs"], float) and row["MiB/s"] for row in table.rows)
