"""A disk that refuses one write: nothing is lost, nothing half written is taken for whole, and one line says it."""

import errno
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.storage.test_simulation_mark import CORPUS
from tsbench.archives import catalogue
from tsbench.archives.questions import ArchiveQuestion, answer_of
from tsbench.errors import StorageError
from tsbench.file_lock import FileLock
from tsbench.records import Point, Result
from tsbench.storage import disk, read_run, recover
from tsbench.storage.nexus.validation import inspect
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.sidecar import append_extraction, extractions, read_extraction

RESULT = Result("threshold_voltage", "V", 1.0, 0.9, 1.1, "told")


def recorded(folder: Path) -> RunRecorder:
    """Return a run of three points that is still to be finished."""
    recorder = RunRecorder(folder, read_run(CORPUS / "sweep.nxs").header)
    for number in range(3):
        recorder.point(Point((0.1 * number,) * len(recorder.header.columns)))
    return recorder


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], list[int]]]:
    """Return what makes the n-th write of a run file fail; it returns the writes that were asked for."""
    real = disk.write_all

    def at(number: int) -> list[int]:
        asked: list[int] = []

        def write_all(descriptor: int, data: Any) -> None:
            asked.append(len(data))
            if len(asked) - 1 == number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(descriptor, data)

        monkeypatch.setattr(disk, "write_all", write_all)
        return asked

    yield at


def test_no_write_of_a_run_file_fails_in_silence(tmp_path: Path, refusing: Callable[[int], list[int]]) -> None:
    """HDF5 itself leaves a part out without a word, or ends the process."""
    recorder = recorded(tmp_path / "counted")
    asked = refusing(-1)
    recorder.finish("success", results=[RESULT])
    assert len(asked) > 50
    for number in range(1, len(asked), 47):   # the first is the "finish" of the journal
        folder = tmp_path / str(number)
        recorder = recorded(folder)
        refusing(number)
        with pytest.raises(StorageError, match="disk is full"):
            recorder.finish("success", "three are enough", [RESULT])
        refusing(-1)
        (made,) = recover(folder)
        assert inspect(made) == []
        run = read_run(made)
        assert len(run.points) == 3 and run.status == "success"
        assert {path.name for path in folder.iterdir()} == {made.name}


def test_a_lock_that_cannot_be_written_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(self: FileLock, record: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(FileLock, "write", write)
    with pytest.raises(OSError, match="No space"):
        FileLock(tmp_path / "a.lock", "me")
    assert not list(tmp_path.iterdir())


def test_a_lock_is_given_free_where_its_file_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network share that is gone: what the run has to say must not be lost to this."""
    lock = FileLock(tmp_path / "a.lock", "me")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", _stale)
        lock.release()
    FileLock(tmp_path / "a.lock", "another").release()


def _stale(*_: object, **__: object) -> None:
    raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))


def test_the_lock_of_a_run_that_never_began_is_swept(tmp_path: Path) -> None:
    (tmp_path / "20261129T104033566Z-iv_sweep-D1-d40ed0.lock").write_text("process 1\n")
    (tmp_path / "campaign.lock").write_text("process 1\n")
    recover(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["campaign.lock"]


def test_long_waveforms_of_a_finished_run_are_swept(tmp_path: Path) -> None:
    """The process died after it had removed the journal, and before it removed them."""
    path = recorded(tmp_path).finish("success")
    path.with_suffix(".raw").write_bytes(b"samples")
    (tmp_path / "20261129T104033566Z-iv_sweep-D1-d40ed0.raw").write_bytes(b"of no run file: kept")
    recover(tmp_path)
    assert sorted(one.suffix for one in tmp_path.iterdir()) == [".nxs", ".raw"] and path.exists()
    assert not path.with_suffix(".raw").exists()


def test_an_extraction_is_never_seen_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recorded(tmp_path).finish("success")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(disk, "replace", _die)   # the process dies before the file has its name
        patched.setattr(disk, "remove", lambda *_, **__: None)
        append_extraction(path, [RESULT])
    assert extractions(path) == [] and len(list(tmp_path.iterdir())) == 2
    recover(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
    assert [read_extraction(append_extraction(path, [RESULT]))[0].value for _ in range(2)] == [1.0, 1.0]
    assert [one.name[-8:] for one in extractions(path)] == ["002.json", "003.json"]


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_archive_answers_where_the_disk_takes_no_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(tmp_path).finish("success", results=[RESULT])
    real = catalogue.store

    def store(database: sqlite3.Connection, *facts: Any) -> None:
        if database.execute("PRAGMA database_list").fetchone()[2]:
            database.execute("PRAGMA max_page_count = 1")   # SQLite takes the disk for full
            database.execute("CREATE TABLE more (x)")
        real(database, *facts)

    monkeypatch.setattr("tsbench.archives.update.store", store)
    answer = answer_of(tmp_path, ArchiveQuestion())
    assert [row["value"] for row in answer.rows] == [1.0] and answer.problems == []
    assert json.dumps(answer.rows[0]["conditions"]) == "{}"
