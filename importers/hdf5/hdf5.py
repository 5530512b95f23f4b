"""Reads HDF5 files without a format of their own: the data sets of one length in a group are a table.

Attributes of a data set give its unit (``unit`` or ``units``) and how its numbers are packed
(:mod:`tsbench.importers.hdf5_values`). Attributes of its group and of the file are settings. A data set of records (a
compound type) is a table of its fields.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.arrays import require_size, tables_of_arrays
from tsbench.importers.foreign import ForeignFile, ForeignTable, Match
from tsbench.importers.hdf5_files import SIGNATURE, holds, opened
from tsbench.importers.hdf5_values import applied, notes_of, plain_values, text_of, unclear_scale, unit_of

#: run files of tsbench and of other programs that write NeXus are no files of this importer
_NEXUS = "NX_class"
_DEEPEST = 8
_MOST_TEXTS = 50  #: in a data set that may name units


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
            notes = tuple(_notes_of_all(file, 0))
            for group, items in _groups(file, 0):
                total += sum(int(item.size) * max(int(item.dtype.itemsize), 8) for item in items.values())
                require_size(total, path.name)
                made, lines = _of_group(group, items)
                tables += made
                said += lines
        if not tables:
            raise UnreadableFile(f"{path.name}: the HDF5 file has no data sets that form a table of at least two "
                                 f"columns. {'. '.join(said)}".strip())
        tables = [replace(one, notes=(*one.notes, *notes)) for one in tables]
        named = tables if len(tables) > 1 else [replace(tables[0], name="")]
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
            notes = tuple(notes_of(item, f"'{name}'"))
            tables += [ForeignTable(item.name.strip("/"), one.columns, _settings(item), notes=notes) for one in found]
        elif item.shape is not None:
            arrays[name] = plain_values(item)
            units[name] = unit_of(item)
    made, said = tables_of_arrays(arrays, units)
    where = group.name.strip("/") or "variables"
    beside = tuple(note for name, item in items.items() for note in notes_of(item, f"'{name}'"))
    for one in made:
        name = f"{where} {one.name}".strip() if len(made) > 1 else where
        columns = {name: item for name, item in items.items() if _is_column(name, one)}
        tables.append(replace(
            one, name=name, settings={**_settings(group), **one.settings}, question=unclear_scale(columns),
            notes=(*one.notes, *beside), remarks=applied(columns)))
    return tables, said


def _settings(item: Any) -> dict[str, str]:
    return {str(key): text_of(value) for key, value in item.attrs.items() if np.ndim(value) == 0}


def _is_column(name: str, table: ForeignTable) -> bool:
    """Return whether a data set is a column of the table, or several ones."""
    return any(column.name == name or column.name.rpartition(" ")[0] == name for column in table.columns)


def _notes_of_all(group: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield what groups and data sets of text say: a unit may stand anywhere in the file."""
    yield from notes_of(group, f"group '{group.name}'" if depth else "the file")
    for name, item in group.items():
        if isinstance(item, h5py.Group) and depth < _DEEPEST:
            yield from _notes_of_all(item, depth + 1)
        elif isinstance(item, h5py.Dataset) and item.dtype.kind in "SO" and 0 < item.size < _MOST_TEXTS:
            texts = [text_of(one) for one in np.asarray(item[()]).ravel() if isinstance(one, str | bytes)]
            if texts:
                yield f"data set '{item.name.strip('/')}'", f"{name}: {', '.join(texts)}"
