"""Trains to numbers: the number of the first pulse that fires, and its distribution over the trains of a kind."""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.neuron.step_response import StepFacts, step_response
from tsbench.analysis.pulse.at_once import AtOnce, alike, at_once
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.firing import Firing, outcome, probability_result
from tsbench.analysis.pulse.pulse_count import count_results, train_result
from tsbench.protocols.extracting.departure import departure
from tsbench.protocols.extracting.facts import parameter, path_resistance
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import conditions_key, pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse, unseen
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
    #: whether it is not known if a pulse fired: the device conducts from the edge on or like a diode, or the record
    #: does not show the pulse
    untold: tuple[bool, ...] = ()


@dataclass(frozen=True)
class TrainCount:
    """The first pulse of a train that is known to have fired, and the first before it of which it is not known."""

    fired: int | None  #: from 1; None: none is known to have fired
    untold: int | None = None  #: from 1; None: of all pulses before that, it is known that they did not fire

    @property
    def told(self) -> bool:
        """Whether it is known if the train fired."""
        return self.fired is not None or self.untold is None


@dataclass
class _Seen:
    """What the pulses of a train show, up to the first that finds the device on."""

    reached: FloatArray  #: [A] shape (pulses,)
    doubtful: list[bool]  #: whether a pulse looks like one of a diode, or its record does not show it
    pulses: list[SeenPulse]
    #: pulses in which the device conducts without a rise, after a level that was not read: it may be on since the one
    #: before
    unread: dict[int, AtOnce]


def trains(run: Run, options: ExtractionOptions | None = None) -> list[TrainRecord]:
    """Return the recorded trains of a run.

    Pulses of the same kind of train tell together whether a device that conducts from the edge on may have switched
    there. Where the level before a pulse was not read, and the device conducts in it without a rise, it may be on since
    the pulse before: both tell nothing, unless it conducted as much after a level that was read.
    """
    options = options or ExtractionOptions()
    records = [record for record in device_records(run) if record.voltage is not None and record.current is not None
               and Flag.TRIGGER_MISSED not in record.flags]
    kinds = [(record.conditions["amplitude"], record.conditions["pulse_width"], record.conditions["period"])
             for record in records]
    shown = [_seen(run, record, kind, pulse_facts(run, record, options))
             for record, kind in zip(records, kinds, strict=True)]
    faster, found = unseen([pulse for one in shown for pulse in one.pulses]), []
    for record, kind, one in zip(records, kinds, shown, strict=True):
        mine, faster = faster[: len(one.pulses)], faster[len(one.pulses) :]
        mine += [False] * (one.reached.size - len(mine))
        mine = [here or doubt for here, doubt in zip(mine, one.doubtful, strict=True)]
        rested = [pulse.edge for pulse, is_open in zip(one.pulses, mine, strict=False) if not is_open]
        doubted = {place for k, edge in one.unread.items() if not any(alike(edge, other) for other in rested)
                   for place in (k - 1, k) if one.reached[place] == 0.0}
        untold = tuple(here or k in doubted for k, here in enumerate(mine))
        found.append(TrainRecord(kind, round(record.conditions["train"]), one.reached, untold))
    return found


def _seen(run: Run, record: DeviceRecord, kind: Kind, facts: PulseFacts) -> _Seen:
    """Return the current [A] that each pulse of a train switched on, up to the first one that did, and what it shows.

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
    doubtful, pulses, unread = [False] * found.size, list[SeenPulse](), dict[int, AtOnce]()
    path = path_resistance(run.header.fixture, "pulser", record.conditions)
    for k in range(found.size):
        edge = began + k * period
        part = slice(*np.searchsorted(record.times, (edge - before, edge + (1.0 + _AFTER) * width)))
        time, voltage, current = record.times[part], record.voltage[0][part], record.current[0][part]
        seen = outcome(time, voltage, current, facts, flags, edge=edge, rested=rested)
        rested = rested or seen
        if seen.firing is Firing.STILL_ON and k and rested is not None:
            # what flows at once flowed before; a filament that was only about to close takes its time
            first, last = np.searchsorted(time, (edge + rise, edge + (1.0 - _GUARD) * width - fall))
            begun, at_end = (abs(float(np.median(values)) - rested.before.current) for values in (
                current[first : first + _AT_ONCE], current[max(last - _AT_ONCE, first) : last]))
            switched = k - 1 if begun > FIRED_SHARE * at_end else k
            found[switched], doubtful[switched] = at_end, False
            break
        fell = step_response(time, voltage, current, edge + rise, edge + (1.0 - _GUARD) * width - fall,
                             StepFacts(facts.voltage_resolution, facts.current_resolution), flags)
        rose = seen.delay.fired and seen.firing in (Firing.FIRED, Firing.UNDECIDED)   # a rise shows that it was off
        if rose and math.isfinite(seen.delay.on_current):
            found[k] = abs(seen.delay.on_current - seen.delay.off_current)
        if fell.fired:
            found[k] = max(found[k], fell.amplitude)
        unsure = seen.firing is Firing.UNSEEN or (rose and not seen.delay.told)
        doubtful[k] = unsure and not fell.fired
        if seen.firing is Firing.UNDECIDED and not fell.fired:
            edge_shown = at_once(time, voltage, current, facts, seen.delay, None, path)
            unread |= {} if edge_shown is None else {k: edge_shown}
        pulses.append(seen_pulse(conditions_key(record.conditions, "train"), time, voltage, current, facts, seen.delay,
                                 path, seen.firing is Firing.QUIET and not fell.fired))
    return _Seen(found, doubtful, pulses, unread)


def train_counts(run: Run, options: ExtractionOptions | None = None) -> dict[Kind, dict[int, TrainCount]]:
    """Return the count of each train, by kind and number of the train."""
    every = trains(run, options)
    most: dict[float, float] = {}
    for train in every:
        most[train.kind[0]] = max(most.get(train.kind[0], 0.0), float(train.reached.max()))
    counts: dict[Kind, dict[int, TrainCount]] = {}
    for train in sorted(every, key=lambda one: (one.kind, one.number)):
        reached, untold = train.reached > max(FIRED_SHARE * most[train.kind[0]], 0.0), np.array(train.untold)
        fired = np.flatnonzero(reached & ~untold)
        first = int(fired[0]) if fired.size else None
        open_ = np.flatnonzero(untold[:first])
        counts.setdefault(train.kind, {})[train.number] = TrainCount(
            None if first is None else first + 1, int(open_[0]) + 1 if open_.size else None)
    return counts


def first_pulses(run: Run, options: ExtractionOptions | None = None) -> dict[Kind, dict[int, int | None]]:
    """Return the number of the first pulse that fired, from 1, by kind and train; None where none of a train did.

    Trains of which this is not known are left out.
    """
    return {kind: {number: one.fired for number, one in counts.items() if one.untold is None}
            for kind, counts in train_counts(run, options).items()}


def integrate_and_fire(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return the count of each train; median, mean and share of the trains that fired, for each kind of train."""
    pulses, results = int(parameter(run, "count", 1)), []
    for kind, counts in train_counts(run, options).items():
        conditions: dict[str, object] = {"amplitude": kind[0], "pulse_width": kind[1], "period": kind[2]}
        results += [train_result(one.fired, pulses, {**conditions, "train": number}, one.untold)
                    for number, one in counts.items()]
        values = list(counts.values())
        results += count_results([one.fired for one in values], pulses, conditions, [one.untold for one in values])
        results.append(probability_result(
            "train_firing_probability", [one.fired is not None for one in values], len(values), conditions, "trains",
            [one.told for one in values]))
    return or_nothing(results, run, "pulses_to_fire_median", "")
