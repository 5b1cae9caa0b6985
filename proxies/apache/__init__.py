"""Apache httpd, where it is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from wireproof.proxy.driver import Driver, Feature, Missing, Software

from ..process import ON_PATH, ProcessDriver, Setup, account

_MODULE_FOLDERS = (
    "lib/apache2/modules",
    "lib64/httpd/modules",
    "lib/httpd/modules",
    "libexec/apache2",
    "modules",
)


class Apache(ProcessDriver):
    """Runs httpd with mod_proxy_http and mod_proxy_balancer."""

    name = "apache"
    title = "Apache httpd"
    programs = ("apache2", "httpd")
    version = ("-v", r"(?<=Apache/)\d+(\.\d+)+")
    template = "httpd.conf"
    logs = ("error.log",)
    lacks = MappingProxyType(
        {
            Feature.RANDOM: "mod_proxy_balancer has no random choice.",
            Feature.SOURCE_HASH: "mod_proxy_balancer does not hash addresses.",
            Feature.HEADER_HASH: "mod_proxy_balancer does not hash header fields.",
            Feature.H2: "mod_http2 does not take extended CONNECT.",
        }
    )

    def find_by_default(self) -> Software | Missing:
        """Look on PATH: no wheel carries it."""
        found = self.find(ON_PATH)
        return (
            Missing(f"Install apache2 (or httpd) from your system{self.or_else()}.")
            if isinstance(found, Missing)
            else found
        )

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it in the foreground."""
        return [str(setup.software.path), "-f", str(config), "-D", "FOREGROUND"]

    def values(self, setup: Setup) -> Mapping[str, object]:
        """Where its modules are, and whom root's workers run as."""
        assert setup.software.path is not None
        root = setup.software.path.resolve().parents[1]
        folders = [root / name for name in _MODULE_FOLDERS if (root / name).is_dir()]
        return {"modules": str(folders[0]) if folders else "modules", "user": account("nobody")}


DRIVERS: tuple[Driver, ...] = (Apache(),)
