"""What a catalogue holds of one run file, as plain data."""

from pathlib import Path
from typing import Any

from tsbench.errors import UnreadableFile
from tsbench.records import Result
from tsbench.storage import codec
from tsbench.storage.nexus.summary import summary
from tsbench.storage.sidecar import read_extraction


def catalogue_entry(path: Path, sidecar: Path | None) -> dict[str, Any]:
    """Return facts and results of a run file; only "problem", one line, where it cannot be read.

    The results are those of the newest extraction: of ``sidecar``, or, where that is None or cannot be read (then
    "problem" says so), those in the run file.
    """
    try:
        run = summary(path)
    except UnreadableFile as error:
        return {"problem": str(error)}
    results, problem, extraction = run.results, "", 1
    if sidecar is not None:
        try:
            results, extraction = read_extraction(sidecar), int(sidecar.stem.rpartition("-")[2])
        except (UnreadableFile, ValueError) as error:
            problem = str(error)
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
        "repeats": [str(one) for one in provenance.get("repeats") or ()],
        "results": [_row(result) for result in results],
    }


def _row(result: Result) -> list[Any]:
    return [result.quantity, result.unit, result.value, result.low, result.high, result.method, int(result.flags),
            codec.to_json(result.conditions), result.random_uncertainty, result.systematic_uncertainty]
