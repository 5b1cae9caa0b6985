"""The journal: what happened is in the file at once, and can be read when it was cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wireproof.errors import JournalError
from wireproof.run.events import CaseStarted, RunFinished, RunStarted, TargetBack, TargetLost, as_json
from wireproof.run.journal import KEPT, JournalWriter, cache_folder, new_journal, read_journal

STARTED = RunStarted("2026-01-01T00:00:00Z", {"name": "wireproof"}, ("run", "--seed"), 7, 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "journal.ndjson"


def test_each_event_is_in_the_file_at_once(path: Path) -> None:
    writer = JournalWriter(path)
    writer.handle(as_json(STARTED))
    assert json.loads(path.read_text()) == {
        "event": "run-started",
        "started": "2026-01-01T00:00:00Z",
        "tool": {"name": "wireproof"},
        "command": ["run", "--seed"],
        "seed": 7,
        "cases": 2,
        "seconds": 0.0,
    }
    writer.close()


def test_events_come_back_in_order(path: Path) -> None:
    writer = JournalWriter(path)
    for event in (STARTED, CaseStarted("a", "direct"), TargetLost(("a",)), TargetBack()):
        writer.handle(as_json(event))
    writer.close()
    names = [event["event"] for event in read_journal(path)]
    assert names == ["run-started", "case-started", "target-lost", "target-back"]


def test_what_comes_after_the_end_is_dropped(path: Path) -> None:
    writer = JournalWriter(path)
    writer.close()
    writer.handle(as_json(RunFinished("", 1.0, True)))
    assert list(read_journal(path)) == []


def test_a_last_line_that_was_cut_off_is_left_out(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"event":"target-back"}\n{"event":"case-st')
    assert list(read_journal(path)) == [{"event": "target-back"}]


@pytest.mark.parametrize(
    "text", ['{"event"\n{"event":"target-back"}\n', "[]\n", "{}\n", '{"event":1}\n', "7\n{}\n"]
)
def test_what_is_no_journal(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(JournalError, match="line 1: no journal"):
        list(read_journal(path))


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(JournalError, match="can't be read"):
        list(read_journal(path))


def test_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="can't be written"):
        JournalWriter(tmp_path / "file" / "journal.ndjson")


def test_old_journals_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache_folder() / "journals"
    folder.mkdir(parents=True)
    for number in range(KEPT + 5):
        (folder / f"20200101T0000{number:02}-1.ndjson").touch()
    new_journal()
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == KEPT
    assert left[0] == "20200101T000006-1.ndjson"


def test_a_journal_that_is_still_needed_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache_folder() / "journals"
    folder.mkdir(parents=True)
    old = [folder / f"20200101T0000{number:02}-1.ndjson" for number in range(KEPT + 5)]
    for path in old:
        path.touch()
    monkeypatch.chdir(folder)
    new_journal([Path(old[0].name)])
    assert [path.exists() for path in old[:2]] == [True, False]


def test_without_a_cache_folder_it_is_a_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert new_journal().parent == tmp_path
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(JournalError, match="can't be written"):
        new_journal()
