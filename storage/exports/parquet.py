"""Tables as Parquet files, by pyarrow (``pip install tsbench[export]``).

Each column carries its unit in its metadata (key "unit"), and the file the header of the run (key "tsbench").
"""

from pathlib import Path
from typing import Any

import numpy as np

from tsbench.storage.exports.tables import ExportTable, Field


def write_parquet(table: ExportTable, path: Path, facts: str) -> None:
    """Write one table, one row group for each piece; ``facts``: JSON text about the run.

    Raises
    ------
    OSError
        As the disk raises it.
    """
    import pyarrow  # noqa: PLC0415  not installed everywhere
    from pyarrow import parquet  # noqa: PLC0415

    types = {"number": pyarrow.float64(), "count": pyarrow.int64(), "text": pyarrow.string()}

    def column(field: Field, values: Any) -> Any:
        if isinstance(values, np.ndarray):
            return pyarrow.array(values, type=types[field.kind], from_pandas=True)  # NaN: no value
        return pyarrow.array(values, type=types[field.kind])

    schema = pyarrow.schema(
        [pyarrow.field(field.name, types[field.kind], metadata={"unit": field.unit}) for field in table.fields],
        metadata={"tsbench": facts})
    with parquet.ParquetWriter(path, schema) as writer:
        for piece in table.pieces:
            columns = [column(field, values) for field, values in zip(table.fields, piece, strict=True)]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))
