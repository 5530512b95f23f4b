"""A pulse train to numbers: the delay of each pulse, how often it fires, and pulses until a train fires."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from tsbench.analysis.contact.device_condition import conducting, like_resistors, pulse_stand
from tsbench.analysis.pulse.delay_results import (
    Delay,
    delay_result,
    instant_of_most,
    mean_delay,
    switching_probability,
)
from tsbench.analysis.pulse.firing import Firing, PulseOutcome, counted, outcome
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
from tsbench.analysis.trends.log_line import FEWEST_LEVELS, delay_line, slope_result
from tsbench.protocols.extracting.facts import parameter, path_resistance
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import conditions_key, pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.extracting.unseen_switching import seen_pulse, unseen
from tsbench.protocols.paired_pulse.extraction import pulse_began
from tsbench.records import Flag, Result, Run


def pulse_delays(run: Run, options: ExtractionOptions | None = None) -> Iterator[tuple[DeviceRecord, int, Delay]]:
    """Yield (record, segment, delay) of each recorded pulse; one that found the device still on did not fire.

    Only the current at the base level shows that it is still on. At a base of 0 V no current flows, and a voltage that
    the scope shows there is its own offset.

    The instant that counts is the same in all pulses of the same conditions (:func:`.instant_of_most`).
    """
    return ((one.record, one.segment, one.delay) for one in _judged(run, options or ExtractionOptions()))


@dataclass(frozen=True)
class _Pulse:
    """One recorded pulse, and what judges it once more."""

    record: DeviceRecord
    segment: int
    judge: Callable[..., PulseOutcome]
    firing: Firing
    delay: Delay


def _judged(run: Run, options: ExtractionOptions) -> Iterator[_Pulse]:
    """Yield each recorded pulse with the instant that counts in most pulses of its conditions."""
    pulses = _judged_alone(run, options)
    for _, group in groupby(pulses, key=lambda one: conditions_key(one.record.conditions, "train")):
        alone = list(group)
        by_level = instant_of_most([one.delay for one in alone])
        for one in alone:
            other = one.delay.fired and by_level is not None and one.delay.by_level != by_level
            yield replace(one, delay=one.judge(by_level=by_level).delay) if other else one


def _judged_alone(run: Run, options: ExtractionOptions) -> Iterator[_Pulse]:
    """Yield each recorded pulse with the instant that its record alone shows."""
    rests_at_level, rise = bool(parameter(run, "base", 0.0)), float(parameter(run, "rise_time", 0.0))
    for record in device_records(run):
        if record.voltage is None or record.current is None:
            continue
        facts = pulse_facts(run, record, options)
        rested = None
        # the scope triggers on the edge, where the level before it is over
        edge = pulse_began(record, rise) if rests_at_level else 0.0
        for segment, (voltage, current) in enumerate(zip(record.voltage, record.current, strict=True)):
            judge = partial(outcome, record.times, voltage, current, facts, record_flags(record, segment), edge=edge)
            found = judge(rested=rested)
            if rests_at_level:
                rested = rested or found
            yield _Pulse(record, segment, judge, found.firing, counted(found.firing, found.delay))


def delays(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return each pulse's delay; mean, firing probability and, of several trains, pulses until it fires."""
    results: list[Result] = []
    groups: dict[tuple[tuple[str, float], ...], list[Delay]] = {}
    missed = _amplitudes_missed(run)
    found = _doubted(run, options)
    for record, _, delay in found:
        mine = groups.setdefault(conditions_key(record.conditions), [])
        results.append(delay_result(delay, {**record.conditions, "pulse": len(mine)}))
        mine.append(delay)
    joined: dict[tuple[tuple[str, float], ...], list[list[Delay]]] = {}
    for key, mine in groups.items():
        joined.setdefault(tuple(item for item in key if item[0] != "train"), []).append(mine)
    for key, trains in joined.items():
        pulses = [delay for train in trains for delay in train]
        probability = switching_probability(pulses, dict(key))
        if dict(key).get("amplitude") in missed:   # just those, maybe, that found the device on
            probability = replace(probability, flags=probability.flags | Flag.TRIGGER_MISSED)
        results += [mean_delay(pulses, dict(key)), probability]
        if len(trains) > 1:
            results += _counts(run, dict(key), found)
    results += _slopes(results)
    results += _unseen(run, {dict(key).get("amplitude") for key in joined})
    return or_nothing(results, run, "switching_delay_mean", "s")


def _doubted(run: Run, options: ExtractionOptions) -> list[tuple[DeviceRecord, int, Delay]]:
    """Return the pulses of a run; of two kinds of them it is not known whether they switched the device.

    One kind shows a device that is on and no switching. It may have switched within the edge, or may have been on
    before. Where the level before a pulse is not zero, its current has told of some that they were on before. Of the
    others, and where no pulse of the run shows a switching, the edges tell
    (:mod:`tsbench.analysis.pulse.at_once`). Of the other kind, too few
    samples tell a device from a resistor, and no other pulse shows an off state. Pulses of the same amplitude look
    alike: where those of which it is not known are no fewer than those that fired, the others are not sure either.
    """
    pulses = list(_judged(run, options))
    stands = [
        pulse_stand(one.record.voltage[one.segment], one.record.current[one.segment], one.record.current_resolution,
                    one.delay.currents)
        for one in pulses if one.record.voltage is not None and one.record.current is not None]
    delays = [one.delay for one in pulses]
    if any(delay.fired for delay in delays) and not parameter(run, "base", 0.0):
        on = conducting(stands)
    else:
        on = unseen([
            seen_pulse(conditions_key(one.record.conditions, "train"), one.record.times,
                       one.record.voltage[one.segment], one.record.current[one.segment],
                       pulse_facts(run, one.record, options), one.delay,
                       path_resistance(run.header.fixture, "pulser", one.record.conditions),
                       one.firing is Firing.QUIET)
            for one in pulses if one.record.voltage is not None and one.record.current is not None])
    found = [(one.record, one.segment, one.delay.doubted() if doubt or other else one.delay)
             for one, doubt, other in zip(pulses, on, like_resistors(delays, stands), strict=True)]
    more: dict[Any, int] = {}   #: unknown ones than those that fired
    for record, _, delay in found:
        key = conditions_key(record.conditions, "train")
        more[key] = more.get(key, 0) + (1 if not delay.told else -1 if delay.fired else 0)
    unsure = {key for key, count in more.items() if count >= 0}
    return [(record, segment,
             delay.doubted() if delay.fired and conditions_key(record.conditions, "train") in unsure else delay)
            for record, segment, delay in found]


def _slopes(results: list[Result]) -> list[Result]:
    """Return the slope of the delay against the amplitude, for each sign of it and set of other conditions."""
    return [
        slope_result("delay_slope", "1/V", line, conditions, "slope of the logarithm of the mean delay against the "
                     "amplitude, over amplitudes at which every pulse fired")
        for conditions, line, means in delay_line(results) if len(means) >= FEWEST_LEVELS]


def _amplitudes_missed(run: Run) -> set[float]:
    """Return the amplitudes [V] of pulses that the scope missed."""
    if "amplitude" not in {column.name for column in run.header.columns}:
        return set()
    flagged = (run.point_flags & Flag.TRIGGER_MISSED) != 0
    return set(run.column("amplitude")[flagged].tolist())


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


def _counts(
    run: Run, conditions: dict[str, object], found: Sequence[tuple[DeviceRecord, int, Delay]],
) -> list[Result]:
    """Return how many pulses each train of some conditions took to fire, and their distribution.

    A device that has fired and is still on may not trigger the scope: pulses missed after the first that fired do not
    matter. A train of which a pulse before that was missed is left out.
    """
    period, gaps = float(parameter(run, "period", 0.0)), np.asarray(parameter(run, "gaps", ()), dtype=np.float64)
    starts = np.concatenate([[0.0], np.cumsum(gaps + float(parameter(run, "width", 0.0)))])
    if gaps.size == 0:
        starts = period * np.arange(int(parameter(run, "count", 1)))
    whole = starts.size
    trains: dict[float, list[_Reached]] = {}
    for record, segment, delay in found:
        if dict(conditions_key(record.conditions, "train")) != conditions:
            continue
        mine = trains.setdefault(record.conditions["train"], [])
        before = mine[-1].number + 1 if mine and segment == 0 else 0
        first = before if segment == 0 else mine[-segment].number
        number = int(np.abs(starts - starts[first] - record.segment_times[segment]).argmin())
        current = abs(delay.on_current - delay.off_current) if delay.fired and delay.told else 0.0
        mine.append(_Reached(number, current, delay.told, delay.fired and Flag.CLIPPED in delay.flags))
    conditions = {**conditions, "period": period}
    every = [pulse for pulses in trains.values() for pulse in pulses]
    counts = {train: count for train, pulses in sorted(trains.items())
              if (count := _count(pulses, whole, every)) is not None}
    each = [train_result(count, whole, {**conditions, "train": train}) for train, count in counts.items()]
    return each + count_results(list(counts.values()), whole, conditions) if counts else each


@dataclass(frozen=True)
class _Reached:
    """What one pulse of a train shows at its end."""

    number: int  #: in the train, from 0
    current: float  #: [A] beyond that before its switching; 0 where it shows none
    told: bool  #: whether its record tells if the device switched
    beyond: bool  #: the current goes beyond the range of the scope


def _count(pulses: Sequence[_Reached], whole: int, others: Sequence[_Reached]) -> TrainCount | None:
    """Return the count of a train of ``whole`` pulses beside ``others`` of its amplitude; None: pulses were missed."""
    hidden = any(one.beyond for one in others)   # then the largest current is not known
    most = max((one.current for one in others), default=0.0)
    place = next((k for k, one in enumerate(pulses)
                  if one.beyond or (not hidden and one.current > FIRED_SHARE * most)), None)
    if (len(pulses) != whole) if place is None else (pulses[place].number != place):
        return None
    fired = None if place is None else place + 1
    open_ = next((k for k, one in enumerate(pulses[:place]) if not one.told or one.current > PARTLY_SHARE * most), None)
    if open_ is None:
        return TrainCount(fired)
    return TrainCount(fired, open_ + 1, AT_ONCE if not pulses[open_].told else BEYOND_RANGE if hidden else PARTLY_ON)
