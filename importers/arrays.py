"""Named arrays (of NumPy, MATLAB, HDF5) to tables: arrays of one length are the columns of one table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.foreign import ForeignColumn, ForeignTable

#: [bytes] of numbers that one file may hold: what is read stays in memory
LARGEST = 4 * 2**30
_MOST_COLUMNS = 2000
_MOST_TEXTS = 50  #: of an array of texts that are kept as a setting


def require_size(size: int, source: str) -> None:
    """Raise UnreadableFile where a file declares more bytes of numbers than fit in memory."""
    if size > LARGEST:
        raise UnreadableFile(f"{source}: the file declares {size / 2**30:.1f} GiB of numbers, but tsbench reads at "
                             f"most {LARGEST / 2**30:.0f} GiB. Write only the wanted columns to a new file")


def tables_of_arrays(
    arrays: Mapping[str, npt.NDArray[Any]], units: Mapping[str, str] | None = None
) -> tuple[tuple[ForeignTable, ...], tuple[str, ...]]:
    """Return the tables that named arrays form, and a line for the arrays that form none.

    A one-dimensional array is a column. A two-dimensional array gives its rows or columns, whichever are longer (the
    rows of a table are more than its columns). Arrays of the same length form one table; a table with fewer than two
    columns is no table. Single numbers and texts are the settings.

    Parameters
    ----------
    arrays : name -> array
    units : name -> unit as written, where the file gives one
    """
    settings: dict[str, str] = {}
    by_length: dict[int, list[ForeignColumn]] = {}
    unused: list[str] = []
    for name, array in arrays.items():
        if array.dtype.kind in "SU" or (array.size == 1 and array.dtype.kind in "biuf"):
            settings[name] = ", ".join(map(_text, array.ravel()[:_MOST_TEXTS]))
            continue
        plain = np.squeeze(array) if array.ndim > 1 else array
        if plain.dtype.kind not in "biuf" or plain.ndim not in (1, 2) or plain.size < 2:
            unused.append(f"'{name}' ({_shape(array)})")
            continue
        for column in _columns(name, plain, (units or {}).get(name, "")):
            by_length.setdefault(column.values.size, []).append(column)
    tables = []
    for length, columns in by_length.items():
        if (len(columns) < 2 and len(by_length) > 1) or len(columns) > _MOST_COLUMNS:
            unused += [f"'{column.name}' ({length} numbers)" for column in columns[:3]]
            continue
        tables.append(tuple(columns))
    several = len(tables) > 1
    made = tuple(
        ForeignTable(f"{columns[0].name} ({columns[0].values.size} rows)" if several else "", columns, settings)
        for columns in tables)
    more = f" and {len(unused) - 8} more" if len(unused) > 8 else ""
    said = (f"not used as columns: {', '.join(unused[:8])}{more}",) if unused else ()
    return made, said


def _columns(name: str, array: npt.NDArray[Any], unit: str) -> list[ForeignColumn]:
    if array.ndim == 1:
        return [ForeignColumn(name, unit, np.array(array, dtype=np.float64))]
    tall = array if array.shape[0] >= array.shape[1] else array.T
    return [
        ForeignColumn(f"{name} {k + 1}", unit, np.array(tall[:, k], dtype=np.float64)) for k in range(tall.shape[1])]


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def _shape(array: npt.NDArray[Any]) -> str:
    kinds = {"c": "complex numbers", "M": "dates", "m": "durations", "V": "records", "O": "Python objects"}
    return kinds.get(array.dtype.kind, f"array of shape {'x'.join(map(str, array.shape)) or 'one number'}")
