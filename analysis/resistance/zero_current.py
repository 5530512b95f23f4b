"""The current that a table shows at zero voltage: an offset of its meter, which no state of a passive device conducts.

A stored run knows the limit of the offset from the data sheet. A table does not, but a sweep that begins or ends at
zero shows the offset itself. A displacement current shows there too: it changes its sign with the direction of the
sweep, and an offset does not. So one direction alone leaves in doubt what is seen. Where no reading at zero shows an
offset, only a straight off state may point to one, in doubt: a bent curve may pass through zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.statistics import NORMAL_95, combined, t_quantile_95
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray, IVPoints, split
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.samples import median, noise_of

#: part of a step of the sweep, or standard deviations of a voltage, within which a voltage is zero
_ZERO, _SIGMAS = 1e-3, 2.0
_AROUND = 41  #: readings around zero that tell the noise there
_BEYOND = 2.6  #: standard deviations (one in two hundred by chance) that noise does not explain
_STRAIGHT = 8  #: readings that tell whether a curve is straight
#: share of the current of which an offset does not matter: tables have six digits or fewer
_LITTLE = 1e-6
_ROUNDED = 1e-12  #: share of the largest current that rounding leaves of a sum of currents


@dataclass(frozen=True)
class ZeroReading:
    """What one way of a half-sweep reads at zero voltage, signed as the voltage of the record."""

    current: float  #: [A]
    noise: float  #: [A] standard deviation
    rising: bool  #: whether the voltage of the record rises there


@dataclass(frozen=True)
class ZeroCurrent:
    """Current at zero voltage, turned to the positive side of a half-sweep."""

    value: float  #: [A]
    uncertainty: float = 0.0  #: [A] standard
    others: tuple[float, ...] = ()  #: [A] what it may be as well; empty: there is no doubt

    def between(self, current: float) -> tuple[float, float]:
        """Return the least and the largest current [A] that a reading of ``current`` may be without it."""
        each = [current - one for one in (self.value, *self.others)]
        return min(each), max(each)

    def different_from_zero(self) -> list[float]:
        """Return what it may be [A], without zero itself."""
        return [one for one in (self.value, *self.others) if one != 0.0]

    def told(self, polarity: int) -> str:
        """Return what is taken off, with the sign of the record, as the method of a result says it; empty: nothing."""
        if not (self.value or self.others):
            return ""
        doubt = ". It is not clear whether that is an offset of the meter" if self.others else ""
        return f", less {format_quantity(polarity * self.value, 'A', 3)} at zero voltage{doubt}"


NO_CURRENT = ZeroCurrent(0.0)


def zero_readings(half: HalfSweep, voltage_noise: float) -> tuple[ZeroReading, ...]:
    """Return what both ways of a half-sweep read at zero voltage.

    ``voltage_noise``: [V] standard deviation of one reading.
    """
    steps = np.abs(np.diff(half.level))
    least = max(_ZERO * median(steps[steps > 0.0]) if (steps > 0.0).any() else 0.0, _SIGMAS * voltage_noise)
    codes = np.diff(np.unique(half.current))   # a coarse meter: its last digit
    resolution = float(codes.min()) if codes.size else 0.0
    found: list[ZeroReading] = []
    for way, sign in ((np.arange(half.turn + 1), 1), (np.arange(half.turn + 1, half.voltage.size), -1)):
        size = np.abs(half.voltage[way])
        noise = noise_of(half.current[np.sort(way[np.argsort(size, kind="stable")[:_AROUND]])], resolution)
        found += [ZeroReading(half.polarity * float(half.current[k]), noise, sign * half.polarity > 0)
                  for k in way[size <= least]]
    return tuple(found)


def readings_of_each(halves: Sequence[HalfSweep], voltage_noise: float) -> list[tuple[ZeroReading, ...]]:
    """Return for each half-sweep the readings at zero that count: its own, or those of all if these have one direction.

    ``voltage_noise``: [V] standard deviation of one reading.
    """
    each = [zero_readings(half, voltage_noise) for half in halves]
    whole = tuple(one for own in each for one in own)
    return [own if len({one.rising for one in own}) > 1 else whole for own in each]


def zero_current_of_all(halves: Sequence[HalfSweep], voltage_noise: float) -> ZeroCurrent:
    """Return the current at zero voltage that the readings of a whole record show, signed as its voltage.

    ``voltage_noise``: [V] standard deviation of one reading.
    """
    whole = [one for half in halves for one in zero_readings(half, voltage_noise)]
    largest = max((float(np.abs(half.current).max()) for half in halves if half.current.size), default=0.0)
    ways = [_mean([one for one in whole if one.rising is rising], 1, _ROUNDED * largest) for rising in (True, False)]
    return _of_readings(ways) or NO_CURRENT


def without_offset(points: IVPoints, voltage_noise: float) -> tuple[IVPoints, float]:
    """Return the readings without the offset of the current, and the standard uncertainty of the offset [A].

    An offset as large as the off current changes its sign, or hides a switching. So it is taken off first, where both
    ways of the sweep show the same current at zero voltage, beyond the noise.

    Parameters
    ----------
    points : readings of a sweep of the voltage
    voltage_noise : [V] standard deviation of one reading
    """
    zero = zero_current_of_all(list(split(points)), voltage_noise)
    if zero.value == 0.0 or zero.others:
        return points, 0.0
    return replace(points, current=points.current - zero.value, offset=zero.value), zero.uncertainty


def possible_offsets(half: HalfSweep, facts: SweepFacts) -> list[float]:
    """Return what the currents of a half-sweep may have too much [A], turned to its side, within the data sheet.

    Where both ways read zero voltage, and noise explains the current there, that is nothing. Else it may be what a way
    reads at zero, or at its lowest voltage: there, little of the current is that of the device.
    """
    ways = half.up(), half.down()
    if len({one.rising for one in zero_readings(half, facts.voltage_noise)}) > 1:
        found = zero_current_of_all([half], facts.voltage_noise).different_from_zero()
        return [half.polarity * one for one in found]
    lowest = [float(half.current[way][np.argmin(half.level[way])]) for way in ways if half.level[way].size]
    return [one for one in lowest if 0.0 < abs(one) <= facts.current_offset]


def zero_current(
    half: HalfSweep, mine: IntArray, at: float, at_zero: Sequence[ZeroReading], facts: SweepFacts,
    there: tuple[float, float],
) -> ZeroCurrent:
    """Return the current at zero voltage that noise does not explain, turned to the side of a half-sweep; else 0.

    Parameters
    ----------
    half : the half-sweep
    mine : readings of its off state
    at : [V] at which the off resistance is read
    at_zero : the readings at zero that count for it, see :func:`readings_of_each`
    facts : noise of the voltage
    there : current [A] at that voltage, and its slope [S]
    """
    beside = combined(_LITTLE * abs(there[0]), there[1] * facts.voltage_noise)
    ways = [_mean([one for one in at_zero if one.rising is rising], half.polarity, beside)
            for rising in (half.polarity > 0, half.polarity < 0)]
    if (found := _of_readings(ways)) is not None:
        return found
    line = _of_line(half.voltage, half.current, mine, at)
    agrees = all(abs(way[0] - line.value) <= _BEYOND * combined(way[1], line.uncertainty)
                 for way in ways if way is not None)
    return line if agrees else ZeroCurrent(0.0)


def _of_readings(ways: Sequence[tuple[float, float] | None]) -> ZeroCurrent | None:
    """Return the current that readings at zero show; None where noise explains them, or where there are none.

    ``ways``: mean and standard uncertainty [A] on the way up and on the way down.
    """
    known = [way for way in ways if way is not None]
    beyond = [abs(mean) > _BEYOND * deviation for mean, deviation in known]
    if len(known) == 2:
        (up, _), (down, _) = known
        apart, deviation = abs(up - down), combined(known[0][1], known[1][1])
        if apart > _BEYOND * deviation:   # a displacement current, or an offset that drifts
            return ZeroCurrent(up, deviation, (down, 0.0))
        return ZeroCurrent(0.5 * (up + down), 0.5 * max(deviation, apart)) if all(beyond) else None
    return ZeroCurrent(*known[0], (0.0,)) if any(beyond) else None


def _mean(readings: Sequence[ZeroReading], polarity: int, beside: float) -> tuple[float, float] | None:
    """Return the mean [A] of readings and its standard uncertainty by their noise and their scatter; None: no reading.

    Parameters
    ----------
    polarity : of the half-sweep to whose side they are turned
    beside : [A] standard uncertainty of each, beside its noise
    """
    if not readings:
        return None
    values = polarity * np.array([one.current for one in readings])
    noise = combined(math.sqrt(float(np.mean([one.noise**2 for one in readings]))), beside)
    scatter = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return float(values.mean()), max(noise, scatter) / math.sqrt(values.size)


def _of_line(voltage: FloatArray, current: FloatArray, mine: IntArray, at: float) -> ZeroCurrent:
    """Return the current at zero voltage to which a straight off state points, in doubt; 0 where it is bent or noisy.

    A line and a parabola have to agree that it is not zero, and the parabola must not be bent.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,)
    mine : readings of the off state
    at : [V] up to which they count
    """
    below = mine[voltage[mine] <= at]
    if below.size < _STRAIGHT or not float(np.ptp(voltage[below])) > 0.0:
        return NO_CURRENT
    x, y = voltage[below] / at, current[below]
    fits = [_fit(x, y, degree) for degree in (1, 2)]
    (line, of_line), (parabola, of_parabola) = fits
    bent = abs(parabola[2]) > _BEYOND * of_parabola[2]
    told = all(abs(found[0]) > _BEYOND * deviation[0] for found, deviation in fits)
    if bent or not told or line[0] * parabola[0] <= 0.0 or abs(line[0]) <= _LITTLE * float(np.abs(y).max()):
        return NO_CURRENT
    return ZeroCurrent(float(line[0]), float(of_line[0]), (0.0,))


def _fit(x: FloatArray, y: FloatArray, degree: int) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of a least-squares polynomial and their standard uncertainties.

    Both begin with the constant one, shape (degree + 1,). The scatter of few readings is widened by Student's t.
    """
    design = np.vander(x, degree + 1, increasing=True)
    found: FloatArray = np.linalg.lstsq(design, y, rcond=None)[0].astype(np.float64)
    left, degrees = y - design @ found, y.size - degree - 1
    spread = math.sqrt(float(left @ left) / degrees) * t_quantile_95(degrees) / NORMAL_95
    deviations: FloatArray = spread * np.sqrt(np.maximum(np.diag(np.linalg.pinv(design.T @ design)), 0.0))
    return found, deviations
