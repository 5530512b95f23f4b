"""Writing files durably, on POSIX and on Windows."""

import errno
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tsbench.errors import StorageError

#: Windows: access denied, sharing and lock violation; a virus scanner or an indexer has the file open for a moment
_HELD = {5, 32, 33}
#: [s] between two tries to move or remove such a file
_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


def sync_data(descriptor: int) -> None:
    """Wait until the data of an open file are on the disk, not only in the operating system."""
    if sys.platform == "win32":
        os.fsync(descriptor)  # FlushFileBuffers; there is no cheaper call
    elif sys.platform == "darwin":
        import fcntl  # noqa: PLC0415  POSIX only

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync alone leaves them in the drive's cache
    else:
        os.fdatasync(descriptor)


def sync_directory(directory: Path) -> None:
    """Wait until names made or removed in ``directory`` are on the disk."""
    if sys.platform == "win32":
        return  # a directory cannot be opened there; NTFS journals its names itself
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Wait until a closed file is on the disk."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))  # Windows flushes only what may be written
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path) -> None:
    """Move a file over another in one go; on Windows again for some seconds where another program holds one of them."""
    _while_held(lambda: source.replace(target))


def remove(path: Path, missing_ok: bool = False) -> None:
    """Remove a file; on Windows again for some seconds where another program holds it."""
    _while_held(lambda: path.unlink(missing_ok=missing_ok))


def _while_held(act: Callable[[], object]) -> None:
    for pause in _PAUSES:
        try:
            act()
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _HELD:
                raise
            time.sleep(pause)
    act()


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of ``data``; ``os.write`` may write less than it was given.

    Raises
    ------
    OSError
        As ``os.write`` does, or ENOSPC where nothing more is taken.
    """
    written = os.write(descriptor, data)
    if written == len(data):  # as almost always
        return
    view = memoryview(data)[max(written, 0) :]
    while view:
        written = os.write(descriptor, view)
        if written <= 0:
            raise OSError(errno.ENOSPC, "nothing was written")
        view = view[written:]


def storage_error(error: OSError, path: Path, what: str, *, kept: bool) -> StorageError:
    """Return the one clear line for a failed write.

    Parameters
    ----------
    error : OSError
    path : Path
        The file that was to be written.
    what : str
        What it holds, as the message names it.
    kept : bool
        Whether there is a journal that keeps the data written before, so that ``tsbench recover`` makes a run file.
    """
    if error.errno in _FULL:
        free = free_bytes(path.parent)
        advice = (f"All data stored so far are kept. Free some space, then run 'tsbench recover {path.parent}'" if kept
                  else "Free some space, then try again")
        return StorageError(f"{path}: the disk is full while writing {what} ({free / 1e6:.1f} MB free). {advice}")
    return StorageError(f"{path}: {what} cannot be written ({error.strerror or error}). Check the directory and its "
                        "disk")


def free_bytes(directory: Path) -> int:
    """Return the free space of the disk that holds ``directory`` [bytes]."""
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return 0


def require_space(directory: Path, needed: int) -> None:
    """Raise StorageError unless ``directory`` has ``needed`` bytes free."""
    free = free_bytes(directory)
    if free < needed:
        raise StorageError(
            f"{directory}: only {free / 1e6:.1f} MB are free, but this run needs {needed / 1e6:.1f} MB (journal and "
            "run file). Free some space or choose another directory with --out"
        )
