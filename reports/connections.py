"""The connections of a case, cut out of its transcript: what capture formats are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class Connection:
    """One connection: its number from 1 on over the whole report, its case, and its entries in order."""

    number: int
    case: Mapping[str, Any]
    began: float
    entries: list[Mapping[str, Any]] = field(default_factory=list)

    def time_of(self, entry: Mapping[str, Any]) -> float:
        """When *entry* happened, in seconds since the epoch."""
        return self.began + float(entry["t"])


def connections(report: Mapping[str, Any]) -> Iterator[Connection]:
    """Every connection of every case."""
    number = 0
    for case in report["cases"]:
        began = datetime.fromisoformat(case["started"]).timestamp()
        found: dict[int, Connection] = {}
        for entry in case["transcript"]:
            if entry["peer"] == 0:
                continue
            if entry["peer"] not in found:
                number += 1
                found[entry["peer"]] = Connection(number, case, began)
            found[entry["peer"]].entries.append(entry)
        yield from found.values()
