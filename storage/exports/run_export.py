"""Writes one run file in a format of other programs, whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from tsbench.errors import ConfigurationError, StorageError
from tsbench.records import Run
from tsbench.storage import codec, disk
from tsbench.storage.exports.delimited import write_csv
from tsbench.storage.exports.tables import tables
from tsbench.storage.nexus.stored_samples import open_run

Format = Literal["csv", "parquet", "netcdf", "matlab"]
FORMATS: tuple[Format, ...] = get_args(Format)
_PART = ".part"


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
        facts, made = _facts(run), _Made(out, run)
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


class _Made:
    """The files of one export: each is written under another name first, and all are renamed at the end."""

    def __init__(self, out: Path, run: Run) -> None:
        self._out = out
        self._stem = f"{run.header.run_id}{'.simulated' if run.header.simulated else ''}"
        self.paths: list[Path] = []

    @contextmanager
    def all_or_none(self) -> Iterator[None]:
        """Rename the files at the end; remove them where something failed before."""
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            yield
            for path in self.paths:
                disk.replace(path.with_name(path.name + _PART), path)
        except ImportError as error:
            raise ConfigurationError(f"this format needs the library {error.name}. Install it with: pip install "
                                     "tsbench[export]") from None
        except StorageError as error:
            raise StorageError(f"{self._stem}: {error}") from None
        except OSError as error:
            raise disk.storage_error(error, self.paths[-1] if self.paths else self._out, "the export",
                                     kept=False) from error
        finally:
            for path in self.paths:
                disk.remove(path.with_name(path.name + _PART), missing_ok=True)

    def write(self, ending: str, act: Callable[[Path], object]) -> None:
        """Let ``act`` write the file that will have this ending."""
        path = self._out / f"{self._stem}.{ending}"
        self.paths.append(path)
        act(path.with_name(path.name + _PART))


def _facts(run: Run) -> str:
    return codec.to_json({
        "header": codec.plain(run.header), "status": run.status, "reason": run.reason, "end_time": run.end_time,
        "simulated": run.header.simulated})
