"""lighttpd, where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from wireproof.proxy.driver import Driver, Feature, Missing, Software, Supported, Unsupported

from ..process import ON_PATH, ProcessDriver, Setup


class Lighttpd(ProcessDriver):
    """Runs lighttpd with mod_proxy."""

    name = "lighttpd"
    title = "lighttpd"
    programs = ("lighttpd",)
    version = ("-v", r"(?<=lighttpd/)\d+(\.\d+)+")
    template = "lighttpd.conf"
    lacks = MappingProxyType(
        {
            Feature.RANDOM: "mod_proxy has no random choice.",
            Feature.COOKIE: "mod_proxy sets no cookie.",
            Feature.HEADER_HASH: "mod_proxy hashes the client's address or the path only.",
        }
    )

    def supports(self, feature: Feature, software: Software) -> Supported | Unsupported:
        """Tell what it lacks; its module for TLS may be a package of its own."""
        if feature is Feature.TLS and software.path is not None:
            root = software.path.resolve().parents[1]
            if not any(root.glob("lib*/lighttpd/mod_openssl.so")) and not any(
                root.glob("lib/*/mod_openssl.so")
            ):
                return Unsupported("Its mod_openssl is not installed (Debian: lighttpd-mod-openssl).")
        return super().supports(feature, software)

    def find_by_default(self) -> Software | Missing:
        """Look on PATH: no wheel carries it."""
        found = self.find(ON_PATH)
        return (
            Missing(f"Install lighttpd from your system{self.or_else()}.")
            if isinstance(found, Missing)
            else found
        )

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it in the foreground."""
        return [str(setup.software.path), "-D", "-f", str(config)]


DRIVERS: tuple[Driver, ...] = (Lighttpd(),)
