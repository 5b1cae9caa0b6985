"""Runs one command and ends all of it when the harness lets go of it, or is itself gone.

A program of its own, started by file name with `python -I -S`, so it imports no more than it must:

    watchdog.py LIFELINE GRACE COMMAND [ARGUMENT ...]

LIFELINE is the descriptor of a stream socket whose other end only the harness holds. Its end of file means
"end the command", and the kernel sees to that even when the harness is killed by SIGKILL. The watchdog
answers with lines: `pid N` or `failed ERRNO` first, then `exit STATUS` (negative: a signal), and leaves once
nothing of the command runs.

The command leads a session of its own. SIGTERM goes to all of it, SIGKILL to what is left after GRACE
seconds. On Linux, descendants that left the session are found too: the kernel hands orphans to the watchdog.
"""

# Every child waits for this program to start, hence no import that can be spared.
# ruff: noqa: PLC0415, PTH123, PTH208, SIM105

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOST_PATIENCE = 5.0  # seconds after SIGKILL: what is then left waits for a device, and no signal ends it
_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(lifeline: int, grace: float, command: list[str]) -> None:
    """Run *command* until it ends, until the lifeline closes, or until a signal asks to stop."""
    os.set_inheritable(lifeline, False)
    woken = _wake_on_signals()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    leader, errno = _spawn(command)
    _tell(lifeline, f"failed {errno}" if errno else f"pid {leader}")
    _let_go_of_output()
    status = _watch(leader, lifeline, woken)
    if status is not None:
        _tell(lifeline, f"exit {status}")
    left_with = _end_all(leader, grace, woken)
    if status is None and left_with is not None:
        _tell(lifeline, f"exit {left_with}")


def _wake_on_signals() -> int:
    """Descriptor that becomes readable at a signal; it then holds the signal's number."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *_STOP):
        signal.signal(number, lambda *_: None)
    return reading


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _spawn(command: list[str]) -> tuple[int, int]:
    """Start *command* in its own session: its process id, and the errno that kept it from starting (or 0)."""
    # The pipe closes by itself when exec succeeds.
    outcome, report = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            # Python ignores these two, and exec would pass that on.
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)  # noqa: S606  # the user's own command
        except OSError as exc:
            os.write(report, str(exc.errno).encode())
        finally:
            os._exit(127)
    os.close(report)
    said = os.read(outcome, 16)
    os.close(outcome)
    return child, int(said or 0)


def _let_go_of_output() -> None:
    """Leave the output to the command alone, so that the harness sees its end of file."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _tell(lifeline: int, line: str) -> None:
    try:
        os.write(lifeline, line.encode() + b"\n")
    except OSError:
        pass  # the harness is gone; the command is ended all the same


def _watch(leader: int, lifeline: int, woken: int) -> int | None:
    """Wait; the leader's exit status, or None when it is to be ended."""
    while True:
        readable, _, _ = select.select([lifeline, woken], [], [])
        if woken in readable:
            signals = os.read(woken, 4096)
            status, _ = _reap(leader)
            if status is not None or any(number in signals for number in _STOP):
                return status
        if lifeline in readable:
            return None


def _reap(leader: int) -> tuple[int | None, bool]:
    """Bury all who have ended: the leader's exit status if it was among them, and whether anyone is left."""
    status = None
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == leader:
                status = os.waitstatus_to_exitcode(ended[1])
    except ChildProcessError:
        # Without a subreaper orphans are not ours to wait for: the process group tells.
        return status, sys.platform != "linux" and _signal_group(leader, 0)
    return status, True


def _end_all(leader: int, grace: float, woken: int) -> int | None:
    """End the session and every descendant; the leader's exit status if it ends here."""
    deadline = time.monotonic() + grace
    found = None
    _signal_all(leader, signal.SIGTERM)
    while True:
        status, anyone_left = _reap(leader)
        found = status if status is not None else found
        left = deadline - time.monotonic()
        if not anyone_left or left < -_LOST_PATIENCE:
            return found
        if left <= 0:
            _signal_all(leader, signal.SIGKILL)
        if select.select([woken], [], [], max(0.02, min(left, 0.1)))[0]:
            os.read(woken, 4096)


def _signal_all(leader: int, number: int) -> None:
    _signal_group(leader, number)
    for pid in _descendants():
        try:
            if os.getpgid(pid) != leader:
                os.kill(pid, number)
        except OSError:
            pass  # it ended meanwhile, or runs as another user


def _signal_group(leader: int, number: int) -> bool:
    try:
        os.killpg(leader, number)
    except OSError:
        return False
    return True


def _descendants() -> Iterator[int]:
    """All that the kernel's process table says descend from here (Linux; elsewhere nobody)."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if sys.platform == "linux" else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:
                    # The command's name, in parentheses, may itself contain blanks and parentheses.
                    parent = int(stat.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
            children.setdefault(parent, []).append(int(name))
    found = [os.getpid()]
    for pid in found:
        found.extend(children.get(pid, ()))
    yield from found[1:]


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
