"""Snapback under current drive: where the voltage turns back although the current still rises.

The quantities are defined in ``docs/definitions.md``. Snapback is extracted as the fall from the threshold to the
lowest voltage after it on the way up. Read in order of rising current, either event is a fall of the voltage. It
counts if it is more than one per cent and more than noise and one wild reading can make
(:mod:`tsbench.analysis.threshold.level_change`). Falls below a factor of two must also exceed eight standard deviations
of a single reading, since noise that is slower than the readings does not average out. On the way down the voltage of a
capacitor rises as well: there the change must be sudden, or the voltage must fall before it rises.

A sudden change lies between two set-points of the current: the voltage of the last reading before it, and that to
which the line through the readings before it leads at the other set-point, bracket the turning point. A smooth one
lies between the extreme reading and where the steeper of its two neighbours' slopes would have led within one step.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.statistics import NORMAL_95, combined
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IVPoints, split, worst_flags
from tsbench.analysis.threshold.level_change import LevelStep, is_sharp, lasting_changes, median_of_three, steps
from tsbench.analysis.threshold.line_steps import line_steps
from tsbench.analysis.threshold.reading_noise import (
    FLOOR,
    additive_noise,
    least_seen,
    noise_around,
    resolution_around,
    second_differences,
    slow_noise,
)
from tsbench.analysis.threshold.second_step import FEWEST_OF_STATE, SecondSteps, further_step
from tsbench.analysis.threshold.switching_results import (
    BRACKET,
    PASSED_ON,
    SweepFacts,
    Switching,
    result_of,
    step_flags,
)
from tsbench.records import Flag, FloatArray, Result

#: the voltage must fall by this much: relative, and in standard deviations of one reading if it is less than half
_LEAST_FALL, _LEAST_SIGMAS = 0.01, 8.0
#: a sudden change is more than this part of the whole fall, in one gap
_SUDDEN = 0.5
_CLEAR = 3.0  #: standard deviations of a difference
#: a line fits far worse than two levels where its squares are twice theirs, and more by this, in squares of the noise;
#: with this many readings on each side
_FAR_WORSE, _FEWEST = 20.0, 3
#: a smooth rise of a branch may be this much steeper in places than over most of it
_BENT = 3.0
#: readings on the line to the turning point: few where they are quiet
_LINE, _QUIET = (3, 8), 2e-3
#: a second fall of the voltage is more than 5 % (logarithm; chosen: NbO2 falls by a third, in all)
_SECOND = -math.log(0.95)
_SECOND_FALL = "the voltage has a second step"
#: (minus log voltage, what is known of its noise, whether it is above the noise, readings) of a branch, shape (n,) each
_Series = tuple[FloatArray, FloatArray, npt.NDArray[np.bool_], npt.NDArray[np.int64]]
_METHOD = "turning point of the voltage under current drive"
_MEANS = "the device oscillates there, so the readings are means and have no turning point of the device"


@dataclass(frozen=True)
class Snapback(Switching):
    """Threshold and hold of one current-driven half-sweep, and the fall of the voltage."""

    snapback_voltage: Result

    def results(self) -> tuple[Result, ...]:
        """Return the five results."""
        return (*super().results(), self.snapback_voltage)


def snapback(points: IVPoints, facts: SweepFacts | None = None) -> tuple[Snapback, ...]:
    """Extract threshold, hold and snapback of every half-sweep of a current-driven record.

    Parameters
    ----------
    points : device voltage [V], current [A] and set-points [A], each shape (n,), in order of measurement
    facts : accuracy of the source meter, path resistance

    Returns
    -------
    tuple of Snapback, one per half-sweep
        NO_EVENT where the voltage never turns back (a resistor).
    """
    facts = facts or SweepFacts()
    return tuple(_examine(half, facts) for half in split(points))


@dataclass(frozen=True)
class _Turn:
    """A fall of the voltage, as the branch in order of rising current shows it."""

    edge: int  #: index in the half-sweep of the last reading, in time, before it
    beyond: int  #: of the first after it
    sudden: bool
    noise: float  #: relative standard deviation of one reading before it


def _examine(half: HalfSweep, facts: SweepFacts) -> Snapback:
    up = np.arange(half.turn + 1)
    down = np.arange(len(half.level) - 1, half.down().start - 1, -1)
    lost = max(_floor(half, facts.voltage_noise), facts.voltage_offset, float(np.finfo(np.float64).tiny))
    rising, falling = _series(half, up, lost), _series(half, down, lost)
    on = _turning(half, rising, falling, backwards=False)
    off = _turning(half, falling, rising, backwards=True)
    others = SecondSteps(_further(half, rising, on), _further(half, falling, off), "A", _SECOND_FALL)
    threshold = _results(half, "threshold", on, facts)
    hold = _results(half, "hold", off, facts)
    if why := others.words():
        threshold = _doubted(threshold[0], why), _doubted(threshold[1], why)
    if off and (why := others.words(down=True)):
        hold = _doubted(hold[0], why), _doubted(hold[1], why)
    return Snapback(
        half, None if on is None else on.edge, None if off is None else off.edge, *threshold, *hold,
        _doubted(_fall(half, None if on is None else on.edge, facts), others.words()), second_step=others.words())


def _further(half: HalfSweep, branch: _Series, turn: _Turn | None) -> float | None:
    """Return the current [A] behind a further fall of the voltage in one step, beside the one of a turn."""
    if turn is None:
        return None
    series, least, seen, index = branch
    edge, border = int(np.flatnonzero(index == turn.edge)[0]), int(np.flatnonzero(index == turn.beyond)[0])
    for part in (slice(0, min(edge, border) + 1), slice(max(edge, border), None)):
        level = half.level[index[part]]
        if level.size >= 2 * FEWEST_OF_STATE:
            noise = _noise(series[part], least[part], seen[part], (np.array([]), np.array([])), level)
            at = further_step(
                series[part], level, noise, seen[part], _SECOND, _LEAST_SIGMAS, series[part] + np.log(level))
            if at is not None:
                return at
    return None


def _doubted(result: Result, why: str) -> Result:
    """Return a result with AMBIGUOUS and the reason ``why``; as it is where there is none."""
    return result if not why else replace(result, flags=result.flags | Flag.AMBIGUOUS, method=f"{why}, {result.method}")


def _lost(half: HalfSweep, here: float) -> float:
    """Return the additive noise [V] of a voltage that is lost in it; zero for one above, whose noise tells it."""
    floor = _floor(half, 0.0)
    return floor / FLOOR if abs(here) <= floor else 0.0


def _floor(half: HalfSweep, noise: float) -> float:
    """Return the voltage [V] below which a reading is lost in additive noise."""
    # additive noise is there at low and at high currents: what is more on one side is the device's
    return min(least_seen(half.voltage, sign * half.level, noise) for sign in (1, -1))


def _series(half: HalfSweep, branch: npt.NDArray[np.int64], floor: float) -> _Series:
    """Return the voltages of a branch in order of rising current.

    ``floor`` [V]: below it a reading is lost.
    """
    known = np.flatnonzero(half.level[branch] > 0)
    volts = half.voltage[branch][known]
    seen = np.maximum(volts, floor)
    least = additive_noise(seen, floor, resolution_around(volts))
    return -np.log(seen), least, volts > floor, branch[known]


def _turning(half: HalfSweep, branch: _Series, theirs: _Series, *, backwards: bool) -> _Turn | None:
    """Return the largest fall of the voltage with rising current, if a branch and the other one show one."""
    series, least, seen, index = branch
    beside = tuple(second_differences(theirs[0] + power * np.log(half.level[theirs[3]]), theirs[2]) for power in (0, 1))
    if series.size < 4:
        return None
    noise = _noise(series, least, seen, beside, half.level[index])
    found = _falls(series, noise, half.level[index])
    if not found:
        return None
    best = max(found, key=lambda step: step.sure)
    k = _sudden(series, best)
    mine = float(noise[1][best.after] if backwards else noise[0][best.before])  # on the side that the interval is of
    if backwards and not _no_capacitor(series, noise, half.level[index], best, sudden=k is not None):
        return None
    if k is not None:
        edge, beyond = (k + 1, k) if backwards else (k, k + 1)
        return _Turn(int(index[edge]), int(index[beyond]), True, mine)
    filtered = median_of_three(series)
    if backwards:
        low = best.after + int(np.argmax(filtered[best.after :]))
        return _Turn(int(index[low]), int(index[max(low - 1, 0)]), False, mine)
    high = int(np.argmin(filtered[: best.before + 1]))
    return _Turn(int(index[high]), int(index[min(high + 1, index.size - 1)]), False, mine)


def _noise(
    series: FloatArray, least: FloatArray, seen: npt.NDArray[np.bool_], beside: tuple[FloatArray, ...],
    level: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the noise up to and from each reading, of log voltage or of log resistance, whichever is the smoother.

    Both have the same noise, for the current is known; what second differences show of the curve itself adds to it,
    and among few readings the log voltage of a resistor is no smooth curve.
    """
    curves = [noise_around(series + power * np.log(level), least, seen, beside[power]) for power in (0, 1)]
    return np.minimum(curves[0][0], curves[1][0]), np.minimum(curves[0][1], curves[1][1])


def _sudden(series: FloatArray, step: LevelStep) -> int | None:
    """Return the reading after which most of the fall happened at once, if it did."""
    first, last = max(step.before - step.window, 0), min(step.after + step.window, series.size - 1)
    changes = lasting_changes(series)
    k = first + int(np.argmax(changes[first:last]))
    before = float(np.median(series[max(k - step.window + 1, 0) : k + 1]))
    after = float(np.median(series[k + 1 : k + 1 + step.window]))
    enough = _SUDDEN * (after - before) + _CLEAR * math.sqrt(2.0) * step.noise
    return k if changes[k] > enough else _two_levels(series, step)


def _two_levels(series: FloatArray, step: LevelStep) -> int | None:
    """Return the reading after which two levels part the readings around a step best, if a line fits them far worse."""
    reach = max(step.window, _FEWEST)
    first, last = max(step.before - reach + 1, 0), min(step.after + reach, series.size)
    part = series[first:last]
    if step.before - first + 1 < _FEWEST or last - step.after < _FEWEST:
        return None
    x = np.arange(part.size, dtype=np.float64)
    line = float(np.sum((part - np.polyval(np.polyfit(x, part, 1), x)) ** 2))
    places = np.arange(2, part.size - 1)
    rests = [float(np.var(part[:k]) * k + np.var(part[k:]) * (part.size - k)) for k in places]
    best = int(np.argmin(rests))
    if line - rests[best] < max(_FAR_WORSE * step.noise**2, rests[best]):
        return None
    return first + int(places[best]) - 1


def _no_capacitor(
    series: FloatArray, noise: tuple[FloatArray, FloatArray], level: FloatArray, best: LevelStep, *, sudden: bool
) -> bool:
    """Whether a fall on the way down is sudden and steeper than the branch falls elsewhere, or ends in a rise."""
    span = max(1, level.size // 8)
    rise = np.maximum(level[span:] - level[:-span], 1e-300)
    usual = max(float(np.median((series[span:] - series[:-span]) / rise)), 0.0)
    drift = _BENT * usual * (np.maximum.accumulate(level) - level[0])
    curves = (series, series + np.log(level))  # log voltage, log resistance
    sudden = sudden or any(is_sharp(curve, best) for curve in curves)
    if sudden and any(abs(step.before - best.before) <= best.window for step in _falls(series, noise, level, drift)):
        return True
    return any(step.before > best.before for step in _falls(-series, noise, level))


def _falls(
    series: FloatArray, noise: tuple[FloatArray, FloatArray], level: FloatArray, drift: FloatArray | None = None
) -> list[LevelStep]:
    """Return the steps that noise slower than the readings does not make either."""
    return [
        *steps(series, noise, drift, _LEAST_FALL, _LEAST_SIGMAS),
        *line_steps(series, np.log(level), noise, drift, _LEAST_FALL, _LEAST_SIGMAS)]


def _line(half: HalfSweep, turn: _Turn) -> tuple[float, float, float]:
    """Return (voltage at the last set-point before the change, at the next one, standard uncertainty) [V].

    The median line through the readings before it (Theil 1950), so that one wild reading does not bend it.
    """
    count = _LINE[0] if turn.noise < _QUIET else _LINE[1]
    mine = np.arange(turn.edge, max(turn.edge - count, -1), -1)
    if turn.beyond < turn.edge:
        mine = np.arange(turn.edge, min(turn.edge + count, len(half.level)))
    level, volts = half.level[mine], half.voltage[mine]
    pairs = [(i, j) for i in range(mine.size) for j in range(i) if level[i] != level[j]]
    slope = float(np.median([(volts[i] - volts[j]) / (level[i] - level[j]) for i, j in pairs])) if pairs else 0.0
    here = float(np.median(volts - slope * (level - level[0])))
    if turn.noise < _QUIET:
        here = float(volts[0])
    spread = turn.noise * (1.0 if turn.noise < _QUIET else 1.25 * 2.0 / math.sqrt(mine.size))
    spread = combined(abs(here) * combined(spread, _slow(half)), _lost(half, here))
    return here, here + slope * float(half.level[turn.beyond] - level[0]), spread


def _slow(half: HalfSweep) -> float:
    """Return the relative noise of the voltage that is slower than the readings at a turning point."""
    known = (half.level > 0) & (half.voltage > 0)
    return slow_noise(np.log(half.voltage[known]) - np.log(half.level[known]))


def _results(half: HalfSweep, name: str, turn: _Turn | None, facts: SweepFacts) -> tuple[Result, Result]:
    if turn is None:
        flags = worst_flags(half, *range(len(half.flags))) & PASSED_ON | Flag.NO_EVENT
        return (
            result_of(half, f"{name}_voltage", "V", _METHOD, flags=flags),
            result_of(half, f"{name}_current", "A", _METHOD, flags=flags),
        )
    k = turn.edge
    amperes = float(half.current[k])
    if half.flags[k] & int(Flag.OSCILLATING):
        return _of_means(half, name, k, facts)
    if turn.sudden:
        here, there, spread = _line(half, turn)
        low, high = sorted((here, there))
        amps = [amperes, float(half.current[turn.beyond])]
        method = f"{BRACKET}, {_METHOD}"
    else:
        around = np.arange(max(k - 1, 0), min(k + 2, len(half.level)))
        here = float(np.median(half.voltage[around]))
        reach = float(np.abs(np.diff(half.voltage[around])).max()) if turn.noise < _QUIET else 0.0
        sign = 1.0 if name == "threshold" else -1.0
        if turn.noise < _QUIET:
            here = float(half.voltage[k])
        low, high = sorted((here, here + sign * reach))
        spread = combined(abs(here) * turn.noise, _lost(half, here))
        amps = [float(value) for value in half.current[around]]
        method = _METHOD
    wide = NORMAL_95 * combined(facts.voltage_uncertainty(here, amperes), spread)
    flags = worst_flags(half, k - 1, k, k + 1) & PASSED_ON | step_flags(high - low, here)
    # a voltage of the other sign than the current is an error of the voltmeter, so the interval ends at zero
    voltage = result_of(
        half, f"{name}_voltage", "V", method, value=max(0.5 * (low + high), 0.0), low=max(low - wide, 0.0),
        high=max(high + wide, 0.0), flags=flags,
        parts=facts.parts(here, amperes, high - low, spread))
    wide = NORMAL_95 * facts.current_uncertainty(amperes)
    current = result_of(
        half, f"{name}_current", "A", method, value=0.5 * (min(amps) + max(amps)) if turn.sudden else amperes,
        low=min(amps) - wide, high=max(amps) + wide, flags=flags)
    return voltage, current


def _of_means(half: HalfSweep, name: str, k: int, facts: SweepFacts) -> tuple[Result, Result]:
    """Return what means of an oscillation tell of threshold or hold: a bound of the voltage, and no current.

    The device voltage goes up and down in an oscillation. It switches on no lower, and off no higher, than its mean.
    """
    flags = worst_flags(half, k) & PASSED_ON
    volts, amperes = float(half.voltage[k]), float(half.current[k])
    wide = NORMAL_95 * facts.voltage_uncertainty(volts, amperes)
    low, high = (volts - wide, None) if name == "threshold" else (None, volts + wide)
    return (
        result_of(half, f"{name}_voltage", "V", f"{_METHOD}; {_MEANS}", low=low, high=high,
                  flags=flags | Flag.CENSORED),
        result_of(half, f"{name}_current", "A", f"{_METHOD}; {_MEANS}", flags=flags | Flag.NO_EVENT))


def _fall(half: HalfSweep, k: int | None, facts: SweepFacts) -> Result:
    if k is None:
        return result_of(half, "snapback_voltage", "V", _METHOD, flags=Flag.NO_EVENT)
    after = half.voltage[half.up()][k + 1 :]
    value = float(half.voltage[k] - after.min())
    # the two readings share gain and offset; gain acts on their difference, noise on both
    wide = NORMAL_95 * (2**0.5 * facts.voltage_noise + facts.voltage_gain * value / 3**0.5)
    reach = abs(float(half.voltage[k] - half.voltage[k - 1])) if k > 0 else 0.0
    seen = worst_flags(half, k, k + 1, k + 1 + int(np.argmin(after))) & PASSED_ON
    if half.flags[k] & int(Flag.OSCILLATING) or half.flags[k + 1 + int(np.argmin(after))] & int(Flag.OSCILLATING):
        # the device goes beyond both means
        return result_of(half, "snapback_voltage", "V", f"{_METHOD}; {_MEANS}", low=max(value - wide, 0.0),
                         flags=seen | Flag.CENSORED)
    return result_of(
        half,
        "snapback_voltage",
        "V",
        _METHOD,
        value=value,
        low=value - wide,
        high=value + reach + wide,
        flags=worst_flags(half, k, k + 1) & PASSED_ON,
    )
