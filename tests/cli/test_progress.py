"""The line that tells how far a run is, in a real terminal and nowhere else."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import termios
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Line, Serve
from wireproof.cli.progress import ProgressLine, follow

BITS = "websocket/s5_2_base_framing/*"
ERASE = "\r\x1b[2K"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def shown(out: io.StringIO, clock: Clock) -> Iterator[ProgressLine]:
    line = ProgressLine(out, "starting it again")
    line.handle({"event": "run-started", "cases": 4})
    yield line
    line.close()


def started(name: str) -> Mapping[str, Any]:
    return {"event": "case-started", "id": name, "route": "direct"}


def finished(name: str, verdict: str = "pass") -> Mapping[str, Any]:
    return {"event": "case-finished", "case": {"id": name, "verdict": verdict}}


def test_counts_and_time_left(shown: ProgressLine, clock: Clock) -> None:
    clock.now += 2.0
    for number, verdict in enumerate(["pass", "fail"]):
        shown.handle(started(f"a/b/c{number}"))
        shown.handle(finished(f"a/b/c{number}", verdict))
    assert shown.line(clock.now) == "2/4  1 pass  1 fail  2 s left"


def test_cases_that_take_long_weigh_more(shown: ProgressLine, clock: Clock) -> None:
    shown.handle({"event": "run-started", "cases": 3, "seconds": 41.0})
    shown.handle({**started("a/b/quick"), "seconds": 1.0})
    clock.now += 2.0
    shown.handle(finished("a/b/quick"))
    assert shown.line(clock.now) == "1/3  1 pass  80 s left"
    shown.handle({**started("a/b/long"), "seconds": 20.0})
    clock.now += 15.0
    shown.handle({"event": "case-advanced", "id": "a/b/long", "route": "direct", "done": 0.8})
    assert shown.line(clock.now) == "1/3  1 pass  24 s left  long 15 s"


def test_verdicts_taken_over_tell_nothing_of_the_time_left(shown: ProgressLine, clock: Clock) -> None:
    shown.handle(finished("a/b/before"))
    clock.now += 1.0
    assert shown.line(clock.now) == "1/4  1 pass"


def test_minutes_are_told_as_such(shown: ProgressLine, clock: Clock) -> None:
    shown.handle(started("a/b/c"))
    clock.now += 100.0
    shown.handle(finished("a/b/c"))
    assert shown.line(clock.now) == "1/4  1 pass  5 min left"


def test_the_case_that_flies_longest_is_named(shown: ProgressLine, clock: Clock) -> None:
    shown.handle(started("websocket/s5/slow[one]"))
    clock.now += 0.5
    shown.handle(started("websocket/s5/other"))
    assert "slow" not in shown.line(clock.now)
    clock.now += 2.5
    assert shown.line(clock.now) == "0/4  slow[one] 3 s"


@pytest.mark.parametrize("width", [79, 60, 40, 20, 1])
def test_it_is_never_wider_than_the_terminal(shown: ProgressLine, clock: Clock, width: int) -> None:
    shown.handle(started("websocket/s5/" + "long_" * 40 + "end"))
    for verdict in ("pass", "fail", "not-applicable"):
        shown.handle(finished("x", verdict))
    clock.now += 9.0
    line = shown.line(clock.now, width)
    assert len(line) <= width
    assert width < 79 or line.endswith("end 9 s")


def test_a_target_that_is_started_again(shown: ProgressLine, clock: Clock) -> None:
    shown.handle(started("a/b/c"))
    shown.handle({"event": "target-lost", "suspects": ["a/b/c"]})
    clock.now += 5.0
    assert shown.line(clock.now) == "0/4  the target does not answer: starting it again"
    shown.handle({"event": "target-back"})
    assert shown.line(clock.now) == "0/4"


def test_it_is_painted_ten_times_a_second_at_most(
    shown: ProgressLine, out: io.StringIO, clock: Clock
) -> None:
    clock.now += 1.0
    before = out.getvalue().count(ERASE)
    for number in range(1000):
        clock.now += 0.001
        shown.handle(finished(f"a/b/c{number}"))
    assert out.getvalue().count(ERASE) - before <= 11


def test_what_a_terminal_would_obey_is_written_out(shown: ProgressLine, clock: Clock) -> None:
    shown.handle(started("a/b/\x1b[2Jc"))
    clock.now += 2.0
    assert "\x1b" not in shown.line(clock.now)


def test_nothing_is_painted_after_the_end(shown: ProgressLine, out: io.StringIO, clock: Clock) -> None:
    shown.handle({"event": "run-finished"})
    assert out.getvalue().endswith(ERASE)
    painted = len(out.getvalue())
    clock.now += 1.0
    shown.handle(finished("a/b/c"))
    shown.close()
    assert len(out.getvalue()) == painted


@pytest.mark.parametrize("terminal", ["dumb", "xterm"])
def test_a_dumb_terminal_gets_none(monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.setattr("sys.stderr", Terminal())
    with follow({"verbose": False, "quiet": False, "start": None}) as reporters:
        assert len(reporters) == (terminal == "xterm")


# In a terminal -----------------------------------------------------------------------------------------


def in_terminal(line: Line, *words: str, columns: int = 80) -> str:
    """All that *words* write to a terminal of so many columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with subprocess.Popen(
        line.argv(*words),
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
        cwd=line.folder,
        env=line.environment(TERM="xterm"),
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other side is closed
                break
            if not some:
                break
            written += some
        process.wait(60)
    os.close(ours)
    return written.decode()


def screen(written: str) -> list[str]:
    """What is left on the screen, colours aside."""
    lines = [part.rpartition(ERASE)[2] for part in written.split("\r\n")]
    return [text for one in lines if (text := re.sub(r"\x1b\[[0-9;]*m", "", one))]


@pytest.mark.parametrize("columns", [80, 50])
def test_it_is_painted_and_erased(line: Line, faulty: str, columns: int) -> None:
    written = in_terminal(line, "run", faulty, "--case", BITS, columns=columns)
    painted = [part for part in re.split(r"\r\x1b\[2K", written) if re.match(r"\d+/\d+", part)]
    assert painted
    assert all(len(part) < columns for part in painted)
    left = screen(written)
    assert not [text for text in left if re.match(r"\d+/\d+", text)]
    assert any(text.startswith(f"{faulty} breaks") for text in left[-2:])


def test_it_tells_that_the_target_is_started_again(line: Line) -> None:
    written = in_terminal(
        line, "demo", "--server", "dies-of-protocol-error", "-k", "base_framing and rsv", "-v"
    )
    assert "the target does not answer" in written
    assert "the target is back" in written


def test_a_pipe_gets_none_of_it(line: Line, serving: Serve, tmp_path: Path) -> None:
    ran = line("run", serving("accepts-rsv1"), "--case", BITS, "--journal", "journal.ndjson")
    assert "\x1b" not in ran.out + ran.err
    assert "\r" not in ran.out + ran.err
    assert ran.err == ""
