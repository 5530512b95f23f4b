"""Oscillation to numbers: frequency, jitter and energy at each bias, and the curve of the frequency over the biases."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.contact.device_condition import Stand, steady_stand
from tsbench.analysis.energy.spike_energy import energy_result, spike_energies
from tsbench.analysis.oscillation.frequency import (
    MeasuredOscillation,
    frequency_result,
    oscillation,
    sensitivity,
)
from tsbench.analysis.oscillation.frequency_curve import FrequencyCurve, curve_results
from tsbench.analysis.oscillation.line_width import train_results
from tsbench.analysis.oscillation.noise_with_memory import is_told_apart
from tsbench.analysis.oscillation.samples import SampleSource, averaged
from tsbench.analysis.oscillation.spikes import Spikes, spikes_of_samples
from tsbench.analysis.signal import mute_of
from tsbench.protocols.extracting.facts import level_gain, timebase_accuracy
from tsbench.protocols.extracting.long_records import DeviceSamples, first_part, is_long
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.power_records import power_facts
from tsbench.protocols.extracting.pulse_records import conditions_key, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, acquisitions, device_record
from tsbench.records import Flag, FloatArray, Result, Run
from tsbench.samples import TELLS_NOTHING

_CYCLES = 3  #: fewer spikes are no oscillation
#: spikes in the first part of a long record from which on this part is tested for noise with memory: their heights and
#: intervals tell more than those of fewer
_ENOUGH_SPIKES = 20
#: samples to which the whole record is averaged, where its first part has fewer spikes: 8 MB, and fine enough for
#: spikes of a millionth of the record
_AVERAGED = 2**20
_FEWEST_BIASES = 4  #: fewer are single measurements and no curve


def oscillation_records(run: Run) -> Iterator[tuple[DeviceRecord, Spikes, MeasuredOscillation]]:
    """Yield (record, spikes, oscillation) of each bias; by the device voltage, else by the current.

    The noise of a scope that samples faster than its bandwidth is smooth from sample to sample, and its excursions look
    like spikes. A record that such noise can make has no oscillation (NO_EVENT, AMBIGUOUS).
    """
    timebase, fixture = timebase_accuracy(run.header), run.header.fixture
    for group in acquisitions(run):
        long = is_long(group)   # its spikes are those of all samples, and the record is its first part
        record = first_part(group, fixture) if long else device_record(group, fixture)
        found = measured_oscillation(record, timebase, DeviceSamples(group, fixture) if long else None)
        if found is not None:
            yield record, *found


def measured_oscillation(
    record: DeviceRecord, timebase: float, samples: SampleSource | None = None,
) -> tuple[Spikes, MeasuredOscillation] | None:
    """Return spikes and oscillation of one record; None where it has neither voltage nor current.

    Parameters
    ----------
    record : of one acquisition
    timebase : relative limit of the scope's time base
    samples : all samples, where the record is only the first part of them
    """
    values, resolution = record.voltage, record.voltage_resolution
    if values is None:
        values, resolution = record.current, record.current_resolution
    if values is None:
        return None
    mute, flags = mute_of(record_flags(record, 0))
    first, last, count = record.times[0], record.times[-1], record.times.size
    dt = float(last - first) / max(count - 1, 1)   # a scope samples evenly: its times need no look
    spikes = spikes_of_samples(values[0] if samples is None else samples, dt, float(first), resolution, flags)
    found = oscillation(spikes, timebase)
    times, shown, inside = record.times, values[0], within(spikes, float(last))
    if samples is not None and found.frequency is not None and inside.times.size < _ENOUGH_SPIKES:
        shown, block = averaged(samples, _AVERAGED)
        times, inside = first + dt * (block * np.arange(shown.size) + 0.5 * (block - 1)), spikes
    if found.frequency is not None and not is_told_apart(times, shown, inside, resolution):
        doubt = spikes.flags | Flag.NO_EVENT | Flag.AMBIGUOUS
        spikes = replace(spikes, times=spikes.times[:0], levels=spikes.levels[:0], flags=doubt)
        found = oscillation(spikes, timebase)
    if found.frequency is None and mute:
        found = replace(found, flags=found.flags | TELLS_NOTHING)
    return spikes, found


def tells(record: DeviceRecord, found: MeasuredOscillation) -> bool:
    """Return whether a record tells if the device oscillates: a saturated or a very short one without spikes does not.

    One of equal codes does: it may be a constant voltage that a coarse code does not resolve.
    """
    return found.frequency is not None or not any(why & ~TELLS_NOTHING for why in record.mute)


def within(spikes: Spikes, end: float) -> Spikes:
    """Return the spikes up to a time [s]: those in the first part of a long record.

    Parameters
    ----------
    spikes : of the whole record
    end : [s] on the time axis of the spikes
    """
    count = int(np.searchsorted(spikes.times, end, side="right"))
    return spikes if count == spikes.times.size else replace(
        spikes, times=spikes.times[:count], levels=spikes.levels[:count])


def frequencies(run: Run) -> list[Result]:
    """Return the frequency at each bias, and the jitter where the device oscillates."""
    return [row for record, spikes, found in oscillation_records(run)
            for row in _rates(record, spikes, found)]


def _rates(record: DeviceRecord, spikes: Spikes, found: MeasuredOscillation) -> list[Result]:
    seen = sensitivity(spikes, "A" if record.voltage is None else "V")
    rows = [frequency_result(found, record.conditions, seen)]
    return rows if found.frequency is None else [*rows, *train_results(found, spikes.uncertainty, record.conditions)]


def oscillation_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return frequency, jitter and energy per spike at each bias, and the curve of the frequency over the biases."""
    rates, energies, told = list[Result](), list[Result](), list[Result]()
    for record, spikes, found in oscillation_records(run):
        mine = _rates(record, spikes, found)
        rates += mine
        told += mine if tells(record, found) else []
        if found.frequency is not None and record.voltage is not None and record.current is not None:
            _, flags = mute_of(record_flags(record, 0))
            energies.append(energy_result(spike_energies(
                record.times, record.voltage[0], record.current[0], within(spikes, float(record.times[-1])),
                power_facts(run, record, options), flags),
                record.conditions))
    highest = max((abs(float(one.conditions.get("bias", 0.0))) for one in told), default=0.0)
    return or_nothing([*rates, *energies, *curves(told, level_gain(run.header, "bias", highest))], run, "frequency",
                      "Hz")


def curves(results: Sequence[Result], gain: float = 0.0) -> list[Result]:
    """Return onset, end, peak and slope of the frequency over the biases, for each set of other conditions and sign.

    Parameters
    ----------
    results : of an oscillation run
    gain : relative limit of the error of the biases, which changes a slope
    """
    groups: dict[tuple[tuple[str, float], ...], list[Result]] = {}
    for result in results:
        if result.quantity == "frequency" and "bias" in result.conditions:
            groups.setdefault(conditions_key(result.conditions, "bias"), []).append(result)
    found: list[Result] = []
    for key, group in groups.items():
        biases, mine = frequency_curve(group)
        for sign in (1.0, -1.0):
            chosen = np.flatnonzero(sign * biases > 0)
            if chosen.size >= _FEWEST_BIASES:
                curve = FrequencyCurve.of(biases[chosen].tolist(), [mine[k] for k in chosen])
                found += curve_results(curve, "V", dict(key), sign, gain)
    return found


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
