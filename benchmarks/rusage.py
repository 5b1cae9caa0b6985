"""A small program that runs another one and writes what it used: ``rusage.py FILE COMMAND…``.

It stands between, because a process begins with the peak memory of the one that it was forked from (Linux
keeps it across exec): this parent is smaller than anything worth measuring.
"""

import json
import os
import sys
import time


def main() -> None:
    """Run the command, wait for it, and write status, wall and CPU seconds and peak bytes as JSON."""
    result, *command = sys.argv[1:]
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    measured = {
        "status": os.waitstatus_to_exitcode(status),
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * unit,
    }
    with open(result, "w", encoding="utf-8") as file:  # noqa: PTH123  # pathlib would cost memory
        json.dump(measured, file)


if __name__ == "__main__":
    main()
