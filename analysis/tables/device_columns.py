"""Columns that tell the rows of one device, or of one temperature, from those of another: a table for each of them.

A sweep of one device that goes on with the sweep of another one is no sweep. So a table with a column ``device``,
``sample`` or ``temperature`` that changes is read as one table for each of its values. A temperature that fluctuates
(a reading) does not separate anything.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.tables.device_names import is_device
from tsbench.analysis.tables.table import Table

_MOST = 200  #: tables that a file may be separated into
_FEWEST = 3  #: rows of a device
_STEADY = 10  #: rows in succession that a temperature is kept at least
_MOST_NAMED = 6  #: columns that a line names


def separated(table: Table) -> list[tuple[str, Table]]:
    """Return (label, rows) for each device and temperature of a table; one without a label if it has only one.

    Parameters
    ----------
    table : with ``labels`` of the columns for which :func:`tsbench.analysis.tables.device_names.tells_apart` holds
    """
    used, lines = [], []
    for name, cells in table.labels.items():
        values = list(dict.fromkeys(cells))
        if len(values) < 2:
            continue
        if _separates(name, cells):
            used.append(name)
        else:
            lines.append(f"column '{name}' changes within the table ({_some(values)}), but it is not used, because it "
                         "does not tell whole sweeps apart")
    table = replace(table, doubts=(*table.doubts, *lines))
    if not used:
        return [("", table)]
    keys = list(zip(*(table.labels[name] for name in used), strict=True))
    kinds = list(dict.fromkeys(keys))
    if len(kinds) > _MOST:
        return [("", replace(table, doubts=(*table.doubts, f"the columns {', '.join(used)} have {len(kinds)} different "
                                            "values and are not used")))]
    number = {kind: k for k, kind in enumerate(kinds)}
    of_row = np.array([number[key] for key in keys])
    said = f"the rows are separated by the column{'s' if len(used) > 1 else ''} {' and '.join(used)}"
    made = []
    for kind, k in number.items():
        part = _rows(table, of_row == k)
        # what is said of the whole table is said once
        others = tuple(name for name in part.unused if name not in used) if k == 0 else ()
        part = replace(part, unused=others, doubts=(said, *part.doubts) if k == 0 else (),
                       left_out=part.left_out if k == 0 else ())
        made.append((", ".join(kind), part))
    return made


def unused_line(names: Sequence[str]) -> tuple[str, ...]:
    """Return a line that names the columns without a role: they may be further devices. Nothing for no columns."""
    if not names:
        return ()
    many = f" … {names[-1]}" if len(names) > _MOST_NAMED else ""
    return (f"{len(names)} other column{'s are' if len(names) > 1 else ' is'} not used: "
            f"{', '.join(names[:_MOST_NAMED])}{many}. To use one, give its name or number with --columns. For several "
            "one by one, give a range such as current=3..9",)


def _separates(name: str, cells: Sequence[str]) -> bool:
    """Return whether each value has enough rows, and a temperature is kept over many rows in succession."""
    runs = [len(list(group)) for _, group in itertools.groupby(cells)]
    if not is_device(name):
        return min(runs) >= _STEADY
    _, counts = np.unique(np.array(cells), return_counts=True)
    return int(counts.min()) >= _FEWEST


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:3]) + (f" … {values[-1]}" if len(values) > 3 else "")


def _rows(table: Table, chosen: npt.NDArray[np.bool_]) -> Table:
    labels: Mapping[str, Sequence[str]] = {
        name: list(itertools.compress(cells, chosen)) for name, cells in table.labels.items()}
    breaks = sorted({int(np.count_nonzero(chosen[:row])) for row in table.breaks})
    # a reading beyond the range belongs to the device of the reading before it
    beyond = tuple(
        (int(np.count_nonzero(chosen[:row])), volts) for row, volts in table.beyond if chosen[max(row - 1, 0)])
    return replace(
        table, beyond=beyond, columns={role: values[chosen] for role, values in table.columns.items()}, labels=labels,
        flags=None if table.flags is None else table.flags[chosen],
        breaks=tuple(row for row in breaks if 0 < row < int(np.count_nonzero(chosen))))
