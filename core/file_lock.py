"""A lock file: its holder writes a record into it, and any other process may read the record.

The operating system drops the lock when its process dies, so a lock file that is left behind locks nothing.
"""

import contextlib
import errno
import os
import sys
import time
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a byte beyond the record, which stays readable for others
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_LOOKING, _PAUSE = 0.5, 0.01  #: [s] a lock without a record is waited for, between two tries
_LONGEST_RECORD = 8192  #: [bytes]
_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class FileBusy(Exception):
    """Another descriptor holds the lock; ``record`` is what its holder has written."""

    def __init__(self, record: str) -> None:
        super().__init__(record)
        self.record = record


class NoFileLocks(OSError):
    """The file system has no locks."""


class FileLock:
    """A lock file at ``path``, held until ``release`` or the end of this process.

    Parameters
    ----------
    path : Path
    record : str
        What others read in it.
    mode : int
        Permissions of the file, whatever the process's own mask says.

    Raises
    ------
    FileBusy
        Another process, or another lock of this one, holds it.
    NoFileLocks
        The file system has no locks.
    OSError
        The file cannot be opened or written.
    """

    def __init__(self, path: Path, record: str, mode: int = 0o644) -> None:
        self.path = path
        self._descriptor = -1
        began = time.monotonic()
        while self._descriptor < 0:
            descriptor = _open(path, mode)
            try:
                _lock(descriptor)
            except OSError as error:
                found = _read(descriptor)
                os.close(descriptor)
                if error.errno in _BUSY and not found and time.monotonic() - began < _LOOKING:
                    time.sleep(_PAUSE)  # another process only looks whether it is held, or is about to write its record
                    continue
                if error.errno in _BUSY:
                    raise FileBusy(found) from None
                raise NoFileLocks(*error.args) from None
            if _same_file(descriptor, path):
                self._descriptor = descriptor
                _HELD.add(self)
            else:
                os.close(descriptor)  # its holder removed it between our open and our lock: try again
        try:
            self.write(record)
        except BaseException:
            self.release()
            raise

    def write(self, record: str) -> None:
        """Put another record in the place of the one before."""
        content = record.encode()
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, content)
        os.ftruncate(self._descriptor, len(content))

    def release(self) -> None:
        """Give the lock free and remove its file. Safe to call twice."""
        if self._descriptor < 0:
            return
        _HELD.discard(self)
        with contextlib.suppress(OSError):  # what a process reads that opened it just now
            os.ftruncate(self._descriptor, 0)
        if sys.platform != "win32" and _same_file(self._descriptor, self.path):
            # while locked, so that no fresh lock file of another process is removed
            # it stays, empty: another user's file in a folder for all, or a disk that does nothing any more
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # Linux: it is closed all the same
            os.close(self._descriptor)
        self._descriptor = -1
        if sys.platform == "win32":  # an open file cannot be removed there
            with contextlib.suppress(OSError):  # another process holds it already
                self.path.unlink(missing_ok=True)

    def _forget(self) -> None:
        """Close the descriptor that a forked child has inherited: the lock is its parent's."""
        os.close(self._descriptor)
        self._descriptor = -1

    def __enter__(self) -> "FileLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


_HELD: set[FileLock] = set()  #: locks of this process


def _left_to_the_parent() -> None:
    while _HELD:
        _HELD.pop()._forget()


if hasattr(os, "register_at_fork"):  # a child that lives on would keep the lock of a parent that was killed
    os.register_at_fork(after_in_child=_left_to_the_parent)


def is_held(path: Path) -> bool:
    """Return whether any process holds a lock file; takes the lock for an instant and writes nothing."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return False
    try:
        _lock(descriptor)
    except OSError as error:
        return error.errno in _BUSY
    finally:
        os.close(descriptor)
    return False


def _open(path: Path, mode: int) -> int:
    """Open a lock file; without O_CREAT first: in a folder for all, Linux refuses it on others' files."""
    while True:
        try:
            return os.open(path, _FLAGS)
        except FileNotFoundError:
            pass
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, mode)
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, mode)
            return descriptor


def _read(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, _LONGEST_RECORD).decode(errors="replace")
    except OSError:
        return ""


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:  # gone, or its folder is
        return False
