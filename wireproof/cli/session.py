"""Runs the suites in this process under pytest, in a way that the user's own pytest settings can't change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from wireproof.content import content_root, suites_folder
from wireproof.errors import InternalError
from wireproof.run.campaign import CAMPAIGN, Campaign

# Parts of pytest that a run has no use for: it reports by itself, and every one of them costs time.
_QUIET = (
    *("terminal", "cacheprovider", "doctest", "junitxml", "pastebin", "stepwise", "faulthandler", "unittest"),
    *("debugging", "logging", "recwarn", "setuponly", "setupplan", "warnings", "unraisableexception"),
    *("threadexception", "legacypath", "monkeypatch", "subtests"),
)


def pytest_session(plugins: Sequence[object], *arguments: str, suites: Path | None = None) -> int:
    """Collect and run the cases below *suites* (the bundled ones by default) and return pytest's status."""
    disabled = [word for name in _QUIET for word in ("-p", f"no:{name}")]
    words = [
        str(suites or suites_folder()),
        f"--rootdir={content_root()}",
        f"--config-file={os.devnull}",
        "--noconftest",
        "--import-mode=importlib",
        "--capture=no",
        "--assert=plain",
        *disabled,
        "-p",
        "wireproof.pytest_plugin",
        *arguments,
    ]
    with _settings_of_our_own():
        return int(pytest.main(words, plugins=list(plugins)))


@contextmanager
def _settings_of_our_own() -> Iterator[None]:
    """Keep the user's settings of pytest out, and leave the environment as it was."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(before)


class Handover:
    """Hands a campaign over to the pytest plugin."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.unread: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Leave the campaign where the plugin looks for it."""
        config.stash[CAMPAIGN] = self.campaign

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be read: pytest's own status calls that an interruption."""
        if report.failed:
            cause = report.longreprtext.strip().rpartition("\n")[2].removeprefix("E").strip()
            self.unread.append(f"{report.nodeid}: {cause}")


def fly(campaign: Campaign, *arguments: str) -> int:
    """Run *campaign*; return pytest's status. Raise `InternalError` when some suite can't be read."""
    handover = Handover(campaign)
    status = pytest_session([handover], *arguments)
    if handover.unread:
        raise InternalError(f"the suites can't be read: {'; '.join(handover.unread)}")
    return status
