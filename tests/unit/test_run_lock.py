"""The lock beside a journal is the file that others see, not one that was removed meanwhile."""

import os
import sys
from pathlib import Path

import pytest

from tsbench.errors import StorageError
from tsbench.storage import run_lock
from tsbench.storage.run_lock import RunLock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file is not removed there")


def test_a_file_that_its_holder_removed_between_opening_and_locking_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock, removed = tmp_path / "run.lock", run_lock._lock, []

    def removed_first(descriptor: int) -> None:
        if not removed:
            removed.append(path)
            path.unlink()
        lock(descriptor)

    monkeypatch.setattr(run_lock, "_lock", removed_first)
    held = RunLock(path)
    assert os.path.samestat(os.fstat(held._descriptor), path.stat())
    with pytest.raises(StorageError, match="is being written by process"):
        RunLock(path)
    held.release()
    assert not path.exists()


def test_releasing_leaves_the_lock_of_another_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    held = RunLock(path)
    path.unlink()
    fresh = RunLock(path)
    held.release()
    assert path.exists()
    fresh.release()
    assert not path.exists()
