"""A run as a MATLAB file of version 5, by SciPy, variable after variable.

``points``, ``results`` and ``events`` are structs with one field for each column, with their ``units`` beside. Each
scope record is a struct ``waveform_NNNN`` with its raw ``codes`` (values = double(codes) * scale + offset).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from tsbench.errors import StorageError
from tsbench.records import Run
from tsbench.storage.exports.tables import ExportTable, Field, flag_words, tables
from tsbench.storage.nexus.stored_samples import StoredSamples

_LARGEST = 2**31 - 2**16  #: [bytes] of one variable of this format


def write_matlab(run: Run, samples: Sequence[StoredSamples], path: Path, facts: str) -> None:
    """Write one run; ``facts``: JSON text about it.

    Raises
    ------
    OSError
        As the disk raises it.
    StorageError
        A record is longer than a variable of this format can be.
    """
    long = next((one for one in samples if one.size * one.codes(0, 0).itemsize > _LARGEST), None)
    if long is not None:
        raise StorageError(f"a record of {long.channel} has {long.size} samples, but a MATLAB file of version 5 takes "
                           "at most 2 GB in one variable. Choose the format netcdf, which MATLAB reads too")
    with path.open("wb") as file:
        _add(file, "run", {"identifier": run.header.run_id, "protocol": run.header.protocol,
                           "device": run.header.device.identifier, "status": run.status,
                           "simulated": run.header.simulated, "facts": facts})
        for table in tables(run, []):
            _add(file, table.name, _struct(table))
        for place, one in enumerate(samples):
            waveform = run.waveforms[one.number]
            _add(file, f"waveform_{place:04d}", {
                "channel": one.channel, "unit": one.unit, "codes": one.codes(0, one.size), "scale": one.scale,
                "offset": one.offset, "t0": one.start, "dt": one.dt, "acquisition": one.number, "segment": one.segment,
                "trigger_time": float(waveform.segment_times[one.segment]), "time": one.time,
                "flags": flag_words(int(waveform.flags)),
                "conditions": {_name(key): value for key, value in waveform.conditions.items()} or "",
                "units": {**dict.fromkeys(("t0", "dt", "time", "trigger_time"), "s"),
                          **dict.fromkeys(("scale", "offset"), one.unit)},
            })


def _add(file: Any, name: str, value: dict[str, Any]) -> None:
    savemat(file, {name: value}, long_field_names=True, oned_as="column")


def _struct(table: ExportTable) -> dict[str, Any]:
    pieces = list(table.pieces)
    columns = {_name(field.name): _column(field, [piece[place] for piece in pieces])
               for place, field in enumerate(table.fields)}
    return {**columns, "units": {_name(field.name): field.unit for field in table.fields}}


def _column(field: Field, pieces: Sequence[Sequence[Any]]) -> Any:
    values = [value for piece in pieces for value in piece]
    if field.kind == "text":
        return np.array(values, dtype=object)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _name(name: str) -> str:
    """Return a name that MATLAB takes for a field."""
    safe = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)[:60]
    return safe if safe[:1].isalpha() else f"x{safe}"
