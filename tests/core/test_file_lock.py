"""A lock file has one holder, says who, and ends with it."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tsbench import file_lock
from tsbench.file_lock import FileBusy, FileLock, NoFileLocks, is_held


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


def test_a_file_that_a_release_cannot_remove_is_left_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opened it just before reads no owner that is gone."""
    lock = FileLock(tmp_path / "lock", "first")
    monkeypatch.setattr(file_lock, "_same_file", lambda descriptor, path: False)
    lock.release()
    assert (tmp_path / "lock").read_text() == "" or os.name == "nt"


def test_a_file_without_a_lock_is_held_by_no_process(tmp_path: Path) -> None:
    """A process that was killed leaves such a file; to look at it changes nothing."""
    path = tmp_path / "lock"
    assert not is_held(path) and not path.exists()
    path.write_text("killed")
    assert not is_held(path) and path.read_text() == "killed"
    with FileLock(path, "next"):
        assert is_held(path) and path.read_text() == "next"   # the longer record before it is gone as a whole


def test_a_file_system_without_locks_is_told_from_a_lock_that_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(file_lock, "_lock", refused)
    (tmp_path / "lock").write_text("")
    assert not is_held(tmp_path / "lock")
    with pytest.raises(NoFileLocks) as caught:
        FileLock(tmp_path / "lock", "first")
    assert caught.value.errno == errno.ENOLCK


@pytest.mark.skipif(os.name == "nt", reason="Windows has no O_NOFOLLOW")
def test_a_link_in_a_folder_for_all_is_not_followed(tmp_path: Path) -> None:
    """Else another user of the computer could have a file of this user overwritten."""
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError):
        FileLock(tmp_path / "lock", "first")
    assert not is_held(tmp_path / "lock") and (tmp_path / "mine").read_text() == "mine"


def test_the_longest_record_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with FileLock(path, record := 8192 * "x"):
        with pytest.raises(FileBusy) as busy:
            FileLock(path, "second")
        assert busy.value.record == record


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no open file")
def test_a_lock_whose_file_was_replaced_leaves_that_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = FileLock(path, "first")
    path.unlink()
    path.write_text("another")
    lock.release()
    assert path.read_text() == "another"
