"""Relaxation to numbers: the time of each pulse, and median, mean and firing probability."""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tsbench.analysis.pulse.firing import probability_result
from tsbench.analysis.relaxation.relaxation import Relaxed, mean_result, median_result, relaxation_time, shot_result
from tsbench.analysis.trends.log_line import FEWEST_LEVELS, LogLine, log_line, slope_result
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import conditions_key, pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.records import Flag, Result, Run

Key = tuple[tuple[str, float], ...]  #: conditions of a group of pulses


def relaxations(run: Run, options: ExtractionOptions | None = None) -> Iterator[tuple[DeviceRecord, Relaxed]]:
    """Yield (record, relaxation) of each pulse of a relaxation run."""
    options = options or ExtractionOptions()
    level, fraction = parameter(run, "level"), float(parameter(run, "fraction", 0.5))
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        yield record, relaxation_time(
            record.times, record.voltage[0], record.current[0], record.conditions["pulse_width"],
            level=None if level is None else float(level), fraction=fraction,
            facts=pulse_facts(run, record, options), flags=record_flags(record, 0), start=0.0)


def relaxation(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return the relaxation time of each pulse, and median, mean and firing probability at each amplitude."""
    results: list[Result] = []
    groups: dict[tuple[tuple[str, float], ...], list[Relaxed]] = {}
    for record, found in relaxations(run, options):
        key = conditions_key(record.conditions, "shot")
        groups.setdefault(key, []).append(found)
        results.append(shot_result(found, dict(record.conditions)))
    for key, shots in groups.items():
        fired = [shot.fired for shot in shots]
        results += [
            median_result(shots, dict(key)), mean_result(shots, dict(key)),
            probability_result("firing_probability", fired, len(shots), dict(key), "pulses"),
        ]
    line, medians = current_line(groups)
    if len(medians) >= FEWEST_LEVELS:
        results.append(slope_result(
            "relaxation_slope", "", line, {"amplitudes": len(medians)}, "slope of the logarithm of the median "
            "relaxation time against the logarithm of the current right after the edge"))
    return results


def current_line(groups: Mapping[Key, Sequence[Relaxed]]) -> tuple[LogLine | None, list[tuple[float, Result]]]:
    """Return the line of the relaxation time over the current, and (current [A], median) at each amplitude.

    The current is that right after the falling edge, at the read level: it tells how much of a filament the pulse and
    the compliance of the circuit left.
    """
    found = []
    for key, shots in groups.items():
        currents = [abs(shot.initial - shot.zero) for shot in shots if shot.fired and math.isfinite(shot.initial)]
        if currents:
            found.append((float(np.median(currents)), median_result(shots, dict(key))))
    found.sort(key=lambda one: one[0])
    return log_line([math.log(max(current, 1e-300)) for current, _ in found], [median for _, median in found]), found
