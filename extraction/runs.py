"""A run to its results, by the analyses that suit what the protocol recorded."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from tsbench.analysis.oscillation.frequency import MeasuredOscillation, frequency_result, jitter_result, oscillation
from tsbench.analysis.oscillation.spikes import Spikes, spike_times
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.threshold import Switching, switching
from tsbench.extraction.contacts import contact_of, with_contact
from tsbench.extraction.facts import parameter, sweep_facts, timebase_accuracy
from tsbench.extraction.options import ExtractionOptions
from tsbench.extraction.oscillation_onset import oscillation_onset
from tsbench.extraction.pulses import delays, refractory, relaxation
from tsbench.extraction.signals import DeviceRecord, device_records
from tsbench.records import Flag, FloatArray, Result, Run

#: name of a protocol -> the analyses of its data (names in ``ANALYSES``)
_BY_PROTOCOL: Mapping[str, tuple[str, ...]] = {
    "iv_sweep": ("threshold",),
    "pulse_train": ("switching_delay",),
    "oscillation": ("oscillation",),
    "paired_pulse": ("refractory",),
    "relaxation": ("relaxation",),
}


def extract(run: Run, options: ExtractionOptions | None = None) -> tuple[Result, ...]:
    """Extract the numbers of a run.

    Parameters
    ----------
    run : as read back; an aborted or recovered one too, as far as it goes
    options : choices of the extraction

    Returns
    -------
    tuple of Result
        Each with its 95 % interval, method, conditions and flags. A run in which nothing happened gives
        results without a value and the flag NO_EVENT; a protocol without an extractor gives none.
    """
    options = options or ExtractionOptions()
    found: list[Result] = []
    for name in _BY_PROTOCOL.get(run.header.protocol, ()):
        found += ANALYSES[name](run, options)
    return with_contact(tuple(found), contact_of(run))


# ------------------------------------------------------------------------------------------------ sweeps


def sweep_points(run: Run) -> IVPoints:
    """Return the readings of a sweep, the drop along the wires taken off the voltage."""
    names = {column.name for column in run.header.columns}
    resistance = run.header.fixture.path_resistance.get("drive", 0.0)
    voltage = (
        run.column("device_voltage")
        if "device_voltage" in names
        else (run.column("voltage") - resistance * run.column("current"))
    )
    return IVPoints(
        voltage=voltage,
        current=run.column("current"),
        level=run.column("set_point"),
        flags=run.point_flags,
        cycle=run.column("cycle").astype(np.int64),
        polarity=run.column("polarity").astype(np.int64),
    )


def sweep_switching(run: Run, options: ExtractionOptions | None = None) -> tuple[Switching, ...]:
    """Return threshold and hold of each half-cycle of a sweep, with what a figure needs."""
    options = options or ExtractionOptions()
    if len(run.points) == 0:
        return ()
    facts = sweep_facts(run, options)
    if parameter(run, "drive", "voltage") == "current":
        return snapback(sweep_points(run), facts)
    return switching(sweep_points(run), facts, options.rule)


def _thresholds(run: Run, options: ExtractionOptions) -> list[Result]:
    found = [result for event in sweep_switching(run, options) for result in event.results()]
    return found + oscillation_onset(run)


# ------------------------------------------------------------------------------------------ oscillations


def oscillation_records(
    run: Run,
    options: ExtractionOptions | None = None,
) -> Iterator[tuple[DeviceRecord, Spikes, MeasuredOscillation]]:
    """Yield (record, spikes, oscillation) of each bias; by the device voltage, else by the current."""
    del options
    timebase = timebase_accuracy(run.header)
    for record in device_records(run):
        values, resolution = record.voltage, record.voltage_resolution
        if values is None:
            values, resolution = record.current, record.current_resolution
        if values is None:
            continue
        flags = record.flags | (Flag.CLIPPED if any(record.clipped) else Flag.NONE)
        spikes = spike_times(record.times, values[0], resolution, flags)
        found = oscillation(spikes, timebase)
        yield record, spikes, found


def _frequencies(run: Run, options: ExtractionOptions) -> list[Result]:
    results = []
    for record, _, found in oscillation_records(run, options):
        results.append(frequency_result(found, record.conditions))
        if found.frequency is not None:
            results.append(jitter_result(found, record.conditions))
    return results


#: analyses by name
ANALYSES: Mapping[str, Callable[[Run, ExtractionOptions], list[Result]]] = {
    "threshold": _thresholds,
    "switching_delay": delays,
    "oscillation": _frequencies,
    "refractory": refractory,
    "relaxation": relaxation,
}


def frequency_curve(results: tuple[Result, ...]) -> tuple[FloatArray, list[Result]]:
    """Return (biases [V], frequency results) of an oscillation run in order of bias."""
    mine = sorted(
        (result for result in results if result.quantity == "frequency" and "bias" in result.conditions),
        key=lambda result: float(result.conditions["bias"]),
    )
    return np.array([float(result.conditions["bias"]) for result in mine]), mine
