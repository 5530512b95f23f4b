"""Reads the variables of MATLAB files: versions 4 to 7 by SciPy, version 7.3 (HDF5) by h5py.

Each structure is a table of its fields, and the variables outside structures are one table. Objects (tables, time
series, functions) are not read: MATLAB alone knows their layout.
https://www.mathworks.com/help/matlab/import_export/mat-file-versions.html
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.arrays import require_size, tables_of_arrays
from tsbench.importers.foreign import ForeignFile, ForeignTable, Match
from tsbench.importers.hdf5_files import opened

_MOST = 5000  #: variables of all structures that are looked at
_PLAIN = frozenset({
    "double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "logical", "char"})

#: structure -> name -> array; "" for the variables outside structures
Variables = dict[str, dict[str, npt.NDArray[Any]]]


class Matlab:
    """The importer of MATLAB files."""

    name = "matlab"
    reads = "MATLAB files (.mat)"
    suffixes = (".mat",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return FORMAT for a file that begins as MATLAB writes it; version 4 has no mark, so its suffix counts."""
        marked = head.startswith(b"MATLAB ")
        return Match.FORMAT if marked or path.suffix.lower() in self.suffixes else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read all variables; see :class:`tsbench.importers.foreign.Importer`."""
        with path.open("rb") as file:
            head = file.read(128)
        found, objects = _by_h5py(path) if head.startswith(b"MATLAB 7.3") else _by_scipy(path)
        tables: list[ForeignTable] = []
        said: list[str] = []
        notes: list[tuple[str, str]] = []
        for structure, arrays in found.items():
            made, lines = tables_of_arrays(arrays)
            said += lines
            for one in made:
                name = " ".join(filter(None, (structure, one.name)))
                tables.append(replace(one, name=name))
            notes += _texts(structure, arrays)
        if objects:
            said.append(
                f"not read, because only MATLAB knows the layout of its objects: {', '.join(objects[:6])}. In MATLAB, "
                "write the columns as plain variables, for example V = T.V; I = T.I; save('file.mat', 'V', 'I')")
        named = [
            replace(one, name=(one.name or "variables") if len(tables) > 1 else "", notes=tuple(notes))
            for one in tables]
        return ForeignFile("a MATLAB file", tuple(named), tuple(said))


def _texts(structure: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Iterator[tuple[str, str]]:
    """Yield the texts of a structure: a unit may stand in another one than the numbers."""
    for name, array in arrays.items():
        if array.dtype.kind in "SU" and array.size:
            full = f"{structure}.{name}" if structure else name
            yield f"variable '{full}'", f"{name.partition('{')[0]}: {', '.join(map(_text, array.ravel()[:50]))}"


def _by_scipy(path: Path) -> tuple[Variables, list[str]]:
    import scipy.io
    from scipy.io.matlab import MatReadError

    try:
        sizes = [int(np.prod(shape, dtype=np.float64)) for _, shape, _ in scipy.io.whosmat(str(path))]
        require_size(8 * sum(sizes), path.name)
        loaded = scipy.io.loadmat(str(path), squeeze_me=False, struct_as_record=True, chars_as_strings=True)
    except (ValueError, TypeError, OSError, NotImplementedError, KeyError, IndexError, EOFError, MatReadError,
            zlib.error, MemoryError, OverflowError) as error:
        raise UnreadableFile(f"{path.name}: the MATLAB file is damaged ({' '.join(str(error).split())[:120]}). Use "
                             "another copy") from None
    found: Variables = {}
    objects: list[str] = []
    for name, value in loaded.items():
        if not name.startswith("__"):
            _take(name, value, found, objects, "", 0)
    return found, objects


def _take(name: str, value: Any, found: Variables, objects: list[str], structure: str, depth: int) -> None:
    """Add a variable of SciPy, and the fields of a structure, to ``found``."""
    full = f"{structure}.{name}" if structure else name
    if sum(map(len, found.values())) > _MOST:
        return
    if isinstance(value, np.ndarray) and value.dtype.names and type(value) is np.ndarray and depth < 4:
        for k, element in enumerate(value.ravel()):
            called = full if value.size == 1 else f"{full}({k + 1})"
            for field in value.dtype.names:
                _take(field, element[field], found, objects, called, depth + 1)
    elif type(value) is np.ndarray and value.dtype.kind == "O" and value.dtype.names is None:
        for k, element in enumerate(value.ravel()):   # a cell array
            if isinstance(element, np.ndarray) and element.size > (0 if element.dtype.kind in "US" else 1) \
                    and element.dtype.kind in "biufUS":
                found.setdefault(structure, {})[f"{name}{{{k + 1}}}"] = element
            elif isinstance(element, np.ndarray) and element.dtype.names:
                _take(f"{name}{{{k + 1}}}", element, found, objects, structure, depth + 1)
    elif type(value) is np.ndarray:
        found.setdefault(structure, {})[name] = value
    else:
        objects.append(full)


def _by_h5py(path: Path) -> tuple[Variables, list[str]]:
    found: Variables = {}
    objects: list[str] = []
    with opened(path) as file:
        total = 0
        for structure, name, item in _datasets(file, "", 0):
            total += int(item.size) * 8
            require_size(total, path.name)
            kind = _text(item.attrs.get("MATLAB_class", b""))
            full = f"{structure}.{name}" if structure else name
            if "MATLAB_object_decode" in item.attrs or kind not in _PLAIN:
                if item.dtype.kind != "O":
                    objects.append(full)
            elif item.attrs.get("MATLAB_empty", 0):
                continue
            elif kind == "char":
                text = "".join(map(chr, np.asarray(item[:]).T.ravel()))
                found.setdefault(structure, {})[name] = np.array([text])
            else:
                found.setdefault(structure, {})[name] = np.asarray(item[:]).T
            if sum(map(len, found.values())) > _MOST:
                break
    return found, objects


def _datasets(group: Any, structure: str, depth: int) -> Iterator[tuple[str, str, Any]]:
    """Yield structure, name and data set of each variable; MATLAB's own groups (#refs#) are left out."""
    for name, item in group.items():
        if name.startswith("#"):
            continue
        if isinstance(item, Mapping):
            if depth < 4:
                yield from _datasets(item, f"{structure}.{name}" if structure else name, depth + 1)
        else:
            yield structure, name, item


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
