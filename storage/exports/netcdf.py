"""A run as one netCDF 4 file with the attributes of the CF conventions, by h5netcdf (``pip install tsbench[export]``).

The root holds the points, the group ``results`` the results, and one group for each kind of scope record its raw codes
(``scale_factor`` and ``add_offset`` turn them into values; xarray does it by itself).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tsbench.records import Flag, Run
from tsbench.storage import codec
from tsbench.storage.exports.tables import PIECE
from tsbench.storage.nexus.schema import safe_name
from tsbench.storage.nexus.stored_samples import StoredSamples


def write_netcdf(run: Run, samples: Sequence[StoredSamples], path: Path, facts: str) -> None:
    """Write one run; ``facts``: JSON text about it. OSError as the disk raises it."""
    import h5netcdf  # noqa: PLC0415  not installed everywhere

    with h5netcdf.File(path, "w") as file:
        file.attrs["Conventions"] = "CF-1.11"
        file.attrs["title"] = f"{'SIMULATED ' if run.header.simulated else ''}{run.header.protocol} on " + (
            run.header.device.identifier)
        file.attrs["simulated"] = np.int8(run.header.simulated)
        file.attrs["tsbench"] = facts
        _points(file, run)
        _results(file, run)
        _events(file, run)
        for number, block in enumerate(sorted({one.block for one in samples})):
            _records(file.create_group(f"waveforms_{number:03d}"), run, [one for one in samples if one.block == block])


def _points(file: Any, run: Run) -> None:
    file.dimensions["point"] = len(run.points)
    for place, column in enumerate(run.header.columns):
        name = safe_name(column.name)
        name = f"{name}_column" if name in {"flags", "point"} else name
        values = np.ascontiguousarray(run.points[:, place])
        variable = file.create_variable(name, ("point",), np.float64, data=values)
        variable.attrs["units"], variable.attrs["long_name"] = column.unit or "1", column.help or column.name
    _flags(file, "point", run.point_flags)


def _flags(parent: Any, dimension: str, values: Any) -> None:
    variable = parent.create_variable("flags", (dimension,), np.int64, data=np.asarray(values, dtype=np.int64))
    members = [flag for flag in Flag if flag]
    variable.attrs["flag_masks"] = np.array([int(flag) for flag in members], dtype=np.int64)
    variable.attrs["flag_meanings"] = " ".join(str(flag.name).lower() for flag in members)


def _texts(parent: Any, name: str, dimension: str, values: Sequence[str]) -> None:
    variable = parent.create_variable(name, (dimension,), h5py.string_dtype())
    if values:
        variable[...] = np.array(values, dtype=object)


def _results(file: Any, run: Run) -> None:
    group = file.create_group("results")
    group.dimensions["result"] = len(run.results)
    for name in ("value", "low", "high", "random_uncertainty", "systematic_uncertainty"):
        numbers = [getattr(result, name) for result in run.results]
        variable = group.create_variable(
            name, ("result",), np.float64, data=np.array([np.nan if n is None else n for n in numbers], np.float64))
        words = name.replace("_", " ")
        variable.attrs["long_name"] = f"{words}, in the unit of the variable 'unit'; NaN where there is none"
    _flags(group, "result", [int(result.flags) for result in run.results])
    for name in ("quantity", "unit", "method"):
        _texts(group, name, "result", [str(getattr(result, name)) for result in run.results])
    _texts(group, "conditions", "result", [codec.to_json(result.conditions) for result in run.results])


def _events(file: Any, run: Run) -> None:
    group = file.create_group("events")
    group.dimensions["event"] = len(run.events)
    times = np.array([event.time for event in run.events], np.float64)
    group.create_variable("time", ("event",), np.float64, data=times).attrs["units"] = "s"
    for name in ("kind", "message"):
        _texts(group, name, "event", [str(getattr(event, name)) for event in run.events])


def _records(group: Any, run: Run, members: Sequence[StoredSamples]) -> None:
    one, first = members[0], run.waveforms[members[0].number]
    group.dimensions["record"], group.dimensions["sample"] = len(members), one.size
    group.attrs["channel"] = one.channel
    kind = one.codes(0, 0).dtype
    chunks = {"chunks": (1, min(one.size, 65536)), "compression": "gzip", "compression_opts": 1, "shuffle": True,
              "fletcher32": True} if one.size else {}
    signal = group.create_variable(safe_name(one.channel), ("record", "sample"), kind, **chunks)
    signal.attrs["units"] = one.unit or "1"
    signal.attrs["scale_factor"], signal.attrs["add_offset"] = np.float64(one.scale), np.float64(one.offset)
    for row, record in enumerate(members):
        for start in range(0, one.size, PIECE):
            end = min(start + PIECE, one.size)
            signal[row, start:end] = record.codes(start, end)
    for name, value, unit in (("dt", one.dt, "s"), ("bandwidth", first.bandwidth, "Hz"),
                              ("clip_low", first.clip_low, "1"), ("clip_high", first.clip_high, "1"),
                              ("accuracy_gain", first.accuracy_gain, "1"),
                              ("accuracy_offset", first.accuracy_offset, one.unit)):
        if value is not None:
            group.create_variable(name, (), np.float64, data=np.float64(value)).attrs["units"] = unit
    for name, values in (
        ("start", [record.start for record in members]),
        ("trigger_time", [float(run.waveforms[r.number].segment_times[r.segment]) for r in members]),
        ("time", [record.time for record in members]),
    ):
        variable = group.create_variable(name, ("record",), np.float64, data=np.array(values, np.float64))
        variable.attrs["units"] = "s"
    for name, numbers in (("acquisition", [r.number for r in members]), ("segment", [r.segment for r in members])):
        group.create_variable(name, ("record",), np.int64, data=np.array(numbers, np.int64))
    _flags(group, "record", [int(run.waveforms[r.number].flags) for r in members])
    _texts(group, "conditions", "record", [codec.to_json(run.waveforms[r.number].conditions) for r in members])
