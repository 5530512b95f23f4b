"""The archive file of a run: its schema and its data as NOMAD reads them (``RUN.archive.json``).

The data are a ``Measurement`` of NOMAD's base sections (``nomad.datamodel.metainfo.basesections``, NOMAD 1.3): name,
time, identifier, method, sample and instruments. The schema adds what these sections do not have: the parameters of the
protocol, the extracted values with their 95 % intervals and flags, and the run file, whose samples NOMAD shows as HDF5.
"""

import re
from collections.abc import Mapping
from typing import Any

from tsbench.records import Result, Run
from tsbench.storage import codec

_BASE = "nomad.datamodel.metainfo.basesections"
_DATA = "nomad.datamodel.data.EntryData"
RESULT, MEASUREMENT, PARAMETER = "ExtractedValue", "ThresholdSwitchingMeasurement", "ProtocolParameter"


def archive_of(run: Run, run_file: str) -> dict[str, Any]:
    """Return the content of the archive file of a run, ready for JSON.

    Parameters
    ----------
    run : Run
    run_file : str
        Name of the run file in the same upload.
    """
    header = run.header
    described = header.device
    return {"definitions": definitions(), "data": {
        "m_def": MEASUREMENT,
        "name": f"{header.protocol} on {described.identifier}", "datetime": header.start_time, "lab_id": header.run_id,
        "method": header.protocol, "description": run.reason, "status": run.status, "simulated": header.simulated,
        "user": header.user, "campaign": header.campaign_id, "run_file": run_file, "end_time": run.end_time or None,
        "tsbench_version": str(header.provenance.get("version", "")),
        "samples": [{"name": described.identifier, "lab_id": described.identifier}],
        "material": described.material, "stack": described.stack,
        "instruments": [
            {"name": f"{name}: {facts.get('manufacturer', '')} {facts.get('model', '')}".strip(),
             "lab_id": str(facts.get("serial", ""))} for name, facts in header.instruments.items()],
        "protocol_parameters": [_parameter(name, one) for name, one in header.parameters.items()],
        "extracted_values": [_result(one) for one in run.results],
    }}


def definitions() -> dict[str, Any]:
    """Return the schema of the data; values are in the SI unit that ``unit`` names."""
    return {"name": "tsbench", "sections": {
        RESULT: {"base_sections": [f"{_BASE}.MeasurementResult"], "quantities": _quantities({
            "value": ("np.float64", "extracted value in the unit of 'unit'; not there: no value"),
            "low": ("np.float64", "lower end of its 95 % interval; not there: not known"),
            "high": ("np.float64", "upper end of its 95 % interval; not there: not known"),
            "unit": ("str", "SI unit"), "extraction_method": ("str", "method of extraction"),
            "flags": ("str", "remarks of the extraction, separated by spaces"),
            "conditions": ("str", "conditions of the value, as JSON")})},
        PARAMETER: {"quantities": _quantities({
            "name": ("str", "parameter of the protocol"),
            "value": ("str", "its value as JSON, a number in its SI unit"),
            "unit": ("str", "SI unit")})},
        MEASUREMENT: {
            "base_sections": [f"{_BASE}.Measurement", _DATA],
            "quantities": _quantities({
                "status": ("str", "success, abort, fail or recovered"), "user": ("str", "who measured"),
                "simulated": ("bool", "whether the instruments were simulated"),
                "campaign": ("str", "series of runs to which this one belongs"),
                "material": ("str", "material of the device"), "stack": ("str", "layers of the device"),
                "tsbench_version": ("str", "version of the program"), "end_time": ("Datetime", "end of the run"),
                "run_file": ("str", "the run file (NeXus, HDF5) with all samples")}),
            "sub_sections": {
                "protocol_parameters": {"repeats": True, "section": PARAMETER},
                "extracted_values": {"repeats": True, "section": RESULT}}},
    }}


def _quantities(described: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    return {name: {"type": kind, "description": what} for name, (kind, what) in described.items()}


def _parameter(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "value": codec.to_json(one.get("value")), "unit": str(one.get("unit", ""))}


def _result(result: Result) -> dict[str, Any]:
    said = {"name": re.sub("_", " ", result.quantity), "value": result.value, "low": result.low, "high": result.high}
    return {
        **{name: value for name, value in said.items() if value is not None}, "unit": result.unit,
        "extraction_method": result.method, "flags": " ".join(result.flags.names()),
        "conditions": codec.to_json(result.conditions)}
