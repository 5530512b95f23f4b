"""Small tools on sampled signals: gaps, crossings to a fraction of a sample, edges."""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.records import Flag, FloatArray
from tsbench.samples import TELLS_NOTHING, convolved, smoothed

#: a reading at least this large is an instrument's way to say "overflow": 9.9e37 (SCPI), 1e22 (4225-PMU). No quantity
#: of a measurement comes near, not even a time of day in nanoseconds (2e18)
OVERFLOW_NUMBER = 1e20
#: samples on an edge from which on its bend is fitted too, and the form of a charging capacitance
_ENOUGH_FOR_BEND, _ENOUGH_FOR_LOGARITHM = 8, 24
#: standard deviations of its noise by which the steepest slope must be known before a fit is placed by it
_CLEAR_SLOPE = 12.0
_LEAST_HALF_WIDTH = 3  #: samples: a cubic has four parameters
#: samples in the steep part of a rise up to which its steepest point is known to half a sample only
_FEW = 4.0
#: a record leaves its level where three samples are so many standard deviations away, or such a part so many errors
_PEAK_SIGMAS, _PARTS_OF_RECORD, _MEAN_SIGMAS = 8.0, 25, 6.0


def usable_record(time: FloatArray, *signals: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...], Flag]:
    """Return (time, signals, flags) of a record without gaps.

    Samples that are not finite, or an instrument's number for overflow, are put between their neighbours by straight
    lines, with the flag OVERFLOW; where time is not finite the sample is left out. A record of which less than half is
    left, or whose time does not rise, is no record: empty arrays, with the flags OVERFLOW or UNDER_SAMPLED.

    Parameters
    ----------
    time : [s] shape (n,)
    *signals : in any unit, shape (n,)
    """
    time = np.asarray(time, dtype=np.float64)
    signals = tuple(np.asarray(signal, dtype=np.float64) for signal in signals)
    empty = np.empty(0), tuple(np.empty(0) for _ in signals)
    if time.size == 0:
        return *empty, Flag.NONE
    flags = Flag.NONE
    # NaN is neither
    if not all(array.min() > -OVERFLOW_NUMBER and array.max() < OVERFLOW_NUMBER for array in (time, *signals)):
        flags = Flag.OVERFLOW
        placed = np.isfinite(time)
        time, signals = time[placed], tuple(signal[placed] for signal in signals)
        good = np.logical_and.reduce([np.abs(signal) < OVERFLOW_NUMBER for signal in signals], initial=True)
        if np.count_nonzero(good) < max(2, placed.size // 2):
            return *empty, flags
        place = np.arange(time.size)
        signals = tuple(np.interp(place, place[good], signal[good]) for signal in signals)
    if not bool(np.all(time[1:] > time[:-1])):
        return *empty, flags | Flag.UNDER_SAMPLED
    return time, signals, flags


def mute_of(flags: Flag) -> tuple[bool, Flag]:
    """Return whether the flags of an acquisition say that it tells nothing, and the flags without that.

    A saturated record, or one of equal codes, cannot show that nothing happened. What is seen in it all the same is
    seen, so these flags belong to what is not seen there.
    """
    mute = TELLS_NOTHING in flags
    return mute, flags & ~TELLS_NOTHING if mute else flags


def departs(values: FloatArray, before: FloatArray, noise: float) -> bool:
    """Return whether a record leaves the level that it had before, beyond what noise does.

    It does where the mean of three samples is 8 standard deviations of one away, or that of a 25th of the record 6
    standard errors. A stimulus that did not arrive at the device, or is hidden in the noise, makes neither.

    Parameters
    ----------
    values : the record from where something is expected on, shape (n,)
    before : what came before, shape (m,); empty: its level was 0
    noise : standard deviation of one sample
    """
    if not values.size:
        return False
    away = values - (float(np.mean(before)) if before.size else 0.0)
    if float(np.max(np.abs(smoothed(away, 3)))) > _PEAK_SIGMAS * noise:
        return True
    length = max(values.size // _PARTS_OF_RECORD, 1)
    means = np.abs(away[: values.size // length * length].reshape(-1, length).mean(axis=1))
    error = noise * math.sqrt(1.0 / length + (1.0 / before.size if before.size else 0.0))
    return bool((means > _MEAN_SIGMAS * error).any())


def upward_crossings(values: FloatArray, level: float) -> FloatArray:
    """Return the fractional indices where ``values`` rise through ``level`` (linear in between).

    Parameters
    ----------
    values : shape (n,)
    level : in the unit of ``values``
    """
    below = values < level
    before = np.flatnonzero(below[:-1] & ~below[1:])
    crossing: FloatArray = before + (level - values[before]) / (values[before + 1] - values[before])
    return crossing


def line_crossing(
    values: FloatArray, near: float, level: float, low: float, high: float
) -> tuple[float, float, int]:
    """Refine a rising crossing by a line through the samples of its edge between ``low`` and ``high``.

    With many samples the line may bend, as the edge of a capacitance charged through a resistance does.

    Parameters
    ----------
    values : shape (n,)
    near : fractional index of the crossing, as it is known so far
    level, low, high : in the unit of ``values``

    Returns
    -------
    (fractional index, slope per sample, number of samples on the line)
        With fewer than three samples on the edge, the index as it was given.
    """
    first = last = round(near)
    while first > 0 and low < values[first - 1] < values[first] + (high - low):
        first -= 1
    while last < values.size - 1 and values[last + 1] < high and values[last + 1] > low:
        last += 1
    inside = np.arange(max(first, 0), min(last, values.size - 1) + 1)
    inside = inside[(values[inside] > low) & (values[inside] < high)]
    k = min(max(math.floor(near), 0), values.size - 2)
    steepness = float(values[k + 1] - values[k])
    if inside.size < 3:
        return near, steepness, 1
    slope, intercept = np.polyfit(inside - near, values[inside], 1)
    shift = (level - intercept) / slope if slope > 0 else math.inf
    # an edge behind a resistance bends: sample number over value. Of an edge of 500 ns, a parabola misses the crossing
    # by 1 to 2 ns, a polynomial of degree 4 by 0.1 ns. Samples of few values (codes) leave its coefficients open
    degree = 4 if inside.size >= _ENOUGH_FOR_LOGARITHM else 2
    if inside.size >= _ENOUGH_FOR_BEND and slope > 0 and np.unique(values[inside]).size > degree:
        shift = float(np.polyfit((values[inside] - level) / (high - low), inside - near, degree)[degree])
    if not abs(shift) < inside.size:
        return near, steepness, 1
    return near + float(shift), float(slope), int(inside.size)


@dataclass(frozen=True)
class Steepest:
    """The steepest point of a rise, in samples."""

    place: float  #: fractional index
    random: float  #: standard uncertainty by the noise
    model: float  #: standard uncertainty of what lies between the samples, and of the form that is fitted
    passes: float  #: from there to where the slope has fallen to half of the steepest


def steepest_rise(values: FloatArray, first: int, last: int, half_width: int, noise: float) -> Steepest:
    """Return the steepest rise between two samples.

    A cubic is fitted around the steepest slope, where the slope is more than half of the steepest: there it is nearly a
    parabola, however uneven the rise is as a whole. Its inflection is the answer. The residuals give the random part,
    and the change under a window half as wide again the model's. Of a few samples the place is known to half a sample,
    of more the better.

    Parameters
    ----------
    values : shape (n,)
    first, last : samples between which the rise is
    half_width : of the widest fit, in samples
    noise : standard deviation of one value
    """
    first, last = max(first, 0), min(last, values.size - 1)
    begin, end, half = _steep_part(values, first, last, half_width, noise)
    found, random = _inflection(values, 0.5 * (begin + end), half)
    other, _ = _inflection(values, found, math.ceil(1.5 * half))
    between = 0.5 / math.sqrt(3.0) * min(1.0, _FEW / (end - begin + 1))
    return Steepest(found, random, math.hypot(0.5 * (other - found), between), end - found)


def _steep_part(values: FloatArray, first: int, last: int, widest: int, noise: float) -> tuple[int, int, int]:
    """Return first and last sample of where the slope is more than half of the steepest, and the half width of a fit.

    The slope is that of straight lines through as few samples as make it clear of the noise.
    """
    reach, slope = max(widest // 7, 1), np.empty(0)  # a twentieth of the rise: noise that has a memory is averaged too
    while True:
        reach = min(reach, max(widest, 1))
        offsets = np.arange(-reach, reach + 1)
        around = values[np.clip(np.arange(first - reach, last + reach + 1), 0, values.size - 1)]
        slope = convolved(around, offsets[::-1].astype(np.float64)) / float(offsets @ offsets)
        if slope.max() >= _CLEAR_SLOPE * noise / math.sqrt(float(offsets @ offsets)) or reach >= widest:
            break
        reach = math.ceil(1.3 * reach)
    peak = int(np.argmax(slope))
    low = slope < 0.5 * slope[peak]
    before, after = np.flatnonzero(low[:peak]), np.flatnonzero(low[peak:])
    begin = int(before[-1]) + 1 if before.size else 0
    end = peak + int(after[0]) - 1 if after.size else slope.size - 1
    half = min(max(math.ceil(0.5 * (end - begin)), reach, _LEAST_HALF_WIDTH), max(widest, _LEAST_HALF_WIDTH))
    return first + begin, first + end, half


def _inflection(values: FloatArray, centre: float, half_width: int) -> tuple[float, float]:
    """Return the inflection of a cubic around ``centre`` and its standard uncertainty, in samples."""
    random = half_width / math.sqrt(3.0)
    for _ in range(3):
        first = max(0, round(centre) - half_width)
        inside = np.arange(first, min(values.size, round(centre) + half_width + 1))
        if inside.size < 5:
            return centre, 0.5
        x = (inside - centre) / half_width
        basis = np.vander(x, 4)
        inverse = np.linalg.pinv(basis.T @ basis)
        a, b, c, d = inverse @ basis.T @ values[inside]
        residual = values[inside] - basis @ np.array([a, b, c, d])
        variance = float(residual @ residual) / max(1, inside.size - 4)
        if a >= 0:  # no steepest point inside: the slope still grows to one side
            return centre, half_width / math.sqrt(3.0)
        shift = -b / (3 * a)
        gradient = np.array([b / (3 * a * a), -1 / (3 * a), 0.0, 0.0])
        random = math.sqrt(max(0.0, float(gradient @ inverse @ gradient) * variance)) * half_width
        step = float(np.clip(shift, -1.0, 1.0)) * half_width
        centre += step
        if abs(step) < 0.02:
            break
    return centre, min(random, float(half_width))
