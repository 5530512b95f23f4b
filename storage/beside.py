"""Files that are written beside a run file: one process at a time."""

import contextlib
import os
import time
from pathlib import Path

from tsbench.errors import StorageError
from tsbench.file_lock import FileBusy, FileLock, NoFileLocks
from tsbench.storage.journal.writer import LOCK_SUFFIX

_PATIENCE = 10.0  #: [s] another process may take, which needs milliseconds
_LOOK = 0.01  #: [s]


def alone(run_file: Path) -> contextlib.AbstractContextManager[object]:
    """Keep other processes from writing beside a run file, where the file system has locks.

    Raises
    ------
    StorageError
        Another process does so for more than ten seconds.
    """
    lock, until = run_file.with_suffix(LOCK_SUFFIX), time.monotonic() + _PATIENCE
    while True:
        try:
            return FileLock(lock, f"process {os.getpid()}\n")
        except NoFileLocks:
            return contextlib.nullcontext()
        except FileBusy as busy:
            if time.monotonic() > until:
                raise StorageError(f"{lock}: {busy.record.strip() or 'another process'} writes an extraction or a "
                                   "review of this run. Wait until it ends, then try again") from None
            time.sleep(_LOOK)
