"""Files of one channel that belong to one record: ``C1--run--00000.trc`` and ``C2--run--00000.trc``.

LeCroy and Tektronix write a file for each channel. The file of the lowest channel is read with the others beside it.
The file of another channel is read alone, so that a folder gives each record once.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from tsbench.errors import TsbenchError
from tsbench.importers.foreign import ForeignFile, ForeignTable

#: "C1--run.trc", "C1Trace00001.trc"; "tek0001CH1.isf", "F0000CH1.CSV", "run_Ch1.wfm"
_PLACES = (re.compile(r"^(?P<before>C)(?P<number>[1-8])(?=[^0-9.])", re.IGNORECASE),
           re.compile(r"(?P<before>CH)(?P<number>[1-8])(?=\.[^.]+$)", re.IGNORECASE))
_CHANNELS = range(1, 9)
#: times that differ by less than this share of the sample interval are the same
_SAME = 1e-3


def with_others(path: Path, file: ForeignFile, read: Callable[[Path], ForeignFile]) -> ForeignFile:
    """Return the file with the channels of the files beside it, if it is that of the lowest channel.

    Parameters
    ----------
    path : of the file
    file : what was read from it
    read : reads another file of the same kind
    """
    others = _beside(path)
    if not others or len(file.tables) != 1 or len(file.tables[0].columns) != 2:
        return file
    table, said = file.tables[0], []
    for other in others:
        try:
            found = read(other).tables[0]
        except (TsbenchError, OSError) as error:
            said.append(f"{other.name} beside this file cannot be read ({' '.join(str(error).split())})")
            continue
        if not _same_times(table, found):
            said.append(f"{other.name} beside this file has other sample times and is not read with it")
            continue
        column = found.columns[1]
        taken = {one.name for one in table.columns}
        name = column.name if column.name not in taken else other.stem
        table = replace(table, columns=(*table.columns, replace(column, name=name)))
        said.append(f"{other.name} beside this file has the same sample times and is read with it")
    return replace(file, tables=(replace(table, remarks=(*table.remarks, *said)),))


def _beside(path: Path) -> list[Path]:
    """Return the files of the higher channels of the same record; none if there is one of a lower channel."""
    found = next((match for place in _PLACES if (match := place.search(path.name))), None)
    if found is None:
        return []
    number = int(found["number"])
    begin, end = found.span("number")
    named = {k: path.with_name(f"{path.name[:begin]}{k}{path.name[end:]}") for k in _CHANNELS if k != number}
    there = {k: other for k, other in named.items() if other.is_file()}
    return [] if any(k < number for k in there) else list(there.values())


def _same_times(table: ForeignTable, other: ForeignTable) -> bool:
    if len(other.columns) != 2 or table.rows != other.rows or table.name != other.name or table.rows < 2:
        return False
    times, others = table.columns[0].values, other.columns[0].values
    return bool(np.max(np.abs(times - others)) <= _SAME * abs(float(times[1] - times[0])))
