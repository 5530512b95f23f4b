"""Oscillation to numbers: frequency and jitter at each bias."""

from collections.abc import Iterator, Sequence

import numpy as np

from tsbench.analysis.contact.device_condition import Stand, steady_stand
from tsbench.analysis.oscillation.frequency import MeasuredOscillation, frequency_result, jitter_result, oscillation
from tsbench.analysis.oscillation.spikes import Spikes, spike_times
from tsbench.protocols.extracting.facts import timebase_accuracy
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.records import Flag, FloatArray, Result, Run

_CYCLES = 3  #: fewer spikes are no oscillation


def oscillation_records(run: Run) -> Iterator[tuple[DeviceRecord, Spikes, MeasuredOscillation]]:
    """Yield (record, spikes, oscillation) of each bias; by the device voltage, else by the current."""
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


def frequencies(run: Run) -> list[Result]:
    """Return the frequency at each bias, and the jitter where the device oscillates."""
    results = []
    for record, _, found in oscillation_records(run):
        results.append(frequency_result(found, record.conditions))
        if found.frequency is not None:
            results.append(jitter_result(found, record.conditions))
    return results


def frequency_curve(results: Sequence[Result]) -> tuple[FloatArray, list[Result]]:
    """Return (biases [V], frequency results) of an oscillation run in order of bias."""
    mine = sorted(
        (result for result in results if result.quantity == "frequency" and "bias" in result.conditions),
        key=lambda result: float(result.conditions["bias"]),
    )
    return np.array([float(result.conditions["bias"]) for result in mine]), mine


def stands(run: Run) -> Iterator[Stand]:
    """Yield how the device stood at each bias."""
    for record, spikes, _ in oscillation_records(run):
        if record.voltage is not None and record.current is not None:
            yield steady_stand(
                record.voltage[0], record.current[0], record.current_resolution, spikes.times.size >= _CYCLES)
