"""The command line in a process of its own, against bundled servers in this one."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fixtures.strict import serve
from fixtures.strict.serving import connection_class

ROOT = Path(__file__).parent.parent.parent
Serve = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Ran:
    """What one call of the command line did."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Line:
    """A command line in *folder*, where no settings of the developer's reach it."""

    folder: Path

    def __call__(self, *words: str, **variables: str) -> Ran:
        """Run ``wireproof`` with *words* to its end."""
        done = subprocess.run(
            self.argv(*words),
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment(**variables),
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run it beside the test; it is ended with the context."""
        process = subprocess.Popen(
            self.argv(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment(),
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def argv(self, *words: str) -> Sequence[str]:
        return [sys.executable, "-m", "wireproof", *words]

    def environment(self, **variables: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        return kept | {"XDG_CACHE_HOME": str(self.folder), "PYTHONPATH": str(ROOT), **variables}

    def report(self, *words: str, status: int = 0) -> dict[str, Any]:
        """The JSON report of a run that exits with *status*."""
        ran = self(*words, "--json", "report.json")
        assert ran.status == status, ran
        made: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return made


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


@pytest.fixture(scope="session")
def serving() -> Iterator[Serve]:
    """Starts servers by name, once each, on a loop in a thread; gives their URLs."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    urls: dict[str, str] = {}
    tasks: list[asyncio.Task[None]] = []

    async def keep(name: str, ready: asyncio.Future[str]) -> None:
        async with serve(connection_class=connection_class(name)) as site:
            ready.set_result(site.url)
            await stop.wait()

    async def begin(name: str) -> str:
        ready: asyncio.Future[str] = loop.create_future()
        tasks.append(loop.create_task(keep(name, ready)))
        return await ready

    async def end() -> None:
        stop.set()
        await asyncio.gather(*tasks)

    def start(name: str) -> str:
        if name not in urls:
            urls[name] = asyncio.run_coroutine_threadsafe(begin(name), loop).result(10)
        return urls[name]

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield start
    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def strict(serving: Serve) -> str:
    """The URL of the strict server."""
    return serving("strict")


@pytest.fixture
def faulty(serving: Serve) -> str:
    """The URL of a server that accepts RSV1."""
    return serving("accepts-rsv1")
