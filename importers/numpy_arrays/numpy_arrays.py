"""Reads ``.npz`` and ``.npy``: named arrays are columns; arrays of Python objects are never loaded.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.arrays import require_size, tables_of_arrays
from tsbench.importers.containers import names_in_zip
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match

_MAGIC = b"\x93NUMPY"


class NumpyArrays:
    """The importer of NumPy's files."""

    name = "numpy"
    reads = "arrays of NumPy (.npz, .npy)"
    suffixes = (".npz", ".npy")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return FORMAT for one array, and for an archive of nothing but arrays."""
        names = names_in_zip(path, head)
        archive = bool(names) and all(name.endswith(".npy") for name in names)
        return Match.FORMAT if head.startswith(_MAGIC) or archive else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read all arrays; see :class:`tsbench.importers.foreign.Importer`."""
        source = path.name
        try:
            with path.open("rb") as file:
                single = file.read(len(_MAGIC)) == _MAGIC
            arrays = {"": _one(path)} if single else _archive(path)
        except (OSError, ValueError, EOFError, KeyError, SyntaxError, tokenize.TokenError, zipfile.BadZipFile,
                zlib.error, NotImplementedError) as error:
            if "pickle" in str(error) or "Object arrays" in str(error):
                raise UnreadableFile(
                    f"{source}: the file holds Python objects (a pickle), which can run code when they are loaded, so "
                    "tsbench does not load them. In the program that wrote them, save plain arrays: "
                    "numpy.savez(file, voltage=..., current=...)") from None
            raise UnreadableFile(f"{source}: the file is damaged ({' '.join(str(error).split())[:120]}). Use another "
                                 "copy") from None
        if list(arrays) == [""]:
            return ForeignFile("a NumPy array", (_table(arrays[""]),))
        tables, said = tables_of_arrays(arrays)
        return ForeignFile("a NumPy archive", tables, said)


def _one(path: Path) -> npt.NDArray[Any]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    require_size(array.nbytes, path.name)
    return np.array(array)


def _archive(path: Path) -> dict[str, npt.NDArray[Any]]:
    with zipfile.ZipFile(path) as archive:
        require_size(sum(item.file_size for item in archive.infolist()), path.name)
    with np.load(path, allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):   # NumPy returns the bytes of what is no array
            raise ValueError(f"'{name}' is not an array")
    return arrays


def _table(array: npt.NDArray[Any]) -> ForeignTable:
    """Return the table of one array: its fields, or its columns by their numbers."""
    if array.dtype.names:
        flat = array.ravel()
        fields = {name: flat[name] for name in array.dtype.names if flat[name].ndim == 1}
        (table, *_), _ = tables_of_arrays(fields)
        return table
    if array.ndim > 2 or array.dtype.kind not in "biuf":
        return ForeignTable("", ())
    rows = np.atleast_2d(array) if array.ndim == 2 else array.reshape(-1, 1)
    tall = rows if rows.shape[0] >= rows.shape[1] else rows.T
    return ForeignTable("", tuple(
        ForeignColumn("", "", np.array(tall[:, k], dtype=np.float64)) for k in range(tall.shape[1])))
