"""Reads netCDF-4 files (HDF5), as QCoDeS and xarray write them: variables over one or more axes.

Conventions used: the attributes ``units`` and ``DIMENSION_LIST``, packed numbers and missing ones
(:mod:`tsbench.importers.hdf5_values`), and the compression by gathering of the CF conventions (section 8.2) for axes
that are listed together.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.arrays import require_size
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match
from tsbench.importers.hdf5_files import SIGNATURE, holds, opened
from tsbench.importers.hdf5_values import notes_of, plain_values, text_of, unclear_scale, unit_of
from tsbench.records import FloatArray

_MARK = "_NCProperties"


class NetCdf:
    """The importer of netCDF-4 files."""

    name = "netcdf"
    reads = "netCDF-4 files of QCoDeS and xarray (.nc)"
    suffixes = (".nc",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for a netCDF-4 file, by the mark that the netCDF library leaves."""
        if not head.startswith(SIGNATURE) or not holds(path, lambda file: _MARK in file.attrs):
            return Match.NO
        return Match.PROGRAM   # before HDF5 files without a format of their own

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read all variables; see :class:`tsbench.importers.foreign.Importer`."""
        with opened(path) as file:
            require_size(sum(8 * item.size for item in file.values() if isinstance(item, h5py.Dataset)), path.name)
            tables = _tables(file)
            qcodes = "ds_name" in file.attrs and "guid" in file.attrs
            name = str(file.attrs["ds_name"]) if qcodes else ""
        if not tables:
            raise UnreadableFile(f"{path.name}: the file has no variable of numbers")
        return ForeignFile(f"a netCDF file of QCoDeS ('{name}')" if qcodes else "a netCDF file", tuple(tables))


def _tables(file: Any) -> list[ForeignTable]:
    """Return a table for each set of axes: the variables over the same axes are its columns."""
    gathered = {name: text_of(item.attrs["compress"]).split() for name, item in file.items()
                if "compress" in item.attrs}
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for name, item in file.items():
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "biuf" and item.ndim > 0 and name not in gathered:
            groups.setdefault(_axes(item, name), {})[name] = item
    tables = []
    beside = [note for note in notes_of(file, "the file") if "'snapshot'" not in note[0]]
    for axes, items in groups.items():
        if all(name in axes for name in items) and any(set(axes) < set(other) for other in groups):
            continue   # an axis alone
        if axes in {(axis,) for axes_of in gathered.values() for axis in axes_of}:
            continue   # the levels of an axis that is gathered
        columns = _columns(file, axes, items, gathered)
        names = [name for name in items if name not in axes]
        parts = {**items, **{axis: file[axis] for axis in axes if axis in file}}
        notes = tuple(note for name, item in parts.items() for note in notes_of(item, f"'{name}'"))
        tables.append((", ".join(names), columns, (*notes, *beside), unclear_scale(parts)))
    several = len(tables) > 1
    settings = {
        key: text_of(value) for key, value in file.attrs.items() if np.ndim(value) == 0 and key != "snapshot"}
    return [
        ForeignTable(name if several else "", tuple(columns), settings, question=question, notes=notes)
        for name, columns, notes, question in tables]


def _columns(
    file: Any, axes: tuple[str, ...], items: Mapping[str, Any], gathered: Mapping[str, list[str]]
) -> list[ForeignColumn]:
    shape = next(iter(items.values())).shape
    columns = []
    for k, axis in enumerate(axes):
        if axis in gathered:
            levels = [plain_values(file[name]) for name in gathered[axis]]
            places = np.unravel_index(file[axis][:].astype(np.int64), [level.size for level in levels])
            columns += [
                ForeignColumn(name, unit_of(file[name]), _repeated(level[place].astype(np.float64), k, shape))
                for name, level, place in zip(gathered[axis], levels, places, strict=True)]
        elif axis in file and file[axis].dtype.kind in "biuf" and axis not in items and not _only_counts(file[axis]):
            values = _repeated(plain_values(file[axis]).astype(np.float64), k, shape)
            columns.append(ForeignColumn(axis, unit_of(file[axis]), values))
    columns += [
        ForeignColumn(name, unit_of(item), plain_values(item).astype(np.float64).ravel())
        for name, item in items.items() if not (name in axes and _only_counts(item))]
    return columns


def _repeated(values: FloatArray, position: int, shape: tuple[int, ...]) -> FloatArray:
    """Return the values of an axis for each element of an array over all axes, in its order."""
    form = [1] * len(shape)
    form[position] = values.size
    return np.array(np.broadcast_to(values.reshape(form), shape), dtype=np.float64).ravel()


def _axes(item: Any, name: str) -> tuple[str, ...]:
    """Return the names of the axes of a variable; an axis is the axis of itself."""
    if "DIMENSION_LIST" not in item.attrs:
        return (name,) if item.ndim == 1 else ()
    return tuple(item.file[references[0]].name.rpartition("/")[2] for references in item.attrs["DIMENSION_LIST"])


def _only_counts(item: Any) -> bool:
    """Return whether an axis has no values of its own: it counts the elements, or it has only a length."""
    name = text_of(item.attrs.get("NAME", ""))
    bare = name.startswith("This is a netCDF dimension but not a netCDF variable")
    if bare or unit_of(item) or item.dtype.kind not in "iu":
        return bare
    values = plain_values(item)
    return values.dtype.kind in "iu" and np.array_equal(values, np.arange(item.size))

