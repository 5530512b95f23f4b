"""Exports of a run for the programs of other authors: event documents, an archive file of NOMAD, datasets of QCoDeS."""

import json
import math
from pathlib import Path
from typing import Any, Literal, get_args

from tsbench.errors import ConfigurationError
from tsbench.interop.bluesky_documents.documents import documents
from tsbench.interop.nomad_archive.archive import archive_of
from tsbench.records import Run
from tsbench.storage import read_run
from tsbench.storage.exports.exported_files import ExportedFiles

DocumentFormat = Literal["bluesky", "nomad", "qcodes"]
DOCUMENT_FORMATS: tuple[DocumentFormat, ...] = get_args(DocumentFormat)
QCODES_FILE = "qcodes.db"


def export_documents(path: Path | str, form: DocumentFormat, out: Path | str, waveforms: bool = True) -> list[Path]:
    """Write a run file in one of these formats.

    Parameters
    ----------
    path : Path
        A run file.
    form : "bluesky", "nomad" or "qcodes"
        bluesky: event documents, one JSON line each, ``[name, document]``. nomad: the archive file for an upload that
        has the run file too. qcodes: datasets, added to the database ``qcodes.db``.
    out : Path
        Folder; made where it is missing.
    waveforms : bool
        Whether the samples of scope records are written.

    Returns
    -------
    list of Path

    Raises
    ------
    UnreadableFile
        No run file, or damaged.
    ConfigurationError
        A library is missing.
    StorageError
        The file cannot be written.
    """
    run, out = read_run(path), Path(out)
    if form == "qcodes":
        return _into_database(run, out / QCODES_FILE, waveforms)
    files = ExportedFiles(out, run)
    if form == "nomad":
        ending, text = "archive.json", json.dumps(_finite(archive_of(run, Path(path).name)), indent=1, allow_nan=False)
    else:
        ending, text = "documents.jsonl", _lines(run, waveforms)
    with files.all_or_none():
        files.write(ending, lambda target: target.write_text(f"{text}\n", "utf-8"))
    return files.paths


def _into_database(run: Run, database: Path, waveforms: bool) -> list[Path]:
    try:
        from tsbench.interop.qcodes_dataset.export import export_to_qcodes
    except ImportError as error:
        raise ConfigurationError(f"this format needs the library {error.name}. Install it with: pip install "
                                 "tsbench[qcodes]") from None
    export_to_qcodes(run, database, waveforms)
    return [database]


def _lines(run: Run, waveforms: bool) -> str:
    return "\n".join(json.dumps([name, _finite(one)], allow_nan=False) for name, one in documents(run, waveforms))


def _finite(value: Any) -> Any:
    """Return plain data with null for numbers that JSON does not have: a reading that is not there, and infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
