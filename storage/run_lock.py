"""The lock of one run: its holder writes the journal, all others only read."""

import os
from pathlib import Path
from types import TracebackType

from tsbench.errors import StorageError
from tsbench.file_lock import FileBusy, FileLock, NoFileLocks


class LockHeld(StorageError):
    """Another process holds a lock; ``holder`` says which, "process 4711"."""

    def __init__(self, message: str, holder: str) -> None:
        super().__init__(message)
        self.holder = holder


class RunLock:
    """The lock file ``RUN_ID.lock`` beside a journal, held until ``release``.

    Raises
    ------
    LockHeld
        Another process writes this run.
    StorageError
        The file system knows no locks.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._lock = FileLock(path, f"process {os.getpid()}\n")
        except FileBusy as busy:
            holder = busy.record.partition("\n")[0] or "another process"
            raise LockHeld(f"{path.stem}: this run is being written by {holder}. Wait until this process ends",
                           holder) from None
        except NoFileLocks as error:
            raise StorageError(
                f"{path}: the file system does not support locks ({error.strerror}). Choose a local directory with "
                "--out"
            ) from None

    def release(self) -> None:
        """Give the run free and remove the lock file. Safe to call twice."""
        self._lock.release()

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
