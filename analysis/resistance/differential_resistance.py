"""Slopes of the device voltage over the current: of the on state, and on the falling part under current drive.

The set-points are exact, and the readings of voltage and current are not. Behind a load, the errors of both belong to
each other, and so do fluctuations of the device: they move a reading along the load line. A line fitted to voltage over
current would follow them. So the slope is that of the voltage over the set-point, divided by that of the current over
the set-point (the set-point as the instrument: A. Wald, Ann. Math. Stat. 11 (1940) 284). Without noise it is the line
through the readings.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.resistance.state_readings import OnBranch, source_voltage
from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty, t_quantile_95
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray
from tsbench.analysis.threshold.switching_results import PASSED_ON, SweepFacts, Switching, result_of
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Result

FEWEST = 5  #: readings of a line through the on state
_HALF = 6  #: readings from which on both halves of a branch have a slope of their own
_SIGMAS = 4.0  #: standard errors by which the slopes of both halves differ if the branch is bent
_WINDOWS = (5, 3)  #: readings of a local slope on the falling part: where there are enough, and at least
_FEWEST_FALLING = 3


@dataclass(frozen=True)
class LineSlope:
    """A slope of voltage over current [Ohm], its standard error by the scatter and noise, and Student's factor."""

    value: float
    error: float
    factor: float  #: of the error, for 95 %
    scatter: float  #: [V] standard deviation of the readings about the line


def line_slope(level: FloatArray, voltage: FloatArray, current: FloatArray, noise: float = 0.0) -> LineSlope | None:
    """Return the slope of the device voltage over the current, with the set-points as the instrument.

    Parameters
    ----------
    level : set-points [V or A], shape (n,)
    voltage, current : of the device [V], [A], shape (n,)
    noise : [V] standard deviation of a reading about the line, as the data sheet has it

    Returns
    -------
    LineSlope, or None where the set-points are fewer than three, or the current does not change with them
    """
    if np.unique(level).size < 3:
        return None
    x = level - level.mean()
    spread, with_current = float(x @ x), float(x @ (current - current.mean()))
    # what rounding leaves of an equal current is no change
    size = math.sqrt(spread * float(current @ current))
    if abs(with_current) <= 1e-9 * size:
        return None
    value = float(x @ (voltage - voltage.mean())) / with_current
    left = voltage - voltage.mean() - value * (current - current.mean())
    degrees = level.size - 2
    scatter = math.sqrt(float(left @ left) / degrees)
    per_volt = math.sqrt(spread) / abs(with_current)
    by_scatter, by_noise = t_quantile_95(degrees) * scatter, NORMAL_95 * noise
    factor = t_quantile_95(degrees) if by_scatter >= by_noise else NORMAL_95
    return LineSlope(value, max(scatter, noise * NORMAL_95 / factor) * per_volt, factor, scatter)


def differential_on_resistance(
    event: Switching, facts: SweepFacts, branch: OnBranch | None, compliance_sets: bool = True
) -> Result:
    """Return the differential on resistance [Ohm] of a half-sweep: the slope of its on state.

    Of a bent branch, the interval also holds the slopes of both halves.

    Parameters
    ----------
    event : the half-sweep with its events
    facts : accuracy of the source meter, path
    branch : its on state, None: it was never on
    compliance_sets : whether readings in compliance are why there are too few
    """
    half, name = event.half, "differential_on_resistance"
    if branch is None:
        seen = Flag(int(np.bitwise_or.reduce(half.flags, initial=0))) & PASSED_ON
        return result_of(half, name, "Ohm", "the device is never on", flags=seen | Flag.NO_EVENT)
    way = "down" if branch.falling else "up"
    mine = branch.free
    method = f"straight line through the {mine.size} readings of the on state on the way {way} that are not limited"
    whole = _slope(half, facts, mine) if mine.size >= FEWEST else None
    if whole is None:
        limited = Flag.COMPLIANCE if branch.limited.size and compliance_sets else Flag.NONE
        return result_of(half, name, "Ohm", f"{method}; the least is {FEWEST} set-points", flags=(
            branch.flags & ~Flag.COMPLIANCE | limited | Flag.TOO_FEW))
    random, systematic = whole.error, _systematic(half, facts, mine, whole.value)
    low, high = (whole.value + side * combined(whole.factor * random, NORMAL_95 * systematic) for side in (-1.0, 1.0))
    ends = _halves(half, facts, mine)
    if ends is not None:
        low, high = min(low, *ends), max(high, *ends)
        first, last = (format_quantity(one, "Ohm", 3) for one in ends)
        method += f"; the branch is bent: {first} at low and {last} at high currents, which the interval contains"
    lowest, highest = (format_quantity(float(f(half.current[mine])), "A", 3) for f in (np.min, np.max))
    method += (f"; {lowest} to {highest}; standard deviation about the line "
               f"{format_quantity(whole.scatter, 'V', 2)}")
    seen = Flag(int(np.bitwise_or.reduce(half.flags[mine], initial=0))) & PASSED_ON
    return _result(half, name, method, (whole.value, low, high), seen, (random, systematic))


def negative_differential_resistance(event: Switching, facts: SweepFacts) -> Result:
    """Return the most negative differential resistance [Ohm] of a half-sweep under current drive.

    It is looked for on the way up, from the highest voltage before the fall to the lowest after it. Where the voltage
    falls within fewer than three readings, the slope between them is an upper bound: somewhere, the curve is at least
    as steep as its chord. Readings that the scope saw to oscillate are means, and give no resistance. Where no scope
    looked, they may be means (AMBIGUOUS).

    Parameters
    ----------
    event : the half-sweep with its events, found by :func:`tsbench.analysis.threshold.snapback.snapback`
    facts : accuracy of the source meter, path
    """
    half, name, k = event.half, "negative_differential_resistance", event.threshold_index
    method = "steepest fall of the voltage with rising current on the way up"
    if k is None:
        seen = Flag(int(np.bitwise_or.reduce(half.flags, initial=0))) & PASSED_ON
        return result_of(half, name, "Ohm", f"{method}; the voltage does not fall", flags=seen | Flag.NO_EVENT)
    mine = np.arange(k, k + 1 + int(np.argmin(half.voltage[k : half.turn + 1])))
    flags = Flag(int(np.bitwise_or.reduce(half.flags[mine], initial=0))) & PASSED_ON
    if Flag.OSCILLATING in flags:
        return result_of(half, name, "Ohm", f"{method}; the device oscillates there, so the readings are means",
                         flags=flags | Flag.NO_EVENT)
    if Flag.UNCHECKED in flags:
        flags |= Flag.AMBIGUOUS
    noise = combined(facts.voltage_noise, facts.path_resistance * facts.current_noise)
    steps = np.diff(half.current[mine])
    if mine.size < 2 or not (steps > 0.0).all() or Flag.COMPLIANCE in flags:
        return result_of(half, name, "Ohm", f"{method}; the current does not rise there", flags=flags | Flag.TOO_FEW)
    chords = np.diff(half.voltage[mine]) / steps
    count = max(int(np.count_nonzero(chords < 0.0)) - 1, 0)   # readings between the ends of the fall
    if count < _FEWEST_FALLING:
        j = int(np.argmin(chords))
        wide = NORMAL_95 * combined(math.sqrt(2.0) * noise / float(steps[j]), _systematic(half, facts, mine, chords[j]))
        text = f"{method}; between two readings. Somewhere between them it is steeper"
        return _result(half, name, text, (None, None, min(float(chords[j]) + wide, 0.0)),
                       flags | Flag.UNDER_SAMPLED | Flag.CENSORED, (None, None))
    return _steepest(half, facts, mine, noise, flags, method)


def _steepest(half: HalfSweep, facts: SweepFacts, mine: IntArray, noise: float, flags: Flag, method: str) -> Result:
    """Return the most negative of the local slopes, with what noise and the bend between the readings leave open."""
    window = next((size for size in _WINDOWS if mine.size >= 2 * size), min(_WINDOWS))
    slopes = [_slope(half, facts, mine[first : first + window]) for first in range(mine.size - window + 1)]
    known = [one for one in slopes if one is not None]
    if not known:
        return result_of(half, "negative_differential_resistance", "Ohm", method, flags=flags | Flag.TOO_FEW)
    values = np.array([one.value for one in known])
    best = int(np.argmin(values))
    found = known[best]
    volts, amperes = half.voltage[mine], half.current[mine]
    spread = np.sort(amperes[best : best + window] - amperes[best : best + window].mean())
    # the lowest of several slopes is too low by chance: their noise counts as that of the lowest of so many
    chance = math.sqrt(2.0 * math.log(max(len(known), 2)))
    random = max(noise, found.scatter) / math.sqrt(float(spread @ spread))
    beside = [float(values[j]) for j in (best - 1, best + 1) if 0 <= j < values.size]
    bend = max((abs(found.value - one) for one in beside), default=0.0)
    steepest = float(np.min(np.diff(volts) / np.diff(amperes)))   # of two readings: between them it is steeper still
    systematic = _systematic(half, facts, mine, found.value)
    wide = combined(NORMAL_95 * random, NORMAL_95 * systematic)
    low = min(found.value - bend, steepest) - wide
    high = min(found.value + bend + combined(chance * random, wide), 0.0)
    text = f"{method}; line through {window} readings at {format_quantity(float(amperes[best + window // 2]), 'A', 3)}"
    return _result(half, "negative_differential_resistance", text, (found.value, low, max(high, found.value)), flags,
                   (random, systematic))


def _slope(half: HalfSweep, facts: SweepFacts, mine: IntArray) -> LineSlope | None:
    found = line_slope(half.level[mine], half.voltage[mine], half.current[mine])
    if found is None:
        return None
    noise = combined(facts.voltage_noise, (facts.path_resistance + abs(found.value)) * facts.current_noise)
    return line_slope(half.level[mine], half.voltage[mine], half.current[mine], noise)


def _systematic(half: HalfSweep, facts: SweepFacts, mine: IntArray, slope: float) -> float:
    """Return the standard uncertainty [Ohm] that all readings share: gains and path. Offsets cancel in a slope."""
    volts = source_voltage(half, facts)[mine]
    amperes = half.current[mine]
    span = float(np.ptp(amperes))
    # of a device with a constant voltage, the gain acts on the change of the source voltage, not on the voltage
    of_source = float(np.ptp(volts)) / span if span > 0.0 else abs(slope) + facts.path_resistance
    return combined(
        standard_uncertainty(facts.voltage_gain * of_source),
        standard_uncertainty(facts.current_gain * (abs(slope) + facts.path_resistance)),
        standard_uncertainty(facts.path_tolerance * facts.path_resistance))


def _halves(half: HalfSweep, facts: SweepFacts, mine: IntArray) -> tuple[float, float] | None:
    """Return the slopes at low and at high currents where they differ beyond their errors; else None."""
    order = mine[np.argsort(half.level[mine], kind="stable")]
    middle = order.size // 2
    if order.size < _HALF:
        return None
    parts = [_slope(half, facts, np.sort(part)) for part in (order[:middle], order[middle:])]
    low, high = parts
    if low is None or high is None:
        return None
    apart = combined(low.error * low.factor, high.error * high.factor) / NORMAL_95
    return (low.value, high.value) if abs(low.value - high.value) > _SIGMAS * apart else None


def _result(
    half: HalfSweep, quantity: str, method: str, numbers: tuple[float | None, float | None, float | None], flags: Flag,
    parts: tuple[float | None, float | None],
) -> Result:
    """Return a resistance, which has the same sign at both polarities; ``numbers``: value, low and high."""
    return Result(quantity, "Ohm", *numbers, method, result_of(half, quantity, "Ohm", "").conditions, flags, *parts)
