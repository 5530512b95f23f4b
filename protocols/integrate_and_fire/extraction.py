"""Trains to numbers: the number of the first pulse that fires, and its distribution over the trains of a kind."""

from dataclasses import replace

import numpy as np

from tsbench.analysis.contact.device_condition import Stand
from tsbench.analysis.pulse.at_once import alike
from tsbench.analysis.pulse.firing import probability_result
from tsbench.analysis.pulse.pulse_count import (
    AT_ONCE,
    BEYOND_RANGE,
    FIRED_SHARE,
    PARTLY_ON,
    PARTLY_SHARE,
    TrainCount,
    count_results,
    train_result,
)
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts
from tsbench.protocols.extracting.shown_train import Kind, ShownTrain, shown_train
from tsbench.protocols.extracting.signals import device_records
from tsbench.protocols.extracting.unseen_switching import unseen
from tsbench.records import Flag, Result, Run


def trains(run: Run, options: ExtractionOptions | None = None) -> list[ShownTrain]:
    """Return what the recorded trains of a run show; ``doubtful``: it is not known whether a pulse fired.

    Pulses of the same kind of train tell together whether a device that conducts from the edge on may have switched
    there. Where the level before a pulse was not read, and the device conducts in it without a rise, it may be on since
    the pulse before: both tell nothing, unless it conducted as much after a level that was read.
    """
    options = options or ExtractionOptions()
    shown = [shown_train(run, record, pulse_facts(run, record, options)) for record in device_records(run)
             if record.voltage is not None and record.current is not None and Flag.TRIGGER_MISSED not in record.flags]
    faster = unseen([pulse for one in shown for pulse in one.pulses])
    for one in shown:
        mine, faster = faster[: len(one.pulses)], faster[len(one.pulses) :]
        mine += [False] * (one.reached.size - len(mine))
        mine = [here or doubt for here, doubt in zip(mine, one.doubtful, strict=True)]
        rested = [pulse.edge for pulse, is_open in zip(one.pulses, mine, strict=False) if not is_open]
        doubted = {place for k, edge in one.unread.items() if not any(alike(edge, other) for other in rested)
                   for place in (k - 1, k) if one.reached[place] == 0.0}
        one.doubtful = [here or k in doubted for k, here in enumerate(mine)]
    return shown


def train_counts(run: Run, options: ExtractionOptions | None = None) -> dict[Kind, dict[int, TrainCount]]:
    """Return the count of each train, by kind and number of the train."""
    counts: dict[Kind, dict[int, TrainCount]] = {}
    for train, count in sorted(_counted(trains(run, options)), key=lambda one: (one[0].kind, one[0].number)):
        counts.setdefault(train.kind, {})[train.number] = count
    return counts


def _counted(every: list[ShownTrain]) -> list[tuple[ShownTrain, TrainCount]]:
    """Return each train with its count, beside all trains of its amplitude."""
    return [(train, _count(train, [one for one in every if one.kind[0] == train.kind[0]])) for train in every]


def _count(train: ShownTrain, others: list[ShownTrain]) -> TrainCount:
    """Return the count of a train, beside all trains of its amplitude."""
    hidden = any(any(one.beyond) for one in others)   # then the largest current is not known
    most = max(float(one.reached.max()) for one in others)
    doubtful, shown = np.array(train.doubtful), train.reached > 0.0
    clear = (train.fall >= FIRED_SHARE) | (not hidden and train.reached > FIRED_SHARE * most)
    on = np.array(train.left_on) | (shown & clear & ~doubtful)
    first = int(np.argmax(on)) if on.any() else on.size
    partly = (np.maximum(train.reached, train.grown) > PARTLY_SHARE * most) | np.array(train.partly)
    fired, open_ = first + 1 if on.any() else None, np.flatnonzero((doubtful | partly)[:first])
    if not open_.size:
        return TrainCount(fired)
    k = int(open_[0])
    return TrainCount(fired, k + 1, AT_ONCE if doubtful[k] else BEYOND_RANGE if hidden else PARTLY_ON)


def stands(run: Run) -> list[Stand]:
    """Return how the device stood in each train: in the first pulse that fired or may have fired, else in the first."""
    found = []
    for train, count in _counted(trains(run)):
        numbers = [number for number in (count.undecided, count.fired) if number is not None]
        if not train.pulses:
            continue
        first = min(numbers[0] - 1, len(train.pulses) - 1) if numbers else 0
        stand = train.pulses[first].stand
        if numbers and not stand.switched:   # the voltage or the next pulse shows it, or it is in doubt
            stand = replace(train.pulses[max(first - 1, 0)].stand, switched=True)
        found.append(stand)
    return found


def first_pulses(run: Run, options: ExtractionOptions | None = None) -> dict[Kind, dict[int, int | None]]:
    """Return the number of the first pulse that fired, from 1, by kind and train; None where none of a train did.

    Trains of which this is not known are left out.
    """
    return {kind: {number: one.fired for number, one in counts.items() if one.undecided is None}
            for kind, counts in train_counts(run, options).items()}


def integrate_and_fire(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return the count of each train; median, mean and share of the trains that fired, for each kind of train."""
    pulses, results = int(parameter(run, "count", 1)), []
    for kind, counts in train_counts(run, options).items():
        conditions: dict[str, object] = {"amplitude": kind[0], "pulse_width": kind[1], "period": kind[2]}
        results += [train_result(one, pulses, {**conditions, "train": number}) for number, one in counts.items()]
        values = list(counts.values())
        results += count_results(values, pulses, conditions)
        results.append(probability_result(
            "train_firing_probability", [one.fired is not None for one in values], len(values), conditions, "trains",
            [one.told for one in values]))
    return or_nothing(results, run, "pulses_to_fire_median", "")
