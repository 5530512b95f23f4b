"""Reads HDF5 files without a format of their own: the data sets of one length in a group are a table.

Attributes of a data set, of its group and of the file are looked at for the unit (``unit`` or ``units``) and for
settings. A data set of records (a compound type) is a table of its fields.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.arrays import require_size, tables_of_arrays
from tsbench.importers.foreign import ForeignFile, ForeignTable, Match
from tsbench.importers.hdf5_files import SIGNATURE, holds, opened

#: run files of tsbench and of other programs that write NeXus are no files of this importer
_NEXUS = "NX_class"
_DEEPEST = 8


class PlainHdf5:
    """The importer of HDF5 files without a format of their own."""

    name = "hdf5"
    reads = "HDF5 files of your own programs (.h5, .hdf5)"
    suffixes = (".h5", ".hdf5")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return FORMAT for an HDF5 file that is not NeXus, as run files are."""
        return Match.FORMAT if head.startswith(SIGNATURE) and holds(path, _is_plain) else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read all groups; see :class:`tsbench.importers.foreign.Importer`."""
        tables: list[ForeignTable] = []
        said: list[str] = []
        with opened(path) as file:
            total = 0
            for group, items in _groups(file, 0):
                total += sum(int(item.size) * max(int(item.dtype.itemsize), 8) for item in items.values())
                require_size(total, path.name)
                made, lines = _of_group(group, items)
                tables += made
                said += lines
        if not tables:
            raise UnreadableFile(f"{path.name}: the HDF5 file has no data sets that form a table of at least two "
                                 f"columns. {'. '.join(said)}".strip())
        named = tables if len(tables) > 1 else [ForeignTable("", tables[0].columns, tables[0].settings)]
        return ForeignFile("an HDF5 file", tuple(named), tuple(said))


def _is_plain(file: Any) -> bool:
    return len(file) > 0 and not any(_NEXUS in item.attrs for item in (file, *file.values()))


def _groups(group: Any, depth: int) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield each group with its data sets."""
    items = {name: item for name, item in group.items() if isinstance(item, h5py.Dataset)}
    if items:
        yield group, items
    for item in group.values():
        if isinstance(item, h5py.Group) and depth < _DEEPEST:
            yield from _groups(item, depth + 1)


def _of_group(group: Any, items: Mapping[str, Any]) -> tuple[list[ForeignTable], tuple[str, ...]]:
    """Return the tables of one group."""
    tables: list[ForeignTable] = []
    arrays: dict[str, npt.NDArray[Any]] = {}
    units: dict[str, str] = {}
    for name, item in items.items():
        if item.dtype.names and item.ndim == 1:
            rows = item[:]
            found, _ = tables_of_arrays({field: rows[field] for field in item.dtype.names})
            tables += [ForeignTable(item.name.strip("/"), one.columns, _settings(item)) for one in found]
        elif item.shape is not None:
            arrays[name] = np.asarray(item[()])
            units[name] = next((_text(item.attrs[key]) for key in ("unit", "units") if key in item.attrs), "")
    made, said = tables_of_arrays(arrays, units)
    where = group.name.strip("/") or "variables"
    for one in made:
        name = f"{where} {one.name}".strip() if len(made) > 1 else where
        tables.append(ForeignTable(name, one.columns, {**_settings(group), **one.settings}))
    return tables, said


def _settings(item: Any) -> dict[str, str]:
    return {str(key): _text(value) for key, value in item.attrs.items() if np.ndim(value) == 0}


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
