"""The options of a run under plain pytest. The command line tool has its own parser and more of them."""

from __future__ import annotations

import pytest

from wireproof.case import Intensity
from wireproof.run.settings import Settings


def add_pytest_options(parser: pytest.Parser) -> None:
    """Register the options in a group of their own."""
    group = parser.getgroup("wireproof", "conformance of real-time servers")
    group.addoption("--url", help="the target: ws://, wss://, http://, https:// or unix:/path/of.sock")
    group.addoption("--case", action="append", default=[], help="case ids or globs (brackets are literal)")
    group.addoption("--concurrency", type=int, help="cases in flight at once")
    group.addoption("--case-timeout", type=float, default=10.0, help="seconds for each case")
    group.addoption("--rate", type=float, help="new connections a second, at most")
    group.addoption("--intensity", choices=[str(i) for i in Intensity], help="how hard to be on the target")
    group.addoption("--seed", type=int, default=0, help="for everything that is random")
    group.addoption("--assume", action="append", default=[], help="a capability that the target has")
    group.addoption("--without", action="append", default=[], help="a capability that the target lacks")
    group.addoption("--fail-on", choices=["warn"], help="also fail on warnings")


def settings_from_pytest(config: pytest.Config) -> Settings:
    """The settings that pytest's options ask for; raise `UsageError` for those that make no sense."""
    intensity = config.getoption("intensity")
    return Settings(
        url=config.getoption("url"),
        cases=tuple(config.getoption("case")),
        chosen_concurrency=config.getoption("concurrency"),
        case_timeout=config.getoption("case_timeout"),
        chosen_rate=config.getoption("rate"),
        chosen_intensity=Intensity.parse(intensity) if intensity else None,
        seed=config.getoption("seed"),
        assume=frozenset(config.getoption("assume")),
        without=frozenset(config.getoption("without")),
        fail_on_warn=config.getoption("fail_on") == "warn",
        reproduce="pytest suites --url {url} --case {case} --seed {seed}",
    )
