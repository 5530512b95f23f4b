"""What a catalogue or a report holds of one run file, as plain data."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tsbench.errors import UnreadableFile
from tsbench.records import Result, Run
from tsbench.storage import codec, record_data
from tsbench.storage.nexus.summary import summary
from tsbench.storage.review import read_review
from tsbench.storage.run_settings import run_settings
from tsbench.storage.sidecar import file_sha256, read_sidecar

_HASHED = 2**30  #: [bytes] larger files get no SHA-256: a report is to be made in seconds


def catalogue_entry(path: Path, sidecar: Path | None) -> dict[str, Any]:
    """Return facts and results of a run file; only "problem", one line, where it cannot be read.

    The results are those of the newest extraction: of ``sidecar``, or, where that is None or cannot be read (then
    "problem" says so), those in the run file.
    """
    try:
        newest = _newest(path, sidecar)
    except UnreadableFile as error:
        return {"problem": str(error)}
    run, review = newest.run, read_review(path)
    header, provenance = run.header, run.header.provenance
    die = provenance.get("die") or (None, None)
    temperature = provenance.get("temperature")
    return {
        "problem": newest.problem or review.problem,
        "facts": [
            header.run_id, header.protocol, header.device.identifier, header.device.material, header.campaign_id,
            header.user, header.start_time, run.end_time, run.status, run.reason, int(header.simulated),
            float(temperature) if isinstance(temperature, int | float) else None, *(codec.plain(die[:2])),
            newest.version, newest.number, int(review.starred), review.rejected, "\n".join(review.notes),
        ],
        "settings": codec.to_json(run_settings(header)),
        "repeats": [str(one) for one in provenance.get("repeats") or ()],
        "results": [_row(result) for result in run.results],
    }


def report_entry(path: Path, sidecar: Path | None) -> dict[str, Any]:
    """Return a run without points, waveforms and events (``record_data.run_data``), and the SHA-256 of its file.

    Only "problem", one line, where it cannot be read. The results are those of the newest extraction.
    """
    try:
        newest = _newest(path, sidecar)
    except UnreadableFile as error:
        return {"problem": str(error)}
    review = read_review(path)
    return {"problem": newest.problem or review.problem, "run": record_data.run_data(newest.run),
            "extraction": newest.number, "sha256": _sha256(path), "rejected": review.rejected}


@dataclass(frozen=True)
class _Newest:
    run: Run  #: with the results of its newest extraction
    number: int  #: of this extraction
    version: str  #: of tsbench that made it
    problem: str = ""  #: what is wrong with the sidecar


def _newest(path: Path, sidecar: Path | None) -> _Newest:
    run = summary(path)
    first = _Newest(run, 1, str(run.header.provenance.get("version", "")))
    if sidecar is None:
        return first
    try:
        found, number = read_sidecar(sidecar), int(sidecar.stem.rpartition("-")[2])
    except (UnreadableFile, ValueError) as error:
        return replace(first, problem=str(error))
    return _Newest(replace(run, results=found.results), number, found.version)


def _sha256(path: Path) -> str:
    try:
        if path.stat().st_size > _HASHED:
            return ""
        return file_sha256(path)
    except OSError:
        return ""


def _row(result: Result) -> list[Any]:
    return [result.quantity, result.unit, result.value, result.low, result.high, result.method, int(result.flags),
            codec.to_json(result.conditions), result.random_uncertainty, result.systematic_uncertainty]
