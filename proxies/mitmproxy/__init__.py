"""mitmproxy, as a process of an environment of its own: what it pins would hold back other packages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from wireproof.content import content_root
from wireproof.proxy.driver import Driver, Feature, Missing, Software
from wireproof.proxy.via import variable

from ..process import ProcessDriver, Setup

_HOME = (".tox", "mitmproxy")


class Mitmproxy(ProcessDriver):
    """Runs mitmdump as a reverse proxy."""

    name = "mitmproxy"
    title = "mitmproxy"
    programs = ("mitmdump",)
    version = ("--version", r"(?<=Mitmproxy: )\d+(\.\d+)+")
    template = "config.yaml"
    listens_at_once = False
    lacks = MappingProxyType(
        {
            **dict.fromkeys(
                (
                    Feature.ROUND_ROBIN,
                    Feature.RANDOM,
                    Feature.LEAST_CONNECTIONS,
                    Feature.COOKIE,
                    Feature.SOURCE_HASH,
                    Feature.HEADER_HASH,
                ),
                "mitmproxy has one upstream and balances nothing.",
            ),
            Feature.IDLE_TIMEOUT: "mitmproxy has no option for idle connections.",
            Feature.H2: "mitmproxy does not take extended CONNECT.",
        }
    )

    def find_by_default(self) -> Software | Missing:
        """Look where tox puts it."""
        home = content_root().joinpath(*_HOME)
        program = home / "bin" / "mitmdump"
        if not program.is_file():
            return Missing(
                "`tox run -e mitmproxy` in a checkout installs it; anywhere else install mitmproxy in an "
                f"environment of its own and set {variable(self.name)} to its mitmdump."
            )
        # Asking itself takes seconds.
        for about in home.glob("lib/python*/site-packages/mitmproxy-*.dist-info"):
            if found := re.fullmatch(r"mitmproxy-([\d.]+)\.dist-info", about.name):
                return Software(program, found[1], "tox run -e mitmproxy")
        return self.ask(program, "tox run -e mitmproxy")

    def argv(self, setup: Setup, config: Path) -> Sequence[str]:
        """Run it with its settings and authority in the proxy's folder."""
        return [str(setup.software.path), "--set", f"confdir={config.parent}"]


DRIVERS: tuple[Driver, ...] = (Mitmproxy(),)
