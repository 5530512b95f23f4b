"""Relaxation to numbers: the time of each pulse, and median, mean and firing probability."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.pulse.firing import probability_result
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.analysis.relaxation.relaxation import Relaxed, relaxation_time
from tsbench.analysis.relaxation.results import mean_result, median_result, shot_result
from tsbench.analysis.trends.log_line import FEWEST_LEVELS, LogLine, log_line, slope_result
from tsbench.protocols.extracting.facts import parameter, path_resistance
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import conditions_key, pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse, unseen
from tsbench.records import Flag, Result, Run

_IN_PULSE = 0.95  #: of the width: until then, a record shows the pulse
Key = tuple[tuple[str, float], ...]  #: conditions of a group of pulses


def relaxations(run: Run, options: ExtractionOptions | None = None) -> Iterator[tuple[DeviceRecord, Relaxed]]:
    """Yield (record, relaxation) of each pulse of a relaxation run.

    One that shows no switching, but in which the device conducts from the edge on, may have switched faster than its
    record shows: it is AMBIGUOUS then, and not ``told``.
    """
    options = options or ExtractionOptions()
    shots, seen = list[Relaxed](), list[SeenPulse]()
    level, fraction = parameter(run, "level"), float(parameter(run, "fraction", 0.5))
    for record in _recorded(run):
        assert record.voltage is not None and record.current is not None
        facts, width = pulse_facts(run, record, options), record.conditions["pulse_width"]
        shot = relaxation_time(
            record.times, record.voltage[0], record.current[0], width,
            level=None if level is None else float(level), fraction=fraction,
            facts=facts, flags=record_flags(record, 0), start=0.0)
        shots.append(shot)
        until = slice(0, int(np.searchsorted(record.times, _IN_PULSE * width)))
        part = record.times[until], record.voltage[0][until], record.current[0][until]
        seen.append(seen_pulse(
            conditions_key(record.conditions, "shot"), *part, facts, switching_delay(*part, facts),
            path_resistance(run.header.fixture, "pulser", record.conditions), quiet=not shot.fired))
    for record, shot, is_open in zip(_recorded(run), shots, unseen(seen), strict=True):   # not all of them at once
        yield record, replace(shot, flags=shot.flags | Flag.AMBIGUOUS) if is_open else shot


def _recorded(run: Run) -> Iterator[DeviceRecord]:
    """Yield the records of the pulses that the scope did not miss."""
    for record in device_records(run):
        if record.voltage is not None and record.current is not None and Flag.TRIGGER_MISSED not in record.flags:
            yield record


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
            probability_result(
                "firing_probability", fired, len(shots), dict(key), "pulses", [shot.told for shot in shots]),
        ]
    line, medians = current_line(groups)
    if len(medians) >= FEWEST_LEVELS:
        results.append(slope_result(
            "relaxation_slope", "", line, {"amplitudes": len(medians)}, "slope of the logarithm of the median "
            "relaxation time against the logarithm of the current right after the edge"))
    return or_nothing(results, run, "relaxation_time_median", "s")


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
