"""Reads the HDF5 store of the ArC TWO control panel: each experiment of a crosspoint is a table.

Format: ``arc2control.h5utils`` and the modules of arc2control 0.2.0 (on PyPI, and
https://github.com/arc-instruments/arc2control). ``tests/importers/test_arc_stores.py`` writes stores with it. The curve
tracer stores voltage, current and the voltage at which the current was read. The retention module stores the time in
seconds and microseconds. All values are in SI units.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match, choose
from tsbench.importers.hdf5_files import SIGNATURE, holds, opened
from tsbench.records import FloatArray

_UNITS = {"current": "A", "voltage": "V", "read_voltage": "V", "pulse_width": "s"}
#: experiments that are read together; of more, the user chooses one
_MOST_TABLES = 100
_HISTORY = "timeseries"
_DEEPEST = 4  #: groups within groups
_GROUPS = frozenset({"crosspoints", "crossbar", "synthetics"})


class ArcTwo:
    """The importer of ArC TWO's store."""

    name = "arc2"
    reads = "HDF5 stores of ArC TWO (.h5)"
    suffixes = (".h5",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for an HDF5 file with the three groups of the store."""
        found = head.startswith(SIGNATURE) and holds(path, lambda file: set(file) >= _GROUPS)
        return Match.PROGRAM if found else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read the experiments; see :class:`tsbench.importers.foreign.Importer`.

        The history of a crosspoint is read if the user names it, or if there is no experiment.
        """
        with opened(path) as file:
            experiments = {name: item for name, item in _datasets(file) if not name.endswith(_HISTORY)}
            histories = {name: item for name, item in _datasets(file) if name.endswith(_HISTORY)}
            wanted = experiments or histories
            if table is not None or len(wanted) > _MOST_TABLES:
                names = [*experiments, *histories]
                chosen = choose(names, table, path.name)
                wanted = {chosen: {**experiments, **histories}[chosen]}
            tables = [_table(name if len(wanted) > 1 else "", item, path.name) for name, item in wanted.items()]
        if not tables:
            raise UnreadableFile(f"{path.name}: the store of ArC TWO has no experiment")
        return ForeignFile("a store of ArC TWO", tuple(one for one in tables if one.rows))


def _datasets(file: Any) -> Iterator[tuple[str, Any]]:
    """Yield name ("W01B02/CT_17…") and data set of each table in the store."""
    for word_bit, point in file["crosspoints"].items():
        if _HISTORY in point:
            yield f"{word_bit}/{_HISTORY}", point[_HISTORY]
        for part in (point.get("experiments"), point):
            for name, item in _tables_in(part, "", 0) if part is not None else ():
                yield f"{word_bit}/{name}", item
    yield from _tables_in(file["synthetics"], "", 0)


def _tables_in(group: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the tables of a group, and those of the groups in it: an experiment of several tables has its own group."""
    for name, item in group.items():
        if not path and name in (_HISTORY, "experiments"):
            continue
        if getattr(item, "dtype", None) is not None:
            if item.dtype.names:
                yield path + name, item
        elif depth < _DEEPEST and hasattr(item, "items"):
            yield from _tables_in(item, f"{path}{name}/", depth + 1)


def _table(name: str, dataset: Any, source: str) -> ForeignTable:
    """Return the table of a data set; rows that were reserved and not filled are left out."""
    if dataset.ndim != 1:
        raise UnreadableFile(f"{source}: data set {dataset.name} has {dataset.ndim} dimensions. A table has one")
    rows: npt.NDArray[Any] = dataset[:]
    filled = int(dataset.attrs.get("NROWS", 0))
    rows = rows[:filled] if filled else rows   # the modules fill all rows at once and count none
    if not filled and "tstamp_s" in (rows.dtype.names or ()):
        rows = rows[rows["tstamp_s"] > 0]   # reserved and never filled
    kind = str(dataset.attrs.get("TITLE", dataset.name)).rpartition("/")[2].partition("_")[0]
    settings = {
        str(key): str(value) for key, value in dataset.attrs.items() if key not in ("CLASS", "NROWS", "BASE_SIZE")}
    columns = []
    if (time := _time(rows)) is not None:
        columns.append(ForeignColumn("tstamp", "s", time, role="time"))
    fields = rows.dtype.names or ()
    for column in fields:
        if not column.startswith("tstamp") and rows[column].dtype.kind in "iuf" and column != "op_type":
            columns.append(ForeignColumn(column, _UNITS.get(column, ""), rows[column].astype(np.float64)))
    question = ""
    if name.endswith(_HISTORY) or "op_type" in fields:
        question = (
            "this table is the history of a crosspoint: pulses of a voltage, and currents that were read at another "
            "voltage. It is neither a sweep nor a record over time. Choose an experiment with --table NAME")
    elif {"voltage", "current", "read_voltage"} <= set(fields) and not np.allclose(
            rows["voltage"], rows["read_voltage"], rtol=1e-3, atol=1e-6):
        at = float(np.median(rows["read_voltage"]))
        question = (
            f"the current was read at {at:.3g} V after each voltage, not at the voltage itself ({kind}), so the two "
            "are no current-voltage curve. If you want this curve all the same, use --columns voltage=voltage,"
            "current=current")
    elif "voltage" not in fields and "read_voltage" in fields:
        columns = [
            ForeignColumn(c.name, c.unit, c.values, role="voltage" if c.name == "read_voltage" else c.role)
            for c in columns]
    return ForeignTable(name, tuple(columns), settings, question=question)


def _time(rows: npt.NDArray[Any]) -> FloatArray | None:
    """Return the time [s] since the first row, None where the table has none."""
    names = rows.dtype.names or ()
    if not {"tstamp_s", "tstamp_us"} <= set(names) or not rows.size:
        return None
    seconds = (rows["tstamp_s"].astype(np.int64) - int(rows["tstamp_s"][0])).astype(np.float64)
    micro: FloatArray = rows["tstamp_us"].astype(np.float64)
    since: FloatArray = seconds + 1e-6 * (micro - micro[0])
    return since
