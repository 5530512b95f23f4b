"""What a catalogue or a report holds of one run file, as plain data."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tsbench.errors import UnreadableFile
from tsbench.records import Result, Run
from tsbench.storage import codec, record_data
from tsbench.storage.nexus.summary import summary
from tsbench.storage.run_settings import run_settings
from tsbench.storage.sidecar import file_sha256, read_extraction

_HASHED = 2**30  #: [bytes] larger files get no SHA-256: a report is to be made in seconds


def catalogue_entry(path: Path, sidecar: Path | None) -> dict[str, Any]:
    """Return facts and results of a run file; only "problem", one line, where it cannot be read.

    The results are those of the newest extraction: of ``sidecar``, or, where that is None or cannot be read (then
    "problem" says so), those in the run file.
    """
    try:
        run, extraction, problem = _newest(path, sidecar)
    except UnreadableFile as error:
        return {"problem": str(error)}
    header, provenance = run.header, run.header.provenance
    die = provenance.get("die") or (None, None)
    temperature = provenance.get("temperature")
    return {
        "problem": problem,
        "facts": [
            header.run_id, header.protocol, header.device.identifier, header.device.material, header.campaign_id,
            header.user, header.start_time, run.end_time, run.status, run.reason, int(header.simulated),
            float(temperature) if isinstance(temperature, int | float) else None, *(codec.plain(die[:2])),
            str(provenance.get("version", "")), extraction,
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
        run, extraction, problem = _newest(path, sidecar)
    except UnreadableFile as error:
        return {"problem": str(error)}
    return {"problem": problem, "run": record_data.run_data(run), "extraction": extraction, "sha256": _sha256(path)}


def _newest(path: Path, sidecar: Path | None) -> tuple[Run, int, str]:
    """Return a run with its newest results, the number of their extraction, and what is wrong with the sidecar."""
    run = summary(path)
    if sidecar is None:
        return run, 1, ""
    try:
        return replace(run, results=read_extraction(sidecar)), int(sidecar.stem.rpartition("-")[2]), ""
    except (UnreadableFile, ValueError) as error:
        return run, 1, str(error)


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
