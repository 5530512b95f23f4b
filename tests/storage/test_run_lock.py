"""The lock beside a journal is the file that others see, not one that was removed meanwhile."""

import sys
from pathlib import Path

import pytest

from tsbench.storage.run_lock import RunLock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file is not removed there")


def test_releasing_leaves_the_lock_of_another_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    held = RunLock(path)
    path.unlink()
    fresh = RunLock(path)
    held.release()
    assert path.exists()
    fresh.release()
    assert not path.exists()
