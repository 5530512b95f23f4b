"""A lock file has one holder, says who, and ends with it."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tsbench import file_lock
from tsbench.file_lock import FileBusy, FileLock, is_held


def test_the_second_reads_who_holds_it_and_gets_it_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "it.lock"
    first = FileLock(path, "first of all")
    first.write("first")
    assert is_held(path)
    with pytest.raises(FileBusy) as busy:
        FileLock(path, "second")
    assert busy.value.record == "first"
    first.release()
    first.release()
    assert not path.exists() and not is_held(path)
    with FileLock(path, "second", mode=0o666):
        assert path.read_text() == "second"
        if os.name == "posix":
            assert path.stat().st_mode & 0o777 == 0o666  # whatever the mask of the process


def test_a_lock_on_a_file_that_was_removed_meanwhile_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it.lock"
    first, lock = FileLock(path, "first"), file_lock._lock

    def late(descriptor: int) -> None:
        first.release()  # its holder goes, and takes the file with it, between our opening it and our lock
        lock(descriptor)

    monkeypatch.setattr(file_lock, "_lock", late)
    with FileLock(path, "second"):
        assert path.read_text() == "second"
        monkeypatch.undo()
        with pytest.raises(FileBusy):
            FileLock(path, "third")


def test_whoever_only_looks_keeps_nobody_from_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, lock = tmp_path / "it.lock", file_lock._lock
    looks = [BlockingIOError(errno.EWOULDBLOCK, "somebody looks")] * 3

    def busy(descriptor: int) -> None:
        if looks:
            raise looks.pop()
        lock(descriptor)

    monkeypatch.setattr(file_lock, "_lock", busy)
    with FileLock(path, "first"):
        assert looks == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither SIGKILL nor fork")
def test_the_lock_ends_with_its_process_even_where_a_forked_child_lives_on(tmp_path: Path) -> None:
    path = tmp_path / "it.lock"
    program = (
        "import os, sys, time; from tsbench.file_lock import FileLock; from pathlib import Path;"
        "lock = FileLock(Path(sys.argv[1]), 'killed');"
        "child = os.fork();"
        "print(os.getpid(), flush=True) if not child else None;"
        "sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdin is not None
    child = int(process.stdout.readline())
    try:
        assert is_held(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.kill(child, 0)  # it lives
        with FileLock(path, "next"):
            assert path.read_text() == "next"
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdin.close()
        process.stdout.close()


def test_a_released_lock_is_free_and_a_second_release_leaves_the_next_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = FileLock(path, "first")
    first.release()
    with FileLock(path, "second"):
        first.release()
        assert path.read_text() == "second" and is_held(path)
