"""Children start, tell that they are ready, and end with all their descendants, whatever happens."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from wireproof.run.process import LOG_LIMIT, Child, Command, StartError, Supervisor, started
from wireproof.run.ready import ReadyLine

READY = ReadyLine(re.compile(r"^ready(?: (\d+))?$"))
PATIENCE = 15.0


def python(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-I", "-S", "-u", "-c", textwrap.dedent(program), *map(str, arguments)]


class Crowd:
    """A child, a grandchild, and on Linux one that left the session: each holds a FIFO while it lives."""

    def __init__(self, folder: Path) -> None:
        fifo = folder / "alive"
        os.mkfifo(fifo)
        self._alive = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        stray = "import os, time; os.fork() and os._exit(0); os.setsid(); print('ready'); time.sleep(600)"
        last = shlex.join(python(stray)) if sys.platform == "linux" else "echo ready"
        self.run = f"exec 9>{fifo}; sleep 600 & {last}; wait"

    async def gone(self) -> None:
        """Return once nobody holds the FIFO."""
        end_of_file = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._alive, end_of_file.set)
        try:
            async with asyncio.timeout(PATIENCE):
                await end_of_file.wait()
        finally:
            asyncio.get_running_loop().remove_reader(self._alive)

    @property
    def any_alive(self) -> bool:
        with suppress(BlockingIOError):
            return os.read(self._alive, 1) != b""
        return True

    def close(self) -> None:
        os.close(self._alive)


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[Crowd]:
    with closing(Crowd(tmp_path)) as crowd:
        yield crowd


def test_leaving_the_block_ends_all_descendants(crowd: Crowd) -> None:
    async def scene() -> Child:
        async with started(Command(crowd.run, ready=READY)) as child:
            assert crowd.any_alive
        assert not crowd.any_alive
        return child

    assert asyncio.run(scene()).returncode == -signal.SIGTERM


def test_an_exception_ends_all_descendants(crowd: Crowd) -> None:
    async def scene() -> None:
        async with started(Command(crowd.run, ready=READY)):
            raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(scene())
    assert not crowd.any_alive


def test_a_forgotten_child_ends_with_the_harness(crowd: Crowd) -> None:
    printed, _ = run_harness(crowd, "pass").communicate(timeout=PATIENCE)
    assert printed == b"ready\n"
    asyncio.run(crowd.gone())


def test_a_killed_harness_takes_its_children_along(crowd: Crowd) -> None:
    with run_harness(crowd, "await asyncio.sleep(600)") as harness:
        try:
            assert harness.stdout is not None
            assert harness.stdout.readline() == b"ready\n"
            assert crowd.any_alive
        finally:
            harness.kill()
    asyncio.run(crowd.gone())


def run_harness(crowd: Crowd, action: str) -> subprocess.Popen[bytes]:
    """Another Python process that uses the module; prints `ready` when the crowd is."""
    program = f"""
        import asyncio, re, sys
        from wireproof.run.process import Command, Supervisor
        from wireproof.run.ready import ReadyLine

        async def main():
            command = Command(sys.argv[1], ready=ReadyLine(re.compile("ready")))
            supervisor = Supervisor(command)
            await supervisor.start()
            print("ready", flush=True)
            {action}

        asyncio.run(main())
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), crowd.run], stdout=subprocess.PIPE, env=environment
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_killed_watchdog_takes_the_child_along() -> None:
    async def scene() -> None:
        # The command tells its parent, which is the watchdog.
        async with Supervisor(Command("echo ready $PPID; exec sleep 600", ready=READY)) as supervisor:
            assert supervisor.child.match is not None
            os.kill(int(supervisor.child.match[1]), signal.SIGKILL)
            async with asyncio.timeout(PATIENCE):
                await supervisor.exited.wait()
            assert supervisor.child.ending == "was killed by SIGKILL"

    asyncio.run(scene())


def test_what_ignores_sigterm_is_killed_after_the_grace() -> None:
    stubborn = python("import signal; signal.signal(15, signal.SIG_IGN); print('ready'); signal.pause()")

    async def scene() -> None:
        async with started(Command(stubborn, ready=READY, grace=0.2)) as child:
            assert await child.stop() == -signal.SIGKILL

    asyncio.run(scene())


def test_descendants_left_behind_end_with_the_command(crowd: Crowd) -> None:
    async def scene() -> None:
        async with started(Command(crowd.run, ready=READY)) as child:
            os.kill(child.pid, signal.SIGKILL)
            assert await child.wait() == -signal.SIGKILL
            await crowd.gone()

    asyncio.run(scene())


def test_ready_by_a_line_gives_its_match() -> None:
    async def scene() -> None:
        async with started(
            Command("echo starting; echo ready 4711 >&2; exec sleep 600", ready=READY)
        ) as child:
            assert child.match is not None
            assert child.match[1] == "4711"
            assert child.log == "starting\nready 4711\n"

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            Command("echo no such option; exit 3", ready=READY),
            r"ended with status 3 before .*\n  \| no such option$",
        ),
        (Command("kill -9 $$", ready=READY), "was killed by SIGKILL before"),
        (Command(["/no/such/program", "-v"]), "^`/no/such/program -v` could not be started: No such file"),
        (Command("true", cwd=Path("/no/such/folder")), "could not be started: .*/no/such/folder"),
        (
            Command("echo hm; exec sleep 600", ready=READY, startup_timeout=0.4),
            r"not ready within 0.4 s(.|\n)*\| hm",
        ),
    ],
    ids=["exit", "signal", "no-program", "no-folder", "too-slow"],
)
def test_a_failing_start_says_why(command: Command, told: str) -> None:
    async def scene() -> None:
        supervisor = Supervisor(command)
        with pytest.raises(StartError, match=told):
            await supervisor.start()
        assert not supervisor.child.alive

    asyncio.run(scene())


def test_a_crash_is_noticed_and_cured_by_restart() -> None:
    async def scene() -> None:
        async with Supervisor(Command("echo ready; exec sleep 600", ready=READY)) as supervisor:
            first = supervisor.child
            os.kill(first.pid, signal.SIGSEGV)
            async with asyncio.timeout(PATIENCE):
                await supervisor.exited.wait()
            assert first.ending == "was killed by SIGSEGV"
            second = await supervisor.restart()
            assert second is supervisor.child
            assert second.alive
            assert second.pid != first.pid
            assert not supervisor.exited.is_set()
            assert await supervisor.start() is second
            third = await supervisor.restart()
            assert third.alive
            assert not second.alive
            assert supervisor.starts == 3

    asyncio.run(scene())


def test_much_output_neither_blocks_nor_piles_up(tmp_path: Path) -> None:
    lines = 400_000
    flood = python(f"for number in range({lines}): print(number, 'x' * 40)\nprint('ready')").copy()
    flood.remove("-u")

    async def scene() -> None:
        async with started(Command(flood, ready=None, log_file=tmp_path / "log")) as child:
            async with asyncio.timeout(PATIENCE):
                assert await child.wait() == 0
            await child.stop()
            assert len(child.log) <= LOG_LIMIT
            assert child.log.endswith(f"{lines - 1} {'x' * 40}\nready\n")
            assert re.match(r"\d+ x{40}\n", child.log)
        with (tmp_path / "log").open() as log:
            assert sum(1 for _ in log) == lines + 1

    asyncio.run(scene())
