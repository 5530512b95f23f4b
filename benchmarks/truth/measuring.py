"""One record of the list: lay the bench, run the protocol, put each extracted number beside the truth."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs.cells import GENERATOR, SCOPE, SOURCE_METER, Cell, Model, Part, lay, models
from benchmarks.truth.knowable import knowable, may_oscillate
from benchmarks.truth.long_run import refractory_period
from benchmarks.truth.records import TruthRecord
from benchmarks.truth.relaxed import read_voltage, relaxation_time
from benchmarks.truth.scoring import is_unflagged
from benchmarks.truth.spoiling import spoilt
from benchmarks.truth.store import code
from tsbench.records import Result, Run

_DESKEWED = {"pulse_train"}  #: protocols whose quantity is a time between two channels
_DATE = "2026-11-29"  #: of the check, in the bench file
_STEPS = 200_000_000  #: of the circuit for one message: a bench at which a user waits has fewer
_WITHOUT_NOISE = "without noise"  #: folder of the quiet runs
#: protocol -> name of the truth -> quantity of the result
QUANTITIES = {
    "iv_sweep": {"threshold_voltage": "threshold_voltage", "hold_voltage": "hold_voltage"},
    "pulse_train": {"switching_delay": "switching_delay_mean"},
    "oscillation": {"frequency": "frequency"},
    "relaxation": {"relaxation_time": "relaxation_time_median"},
    "paired_pulse": {"switching_delay": "switching_delay_mean", "refractory_period": "refractory_period"},
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


def run_record(record: TruthRecord, folder: Path, imperfections: bool = True) -> dict[str, Any]:
    """Perform one record; its run file and its witness are kept in ``folder`` (:func:`kept`).

    Returns what :func:`measure` returns, without rows: why there is no run, or nothing of the kind.
    """
    from tsbench.errors import LimitError, TsbenchError
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol

    found: dict[str, Any] = {"number": record.number, "rows": [], "refused": "", "failed": ""}
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        bench = lay(cell_of(record), out, record.seed, imperfections)
        _complete_world(out / "cell.world.toml", record)
        try:
            if record.protocol in _DESKEWED and imperfections:
                check_fixture(bench, out / "cell.world.toml", record)
            protocol = protocol_named(record.protocol).parse(dict(record.parameters))
            outcome = run_protocol(bench, "D1", protocol, out, watchdog=False, durability="process", extract=False)
        except LimitError as error:
            return {**found, "refused": str(error)}
        except TsbenchError as error:
            return {**found, "failed": str(error)}
        if outcome.path is None or outcome.status != "success":
            return {**found, "failed": f"{outcome.status}: {outcome.reason}"}
        run_file, witness_file = kept(record, folder)
        shutil.copy(out / "witness.jsonl", witness_file)
        shutil.copy(outcome.path, run_file)
    return found


def check_fixture(bench: Path, world: Path, record: TruthRecord) -> None:
    """Measure skew and sense capacitance as ``tsbench check --fixture`` does, and write them into the bench file.

    The standards are a short of 10 mOhm and a resistor of four times the sense resistor.
    """
    from tsbench.station.fixture_check import measure_fixture, with_measured
    from tsbench.station.fixture_check.values import CHANNEL_SKEW, SENSE_CAPACITANCE

    text, known = bench.read_text("utf-8"), 4.0 * record.shunt
    bench.write_text(text + '[devices.SHORT]\nstandard = "short"\n[devices.KNOWN]\nstandard = "resistor"\n'
                     f'resistance = "{known:g} Ohm"\n', "utf-8")
    true = world.read_text("utf-8")
    world.write_text(true + "".join(
        f'[devices.{name}]\nmodel = "resistor"\nparameters = {{ r = {ohms:g} }}\n'
        for name, ohms in (("SHORT", 0.01), ("KNOWN", known))), "utf-8")
    values = [one for one in measure_fixture(bench) if one.quantity in {CHANNEL_SKEW, SENSE_CAPACITANCE}]
    bench.write_text(with_measured(text, values, _DATE), "utf-8")
    world.write_text(true, "utf-8")
    (world.parent / "witness.jsonl").unlink(missing_ok=True)   # that of the check


def _complete_world(world: Path, record: TruthRecord) -> None:
    """Let long records compute to their end, and put a capacitance of the leads across the sense resistor.

    The bench file does not know of the leads. The extraction counts on 20 ± 15 pF with the 14 pF of a scope's input
    (docs/extraction.md), so it is drawn evenly up to 21 pF.
    """
    leads = np.random.default_rng(record.seed).uniform(0.0, 21.0)
    text = world.read_text("utf-8").replace("R_shunt low 0", f"C_leads low 0 {leads:.3g}p\nR_shunt low 0")
    world.write_text(f"steps_per_message = {_STEPS}\n{text}", "utf-8")


def kept(record: TruthRecord, folder: Path) -> tuple[Path, Path]:
    """Return where the run file and the witness of a record are kept."""
    return folder / f"{record.number}.nxs", folder / f"{record.number}.witness.jsonl"


def measure(
    record: TruthRecord, runs: Path | None = None, quiet: bool = False, perform: bool = True
) -> dict[str, Any]:
    """Perform one record, or take its run from ``runs``; returns its rows, or why there is none.

    A row has the quantity, its conditions, value, interval, flags and method, what is true, ``widest``: the width of a
    bracket of set-points with four standard uncertainties (of a sweep), and ``bootstrap``: that of a mean over ten or
    more pulses. By the witness, it has ``silent``: how many pulses of a mean delay did not fire, and ``of_pulses``: the
    median of the relaxations that the run measured. With ``quiet`` the run is
    performed once more without noise, and ``knowable`` says what it can tell; without ``perform`` only a quiet run that
    is there is asked.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = runs or Path(temporary)
        if not kept(record, folder)[0].exists():
            found = run_record(record, folder)
            if found["refused"] or found["failed"]:
                return found
        rows = _rows(record, folder)
        clean = kept(record, folder / _WITHOUT_NOISE)[0]
        if quiet and not record.cannot_be_known and (perform or clean.exists()):
            _ask_quiet_run(record, folder, rows)
        return {"number": record.number, "rows": rows, "refused": "", "failed": ""}


def attempt(record: TruthRecord, runs: Path | None, asked: Container[int], perform: bool) -> dict[str, Any]:
    """Return what :func:`measure` does, or what failed, and the code; records in ``asked`` have a quiet run."""
    try:
        found = measure(record, runs, record.number in asked, perform)
    except Exception as error:   # noqa: BLE001  one record that fails is a finding, and the others go on
        found = {"number": record.number, "rows": [], "refused": "", "failed": f"{type(error).__name__}: {error}"}
    return {**found, "code": code()}


def _ask_quiet_run(record: TruthRecord, folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Add to each row whether the quantity is knowable, and whether the device may oscillate, by the quiet run."""
    from tsbench.storage import read_run

    clean = folder / _WITHOUT_NOISE
    if not kept(record, clean)[0].exists():
        problem = run_record(record, clean, imperfections=False)
        if problem["refused"] or problem["failed"]:
            return
    without, noisy = (read_run(kept(record, place)[0]) for place in (clean, folder))
    for row in rows:
        row["knowable"] = knowable(row, without, noisy)
        row["may_oscillate"] = may_oscillate(row, without, noisy)


def _rows(record: TruthRecord, folder: Path) -> list[dict[str, Any]]:
    from tsbench.demo.truth import true_delays, true_value
    from tsbench.extraction.runs import extract
    from tsbench.simulated_backends.witness.log import read_witness
    from tsbench.storage import read_run

    run_file, witness_file = kept(record, folder)
    run, witness = read_run(run_file), read_witness(witness_file)
    if record.cannot_be_known in {"clipped", "coarse"}:
        length = record.parameters["width"] if "width" in record.parameters else 1 / (witness.frequency() or 1.0)
        run = spoilt(run, record.cannot_be_known, length)
    run = replace(run, results=extract(run))
    rows = [
        {"quantity": name, "conditions": dict(result.conditions), "value": result.value, "low": result.low,
         "high": result.high, "flags": str(int(result.flags)), "method": result.method,
         "deskewed": run.header.fixture.sensing.skew is not None,
         "random": result.random_uncertainty, "bootstrap": _bootstrap(result, run), "widest": _widest(result, run),
         "true": None if name == "refractory_period" else true_value(name, result, run, witness),
         "silent": None if name != "switching_delay" else int(np.count_nonzero(
             run.column("amplitude") == result.conditions["amplitude"])) - len(true_delays(result, run, witness))}
        for name, quantity in QUANTITIES[record.protocol].items() for result in run.results
        if result.quantity == quantity]
    for row in rows:   # many pulses are simulated only for a number that counts
        if row["quantity"] == "refractory_period" and is_unflagged(row):
            row["true"] = _long_run(record, folder)
        if row["quantity"] == "relaxation_time":
            row["of_pulses"], base = row["true"], read_voltage(record, witness)
            row["true"] = relaxation_time(record, base) if is_unflagged(row) and base is not None else None
    return rows


def _bootstrap(result: Result, run: Run) -> float | None:
    """Return the width of the 95 % bootstrap interval of a mean or median of ten or more pulses, in its unit."""
    statistic = {"switching_delay_mean": np.mean, "relaxation_time_median": np.median}.get(result.quantity)
    single = result.quantity.rpartition("_")[0]
    values = np.array([one.value for one in run.results if one.quantity == single and one.value is not None
                       and one.conditions.get("amplitude") == result.conditions.get("amplitude")])
    if statistic is None or values.size < 10:
        return None
    drawn = np.random.default_rng(1).choice(values, (1000, values.size))
    low, high = np.quantile(statistic(drawn, axis=1), (0.025, 0.975))
    return float(high - low)


def _long_run(record: TruthRecord, folder: Path) -> float | None:
    """Return the true refractory period [s] of a record; what was simulated for its circuit is kept beside its run."""
    settings = record.parameters
    circuit = (record.model, record.device_seed, record.netlist, *(settings[name] for name in ("amplitude", "width")))
    file = folder / f"refractory.{hashlib.sha256(repr(circuit).encode()).hexdigest()[:12]}.json"
    if not file.exists():
        file.write_text(json.dumps(refractory_period(record)), "utf-8")
    period = json.loads(file.read_text("utf-8"))
    return None if period is None else float(period)


def _widest(result: Result, run: Run) -> float | None:
    """Return one step of a sweep and four standard uncertainties of its readings there [V]; None: no sweep."""
    from tsbench.protocols.extracting.facts import sweep_facts
    from tsbench.protocols.extracting.options import ExtractionOptions

    if run.header.protocol != "iv_sweep" or result.value is None:
        return None
    steps = np.abs(np.diff(run.column("set_point")))
    near = int(np.argmin(np.abs(run.column("voltage") - result.value)))
    doubt = sweep_facts(run, ExtractionOptions()).voltage_uncertainty(result.value, float(run.column("current")[near]))
    return float(np.median(steps[steps > 0])) + 4.0 * doubt
