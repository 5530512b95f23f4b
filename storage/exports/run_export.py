"""Writes one run file in a format of other programs, whole or not at all."""

from functools import partial
from pathlib import Path
from typing import Literal, get_args

from tsbench.errors import ConfigurationError
from tsbench.records import Run
from tsbench.storage import codec
from tsbench.storage.exports.delimited import write_csv
from tsbench.storage.exports.exported_files import ExportedFiles
from tsbench.storage.exports.tables import tables
from tsbench.storage.nexus.stored_samples import open_run

Format = Literal["csv", "parquet", "netcdf", "matlab"]
FORMATS: tuple[Format, ...] = get_args(Format)


def export_run(path: Path | str, form: Format, out: Path | str, waveforms: bool = True) -> list[Path]:
    """Write a run file in another format.

    Parameters
    ----------
    path : Path
        A run file. The memory that is needed does not grow with it, except for one record of a MATLAB file.
    form : "csv", "parquet", "netcdf" or "matlab"
        csv and parquet: one file for each table (points, results, events, acquisitions, samples), and the facts about
        the run as JSON beside them. netcdf and matlab: one file.
    out : Path
        Folder; made where it is missing. Files of the same names are replaced.
    waveforms : bool
        Whether the samples of scope records are written.

    Returns
    -------
    list of Path
        Their names begin with the run's identifier; those of simulated data go on with ".simulated".

    Raises
    ------
    UnreadableFile
        No run file, or damaged.
    ConfigurationError
        A library is missing.
    StorageError
        The files cannot be written, or one does not fit in the format; what was begun is removed.
    """
    out = Path(out)
    if form not in FORMATS:
        raise ConfigurationError(f"unknown format '{form}'. Give one of {', '.join(FORMATS)}")
    with open_run(path) as (run, stored):
        samples = stored if waveforms else []
        facts, made = _facts(run), ExportedFiles(out, run)
        with made.all_or_none():
            if form in ("csv", "parquet"):
                made.write("facts.json", lambda target: target.write_text(f"{facts}\n", encoding="utf-8"))
                for table in tables(run, samples):
                    if form == "csv":
                        made.write(f"{table.name}.csv", partial(write_csv, table))
                    else:
                        from tsbench.storage.exports.parquet import write_parquet  # noqa: PLC0415  a large library

                        made.write(f"{table.name}.parquet", partial(write_parquet, table, facts=facts))
            elif form == "netcdf":
                from tsbench.storage.exports.netcdf import write_netcdf  # noqa: PLC0415  a library of its own

                made.write("nc", lambda target: write_netcdf(run, samples, target, facts))
            else:
                from tsbench.storage.exports.matlab import write_matlab  # noqa: PLC0415  a large library

                made.write("mat", lambda target: write_matlab(run, samples, target, facts))
    return made.paths


def _facts(run: Run) -> str:
    return codec.to_json({
        "header": codec.plain(run.header), "status": run.status, "reason": run.reason, "end_time": run.end_time,
        "simulated": run.header.simulated})
