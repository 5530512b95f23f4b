"""When a stimulus begins, by the voltage at the device."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: samples of a rise through which a curve can be drawn
_ENOUGH = 8
#: share of the highest voltage up to which a rise tells when it began: a device may switch at the highest
_BELOW = 0.5
#: lengths of the edge, or of the rise up to there, before the rise that tell the base
_BASE = 2.0


@dataclass(frozen=True)
class StepEdge:
    """When the generator steps: ``time`` [s] on the record's time axis, and its standard uncertainty [s]."""

    time: float
    uncertainty: float


def departure(times: FloatArray, voltage: FloatArray, resolution: float) -> float:
    """Return when the voltage leaves its base for the first stimulus [s], on the record's time axis.

    Behind a load, the scope triggers later than that: when the capacitance at the device has charged up to the trigger
    level. The last sample within the noise of the base, before a fifth of the highest voltage, tells the beginning.

    Parameters
    ----------
    times, voltage : [s], [V], shape (n,); the record begins before the stimulus
    resolution : [V] one code
    """
    away, noise = _away(voltage, resolution, 0)
    last, up = _rise(away, noise)
    return float(times[up if last is None else last])


def step_edge(times: FloatArray, voltage: FloatArray, resolution: float, polarity: int) -> StepEdge:
    """Return when a step of the stimulus passes half of its height, by the rise of the device voltage.

    Behind a load with a capacitance, the voltage rises from the middle of the edge on, at first along a line. Time as a
    quadratic function of the voltage, between the noise and a fifth of the highest voltage, gives the instant at which
    the voltage leaves its base. Where the rise has few samples, it is known to the length of the rise.

    Parameters
    ----------
    times, voltage : [s], [V], shape (n,); the record begins before the step
    resolution : [V] one code
    polarity : 1 or -1, of the step
    """
    away, noise = _away(voltage, resolution, polarity)
    last, up = _rise(away, noise)
    start = up if last is None else last
    if up - start < _ENOUGH:
        length = float(times[up] - times[max(start - 1, 0)])
        return StepEdge(float(times[start : up + 1].mean()), length / 12.0**0.5)
    v, t = away[start : up + 1], times[start : up + 1] - times[start]
    weights = np.vander(v, 3, increasing=True)
    found, *_ = np.linalg.lstsq(weights, t, rcond=None)
    left = t - weights @ found
    covariance = np.linalg.pinv(weights.T @ weights) * float(left @ left) / (v.size - 3)
    step = float(times[1] - times[0])
    return StepEdge(float(times[start] + found[0]), float(np.sqrt(covariance[0, 0] + step**2 / 12.0)))


def foot_of_edge(times: FloatArray, voltage: FloatArray, resolution: float, length: float) -> float:
    """Return when a stimulus begins to rise [s], on the record's time axis.

    A ramp behind one pole (the load and the capacitance at the device) is fitted to the rise of the device voltage:
    behind a load, the voltage leaves its base so slowly that the last sample within the noise is nanoseconds late.

    Parameters
    ----------
    times, voltage : [s], [V], shape (n,); the record begins before the stimulus
    resolution : [V] one code
    length : [s] of the edge of the stimulus, 0 to 100 %
    """
    away, noise = _away(voltage, resolution, 0)
    last, up = _rise(away, noise)
    step = float(times[1] - times[0])
    up += int(np.argmax(away[up:] >= _BELOW * float(away.max())))
    late = float(times[up if last is None else last])
    spent = max(float(times[up]) - late, step)
    first = int(np.searchsorted(times, late - _BASE * max(length, spent)))
    if up - first < _ENOUGH or length < step:
        return late
    t, v = times[first : up + 1] - late, away[first : up + 1]

    def misfit(unknown: FloatArray) -> FloatArray:
        begin, pole, height, base = unknown
        return np.asarray(base + height * ramp_behind_pole((t - begin * spent) / length, np.exp(pole)) - v)

    found = least_squares(misfit, [-0.2, np.log(spent / length), 2.0 * float(v[-1]), 0.0], method="lm", max_nfev=400)
    begin = late + float(found.x[0]) * spent
    return begin if found.success and first <= np.searchsorted(times, begin) <= up else late


def ramp_behind_pole(x: FloatArray, pole: float) -> FloatArray:
    """Return the answer of one pole to a ramp from 0 at ``x`` = 0 to 1 at ``x`` = 1.

    Parameters
    ----------
    x : time over the length of the ramp, shape (n,)
    pole : its time constant over the length of the ramp, above zero
    """
    def ramp(x: FloatArray) -> FloatArray:
        x = np.maximum(x, 0.0)
        return x + pole * np.expm1(-x / pole)

    return np.asarray(ramp(x) - ramp(x - 1.0))


def _away(voltage: FloatArray, resolution: float, polarity: int) -> tuple[FloatArray, float]:
    """Return the distance from the base [V], in the direction of ``polarity`` (0: both), and the noise [V]."""
    head = max(voltage.size // 50, 8)
    moved = voltage - float(np.median(voltage[:head]))
    return (polarity * moved if polarity else np.abs(moved),
            max(noise_of(voltage[:head], resolution), float(np.std(voltage[:head]))))


def _rise(away: FloatArray, noise: float) -> tuple[int | None, int]:
    """Return the last sample within the noise, and the first above a fifth of the highest."""
    up = int(np.argmax(away >= 0.2 * float(away.max())))
    quiet = np.flatnonzero(away[:up] <= 3.0 * noise)
    return (int(quiet[-1]) if quiet.size else None), up
