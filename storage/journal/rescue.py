"""Restoring a journal whose file was deleted, renamed or replaced during the run.

The operating system keeps an open file alive, so what was acknowledged can be put back under a name that others reach.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tsbench.errors import StorageError
from tsbench.storage import disk

_PIECE = 2**22  #: [bytes] copied at once


def require_named(descriptor: int, path: Path) -> None:
    """Raise StorageError unless ``path`` still is the name of the open file ``descriptor``."""
    try:
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return
        why = "another file has its name"
    except (FileNotFoundError, NotADirectoryError):
        why = "its folder was deleted or renamed" if not path.parent.is_dir() else "it was deleted or renamed"
    except OSError as error:
        why = f"its folder cannot be reached, {error.strerror or error}"
    raise StorageError(f"{path}: the file of the journal disappeared during the run ({why})")


def put_back(descriptors: dict[str, int], path: Path) -> tuple[Path, dict[str, int]]:
    """Write open files under new names and return the path of the first and their new descriptors.

    Parameters
    ----------
    descriptors : mapping
        Suffix -> open file. Those that still have their name are copied too: they stay together.
    path : Path
        Where the first of them was; there if that is free, else beside it, else in the directory for temporary files.

    Raises
    ------
    StorageError
        None of these places can be written to.
    """
    failure: OSError | None = None
    for target in _places(path):
        try:
            return target, _copied(descriptors, target)
        except OSError as error:
            failure = error
    assert failure is not None
    raise StorageError(
        f"tsbench could not write the data of this run to a new file either ({failure.strerror or failure}). If the "
        f"file {path.name} was moved or renamed, its data are still in it. If the file was deleted, the data are lost"
    ) from failure


def _places(path: Path) -> Iterator[Path]:
    yield path
    yield path.with_name(f"{path.stem}-rescued{path.suffix}")
    with contextlib.suppress(OSError):
        yield Path(tempfile.mkdtemp(prefix="tsbench-rescued-")) / path.name


def _copied(descriptors: dict[str, int], target: Path) -> dict[str, int]:
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
    made: dict[str, int] = {}
    try:
        for suffix, source in descriptors.items():
            made[suffix] = os.open(target.with_suffix(suffix), flags, 0o644)
            os.lseek(source, 0, os.SEEK_SET)
            while piece := os.read(source, _PIECE):
                disk.write_all(made[suffix], piece)
            disk.sync_data(made[suffix])
        disk.sync_directory(target.parent)
    except OSError:
        for suffix, descriptor in made.items():
            os.close(descriptor)
            disk.remove(target.with_suffix(suffix), missing_ok=True)
        raise
    return made
