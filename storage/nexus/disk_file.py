"""The file that HDF5 writes to, which hears of no error of the disk.

After a write that failed, HDF5 leaves objects out without a word, or ends the process with a segmentation fault (HDF5
1.14 and h5py 3.16, seen with every write of a run file refused in turn). So this file keeps the first error and takes
all that follows as written; who has made the file calls ``raise_failure`` when HDF5 has closed it.
"""

import os
from pathlib import Path
from typing import Any

from tsbench.storage import disk


class DiskFile:
    """A new file at ``path``, for ``h5py.File``; what was there before is gone.

    Raises
    ------
    OSError
        It cannot be made.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o644)
        self.failure: OSError | None = None  #: the first one

    def raise_failure(self) -> None:
        """Raise the first error of the disk, if there was one."""
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    # ------------------------------------------------------------------------------------ what h5py asks for

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place."""
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def readinto(self, buffer: Any) -> int:
        """Read what was written; zeros where the disk has nothing."""
        view = memoryview(buffer).cast("B")
        got = 0
        try:
            while got < len(view) and (piece := os.read(self._descriptor, len(view) - got)):
                view[got:got + len(piece)] = piece
                got += len(piece)
        except OSError as error:
            self.failure = self.failure or error
        view[got:] = bytes(len(view) - got)
        return len(view)

    def read(self, size: int = -1) -> bytes:
        """Read some bytes."""
        found = bytearray(max(size, 0))
        self.readinto(found)
        return bytes(found)

    def write(self, data: Any) -> int:
        """Write; after a failure nothing is written any more."""
        view = memoryview(data).cast("B")
        if self.failure is None:
            try:
                disk.write_all(self._descriptor, view)
            except OSError as error:
                self.failure = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Cut or lengthen the file."""
        wanted = self.tell() if size is None else size
        if self.failure is None:
            try:
                os.ftruncate(self._descriptor, wanted)
            except OSError as error:
                self.failure = error
        return wanted

    def flush(self) -> None:
        """Nothing is held back."""
