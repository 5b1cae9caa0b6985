"""A transcript as the steps of a sequence diagram: client on the left, server on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wireproof.report import evidence

from .hexdump import SHOWN, Dump, Row, rows_of, take_apart

LANES = 8  # lifelines of their own; further peers share the last
HEAD_LINES = 60
HEAD_WIDTH = 400


@dataclass(frozen=True, slots=True)
class Step:
    """One entry. ``lane`` is the peer's lifeline from 1 on, 0 for none; at most one detail is there.

    ``is_evidence`` tells whether it shows what the case is accused of.
    """

    time: str
    way: str
    peer: int
    lane: int
    kind: str
    text: str
    head: tuple[str, ...] = ()
    dump: Dump | None = None
    raw: tuple[Row, ...] = ()
    left_out: int = 0
    is_evidence: bool = False

    @property
    def has_bytes(self) -> bool:
        """Whether there is something to open."""
        return bool(self.head or self.dump or self.raw)


@dataclass(frozen=True, slots=True)
class Diagram:
    """The steps of one attempt, and the peers whose lifelines they need."""

    peers: tuple[int, ...]
    lanes: int
    steps: tuple[Step, ...]


def sequence_of(case: Mapping[str, Any]) -> Diagram:
    """The steps of the transcript of *case*, with their bytes taken apart."""
    transcript: Sequence[Mapping[str, Any]] = case["transcript"]
    marked = evidence(case)
    peers = tuple(sorted({entry["peer"] for entry in transcript if entry["peer"]}))
    lanes = {peer: min(index, LANES) for index, peer in enumerate(peers, 1)}
    steps = tuple(
        replace(_step(entry, lanes.get(entry["peer"], 0)), is_evidence=at in marked)
        for at, entry in enumerate(transcript)
    )
    return Diagram(peers, min(len(peers), LANES), steps)


def _step(entry: Mapping[str, Any], lane: int) -> Step:
    data = bytes.fromhex(entry["hex"] or "")
    size = max(entry.get("size", 0), len(data))
    told: dict[str, Any] = {}
    if data and entry["kind"] == "http":
        told = _head(data, size)
    elif data and entry["kind"] == "frame":
        told = {"dump": take_apart(data, size, from_client=entry["dir"] == "out")}
    elif data:
        told = {"raw": rows_of(data[:SHOWN], (("raw", len(data)),)), "left_out": size - len(data[:SHOWN])}
    elif size:
        told = {"left_out": size}
    return Step(
        time=f"{entry['t'] * 1000:.2f}",
        way=entry["dir"],
        peer=entry["peer"],
        lane=lane,
        kind=entry["kind"],
        text=entry["text"],
        **told,
    )


def _head(data: bytes, size: int) -> dict[str, Any]:
    # A line that ends otherwise than with CR LF shows it: the handshake's grammar knows no other end.
    lines = data.decode("latin-1").split("\r\n")
    if lines[-1] == "":
        lines.pop()
    shown = [line[:HEAD_WIDTH] + ("…" if len(line) > HEAD_WIDTH else "") for line in lines[:HEAD_LINES]]
    if len(lines) > HEAD_LINES:
        shown.append(f"… and {len(lines) - HEAD_LINES} lines more")
    return {"head": tuple(shown), "left_out": size - len(data)}
