"""The journal: a run's events as they happen, one JSON object a line, so that a crash loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from wireproof.errors import JournalError

KEPT = 20  # journals in the cache folder


def cache_folder() -> Path:
    """The user's cache folder for wireproof."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "wireproof"


def new_journal() -> Path:
    """A path for a new journal in the cache folder, the oldest ones there removed."""
    folder = cache_folder() / "journals"
    folder.mkdir(parents=True, exist_ok=True)
    old = sorted(folder.glob("*.ndjson"))
    for path in old[: max(0, len(old) - KEPT + 1)]:
        path.unlink(missing_ok=True)
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.ndjson"


class JournalWriter:
    """Writes each event when it happens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("w", encoding="utf-8")
        except OSError as exc:
            raise JournalError(f"the journal can't be written: {exc}") from exc

    def handle(self, event: Mapping[str, Any]) -> None:
        """Append one event and hand it to the system."""
        if not self._file.closed:
            self._file.write(json.dumps(event, separators=(",", ":")) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Write nothing more."""
        self._file.close()


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """The events in a journal; a last line that was cut off is left out.

    Raise `JournalError` when the file can't be read or is no journal.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise JournalError(f"{path} can't be read: {exc}") from exc
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
        except json.JSONDecodeError as exc:
            if number == len(lines):
                return
            raise JournalError(f"{path}, line {number}: no journal ({exc})") from exc
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise JournalError(f"{path}, line {number}: no journal (an event was expected)")
        yield event
