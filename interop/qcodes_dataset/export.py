"""A run as datasets of QCoDeS in an SQLite database."""

import contextlib
import io
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from qcodes.dataset import Measurement, initialised_database_at, load_or_create_experiment
from qcodes.dataset.sqlite.connection import atomic
from qcodes.parameters import ParameterBase

from tsbench.errors import StorageError
from tsbench.interop.bluesky_documents.documents import absolute
from tsbench.records import Flag, Run, Waveform
from tsbench.storage import codec

_PIECE = 100_000  #: rows that are added at once
_MOST_SAMPLES = 20_000_000  #: of all records of a run: SQLite holds each dataset as blobs


class _Heard(logging.Handler):
    """Keeps the first error that QCoDeS logged: it goes on after a failed write, and prints a traceback."""

    first: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and self.first is None:
            self.first = record.exc_info[1]


_HEARD = _Heard()
logging.getLogger("qcodes").addHandler(_HEARD)


def export_to_qcodes(run: Run, database: Path, waveforms: bool = True) -> list[int]:
    """Write a run into a database of QCoDeS, as one dataset for each of its tables.

    Parameters
    ----------
    run : Run
    database : Path
        Made where it is missing; else the datasets are added. Its experiment has the name of the protocol, its sample
        that of the device.
    waveforms : bool
        Whether the samples of oscilloscopes are written.

    Returns
    -------
    list of int
        The run identifiers of QCoDeS: points, results, and each record of an oscilloscope. Each has the header of the
        run as metadata (``tsbench_header``), and the identifier of the run as ``tsbench_run``. A parameter has the name
        of its column. Where SQLite refuses this name (``index``, ``group``), an underscore follows it.

    Raises
    ------
    StorageError
        The records have more samples than SQLite should hold, or the database cannot be written. All datasets of the
        run are in the database, or none of them.
    """
    samples = sum(one.codes.size for one in run.waveforms) if waveforms else 0
    if samples > _MOST_SAMPLES:
        raise StorageError(
            f"{run.header.run_id}: the records have {samples:.2g} samples, and a database of QCoDeS should hold at "
            f"most {_MOST_SAMPLES:.2g} of one run. Leave the waveforms out, or export to netCDF")
    database.parent.mkdir(parents=True, exist_ok=True)
    _HEARD.first = None
    try:
        # QCoDeS prints a line for each dataset
        with contextlib.redirect_stdout(io.StringIO()), initialised_database_at(database):
            experiment = load_or_create_experiment(run.header.protocol, run.header.device.identifier)
            with atomic(experiment.conn):  # one transaction: an error undoes all datasets of the run
                return list(_written(run, experiment, waveforms))
    # QCoDeS raises the last two: after it undid a transaction, it misses the rows of its own dataset
    except (OSError, sqlite3.Error, StorageError, RuntimeError, AssertionError) as error:
        cause = _HEARD.first or error
        raise StorageError(
            f"{database}: the database cannot be written ({getattr(cause, 'strerror', None) or cause})") from error


def _written(run: Run, experiment: Any, waveforms: bool) -> Iterator[int]:
    header = run.header
    rows = [("row", "number of the reading", "")]
    names = _names([column.name for column in header.columns], ["row", "flags"])
    columns = [(name, column.help or column.name, column.unit)
               for name, column in zip(names, header.columns, strict=True)]
    columns.append(("flags", "flags of the reading, by bits", ""))
    bits = {flag.names()[0]: int(flag) for flag in Flag if flag}
    # as arrays: QCoDeS rounds single numbers to 15 digits
    with _dataset(run, experiment, "points", rows, columns, (), True, {"tsbench_flag_bits": codec.to_json(bits)}) as (
            add, made):
        values = np.column_stack((run.points, run.point_flags))
        for first in range(0, len(run.points), _PIECE):
            part = slice(first, first + _PIECE)
            add(("row", np.arange(len(run.points))[part]), *(
                (name, np.ascontiguousarray(values[part, place])) for place, (name, _, _) in enumerate(columns)))
    yield made[0]
    if run.results:
        yield _results(run, experiment)
    for number, one in enumerate(run.waveforms if waveforms else ()):
        yield _record(run, experiment, number, one)


def _results(run: Run, experiment: Any) -> int:
    texts = ("quantity", "unit", "flags", "conditions")
    numbers = [("value", "extracted value", ""), ("low", "lower end of its 95 % interval", ""),
               ("high", "upper end of its 95 % interval", "")]
    with _dataset(run, experiment, "results", [("row", "number of the result", "")], numbers, texts) as (add, made):
        for row, one in enumerate(run.results):
            values = ((name, np.nan if getattr(one, name) is None else getattr(one, name)) for name, _, _ in numbers)
            add(
                ("row", row), ("quantity", one.quantity), ("unit", one.unit), ("flags", " ".join(one.flags.names())),
                ("conditions", codec.to_json(one.conditions)), *values)
    return made[0]


def _record(run: Run, experiment: Any, number: int, one: Waveform) -> int:
    channel, = _names([one.channel], ["segment", "time_after_trigger"])
    axes = [("segment", "number of the segment", ""), ("time_after_trigger", "time after the trigger", "s")]
    with _dataset(run, experiment, f"waveform_{number:05d}", axes, [(channel, one.channel, one.unit)], (), True, {
            "tsbench_conditions": codec.to_json(one.conditions), "tsbench_flags": " ".join(one.flags.names()),
            "tsbench_first_trigger": float(absolute(run.header, np.array([one.time]))[0])}) as (add, made):
        times = one.times()
        for segment, values in enumerate(one.values()):
            add(
                ("segment", np.full(len(times), segment)), ("time_after_trigger", times), (channel, values))
    return made[0]


@contextlib.contextmanager
def _dataset(
    run: Run, experiment: Any, name: str, axes: list[tuple[str, str, str]], values: list[tuple[str, str, str]],
    texts: Any = (), arrays: bool = False, more: dict[str, Any] | None = None,
) -> Iterator[tuple[Callable[..., None], list[int]]]:
    """Open a dataset: the function adds rows; the identifier is in the list when it is closed.

    Parameters
    ----------
    axes, values : name, label and unit of each parameter
    texts : names of the parameters that hold text
    arrays : whether the rows are stored as blobs
    more : metadata beside those of the run
    """
    kind: Any = "array" if arrays else "numeric"
    measurement = Measurement(exp=experiment, name=name)
    for axis, label, unit in axes:
        measurement.register_custom_parameter(axis, label=label, unit=unit, paramtype=kind)
    names: list[str | ParameterBase] = [axis for axis, _, _ in axes]
    for value, label, unit in values:
        measurement.register_custom_parameter(value, label=label, unit=unit, setpoints=names, paramtype=kind)
    for text in texts:
        measurement.register_custom_parameter(text, setpoints=names, paramtype="text")
    made: list[int] = []
    with measurement.run(write_in_background=False) as saver:
        saver.dataset.add_metadata("tsbench_run", run.header.run_id)
        saver.dataset.add_metadata("tsbench_header", codec.to_json(run.header))
        saver.dataset.add_metadata("tsbench_status", f"{run.status}: {run.reason}" if run.reason else run.status)
        for key, value in (more or {}).items():
            saver.dataset.add_metadata(key, value)
        calls = 0

        def add(*values: tuple[str, Any]) -> None:
            nonlocal calls
            calls += 1
            saver.add_result(*values)

        yield add, made
        saver.flush_data_to_database(block=True)
        # each call adds a row for each parameter that is measured
        if saver.points_written != calls * (len(values) + len(texts)):
            raise StorageError(f"the rows of the dataset '{name}' were not stored")
        made.append(int(saver.run_id))


def _names(texts: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return different names that QCoDeS and SQLite take, as near to these texts as possible.

    QCoDeS takes letters, digits and underscores, not beginning with a digit. It puts the names into its SQL commands
    without quotes, so a word of SQL (``index``, ``order``) and the same word in other letters ("V" and "v") fail.
    """
    names: list[str] = []
    for text in texts:
        clean = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in text)
        name = clean if clean and not clean[0].isdigit() else f"_{clean}"
        while not _taken_by_sqlite(name, [*taken, *names]):
            name += "_"
        names.append(name)
    return names


def _taken_by_sqlite(name: str, others: Sequence[str]) -> bool:
    """Return whether SQLite writes and reads a column of this name beside others (it does not tell its words)."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        try:
            database.execute(f"CREATE TABLE one (id INTEGER PRIMARY KEY, {', '.join([*others, name])})")
            database.execute(f"INSERT INTO one ({name}) VALUES ('stored')")
            return bool(database.execute(f"SELECT {name} FROM one").fetchall() == [("stored",)])
        except sqlite3.Error:
            return False
