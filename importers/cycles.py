"""Repeated runs of one sweep to one table with a column ``cycle``, so that they have statistics together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsbench.importers.foreign import ForeignColumn, ForeignTable


def joined_cycles(tables: Sequence[ForeignTable], name: str, said: str, numbers: Sequence[int] = ()) -> ForeignTable:
    """Return runs with the same columns as one table, with the number of the run in a column ``cycle``.

    Parameters
    ----------
    tables : in the order of measurement
    name : of the new table
    said : a remark for the user: what was joined, and how to get one run
    numbers : of the cycles; empty, or some are the same: from 1
    """
    first = tables[0]
    chosen = numbers if len(set(numbers)) == len(tables) else range(1, len(tables) + 1)
    cycle = np.concatenate([np.full(table.rows, float(n)) for n, table in zip(chosen, tables, strict=True)])
    columns = tuple(
        replace(
            column, values=np.concatenate([table.columns[k].values for table in tables]),
            role="" if column.role == "time" else column.role,   # it begins anew in each cycle
            calculated=column.calculated or column.role == "time")
        for k, column in enumerate(first.columns))
    return ForeignTable(
        name, (*columns, ForeignColumn("cycle", "", cycle, role="cycle")), first.settings, (said, *first.remarks),
        first.compliance, question=next((table.question for table in tables if table.question), ""))
