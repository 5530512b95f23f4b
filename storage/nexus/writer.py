"""A run -> the NeXus tree of a run file."""

import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tsbench.quantities import CONDITION_UNITS
from tsbench.records import Column, Result, Run, RunHeader
from tsbench.storage import codec, record_data, run_id
from tsbench.storage.nexus import items as nx
from tsbench.storage.nexus.disk_file import DiskFile
from tsbench.storage.nexus.header import (
    clock_zero,
    loud,
    simulated_in_words,
    write_facts,
    write_fixture,
    write_process,
    write_sample,
)
from tsbench.storage.nexus.schema import (
    CREATOR,
    DIGEST,
    DIMENSION,
    SCHEMA,
    TREE_DIGEST,
    safe_name,
)
from tsbench.storage.nexus.tree_digest import tree_digest
from tsbench.storage.nexus.waveforms import describe_flags, write_waveforms
from tsbench.storage.provenance import PROGRAM, PROGRAM_URL

_CONTROLLED = ("set", "source", "bias", "level", "amplitude", "programmed")


def write_run(run: Run, path: Path, packed: bool = True) -> None:
    """Write ``run`` as a new file at ``path`` (overwritten where it exists).

    ``packed``: whether the codes of waveforms are compressed; if not, they have a checksum only.

    Raises
    ------
    OSError
        The disk has refused a part of it.
    """
    with contextlib.closing(DiskFile(path)) as target:
        try:
            _write(run, target, packed)
        except Exception:
            target.raise_failure()  # what HDF5 makes of a file that lacks a part tells nobody what is wrong
            raise
        target.raise_failure()


def _write(run: Run, target: DiskFile, packed: bool) -> None:
    with ThreadPoolExecutor(1, "digest") as beside, h5py.File(target, "w", track_order=True) as file:
        digest = beside.submit(record_data.run_digest, run)
        _root(file, run)
        entry = nx.group(file, "entry", "NXentry", default="data", simulated=run.header.simulated)
        write_facts(entry, run)
        write_process(entry, run.header.provenance)
        write_sample(entry, run.header)
        write_fixture(entry, run.header)
        steps = _steps(entry, run)
        _instruments(entry, run.header, steps)
        _protocol(entry, run.header)
        _log(entry, run)
        preview, written = write_waveforms(entry, run.waveforms, _condition_units(run.header), packed)
        _default_plot(entry, run, steps, preview)
        if run.results:
            write_extraction(entry, 1, run.results, run.header.provenance, run.end_time)
        file.attrs[DIGEST] = digest.result()
        file.attrs[TREE_DIGEST] = tree_digest(file, TREE_DIGEST, written)


def _root(file: Any, run: Run) -> None:
    file.attrs["NX_class"] = "NXroot"
    file.attrs["default"] = "entry"
    file.attrs["creator"] = CREATOR
    file.attrs["creator_version"] = str(run.header.provenance.get("version", ""))
    file.attrs["HDF5_Version"] = h5py.version.hdf5_version
    file.attrs["h5py_version"] = h5py.version.version
    file.attrs["file_time"] = run_id.timestamp()
    file.attrs["tsbench_schema"] = SCHEMA
    file.attrs["simulated"] = run.header.simulated
    if run.header.simulated:
        file.attrs["SIMULATED"] = simulated_in_words(run.header)


def _steps(entry: Any, run: Run) -> Any:
    steps = nx.group(entry, "steps", "NXcollection")
    index = nx.array(steps, DIMENSION, np.arange(len(run.points), dtype=np.int64), "")
    index.make_scale(DIMENSION)
    for position, column in enumerate(run.header.columns):
        values = np.ascontiguousarray(run.points[:, position])
        dataset = nx.array(steps, column_name(column), values, column.unit)
        dataset.attrs["long_name"] = f"{column.name} [{column.unit}]" if column.unit else column.name
        dataset.attrs["description"] = column.help
        if column.name == "time" and (zero := clock_zero(run.header)):
            dataset.attrs["start"] = zero
        dataset.dims[0].attach_scale(index)
    flags = nx.array(steps, "flags", run.point_flags.astype(np.uint32), "")
    describe_flags(flags)
    flags.dims[0].attach_scale(index)
    return steps


def column_name(column: Column) -> str:
    """Return the dataset name of a column; names that the table itself needs are taken."""
    name = safe_name(column.name)
    return f"{name}_column" if name in {DIMENSION, "flags"} else name


def _instruments(entry: Any, header: RunHeader, steps: Any) -> None:
    instrument = nx.group(entry, "instrument", "NXinstrument")
    environment = nx.group(instrument, "environment", "NXenvironment")
    controlled = [c for c in header.columns if c.name.startswith(_CONTROLLED)] or list(header.columns[:1])
    measured = [column for column in header.columns if column not in controlled]
    nx.text(environment, "independent_controllers", " ".join(column_name(column) for column in controlled))
    nx.text(environment, "measurement_sensors", " ".join(column_name(column) for column in measured))
    for column in header.columns:
        sensor = nx.group(environment, column_name(column), "NXsensor")
        nx.text(sensor, "name", column.help or column.name)
        # hard links: the same numbers, and their dimension where netCDF looks for it
        sensor["value"], sensor[DIMENSION] = steps[column_name(column)], steps[DIMENSION]
    for name, facts in header.instruments.items():
        group = nx.group(instrument, safe_name(name), "NXcollection")
        parts = [str(facts.get(key, "")) for key in ("manufacturer", "model", "serial", "firmware")]
        nx.text(group, "idn", ",".join(parts))
        nx.text(group, "address", str(facts.get("resource", "")))
        nx.text(group, "visa_library", str(facts.get("visa_library", "")))
        nx.text(group, "driver", str(facts.get("driver", "")), version=str(header.provenance.get("version", "")))
        nx.text(group, "firmware", parts[3])
        nx.texts(group, "roles", [str(role) for role in facts.get("roles") or ()])
        group.create_dataset("simulated", data=bool(facts.get("simulated", False)))
        made = nx.group(group, "fabrication", "NXfabrication")
        for key, value in zip(("vendor", "model", "serial_number"), parts, strict=False):
            nx.text(made, key, value)
        settings = facts.get("settings") or {}
        part = nx.group(group, "settings", "NXcollection")
        for key, value in settings.items():
            if not key.endswith("_unit"):
                nx.anything(part, key, value, str(settings.get(f"{key}_unit", "")))
        nx.anything(group, "accuracy", facts.get("accuracy"))


def _protocol(entry: Any, header: RunHeader) -> None:
    parameters = codec.to_json(header.parameters)
    group = nx.group(entry, "protocol", "NXparameters", json=parameters, sha256=codec.sha256(parameters))
    for name, item in header.parameters.items():
        given = item if isinstance(item, Mapping) and "value" in item else {"value": item, "unit": ""}
        nx.anything(group, name, given["value"], str(given.get("unit", "")))


def _log(entry: Any, run: Run) -> None:
    log = nx.group(entry, "log", "NXcollection")
    times = nx.array(log, "time", np.array([event.time for event in run.events], dtype=np.float64), "s")
    times.attrs["start"] = clock_zero(run.header) or run.header.start_time
    nx.texts(log, "kind", [event.kind for event in run.events])
    nx.texts(log, "message", [event.message for event in run.events])
    nx.texts(log, "data", [codec.to_json(event.data) for event in run.events], type="application/json")


def _default_plot(entry: Any, run: Run, steps: Any, preview: Any) -> None:
    columns = plot_columns(run.header.columns)
    if len(run.points) and (columns is not None or preview is None):
        signal, axis = columns or (run.header.columns[-1], run.header.columns[0])
        names = [column_name(signal), column_name(axis)]
        plot = nx.data_group(entry, "data", names[0], (names[1],))
        for name in dict.fromkeys((*names, DIMENSION)):  # hard links: the same numbers, and their dimension
            plot[name] = steps[name]
    else:
        # not called "signal": a validator takes the attribute of that name for the dataset
        name = safe_name(str(preview.attrs["channel"])) if preview is not None else "value"
        plot = nx.data_group(entry, "data", name, ("time",))
        if preview is not None:
            plot[name], plot["time"] = preview["signal"], preview["time"]
        else:
            nx.array(plot, name, np.zeros(0), "")
            nx.array(plot, "time", np.zeros(0), "s")
    nx.text(plot, "title", loud(run.header) + run.header.run_id)


def plot_columns(columns: Sequence[Column]) -> tuple[Column, Column] | None:
    """Return current and voltage, at the device where that is known; None where a run has no such columns."""
    currents = [column for column in columns if column.unit == "A" and "current" in column.name]
    voltages = {column.name: column for column in columns if column.unit == "V" and "voltage" in column.name}
    if not currents or not voltages:
        return None
    best = next((name for name in ("device_voltage", "voltage") if name in voltages), next(iter(voltages)))
    return currents[0], voltages[best]


def write_extraction(
    entry: Any, number: int, results: Sequence[Result], provenance: Mapping[str, Any], date: str
) -> None:
    """Write results as ``extraction_NNN``: one plottable group per quantity, rows numbered in their order.

    Parameters
    ----------
    entry : group of the run
    number : of the extraction
    results : in their order
    provenance : with the version of the program
    date : as text
    """
    quantities: dict[tuple[str, str], list[int]] = {}
    for row, result in enumerate(results):
        quantities.setdefault((result.quantity, result.unit), []).append(row)
    group = nx.group(entry, f"extraction_{number:03d}", "NXprocess")
    version = str(provenance.get("version", ""))
    nx.text(group, "program", PROGRAM, version=version, program_url=PROGRAM_URL)
    nx.text(group, "version", version)
    nx.text(group, "date", date)
    nx.number(group, "sequence_index", number, "")
    for position, ((quantity, unit), rows) in enumerate(quantities.items()):
        members = [results[row] for row in rows]
        name = f"results_{position:03d}_{safe_name(quantity)}"
        if position == 0:
            group.attrs["default"] = name
        part = nx.data_group(group, name, "value", ("row",), quantity)
        part.attrs["quantity"] = quantity
        scale = nx.array(part, "row", np.array(rows, dtype=np.int64), "")
        scale.make_scale("row")
        for key in ("value", "low", "high", *record_data.LATER_RESULT):
            numbers = [getattr(result, key) for result in members]
            later = key in record_data.LATER_RESULT
            if later and all(number is None for number in numbers):
                continue
            dataset = nx.array(
                part, key, np.array([np.nan if n is None else n for n in numbers], dtype=np.float64), unit
            )
            dataset.attrs["missing"] = ("NaN: not told apart" if later else
                                        "NaN: no value was extracted, see flags")
            dataset.dims[0].attach_scale(scale)
        flags = nx.array(part, "flags", np.array([int(result.flags) for result in members], dtype=np.uint32), "")
        describe_flags(flags)
        flags.dims[0].attach_scale(scale)
        words = nx.group(part, "words", "NXcollection")  # text beside NXdata's numbers
        nx.texts(words, "method", [result.method for result in members])
        nx.texts(
            words,
            "conditions",
            [codec.to_json(result.conditions) for result in members],
            type="application/json",
        )


def _condition_units(header: RunHeader) -> dict[str, str]:
    """Units of waveform conditions: those of the column or parameter of the same name, else of such results."""
    units = {name: unit for name, unit in CONDITION_UNITS.items() if name != "level"}  # of a waveform: a source's
    for name, item in header.parameters.items():
        if isinstance(item, Mapping):
            units[name] = str(item.get("unit") or "")
    units |= {column.name: column.unit for column in header.columns}
    return {**units, "time": "s"}
