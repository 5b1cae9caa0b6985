"""Finds the content folders (suites, fixtures, proxies, reports) and makes them importable in one place.

In a wheel they live inside `wireproof.bundle`. In a checkout they stand beside the package; then the bundle's
search path is extended, so that ``wireproof.bundle.reports`` is the same import everywhere.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import wireproof.bundle
from wireproof.proxy.driver import Drivers

FOLDERS = ("suites", "fixtures", "proxies", "reports")


def content_root() -> Path:
    """The folder that holds the four content folders."""
    inside = Path(wireproof.bundle.__file__).parent
    return inside if (inside / "suites").is_dir() else inside.parent.parent


def prepare_content() -> None:
    """Make ``wireproof.bundle.<folder>`` importable."""
    root = str(content_root())
    if root not in wireproof.bundle.__path__:
        wireproof.bundle.__path__.append(root)


def load_drivers() -> Drivers:
    """Every proxy that comes along, by name."""
    prepare_content()
    drivers: Drivers = import_module("wireproof.bundle.proxies").load()
    return drivers


def suites_folder() -> Path:
    """The folder with the bundled cases."""
    return content_root() / "suites"
