"""Opens HDF5 files of other programs with the same checks as run files, because a file of others can be malicious."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tsbench.errors import TsbenchError, UnreadableFile
from tsbench.importers.arrays import LARGEST
from tsbench.storage.nexus.hdf5_guard import open_guarded

import h5py  # isort: skip - after the guard, which forbids filter plug-ins before h5py is loaded

SIGNATURE = b"\x89HDF\r\n\x1a\n"


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading.

    Raises
    ------
    UnreadableFile
        The file is damaged, or could read outside itself (see ``storage.nexus.hdf5_guard.open_guarded``).
    """
    try:
        with open_guarded(path, LARGEST) as file:
            yield file
    except TsbenchError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file raises whatever it likes
        words = " ".join(str(error).split())[:120]
        raise UnreadableFile(f"{path.name}: the file is damaged ({words}). Use another copy") from None


def holds(path: Path, ask: Callable[[Any], bool]) -> bool:
    """Return what ``ask`` says of an opened HDF5 file; False for a damaged file, which its reader reports.

    Parameters
    ----------
    path : of the file
    ask : takes the file
    """
    try:
        with h5py.File(path, "r") as file:
            return bool(ask(file))
    except Exception:  # noqa: BLE001 - a damaged file raises whatever it likes
        return False
