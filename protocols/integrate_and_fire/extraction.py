"""Trains to numbers: the number of the first pulse that fires, and its distribution over the trains of a kind."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.neuron.step_response import StepFacts, step_response
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, outcome, probability_result
from tsbench.analysis.pulse.pulse_count import count_results, train_result
from tsbench.protocols.extracting.departure import departure
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.records import Flag, FloatArray, Result, Run

#: a gap that is closing when the pulse ends lets some current pass without having closed: a pulse fires whose current
#: reaches this share of the largest that any pulse of its amplitude reached
FIRED_SHARE = 0.2
#: share of a pulse that is looked at before it and after it
_BEFORE, _AFTER = 0.3, 0.2
_GUARD = 0.02  #: share of a pulse that is left out before its end: there the voltage falls by itself
_AT_ONCE = 4  #: samples of the current that flows at the beginning of a pulse
_SETTLING = 1.5  #: edges that a pulse takes to reach its level, after half of it

Kind = tuple[float, float, float]  #: amplitude [V], width [s], period [s]


@dataclass(frozen=True)
class TrainRecord:
    """One recorded train: the current [A] that each pulse switched on, 0 where it switched nothing on."""

    kind: Kind
    number: int
    reached: FloatArray  #: shape (pulses,)


def trains(run: Run, options: ExtractionOptions | None = None) -> Iterator[TrainRecord]:
    """Yield the recorded trains of a run."""
    options = options or ExtractionOptions()
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        kind = (record.conditions["amplitude"], record.conditions["pulse_width"], record.conditions["period"])
        yield TrainRecord(kind, round(record.conditions["train"]), _reached(
            run, record, kind, pulse_facts(run, record, options)))


def _reached(run: Run, record: DeviceRecord, kind: Kind, facts: PulseFacts) -> FloatArray:
    """Return the current [A] that each pulse of a train switched on, up to the first one that did.

    Three observations show that a pulse fired: the current rises and stays (as in a train of single records); the
    voltage falls while the stimulus is constant (behind a load); or the next pulse finds the device still on. The last
    tells of a device that switches on just before its pulse ends.
    """
    assert record.voltage is not None
    assert record.current is not None
    _, width, period = kind
    rise, fall = (_SETTLING * float(parameter(run, name, 0.0)) for name in ("rise_time", "fall_time"))
    began, flags = departure(record.times, record.voltage[0], record.voltage_resolution), record_flags(record, 0)
    before = min(_BEFORE * width, 0.8 * (period - width))
    found, rested = np.zeros(int(parameter(run, "count", 1))), None
    for k in range(found.size):
        edge = began + k * period
        part = slice(*np.searchsorted(record.times, (edge - before, edge + (1.0 + _AFTER) * width)))
        time, voltage, current = record.times[part], record.voltage[0][part], record.current[0][part]
        seen = outcome(time, voltage, current, facts, flags, edge=edge, rested=rested)
        rested = rested or seen
        if seen.firing is Firing.STILL_ON and k and rested is not None:
            # what flows at once flowed before; a filament that was only about to close takes its time
            first, last = np.searchsorted(time, (edge + rise, edge + (1.0 - _GUARD) * width - fall))
            at_once, at_end = (abs(float(np.median(values)) - rested.before.current) for values in (
                current[first : first + _AT_ONCE], current[max(last - _AT_ONCE, first) : last]))
            found[k - 1 if at_once > FIRED_SHARE * at_end else k] = at_end
            break
        fell = step_response(time, voltage, current, edge + rise, edge + (1.0 - _GUARD) * width - fall,
                             StepFacts(facts.voltage_resolution, facts.current_resolution), flags)
        if seen.firing is Firing.FIRED and math.isfinite(seen.delay.on_current):
            found[k] = abs(seen.delay.on_current - seen.delay.off_current)
        if fell.fired:
            found[k] = max(found[k], fell.amplitude)
    return found


def first_pulses(run: Run, options: ExtractionOptions | None = None) -> dict[Kind, dict[int, int | None]]:
    """Return the number of the first pulse that fired, from 1, by kind and train; None where none of a train did."""
    every = list(trains(run, options))
    most: dict[float, float] = {}
    for train in every:
        most[train.kind[0]] = max(most.get(train.kind[0], 0.0), float(train.reached.max()))
    counts: dict[Kind, dict[int, int | None]] = {}
    for train in sorted(every, key=lambda one: (one.kind, one.number)):
        fired = np.flatnonzero(train.reached > max(FIRED_SHARE * most[train.kind[0]], 0.0))
        counts.setdefault(train.kind, {})[train.number] = int(fired[0]) + 1 if fired.size else None
    return counts


def integrate_and_fire(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return the count of each train; median, mean and share of the trains that fired, for each kind of train."""
    pulses, results = int(parameter(run, "count", 1)), []
    for kind, counts in first_pulses(run, options).items():
        conditions: dict[str, object] = {"amplitude": kind[0], "pulse_width": kind[1], "period": kind[2]}
        results += [train_result(count, pulses, {**conditions, "train": number}) for number, count in counts.items()]
        values = list(counts.values())
        results += count_results(values, pulses, conditions)
        fired = [count is not None for count in values]
        results.append(probability_result("train_firing_probability", fired, len(values), conditions, "trains"))
    return results
