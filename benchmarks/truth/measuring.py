"""One record of the list: lay the bench, run the protocol, put each extracted number beside the truth."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.pairs.cells import GENERATOR, SCOPE, SOURCE_METER, Cell, Model, Part, lay, models
from benchmarks.truth.records import TruthRecord
from benchmarks.truth.spoiling import spoilt

#: protocol -> name of the truth -> quantity of the result
QUANTITIES = {
    "iv_sweep": {"threshold_voltage": "threshold_voltage", "hold_voltage": "hold_voltage"},
    "pulse_train": {"switching_delay": "switching_delay_mean"},
    "oscillation": {"frequency": "frequency"},
    "relaxation": {"relaxation_time": "relaxation_time_median"},
    "paired_pulse": {"switching_delay": "switching_delay_mean"},
}


def _model(name: str) -> Model:
    return next(model for kind in (SOURCE_METER, GENERATOR, SCOPE) for family in models(kind) for model in family
                if model.name == name)


def cell_of(record: TruthRecord) -> Cell:
    """Return the cell of a record, as the benchmark of the pairs has it."""
    from tsbench.simulated_backends.devices.catalogue import catalogue, device_model

    drawn = [f"seed = {record.device_seed}"] if catalogue()[record.model].variability else []
    if record.device_parameters:
        usual = device_model(record.model, {})
        scaled = ", ".join(f"{name} = {factor * getattr(usual, name):.6g}"
                           for name, factor in record.device_parameters.items())
        drawn.append(f"parameters = {{ {scaled} }}")
    volts, amperes = record.limits
    part = Part(record.model, record.protocol, (), record.parameters, record.netlist, f"{record.shunt:g}",
                {"max_voltage": f"{volts:g} V", "max_current": f"{amperes:g} A"}, QUANTITIES[record.protocol],
                tuple(drawn))
    return Cell(part, _model(record.source), _model(record.scope) if record.scope else None)


def measure(record: TruthRecord, imperfections: bool = True) -> dict[str, Any]:
    """Run one record; returns its rows, or why there is none.

    A row has the quantity, its conditions, value, interval, flags and method, and what is true.
    """
    from tsbench.demo.truth import true_value
    from tsbench.errors import LimitError, TsbenchError
    from tsbench.extraction.runs import extract
    from tsbench.protocols import protocol_named
    from tsbench.simulated_backends.witness.log import read_witness
    from tsbench.station.runner import run_protocol
    from tsbench.storage import read_run

    found: dict[str, Any] = {"number": record.number, "rows": [], "refused": "", "failed": ""}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        bench = lay(cell_of(record), out, record.seed, imperfections)
        try:
            protocol = protocol_named(record.protocol).parse(dict(record.parameters))
            outcome = run_protocol(bench, "D1", protocol, out)
        except LimitError as error:
            return {**found, "refused": str(error)}
        except TsbenchError as error:
            return {**found, "failed": str(error)}
        if outcome.path is None:
            return {**found, "failed": f"{outcome.status}: {outcome.reason}"}
        run, witness = read_run(outcome.path), read_witness(out / "witness.jsonl")
        if record.cannot_be_known in {"clipped", "coarse"}:
            length = record.parameters["width"] if "width" in record.parameters else 1 / (witness.frequency() or 1.0)
            run = spoilt(run, record.cannot_be_known, length)
            run = replace(run, results=extract(run))
        for name, quantity in QUANTITIES[record.protocol].items():
            for result in run.results:
                if result.quantity == quantity:
                    found["rows"].append({
                        "quantity": name, "conditions": dict(result.conditions), "value": result.value,
                        "low": result.low, "high": result.high, "flags": str(result.flags), "method": result.method,
                        "true": true_value(name, result, run, witness)})
    return found
