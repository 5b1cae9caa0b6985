"""Child processes that end when the harness does, whatever ends it: targets, bundled servers, real proxies.

Every command runs under `watchdog.py`, which ends it and all its descendants as soon as the harness lets go.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from wireproof.errors import WireproofError
from wireproof.run.ready import Ready, ReadyLine, is_free, until_it_answers

LOG_LIMIT = 64 * 1024
"""Bytes of a child's output that are kept as evidence."""

_WATCHDOG = Path(__file__).with_name("watchdog.py")
_LINES_IN_ERROR = 20


class StartError(WireproofError):
    """A command could not be started, or ended or hung before it was ready."""

    def __init__(
        self, command: str, problem: str, *, returncode: int | None = None, output: str = ""
    ) -> None:
        shown = "".join(f"\n  | {line}" for line in output.splitlines()[-_LINES_IN_ERROR:])
        super().__init__(f"`{command}` {problem}{shown}")
        self.command = command
        self.returncode = returncode
        self.output = output


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, and how to tell that it is ready.

    ``run`` is an argument list, or a string for the shell. ``env`` is added to the harness's own environment.
    Without ``ready`` the command counts as ready once it runs. ``startup_timeout`` and ``grace`` (between
    SIGTERM and SIGKILL) are in seconds. ``log_file`` gets the whole output appended; memory keeps its end.
    """

    run: Sequence[str] | str
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Ready | None = None
    startup_timeout: float = 10.0
    grace: float = 3.0
    log_file: Path | None = None

    def __str__(self) -> str:
        return self.run if isinstance(self.run, str) else shlex.join(self.run)

    @property
    def argv(self) -> list[str]:
        """The arguments as executed."""
        return ["/bin/sh", "-c", self.run] if isinstance(self.run, str) else list(self.run)


class Child:
    """One run of a command, made by `started` or a `Supervisor`.

    It ends as a whole: when the command itself ends, descendants that it left behind are ended too.
    """

    def __init__(self, command: Command, on_end: Callable[[Child], None] | None = None) -> None:
        self.command = command
        self.pid = 0
        self.returncode: int | None = None
        self.match: re.Match[str] | None = None
        """What a `ReadyLine` found."""
        self.stopping = False
        self._on_end = on_end
        self._ended = asyncio.Event()
        self._output = _Output(command)
        self._lifeline = _Lifeline(self)

    @property
    def alive(self) -> bool:
        """Whether the command still runs."""
        return self.pid != 0 and self.returncode is None

    @property
    def log(self) -> str:
        """The last `LOG_LIMIT` bytes of its output, standard output and error as they came."""
        return self._output.text

    @property
    def ending(self) -> str:
        """How it ended, to follow the command's name in a sentence."""
        if self.returncode is None:
            return "is still running"
        if self.returncode >= 0:
            return f"ended with status {self.returncode}"
        with suppress(ValueError):
            return f"was killed by {signal.Signals(-self.returncode).name}"
        return f"was killed by signal {-self.returncode}"

    async def wait(self) -> int:
        """Wait until the command ends by itself or is stopped; its exit status (negative: a signal)."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    async def stop(self) -> int:
        """End the command and its descendants; returns its exit status when all of them are gone.

        Even when this is cancelled the ending goes on: the watchdog sees to it.
        """
        self.stopping = self.stopping or self.alive
        self._lifeline.let_go()
        await self._lifeline.closed.wait()
        # Only what escaped the watchdog could still hold the output open.
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._output.closed.wait()
        self._output.close()
        return await self.wait()

    async def _start(self) -> None:
        try:
            async with asyncio.timeout(self.command.startup_timeout):
                ready = self.command.ready
                if ready is None:
                    await self._spawn()
                else:
                    await self._check_free(ready)
                    await self._spawn()
                    await self._until_ready(ready)
        except TimeoutError:
            problem = (
                f"was not ready within {self.command.startup_timeout:g} s, waiting for {self.command.ready}"
            )
            await self._abandon()
            raise self._error(problem) from None
        except BaseException:
            await self._abandon()
            raise

    async def _check_free(self, ready: Ready) -> None:
        if not await is_free(ready):
            raise self._error(f"was not started: something else already answers at {ready}")

    async def _spawn(self) -> None:
        if os.name != "posix":
            raise self._error(
                "can't be supervised: starting commands needs Linux, macOS or another POSIX system"
            )
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        with theirs, os.fdopen(writing, "wb") as output:
            ours.setblocking(False)
            await loop.create_unix_connection(lambda: self._lifeline, sock=ours)
            await loop.connect_read_pipe(lambda: self._output, os.fdopen(reading, "rb", buffering=0))
            try:
                if self.command.log_file is not None:
                    self._output.copy_to(self.command.log_file)
                self._lifeline.watchdog = self._launch(theirs.fileno(), output)
            except (OSError, ValueError) as exc:
                raise self._error(f"could not be started: {exc}") from exc
        await self._lifeline.answered.wait()
        if self._lifeline.errno:
            raise self._error(f"could not be started: {os.strerror(self._lifeline.errno)}")

    def _launch(self, lifeline: int, output: IO[bytes]) -> subprocess.Popen[bytes]:
        watchdog = [sys.executable, "-I", "-S", str(_WATCHDOG), str(lifeline), str(self.command.grace)]
        return subprocess.Popen(  # noqa: S603  # the user's own command
            [*watchdog, *self.command.argv],
            cwd=self.command.cwd,
            env={**os.environ, **self.command.env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[lifeline],
            start_new_session=True,  # Ctrl-C is for the harness, which then ends its children
        )

    async def _until_ready(self, ready: Ready) -> None:
        found = asyncio.ensure_future(self._sign_of(ready))
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait([found, ended], return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await self.stop()
                raise self._error(
                    f"{self.ending} before it was ready (a server has to stay in the foreground)"
                )
            self.match = found.result()
        finally:
            found.cancel()
            ended.cancel()

    async def _sign_of(self, ready: Ready) -> re.Match[str] | None:
        if isinstance(ready, ReadyLine):
            return await self._output.found
        await until_it_answers(ready)
        return None

    async def _abandon(self) -> None:
        if self._lifeline.watchdog is not None:
            await self.stop()
        else:
            self._lifeline.let_go()
            self._output.close()

    def _error(self, problem: str) -> StartError:
        return StartError(str(self.command), problem, returncode=self.returncode, output=self.log)

    def _end(self, returncode: int) -> None:
        if self.returncode is None:
            self.returncode = returncode
            self._ended.set()
            if self._on_end is not None and self.pid:
                self._on_end(self)


class _Lifeline(asyncio.Protocol):
    """The harness's end of the socket to the watchdog; its closing ends the command."""

    def __init__(self, child: Child) -> None:
        self.watchdog: subprocess.Popen[bytes] | None = None
        self.answered = asyncio.Event()
        self.closed = asyncio.Event()
        self.errno = 0
        self._child = child
        self._transport: asyncio.Transport | None = None
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._pending = (self._pending + data).split(b"\n")
        for word, _, number in (line.partition(b" ") for line in lines):
            if word == b"pid":
                self._child.pid = int(number)
            elif word == b"failed":
                self.errno = int(number)
            else:
                self._child._end(int(number))
            self.answered.set()

    def connection_lost(self, _: Exception | None) -> None:
        if self.watchdog is not None:
            self.watchdog.wait()  # its descriptors are closed already: a matter of microseconds
            # Without a word on the exit status the watchdog itself was killed, and took the command along.
            self._child._end(-signal.SIGKILL)
        self.answered.set()
        self.closed.set()

    def let_go(self) -> None:
        # Only our direction closes: the exit status is still to come.
        if self._transport is not None and not self._transport.is_closing():
            with suppress(OSError):
                self._transport.write_eof()


class _Output(asyncio.Protocol):
    """Takes all output at once, so that the command never blocks on it, and keeps its end."""

    def __init__(self, command: Command) -> None:
        self.found: asyncio.Future[re.Match[str]] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()
        self._pattern = command.ready.pattern if isinstance(command.ready, ReadyLine) else None
        self._tail = bytearray()
        self._cut = False
        self._line = b""
        self._file: IO[bytes] | None = None
        self._transport: asyncio.BaseTransport | None = None

    @property
    def text(self) -> str:
        kept = bytes(self._tail[-LOG_LIMIT:])
        if self._cut or len(self._tail) > LOG_LIMIT:
            kept = kept.partition(b"\n")[2] or kept  # the first line is not whole
        return kept.decode(errors="replace")

    def copy_to(self, path: Path) -> None:
        self._file = path.open("ab")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._tail += data
        if len(self._tail) > 2 * LOG_LIMIT:
            del self._tail[:-LOG_LIMIT]
            self._cut = True
        if self._file is not None:
            self._file.write(data)
            self._file.flush()
        if self._pattern is not None and not self.found.done():
            self._look_for_pattern(self._pattern, data)

    def _look_for_pattern(self, pattern: re.Pattern[str], data: bytes) -> None:
        *lines, rest = (self._line + data).split(b"\n")
        self._line = rest[-LOG_LIMIT:]
        for line in lines:
            if match := pattern.search(line.decode(errors="replace").rstrip("\r")):
                self.found.set_result(match)
                return

    def connection_lost(self, _: Exception | None) -> None:
        if self._file is not None:
            self._file.close()
        self.closed.set()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def started(command: Command) -> AsyncIterator[Child]:
    """Run *command* for the length of the block, entered when it is ready.

    Raises `StartError` when it can't be started, ends first, or is not ready in time.
    """
    async with Supervisor(command) as supervisor:
        yield supervisor.child


class Supervisor:
    """Runs a command, and runs it anew on request; as a context manager it starts and stops it."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.exited = asyncio.Event()
        """Set when the command ended without being asked to; cleared by the next start."""
        self.starts = 0
        """How many runs became ready."""
        self._child: Child | None = None
        self._turn = asyncio.Lock()

    @property
    def child(self) -> Child:
        """The present run, or the last one. Raises `StartError` before the first."""
        if self._child is None:
            raise StartError(str(self.command), "is not started")
        return self._child

    async def start(self) -> Child:
        """Start the command unless it runs; returns when it is ready. Raises `StartError`."""
        async with self._turn:
            return self._child if self._child is not None and self._child.alive else await self._run()

    async def restart(self) -> Child:
        """End what is left of the present run, then start another. Raises `StartError`."""
        async with self._turn:
            return await self._run()

    async def stop(self) -> None:
        """End the command and its descendants; nothing happens when it does not run."""
        async with self._turn:
            await self._stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def _run(self) -> Child:
        await self._stop()
        self.exited.clear()
        self._child = child = Child(self.command, self._note_end)
        await child._start()
        self.starts += 1
        return child

    async def _stop(self) -> None:
        if self._child is not None and self._child.pid:
            await self._child.stop()

    def _note_end(self, child: Child) -> None:
        if child is self._child and not child.stopping:
            self.exited.set()
