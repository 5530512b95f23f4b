"""A telegraph-noise run to numbers: at each voltage the two levels, if there are two, and the mean times in them."""

from dataclasses import dataclass

import numpy as np

from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty
from tsbench.analysis.telegraph.telegraph import (
    TimeInState,
    TwoLevels,
    amplitude_interval,
    times_in_states,
    transitions,
    two_levels,
)
from tsbench.protocols.extracting.facts import device_current, sweep_facts
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Flag, FloatArray, Result, Run

_LEVELS = "two levels at least six standard deviations of the fast noise apart, which together explain the record"
_TIMES = ("transitions between neighbouring readings of a process without memory, those between two readings included; "
          "95 % interval of the posterior")
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


def telegraph_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return amplitude, relative amplitude and mean times of the telegraph noise at each voltage."""
    if len(run.points) == 0:
        return or_nothing([], run, "telegraph_amplitude", "A")
    gain = sweep_facts(run, options).current_gain
    return [result for record in bias_records(run) for result in _results(record, gain)]


def _results(record: BiasRecord, gain: float) -> list[Result]:
    conditions, flags = {"bias": record.bias}, record.flags
    names = (("telegraph_amplitude", "A"), ("telegraph_relative_amplitude", ""), ("mean_time_low", "s"),
             ("mean_time_high", "s"))
    levels = record.levels
    if levels is None:
        why = f"not found: {_LEVELS}"
        return [Result(name, unit, None, None, None, why, conditions, flags | Flag.NO_EVENT) for name, unit in names]
    amplitude, half = abs(levels.amplitude), amplitude_interval(levels)
    wide = combined(half, NORMAL_95 * standard_uncertainty(gain) * amplitude)
    relative = amplitude / abs(levels.low) if levels.low else None
    share = 0.0 if relative is None else relative * combined(half / amplitude, half / abs(levels.low))
    results = [
        Result("telegraph_amplitude", "A", amplitude, amplitude - wide, amplitude + wide, _LEVELS, conditions, flags),
        Result("telegraph_relative_amplitude", "", relative, None if relative is None else relative - share,
               None if relative is None else relative + share, f"{_LEVELS}; relative to the lower level", conditions,
               flags if relative is not None else flags | Flag.NO_EVENT)]
    if not record.even:
        why = "the readings are not even in time, so the times in the levels are not known"
        return results + [Result(name, "s", None, None, None, why, conditions, flags | Flag.AMBIGUOUS)
                          for name in ("mean_time_low", "mean_time_high")]
    numbers = np.unique(record.record)
    counts = np.sum([transitions(levels.states[record.record == number]) for number in numbers], axis=0)
    return results + [_time(name, one, conditions, flags) for name, one in zip(
        ("mean_time_low", "mean_time_high"), times_in_states(counts, record.interval), strict=True)]


def _time(name: str, found: TimeInState, conditions: dict[str, float], flags: Flag) -> Result:
    return Result(name, "s", found.value, found.low, found.high, f"{found.transitions} {_TIMES}", conditions,
                  flags | found.flags)
