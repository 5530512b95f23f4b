"""The lock of one run: who holds it writes the journal, everybody else only reads.

The operating system drops the lock when its process dies, so a lock file left behind locks nothing.
"""

import contextlib
import errno
import os
import sys
from pathlib import Path
from types import TracebackType

from tsbench.errors import StorageError

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a byte beyond the text, which stays readable for others
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, 64).decode(errors="replace").splitlines()[0]
    except (OSError, IndexError):
        return "another process"


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:  # gone, or its folder is
        return False


_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}


class RunLock:
    """The lock file ``RUN_ID.lock`` beside a journal, held until ``release``.

    Raises
    ------
    StorageError
        Another process writes this run, or the file system knows no locks.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = -1
        while self._descriptor < 0:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)
            try:
                _lock(descriptor)
            except OSError as error:
                holder = _holder(descriptor)
                os.close(descriptor)
                if error.errno in _BUSY:
                    raise StorageError(
                        f"{path.stem}: this run is being written by {holder}; wait until it ends"
                    ) from None
                raise StorageError(
                    f"{path}: the file system has no locks ({error.strerror}); choose a local directory with --out"
                ) from None
            if _same_file(descriptor, path):
                self._descriptor = descriptor
            else:
                os.close(descriptor)  # its holder removed it between our open and our lock: try again
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"process {os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the run free and remove the lock file. Safe to call twice."""
        if self._descriptor < 0:
            return
        if sys.platform != "win32" and _same_file(self._descriptor, self.path):
            self.path.unlink(missing_ok=True)  # while locked, so that nobody's fresh lock file is removed
        os.close(self._descriptor)
        self._descriptor = -1
        if sys.platform == "win32":  # an open file cannot be removed there
            with contextlib.suppress(PermissionError):  # somebody else holds it already
                self.path.unlink(missing_ok=True)

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
