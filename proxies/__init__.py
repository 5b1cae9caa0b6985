"""The proxies that routes lead through: a folder each, whose package offers ``DRIVERS``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from wireproof.proxy.driver import Driver

_FIRST = ("nginx", "haproxy", "envoy", "caddy", "traefik", "mitmproxy")


@cache
def load() -> Mapping[str, Driver]:
    """Every driver by its name, the best known first and the simulated ones last."""
    folders = sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py"))
    drivers = [driver for folder in folders for driver in import_module(f".{folder}", __package__).DRIVERS]
    drivers.sort(key=lambda one: (one.kind != "real", _rank(one.name), one.name))
    return MappingProxyType({driver.name: driver for driver in drivers})


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
