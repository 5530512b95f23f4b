"""Paired pulses to numbers: refractory period and firing probabilities."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from tsbench.analysis.pulse.delay_results import instant_of_most, mean_delay
from tsbench.analysis.pulse.firing import Firing, PulseOutcome, outcome
from tsbench.analysis.refractory.refractory import PairOutcome, Recovery, recovery, recovery_results
from tsbench.protocols.extracting.departure import foot_of_edge
from tsbench.protocols.extracting.facts import named_rows, parameter, path_resistance
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.pulse_records import pulse_facts, record_flags
from tsbench.protocols.extracting.signals import DeviceRecord, device_records
from tsbench.protocols.extracting.unseen_switching import SeenPulse, seen_pulse, unseen
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.records import Flag, Result, Run

#: share of a short gap before the second pulse that is looked at, and samples of it, at least
_SHOWN_OF_GAP, _FEWEST_BEFORE = 0.25, 16


@dataclass(frozen=True)
class Pair:
    """One pair of a run; None where that pulse was not recorded."""

    amplitude: float
    gap: float
    first: PulseOutcome | None
    second: PulseOutcome | None

    def counted(self) -> PairOutcome:
        """Return what the recovery counts; a pair of which one pulse was missed, or is not shown, counts as missed."""
        both = all(one is not None and one.firing is not Firing.UNSEEN for one in (self.first, self.second))
        first, second = (None if found is None or not both else found.firing for found in (self.first, self.second))
        return PairOutcome(self.gap, first, second)


def pulse_pairs(run: Run, options: ExtractionOptions | None = None) -> list[Pair]:
    """Return the pairs of a run in order of time, those included of which the scope missed a pulse.

    First pulses of the same amplitude, and second pulses after the same gap, tell together whether a device that
    conducts from the edge on may have switched there.
    """
    options = options or ExtractionOptions()
    rise, fall = (float(parameter(run, name, 0.0)) for name in ("rise_time", "fall_time"))
    began = 0.0
    seen: dict[int, dict[int, PulseOutcome]] = {}
    shown_by: dict[tuple[int, int], SeenPulse] = {}
    judges: dict[int, Callable[..., PulseOutcome]] = {}
    for record in device_records(run):
        if record.voltage is None or record.current is None or Flag.TRIGGER_MISSED in record.flags:
            continue
        mine = seen.setdefault(round(record.conditions["pair"]), {})
        number = round(record.conditions["pulse"])
        began = pulse_began(record, rise) if number == 1 else began
        width, gap = pulse_width(run), record.conditions["gap"]
        edge, shown = shown_of_pulse(record, number, width, gap, fall, began)
        facts = pulse_facts(run, record, options)
        part = record.times[shown], record.voltage[0][shown], record.current[0][shown]
        judge = partial(outcome, *part, facts, record_flags(record, 0), edge=edge)
        found = mine[number] = judge(rested=mine.get(1) if number == 2 else None)
        if number == 1:
            judges[round(record.conditions["pair"])] = judge
        shown_by[round(record.conditions["pair"]), number] = seen_pulse(
            (record.conditions["amplitude"], gap if number == 2 else 0.0), *part, facts, found.delay,
            path_resistance(run.header.fixture, "pulser", record.conditions), found.firing is Firing.QUIET)
    for (pair, number), is_open in zip(shown_by, unseen(list(shown_by.values())), strict=True):
        if is_open:
            found = seen[pair][number]
            seen[pair][number] = replace(found, firing=Firing.AT_ONCE, delay=found.delay.doubted())
    pairs, judge_of = list[Pair](), list[Callable[..., PulseOutcome] | None]()
    for at, amplitude, gap in named_rows(run, "pair", "amplitude", "gap"):
        mine = seen.get(round(at), {})
        pairs.append(Pair(amplitude, gap, mine.get(1), mine.get(2)))
        judge_of.append(judges.get(round(at)))
    return _with_one_instant(pairs, judge_of)


def _with_one_instant(pairs: Sequence[Pair], judges: Sequence[Callable[..., PulseOutcome] | None]) -> list[Pair]:
    """Return pairs whose first pulses of one amplitude have the same instant (:func:`.instant_of_most`)."""
    first = {amplitude: instant_of_most([
        pair.first.delay for pair in pairs if pair.amplitude == amplitude and pair.first is not None
        and pair.first.firing is Firing.FIRED]) for amplitude in {pair.amplitude for pair in pairs}}
    found = []
    for pair, judge in zip(pairs, judges, strict=True):
        by_level, mine = first[pair.amplitude], pair.first
        if mine is not None and judge is not None and mine.firing is Firing.FIRED and by_level is not None \
                and mine.delay.by_level is not by_level:
            found.append(replace(pair, first=replace(mine, delay=judge(by_level=by_level).delay)))
        else:
            found.append(pair)
    return found


def shown_of_pulse(
    record: DeviceRecord, number: int, width: float, gap: float, fall: float, began: float = 0.0
) -> tuple[float, slice]:
    """Return when a pulse of a pair begins on the time axis of its record [s], and the samples that show it.

    A record of the second pulse that begins before the first one has ended is cut within the gap: the current of the
    first pulse would look like that of a device that is still on. The end of the gap counts, in which the device has
    had most of the time to switch off.

    Parameters
    ----------
    record : of the pulse
    number : 1 or 2; the record of the second may be cut out of one of both
    width, gap : [s] of the pair
    fall : [s] fall time of its pulses, 90 to 10 %
    began : [s] of the first pulse, as :func:`pulse_began` gives it
    """
    edge = began if number == 1 else 0.0 if record.times[0] < 0 else began + width + gap
    # without the gap that follows: what is before the edge must stay a fair part of it
    end = int(np.searchsorted(record.times, edge + 1.2 * width))
    if number == 2 and record.times[0] < edge - gap + 0.5 * fall / EDGE_SHARE:
        step = float(record.times[1] - record.times[0])
        shown = min(max(_SHOWN_OF_GAP * gap, _FEWEST_BEFORE * step), 0.5 * gap)
        return edge, slice(int(np.searchsorted(record.times, edge - shown)), end)
    return edge, slice(0, end)


def pulse_began(record: DeviceRecord, rise: float) -> float:
    """Return when the first pulse of a pair begins to rise on the time axis of its record [s], at most 0.

    Behind a load, the scope triggers when the capacitance at the device has charged up to the trigger level.

    Parameters
    ----------
    record : of the first pulse
    rise : [s] rise time of its pulses, 10 to 90 %
    """
    assert record.voltage is not None
    return min(foot_of_edge(record.times, record.voltage[0], record.voltage_resolution, rise / EDGE_SHARE), 0.0)


def pulse_width(run: Run) -> float:
    """Return the width of the pulses of a run [s]."""
    return next((width for width, in named_rows(run, "width")), float(parameter(run, "width", math.nan)))


def sample_interval(run: Run) -> float:
    """Return the longest sample interval of a run's records [s]: when a gap begins and ends is known to it."""
    return max((record.dt for record in run.waveforms), default=0.0)


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
        conditions: dict[str, object] = {"amplitude": amplitude, "pulse_width": pulse_width(run)}
        results += recovery_results(found, conditions, sample_interval(run))
        first = [
            pair.first.delay for pair in pairs
            if pair.amplitude == amplitude and pair.first is not None and pair.first.firing is not Firing.STILL_ON
        ]
        results.append(mean_delay(first, {**conditions, "of": "first pulses"}))
    return or_nothing(results, run, "refractory_period", "s")
