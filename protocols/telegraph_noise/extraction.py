"""A telegraph-noise run to numbers: at each voltage the two levels, if there are two, and the mean times in them."""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty
from tsbench.analysis.telegraph.telegraph import (
    TwoLevels,
    level_intervals,
    times_in_states,
    transitions,
    two_levels,
)
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.protocols.extracting.facts import device_current, level_limit, parameter, sweep_facts
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Flag, FloatArray, Result, Run

_LEVELS = "two levels at least six standard deviations of the fast noise apart, which together explain the record"
_TIMES = ("transitions between neighbouring readings of a process without memory, those between two readings included; "
          "95 % interval of the posterior; its lower end allows for readings that miss stays shorter than half of the "
          "time between them")
_UNEVEN = 0.2  #: relative spread of the times between readings from which on they are not even


@dataclass(frozen=True)
class BiasRecord:
    """All readings at one voltage."""

    bias: float  #: [V]
    times: FloatArray  #: [s], shape (n,)
    current: FloatArray  #: [A], shape (n,)
    record: FloatArray  #: number of the record of each reading, shape (n,)
    levels: TwoLevels | None
    flags: Flag

    @property
    def interval(self) -> float:
        """Median time between two readings of a record [s]."""
        steps = self._steps()
        return float(np.median(steps)) if steps.size else 0.0

    @property
    def even(self) -> bool:
        """Whether the readings are even in time."""
        steps = self._steps()
        return bool(steps.size) and float(np.quantile(steps, 0.95) - np.quantile(steps, 0.05)) < _UNEVEN * self.interval

    def _steps(self) -> FloatArray:
        return np.asarray(np.diff(self.times)[np.diff(self.record) == 0], dtype=np.float64)


def bias_records(run: Run) -> list[BiasRecord]:
    """Return the readings at each voltage, and the two levels that they show, if they show two."""
    found = []
    bias, current = run.column("set_point"), device_current(run)
    for one in dict.fromkeys(bias.tolist()):
        mine = (bias == one) & np.isfinite(current)
        flags = Flag(int(np.bitwise_or.reduce(run.point_flags[mine]))) if mine.any() else Flag.NONE
        found.append(BiasRecord(one, run.column("time")[mine], current[mine], run.column("record")[mine],
                                two_levels(current[mine]), flags & ~Flag.UNCHECKED))
    return found


@dataclass(frozen=True)
class _BiasErrors:
    """Standard uncertainties that all readings at one voltage share."""

    gain: float  #: of the current, relative
    zero: float  #: of the current [A]
    source: float  #: of the current by the error of the source, relative


def telegraph_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return amplitude, relative amplitude and mean times of the telegraph noise at each voltage."""
    if len(run.points) == 0:
        return or_nothing([], run, "telegraph_amplitude", "A")
    facts, records, asked = sweep_facts(run, options), bias_records(run), int(parameter(run, "samples", 0))
    return [result for record in records
            for result in _results(record, _errors(run, facts, record, records), asked)]


def _errors(run: Run, facts: SweepFacts, record: BiasRecord, records: list[BiasRecord]) -> _BiasErrors:
    beside = facts.parallel_tolerance * facts.parallel_conductance * abs(record.bias)
    source = level_limit(run.header, "drive", record.bias) / abs(record.bias)
    return _BiasErrors(
        standard_uncertainty(facts.current_gain),
        combined(standard_uncertainty(facts.current_offset), standard_uncertainty(beside)),
        standard_uncertainty(source) * _exponent(record, records))


def _exponent(record: BiasRecord, records: list[BiasRecord]) -> float:
    """Return the power of the voltage with which the amplitude grows, at least 1: from the nearest other voltage.

    It is 1 of an ohmic device. Where no other voltage of the same sign shows two levels, 1 is taken.
    """
    growth = [(math.log(one.bias / record.bias), math.log(abs(one.levels.amplitude / record.levels.amplitude)))
              for one in records if one.levels is not None and record.levels is not None
              and one.bias * record.bias > 0 and one.bias != record.bias]
    volts, amps = min(growth, key=lambda one: abs(one[0]), default=(1.0, 1.0))
    return max(amps / volts, 1.0)


def _results(record: BiasRecord, errors: _BiasErrors, asked: int) -> list[Result]:
    conditions, flags = {"bias": record.bias}, record.flags
    names = (("telegraph_amplitude", "A"), ("telegraph_relative_amplitude", ""), ("mean_time_low", "s"),
             ("mean_time_high", "s"))
    levels, taken = record.levels, record.current.size
    short = f"; only {taken} of {asked} readings were taken" if taken < asked else ""
    if levels is None:
        why = f"not found: {_LEVELS}{short}"
        flags |= Flag.NO_EVENT | (Flag.TOO_FEW if short else Flag.NONE)
        return [Result(name, unit, None, None, None, why, conditions, flags) for name, unit in names]
    times = _times(record, levels, conditions, short)
    for one in times:   # readings that hold a jump pull the levels together
        flags |= one.flags & Flag.UNDER_SAMPLED
    amplitude = abs(levels.amplitude)
    wide = combined(*level_intervals(levels), NORMAL_95 * combined(errors.gain, errors.source) * amplitude)
    return [
        Result("telegraph_amplitude", "A", amplitude, max(amplitude - wide, 0.0), amplitude + wide + levels.pulled,
               f"{_LEVELS}{short}", conditions, flags),
        _relative(levels, errors, short, conditions, flags), *times]


def _relative(levels: TwoLevels, errors: _BiasErrors, short: str, conditions: dict[str, float], flags: Flag) -> Result:
    """Return the relative amplitude: the gains of source and meter cancel, the zero of the current does not.

    The ends are quotients, because the zero may be as large as the low level. If the low level may be zero, there is
    only a lower bound.
    """
    name, method = "telegraph_relative_amplitude", f"{_LEVELS}; relative to the lower level{short}"
    amplitude, low, zero = abs(levels.amplitude), abs(levels.low), NORMAL_95 * errors.zero
    of_low, of_high = level_intervals(levels)
    least = low - combined(zero, of_low) - levels.pulled
    if least <= 0.0:
        bound = max(amplitude - combined(of_low, of_high), 0.0) / (low + combined(zero, of_low))
        return Result(name, "", None, bound, None, f"{method}, which is not told from zero", conditions,
                      flags | Flag.CENSORED)
    value = amplitude / low
    noise = combined(of_high / low, (1.0 + value) * of_low / low)   # of high/low - 1
    down = combined(noise, value - amplitude / (low + zero))
    up = combined(noise, (amplitude + levels.pulled) / (low - zero - levels.pulled) - value)
    return Result(name, "", value, max(value - down, 0.0), value + up, method, conditions, flags)


def _times(record: BiasRecord, levels: TwoLevels, conditions: dict[str, float], short: str) -> list[Result]:
    names = ("mean_time_low", "mean_time_high")
    if not record.even:
        why = f"the readings are not even in time, so the times in the levels are not known{short}"
        return [Result(name, "s", None, None, None, why, conditions, record.flags | Flag.AMBIGUOUS) for name in names]
    numbers = np.unique(record.record)
    counts = np.sum([transitions(levels.states[record.record == number]) for number in numbers], axis=0)
    return [Result(name, "s", found.value, found.low, found.high, f"{found.transitions} {_TIMES}{short}", conditions,
                   record.flags | found.flags)
            for name, found in zip(names, times_in_states(counts, record.interval), strict=True)]
