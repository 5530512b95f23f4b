"""Pulsed I-V to numbers: voltage and current at each height, the resistance after it, and the threshold of the pulses.

The threshold of the pulses depends on their width: a device that needs 1 us to switch at 1.1 V does not switch in a
pulse of 500 ns. It is no threshold voltage of a sweep.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tsbench.analysis.pulse.at_once import MAY_HAVE_SWITCHED
from tsbench.analysis.pulse.firing import Firing, outcome, probability_result
from tsbench.analysis.signal import mute_of
from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty, t_quantile_95
from tsbench.analysis.threshold.switching_results import step_flags
from tsbench.protocols.extracting.facts import path_resistance
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse, unseen
from tsbench.protocols.pulsed_iv.parameters import PulsedIVParameters
from tsbench.protocols.pulses.cycle_states import CycleState, PulseStand, record_states
from tsbench.records import Flag, Result, Run

CERTAIN = 6  #: cycles at one height: if half of them fired on average, none of six fires with less than 2.5 %
_NOT_SHOWN = "no record shows a cycle at this height: it is saturated, of equal codes or of a few samples"
_VOLTAGE_GAIN = 0.02  #: relative limit of the gain of a voltage channel where the record does not say


@dataclass(frozen=True)
class WriteRead:
    """One cycle: its height, what it showed, whether the write pulse fired, and the highest voltage before that."""

    amplitude: float  #: [V]
    state: CycleState
    firing: Firing
    highest: float  #: [V] device voltage before it switched, or at the end of the pulse
    voltage_gain: float  #: relative limit
    current_gain: float
    flags: Flag
    told: bool = True  #: whether the record tells if it fired

    @property
    def shown(self) -> bool:
        """Whether the record shows how the device stood at the end of the pulse."""
        return math.isfinite(self.state.write.voltage)


def settings_of(run: Run) -> PulsedIVParameters:
    """Return the parameters that a run was made with."""
    given = {name: one["value"] for name, one in run.header.parameters.items()
             if name in PulsedIVParameters.model_fields}
    return PulsedIVParameters.model_validate(given)


def write_reads(run: Run, options: ExtractionOptions) -> list[WriteRead]:
    """Return every recorded cycle in order.

    Cycles of one height tell together whether a device that conducts from the edge on may have switched there.
    """
    settings = settings_of(run)
    found, seen = list[WriteRead](), list[SeenPulse]()
    for record in device_records(run):
        if record.voltage is None or record.current is None:
            continue
        for segment, state in enumerate(record_states(settings, record)):
            cycle, pulse = _write_read(run, record, segment, state, settings, options)
            found.append(cycle)
            seen.append(pulse)
    return [replace(one, firing=Firing.AT_ONCE, told=False) if is_open else one
            for one, is_open in zip(found, unseen(seen), strict=True)]


def _write_read(
    run: Run, record: DeviceRecord, segment: int, state: CycleState, settings: PulsedIVParameters,
    options: ExtractionOptions,
) -> tuple[WriteRead, SeenPulse]:
    assert record.voltage is not None and record.current is not None
    facts, flags = pulse_facts(run, record, options), record_flags(record, segment)
    until = record.times < settings.width + 0.5 * settings.gap
    part = record.times[until], record.voltage[segment][until], record.current[segment][until]
    seen, amplitude = outcome(*part, facts, flags), float(record.conditions["amplitude"])
    pulse = seen_pulse(amplitude, *part, facts, seen.delay,
                       path_resistance(run.header.fixture, "pulser", record.conditions), seen.firing is Firing.QUIET)
    highest = seen.delay.highest if seen.firing is Firing.FIRED else state.write.voltage
    return WriteRead(amplitude, state, seen.firing, float(highest),
                     math.sqrt(3.0) * record.voltage_gain or _VOLTAGE_GAIN, facts.current_gain, flags,
                     seen.delay.told and math.isfinite(highest)), pulse


def pulsed_iv(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return voltage, current, read resistance and firing probability at each height, and the threshold."""
    settings = settings_of(run)
    found = write_reads(run, options)
    results: list[Result] = []
    for amplitude in sorted({one.amplitude for one in found}, key=abs):
        mine = [one for one in found if one.amplitude == amplitude]
        conditions: dict[str, Any] = {"amplitude": amplitude, "pulse_width": settings.width}
        flags = Flag.NONE
        for one in mine:
            flags |= mute_of(one.flags)[1]
        shown = [one for one in mine if one.shown]
        writes = [one.state.write for one in shown]
        rows = [_mean("write_voltage", "V", [s.voltage for s in writes], [s.voltage_uncertainty for s in writes],
                      mine[0].voltage_gain, conditions, flags),
                _mean("write_current", "A", [s.current for s in writes], [s.current_uncertainty for s in writes],
                      mine[0].current_gain, conditions, flags)]
        results += _if_seen(rows, mine)
        gain = combined(mine[0].voltage_gain, mine[0].current_gain)
        results.append(_read([one.state.read for one in shown], gain, conditions, flags))
        fired = [one.firing is Firing.FIRED for one in mine]
        share = probability_result(
            "firing_probability", fired, len(mine), conditions, "pulses", [one.told for one in mine])
        results.append(replace(share, flags=share.flags | flags & Flag.TRIGGER_MISSED))   # those that fire, maybe
    return [*results, threshold_of_pulses(found, settings)]


def _mean(
    quantity: str, unit: str, values: Sequence[float], uncertainties: Sequence[float], gain: float,
    conditions: dict[str, Any], flags: Flag,
) -> Result:
    """Return a mean over cycles; its interval joins their scatter, or the uncertainty of one, and the gain.

    NO_EVENT, and no value, where no record shows a cycle.
    """
    if not values:
        return Result(quantity, unit, None, None, None, _NOT_SHOWN, conditions, flags | Flag.NO_EVENT)
    count, value = len(values), float(np.mean(values))
    systematic = standard_uncertainty(gain * value)
    if count > 1:
        random = t_quantile_95(count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
    else:
        random, flags = NORMAL_95 * uncertainties[0], flags | Flag.TOO_FEW
    half = combined(random, NORMAL_95 * float(np.mean(uncertainties)), NORMAL_95 * systematic)
    return Result(quantity, unit, value, value - half, value + half, f"mean of {count} cycles at the end of the write "
                  "pulse; scatter, noise and gain accuracy", conditions, flags)


def _if_seen(rows: Sequence[Result], cycles: Sequence[WriteRead]) -> list[Result]:
    """Return voltage and current of a height; AMBIGUOUS where both may be 0 and a record does not show its pulse."""
    hidden = sum(one.firing is Firing.UNSEEN for one in cycles)
    if not hidden or not all(row.low is not None and row.high is not None and row.low <= 0.0 <= row.high
                             for row in rows):
        return list(rows)
    said = f"; {hidden} of {len(cycles)} records show no pulse at the device"
    return [replace(row, flags=row.flags | Flag.AMBIGUOUS, method=row.method + said) for row in rows]


def _read(reads: Sequence[PulseStand], gain: float, conditions: dict[str, Any], flags: Flag) -> Result:
    """Return the resistance at the read pulse; only a lower bound where the conductance could be zero."""
    if not reads:
        return Result("resistance_after_pulse", "Ohm", None, None, None, _NOT_SHOWN, conditions, flags | Flag.NO_EVENT)
    value = float(np.mean([one.conductance for one in reads]))
    count = len(reads)
    scatter = float(np.std([one.conductance for one in reads], ddof=1)) / math.sqrt(count) if count > 1 else 0.0
    half = combined(t_quantile_95(count - 1) * scatter if count > 1 else 0.0,
                    NORMAL_95 * float(np.mean([one.uncertainty for one in reads])),
                    NORMAL_95 * standard_uncertainty(gain * value))
    method = f"mean conductance of {count} cycles at the end of the read pulse; scatter, noise and gain accuracy"
    low, high = value - half, value + half
    if not math.isfinite(high) or high <= 0:
        return Result("resistance_after_pulse", "Ohm", None, None, None, method, conditions, flags | Flag.IMPLAUSIBLE)
    if low <= 0:
        return Result("resistance_after_pulse", "Ohm", None, 1 / high, None, method, conditions, flags | Flag.CENSORED)
    return Result("resistance_after_pulse", "Ohm", 1 / value, 1 / high, 1 / low, method, conditions, flags)


def threshold_of_pulses(found: Sequence[WriteRead], settings: PulsedIVParameters) -> Result:
    """Return the device voltage at which pulses of this width begin to fire: a bracket between two heights.

    Below it none of the pulses fires, above it all do. Where some heights lie between the two, the device is
    stochastic there, and the bracket holds them all. Fewer than six cycles at the two heights: the flag TOO_FEW.

    AMBIGUOUS: it is not known of some pulses whether they fired, and the bracket holds both. One in which the device
    conducts from the edge on may have fired, or the device was on before; it is none that left the device off.
    """
    quantity, conditions = "pulse_threshold_voltage", {"pulse_width": settings.width}
    method = "between the highest pulses of which none fires and the lowest of which all fire"
    unknown = sum(not one.told for one in found)
    doubt = f"; whether {unknown} of {len(found)} pulses fired is not known" if unknown else ""
    doubt += MAY_HAVE_SWITCHED if any(not one.told and one.firing is not Firing.UNSEEN for one in found) else ""
    heights = sorted({abs(one.amplitude) for one in found})
    groups = [[one for one in found if abs(one.amplitude) == height] for height in heights]
    none_fires = [all(one.told and one.firing is not Firing.FIRED for one in group) for group in groups]
    fires = [[one for one in group if one.told and one.firing is Firing.FIRED] for group in groups]
    all_fire = [len(sure) == sum(one.firing not in (Firing.AT_ONCE, Firing.UNSEEN) for one in group)
                for group, sure in zip(groups, fires, strict=True)]
    quiet = next((k for k, quiet in enumerate(none_fires) if not quiet), len(groups)) - 1
    sure = len(groups) - next((k for k, every in enumerate(reversed(all_fire)) if not every), len(groups))
    sure = next((k for k in range(sure, len(groups)) if fires[k]), len(groups))
    below = max((abs(one.highest) for one in groups[quiet]), default=0.0) if quiet >= 0 else None
    above = min((abs(one.highest) for one in fires[sure]), default=0.0) if sure < len(groups) else None
    sign = -1.0 if found and found[0].amplitude < 0 else 1.0
    flags = Flag.AMBIGUOUS if unknown else Flag.NONE
    for one in found:
        flags |= one.flags & Flag.TRIGGER_MISSED
    if below is None or above is None:
        flags |= Flag.CENSORED if found and (below is not None or above is not None or not unknown) else Flag.NONE
        flags |= Flag.NO_EVENT if above is None and not unknown else Flag.NONE
        ends = [None if one is None else sign * one for one in (below, above)]
        low, high = ends if sign > 0 else ends[::-1]
        return Result(quantity, "V", None, low, high, method + doubt, conditions, flags)
    wide = NORMAL_95 * standard_uncertainty(max(one.voltage_gain for one in found) * above)
    flags |= Flag.TOO_FEW if min(len(groups[quiet]), len(fires[sure])) < CERTAIN else Flag.NONE
    if sure - quiet > 1:
        method += f"; of {sure - quiet - 1} heights between them, some pulses fire"
    low, high = min(below, above) - wide, max(below, above) + wide
    flags |= step_flags(abs(above - below), above)
    first, last = sorted((sign * low, sign * high))
    return Result(quantity, "V", sign * 0.5 * (below + above), first, last, method + doubt, conditions, flags)
