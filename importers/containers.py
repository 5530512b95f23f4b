"""What is in a file that holds other files (a zip archive), without unpacking it."""

import zipfile
from pathlib import Path

_ZIP = b"PK\x03\x04"


def names_in_zip(path: Path, head: bytes) -> tuple[str, ...]:
    """Return the names in a zip archive; empty where the file is none, or is damaged.

    Parameters
    ----------
    path : of the file
    head : its first bytes
    """
    if not head.startswith(_ZIP):
        return ()
    try:
        with zipfile.ZipFile(path) as archive:
            return tuple(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return ()
