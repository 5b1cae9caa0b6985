"""The codec alone: masking, encoding and parsing of frames of several sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from timeit import Timer

from benchmarks.table import Cell, Size, Table
from wireproof.wire.websocket import Frame, FrameReader, apply_mask

_SIZES = (0, 16, 125, 4 * 1024, 64 * 1024, 1024 * 1024)
_KEY = b"\x37\xfa\x21\x3d"
_SEGMENT = 64 * 1024
_BATCH = 256 * 1024
"""Bytes that are parsed in one go, at least one frame."""


def measure(size: Size) -> Sequence[Table]:
    """Time each function with payloads of each size."""
    repeats = 3 if size is Size.QUICK else 7
    budget = 0.01 if size is Size.QUICK else 0.1
    rows: list[dict[str, Cell]] = []
    for length in _SIZES:
        payload = bytes(i & 0xFF for i in range(length))
        mask = _seconds(lambda p=payload: apply_mask(p, _KEY), repeats, budget)  # type: ignore[misc]
        encode = _seconds(lambda p=payload: Frame.binary(p).encode(_KEY), repeats, budget)  # type: ignore[misc]
        parse, frames = _parsing(payload, repeats, budget)
        rows.append(
            {
                "payload bytes": str(length),
                "mask µs": mask * 1e6,
                "mask MiB/s": length / mask / 2**20,
                "encode µs": encode * 1e6,
                "parse µs": parse / frames * 1e6,
                "parse MiB/s": length * frames / parse / 2**20,
            }
        )
    return [Table(f"for each frame, best of {repeats}", tuple(rows))]


def _parsing(payload: bytes, repeats: int, budget: float) -> tuple[float, int]:
    frame = Frame.binary(payload).encode(_KEY)
    count = max(1, _BATCH // len(frame))
    stream = frame * count
    segments = [stream[i : i + _SEGMENT] for i in range(0, len(stream), _SEGMENT)]

    def parse() -> None:
        reader = FrameReader(limit=1 << 21)
        for segment in segments:
            reader.receive_data(segment)
            for _ in reader.frames():
                pass

    return _seconds(parse, repeats, budget), count


def _seconds(work: Callable[[], object], repeats: int, budget: float) -> float:
    """Time of one call: the best of *repeats* loops of some *budget* seconds, since noise only ever adds."""
    timer = Timer(work)
    calls = 1
    while (taken := timer.timeit(calls)) < budget / 4:
        calls *= 4
    calls = max(1, round(calls * budget / taken))
    return min(timer.repeat(repeats, calls)) / calls
