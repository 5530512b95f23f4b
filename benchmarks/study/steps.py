"""The steps of a study: each measures something and puts its numbers beside the truth."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.study.benches import lay
from benchmarks.study.materials import Material
from tsbench.demo.truth import true_value
from tsbench.records import FloatArray, Result, Run
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness

FUNCTIONS = ("all_or_nothing", "threshold_driven", "refractory", "strength_modulated_frequency")  #: of a neuron


@dataclass(frozen=True)
class Row:
    """One number of the study.

    Parameters
    ----------
    step, quantity, conditions : what it is
    unit : SI
    value, low, high : as extracted; None: not known
    truth : of the very same events; None: the simulation does not give one
    """

    step: str
    quantity: str
    conditions: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    truth: float | None


@dataclass(frozen=True)
class Measured:
    """A run that was read back, and what the simulated bench saw during it."""

    path: Path
    run: Run
    witness: WitnessLog


def perform(
    material: Material, protocol: str, parameters: Mapping[str, Any], folder: Path, device: int = 1, seed: int = 1,
    oscillating: bool = False,
) -> Measured:
    """Measure one protocol on one device; a run that is in ``folder`` is read, not measured again.

    Raises
    ------
    TsbenchError
        The bench refuses the run.
    RuntimeError
        The run did not end well.
    """
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol
    from tsbench.storage import read_run

    run_file, seen = folder / f"{protocol}-D{device}.nxs", folder / f"{protocol}-D{device}.witness.jsonl"
    if not run_file.exists():
        place = folder / "bench"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        bench = lay(material, place, device, seed, oscillating)
        outcome = run_protocol(bench, f"D{device}", protocol_named(protocol).parse(dict(parameters)), place,
                               watchdog=False, durability="process")
        if outcome.status != "success" or outcome.path is None:
            raise RuntimeError(f"{material.name}, {protocol}, D{device}: {outcome.status}: {outcome.reason}")
        shutil.copy(place / "witness.jsonl", seen)
        shutil.copy(outcome.path, run_file)
    return Measured(run_file, read_run(run_file), read_witness(seen))


def switching(material: Material, folder: Path, devices: int, cycles: int) -> Iterator[Row]:
    """I-V sweeps of many cycles on many devices: means, and the spread of cycles and of devices."""
    from tsbench.extraction.group_statistics import ALL_DEVICES
    from tsbench.extraction.statistics import statistics

    found = [perform(material, "iv_sweep", {**material.sweep, "cycles": cycles}, folder, device, device)
             for device in range(1, devices + 1)]
    paths = [one.path for one in found]
    for quantity in ("threshold_voltage", "hold_voltage"):
        true = [_true_values(quantity, one) for one in found]
        truths = _components(true)
        for row in statistics(paths, quantity, by=("polarity",)).rows():
            if row["statistic"] in truths and row["device"] == ALL_DEVICES:
                yield Row("I-V sweeps", f"{quantity}, {row['statistic']}", f"{devices} devices, {cycles} cycles",
                          row["unit"], row["value"], row["low"], row["high"], truths[row["statistic"]])


def _true_values(quantity: str, one: Measured) -> FloatArray:
    values = [true_value(quantity, result, one.run, one.witness) for result in one.run.results
              if result.quantity == quantity and result.value is not None]
    return np.array([value for value in values if value is not None])


def _components(true: Sequence[FloatArray]) -> dict[str, float]:
    """Return mean, and the standard deviations between cycles and between devices, of true values."""
    means = np.array([one.mean() for one in true if one.size])
    within = float(np.sqrt(np.mean([one.var(ddof=1) for one in true if one.size > 1]))) if true else 0.0
    return {"mean": float(means.mean()), "standard_deviation_between_cycles": within,
            "standard_deviation_between_devices": float(means.std(ddof=1))}


def over_temperature(material: Material, folder: Path) -> Iterator[Row]:
    """Threshold against temperature."""
    one = perform(material, "temperature_series", {**material.sweep, "temperature": list(material.temperatures)},
                  folder)
    rows = [result for result in one.run.results if result.quantity == "threshold_voltage"]
    truths = [true_value("threshold_voltage", result, one.run, one.witness) for result in rows]
    for result, truth in zip(rows, truths, strict=True):
        yield _row("temperature", result, truth, ("temperature",), "K")
    known = [(float(result.conditions["temperature"]), truth) for result, truth in zip(rows, truths, strict=True)
             if truth is not None]
    for result in one.run.results:
        if result.quantity == "threshold_voltage_slope" and len(known) > 2:
            slope = float(np.polyfit(*np.array(known).T, 1)[0])
            yield _row("temperature", result, slope, (), "")
        elif result.quantity == "activation_energy":
            yield _row("temperature", result, None, (), "")


def delays(material: Material, folder: Path) -> Iterator[Row]:
    """Switching delay against amplitude."""
    one = perform(material, "pulse_train", material.delays, folder)
    for result in one.run.results:
        if result.quantity == "switching_delay_mean":
            truth = true_value("switching_delay", result, one.run, one.witness)
            yield _row("delay", result, truth, ("amplitude",), "V")


def recovery(material: Material, folder: Path) -> Iterator[Row]:
    """Relaxation after a pulse."""
    if material.recovery is None:
        return
    one = perform(material, "relaxation", material.recovery, folder)
    for result in one.run.results:
        if result.quantity == "relaxation_time_median":
            truth = true_value("relaxation_time", result, one.run, one.witness)
            yield _row("relaxation", result, truth, ("amplitude",), "V")


def refractory(material: Material, folder: Path) -> Iterator[Row]:
    """Firing of the second pulse of a pair over the gap. The true curve is not in the events of one run."""
    one = perform(material, "paired_pulse", material.pairs, folder)
    for result in one.run.results:
        if result.quantity in ("refractory_period", "second_firing_probability"):
            yield _row("refractory", result, None, ("gap",), "s")


def oscillation_map(material: Material, folder: Path) -> Iterator[Row]:
    """Frequency and energy per spike over bias and load."""
    one = perform(material, "oscillation_map", {**material.map, "load": list(material.loads)}, folder,
                  oscillating=True)
    for result in one.run.results:
        if result.quantity not in ("frequency", "spike_energy"):
            continue
        record = next(w for w in one.run.waveforms if all(
            w.conditions.get(key) == result.conditions.get(key) for key in ("bias", "load_resistance")))
        begin, length = record.time + record.t0, record.dt * record.codes.shape[1]
        span = one.witness.acquired(record.time, record.t0, length) or (begin, begin + length)
        if result.quantity == "frequency":
            truth = one.witness.frequency(*span)
        else:
            truth = _true_energy(one.witness, *span)
        yield _row("oscillation", result, truth, ("bias", "load_resistance"), "")


def neuron(material: Material, folder: Path) -> Iterator[Row]:
    """The verdicts on the four functions of a neuron."""
    one = perform(material, "neuron", material.neuron, folder, oscillating=True)
    for result in one.run.results:
        if result.quantity in FUNCTIONS:
            yield _row("neuron", result, None, (), "")


def _true_energy(witness: WitnessLog, begin: float, end: float) -> float | None:
    """Return the mean energy [J] that the device took from one switching on to the next."""
    on = witness.switching_on(begin, end)
    if len(on) < 2:
        return None
    taken = [event.energy for event in (*on[1:], *witness.switching_off(begin, end))]
    return float(sum(taken) / (len(on) - 1))


def _row(step: str, result: Result, truth: float | None, keys: Sequence[str], unit: str) -> Row:
    words = ", ".join(f"{key} {result.conditions[key]:.4g} {unit}".strip() for key in keys if key in result.conditions)
    return Row(step, result.quantity, words, result.unit, result.value, result.low, result.high, truth)


STEPS: dict[str, Callable[[Material, Path], Iterator[Row]]] = {
    "temperature": over_temperature, "delays": delays, "relaxation": recovery, "refractory": refractory,
    "oscillation": oscillation_map, "neuron": neuron,
}
