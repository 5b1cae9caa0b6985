"""The journal: a run's events as they happen, one JSON object a line, so that a crash loses nothing."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from wireproof.errors import JournalError

KEPT = 20  # journals in the cache folder


def cache_folder() -> Path:
    """The user's cache folder for wireproof."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "wireproof"


def new_journal(needed: Sequence[Path] = ()) -> Path:
    """A new, empty journal in the cache folder, the oldest ones there removed but for those still *needed*.

    Where that folder can't be used, it is among the system's temporary files. Raise `JournalError` when it
    can't be there either.
    """
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    # A user without a home has no cache folder either: Python raises a RuntimeError then.
    with suppress(OSError, RuntimeError):
        folder = cache_folder() / "journals"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.ndjson"
        path.touch()
        _make_room(folder, needed)
        return path
    try:
        descriptor, made = tempfile.mkstemp(".ndjson", f"wireproof-{name}-")
    except OSError as exc:
        raise JournalError(f"the journal can't be written: {exc}") from exc
    os.close(descriptor)
    return Path(made)


def _make_room(folder: Path, needed: Sequence[Path]) -> None:
    """Leave *needed* and the newest journals in *folder*."""
    spared = {path.resolve() for path in needed}
    old = sorted(folder.glob("*.ndjson"))
    for path in old[: max(0, len(old) - KEPT)]:
        if path.resolve() not in spared:
            with suppress(OSError):
                path.unlink()


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
