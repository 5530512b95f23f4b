"""Runs of pulses to results: delays, what fired, pairs, relaxation, pulses until a train fires."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.pulse.firing import Firing, PulseOutcome, outcome, probability_result
from tsbench.analysis.pulse.pulse import (
    Delay,
    PulseFacts,
    delay_result,
    mean_delay,
    switching_probability,
)
from tsbench.analysis.pulse.pulse_count import count_results, train_result
from tsbench.analysis.refractory.refractory import PairOutcome, Recovery, recovery, recovery_results
from tsbench.analysis.relaxation.relaxation import Relaxed, mean_result, median_result, relaxation_time, shot_result
from tsbench.extraction.facts import parameter, sense_capacitance, timebase_accuracy
from tsbench.extraction.options import ExtractionOptions
from tsbench.extraction.signals import DeviceRecord, device_records
from tsbench.records import Flag, Result, Run

#: a rise that is no slower than resistor x capacitance is late by less than that: limit of the share it falls short
_LAG = 0.3


#: a gap that is closing when the pulse ends lets some current pass without having closed: in trains a pulse fires whose
#: current reaches this share of the largest that any pulse reached
_FIRED_SHARE = 0.2


def pulse_facts(run: Run, record: DeviceRecord, options: ExtractionOptions) -> PulseFacts:
    """Return accuracy of the scope for one acquisition."""
    resistance = run.header.fixture.sensing.current_resistance or 0.0
    known = sense_capacitance(run.header.fixture)
    return PulseFacts(
        voltage_resolution=record.voltage_resolution,
        current_resolution=record.current_resolution,
        channel_skew=options.channel_skew,
        sense_delay=resistance * (known + options.sense_stray),
        sense_delay_limit=resistance * (_LAG * known + options.sense_stray_limit),
        timebase_accuracy=timebase_accuracy(run.header),
    )


def record_flags(record: DeviceRecord, segment: int) -> Flag:
    """Return the flags of one segment."""
    return record.flags | (Flag.CLIPPED if record.clipped[segment] else Flag.NONE)


# ------------------------------------------------------------------------------------------------ trains


def pulse_delays(run: Run, options: ExtractionOptions | None = None) -> Iterator[tuple[DeviceRecord, int, Delay]]:
    """Yield (record, segment, delay) of each recorded pulse; one that found the device still on did not fire.

    Whether it is still on shows only by the current at the base level: at a base of 0 V there is none, and what the
    scope shows there as a voltage is its own offset.
    """
    options = options or ExtractionOptions()
    rests_at_level = bool(parameter(run, "base", 0.0))
    for record in device_records(run):
        if record.voltage is None or record.current is None:
            continue
        facts = pulse_facts(run, record, options)
        rested = None
        for segment in range(record.voltage.shape[0]):
            found = outcome(
                record.times, record.voltage[segment], record.current[segment], facts, record_flags(record, segment),
                rested=rested)
            if rests_at_level:
                rested = rested or found.before
            delay = found.delay
            if found.firing is Firing.STILL_ON:
                delay = replace(delay, value=None, flags=delay.flags | Flag.NO_EVENT)
            yield record, segment, delay


def delays(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return each pulse's delay; mean, firing probability and, of several trains, pulses until it fires."""
    results: list[Result] = []
    groups: dict[tuple[tuple[str, float], ...], list[Delay]] = {}
    for record, _, delay in pulse_delays(run, options):
        mine = groups.setdefault(_key(record.conditions), [])
        results.append(delay_result(delay, {**record.conditions, "pulse": len(mine)}))
        mine.append(delay)
    joined: dict[tuple[tuple[str, float], ...], list[list[Delay]]] = {}
    for key, mine in groups.items():
        joined.setdefault(tuple(item for item in key if item[0] != "train"), []).append(mine)
    for key, trains in joined.items():
        pulses = [delay for train in trains for delay in train]
        results += [mean_delay(pulses, dict(key)), switching_probability(pulses, dict(key))]
        if len(trains) > 1:
            results += _counts(run, dict(key), options)
    return results + _unseen(run, {dict(key).get("amplitude") for key in joined})


def _unseen(run: Run, seen: Set[float | None]) -> list[Result]:
    """Return a row without a value for each amplitude of which the scope recorded no pulse at all."""
    names = {column.name for column in run.header.columns}
    if not {"amplitude", "width"} <= names:
        return []
    sent = sorted(set(zip(run.column("amplitude").tolist(), run.column("width").tolist(), strict=True)))
    return [
        replace(found, flags=found.flags | Flag.TRIGGER_MISSED)
        for amplitude, width in sent if amplitude not in seen
        for found in [mean_delay([], {"amplitude": amplitude, "pulse_width": width})]
    ]


def _key(conditions: Mapping[str, float], *without: str) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((name, value) for name, value in conditions.items() if name not in without))


def _counts(run: Run, conditions: dict[str, object], options: ExtractionOptions) -> list[Result]:
    """Return how many pulses each train of some conditions took to fire, and their distribution.

    A device that has fired and is still on may not trigger the scope: pulses missed after the first that fired do not
    matter. A train of which a pulse before that was missed is left out.
    """
    period, gaps = float(parameter(run, "period", 0.0)), np.asarray(parameter(run, "gaps", ()), dtype=np.float64)
    starts = np.concatenate([[0.0], np.cumsum(gaps + float(parameter(run, "width", 0.0)))])
    if gaps.size == 0:
        starts = period * np.arange(int(parameter(run, "count", 1)))
    whole = starts.size
    trains: dict[float, list[tuple[int, float]]] = {}
    for record, segment, delay in pulse_delays(run, options):
        if dict(_key(record.conditions, "train")) != conditions:
            continue
        mine = trains.setdefault(record.conditions["train"], [])
        before = mine[-1][0] + 1 if mine and segment == 0 else 0
        first = before if segment == 0 else mine[-segment][0]
        number = int(np.abs(starts - starts[first] - record.segment_times[segment]).argmin())
        reached = abs(delay.on_current - delay.off_current) if delay.value is not None else 0.0
        mine.append((number, reached))
    conditions = {**conditions, "period": period}
    least = _FIRED_SHARE * max((reached for pulses in trains.values() for _, reached in pulses), default=0.0)
    counts: list[int | None] = []
    each: list[Result] = []
    for train, pulses in sorted(trains.items()):
        place = next((k for k, (_, fired) in enumerate(pulses) if fired > max(least, 0.0)), None)
        known = len(pulses) == whole if place is None else pulses[place][0] == place
        if known:
            counts.append(None if place is None else place + 1)
            each.append(train_result(counts[-1], whole, {**conditions, "train": train}))
    return each + count_results(counts, whole, conditions) if counts else each


# ------------------------------------------------------------------------------------------------- pairs


@dataclass(frozen=True)
class Pair:
    """One pair of a run; None where that pulse was not recorded."""

    amplitude: float
    gap: float
    first: PulseOutcome | None
    second: PulseOutcome | None

    def counted(self) -> PairOutcome:
        """Return what the recovery counts; a pair of which one pulse was missed counts as missed."""
        both = self.first is not None and self.second is not None
        first, second = (None if found is None or not both else found.firing for found in (self.first, self.second))
        return PairOutcome(self.gap, first, second)


def pulse_pairs(run: Run, options: ExtractionOptions | None = None) -> list[Pair]:
    """Return the pairs of a run in order of time, those included of which the scope missed a pulse."""
    options = options or ExtractionOptions()
    seen: dict[int, dict[int, PulseOutcome]] = {}
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        mine = seen.setdefault(round(record.conditions["pair"]), {})
        number = round(record.conditions["pulse"])
        edge = 0.0 if number == 1 or record.times[0] < 0 else _second_edge(run, record)
        # without the gap that follows: what is before the edge must stay a fair part of it
        shown = slice(0, int(np.searchsorted(record.times, edge + 1.2 * float(run.column("width")[0]))))
        mine[number] = outcome(
            record.times[shown], record.voltage[0][shown], record.current[0][shown], pulse_facts(run, record, options),
            record_flags(record, 0), edge=edge, rested=mine[1].before if number == 2 and 1 in mine else None)
    pairs = []
    for number, amplitude, gap in zip(run.column("pair"), run.column("amplitude"), run.column("gap"), strict=True):
        mine = seen.get(round(number), {})
        pairs.append(Pair(float(amplitude), float(gap), mine.get(1), mine.get(2)))
    return pairs


def _second_edge(run: Run, record: DeviceRecord) -> float:
    """Return when the second pulse begins [s] on the time axis of a record that both pulses share."""
    return float(run.column("width")[0]) + record.conditions["gap"]


def recoveries(pairs: Sequence[Pair]) -> dict[float, Recovery]:
    """Return the recovery at each amplitude [V]."""
    amplitudes = sorted({pair.amplitude for pair in pairs})
    return {
        amplitude: recovery([pair.counted() for pair in pairs if pair.amplitude == amplitude])
        for amplitude in amplitudes
    }


def refractory(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return refractory period and firing probabilities at each amplitude, and the mean delay of first pulses."""
    pairs = pulse_pairs(run, options)
    results: list[Result] = []
    for amplitude, found in recoveries(pairs).items():
        conditions: dict[str, object] = {"amplitude": amplitude, "pulse_width": float(run.column("width")[0])}
        results += recovery_results(found, conditions)
        first = [
            pair.first.delay for pair in pairs
            if pair.amplitude == amplitude and pair.first is not None and pair.first.firing is not Firing.STILL_ON
        ]
        results.append(mean_delay(first, {**conditions, "of": "first pulses"}))
    return results


# -------------------------------------------------------------------------------------------- relaxation


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
        key = _key(record.conditions, "shot")
        groups.setdefault(key, []).append(found)
        results.append(shot_result(found, dict(record.conditions)))
    for key, shots in groups.items():
        fired = sum(shot.fired for shot in shots)
        results += [
            median_result(shots, dict(key)), mean_result(shots, dict(key)),
            probability_result("firing_probability", fired, len(shots), dict(key), "pulses"),
        ]
    return results
