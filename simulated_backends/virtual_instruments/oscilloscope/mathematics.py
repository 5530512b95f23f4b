"""Math functions of an oscilloscope: arithmetic, calculus and spectra of displayed records.

Source: "Math Waveforms" of the InfiniiVision 3000T X-Series user's guide. Not compared with a manual: the constants of
the flat-top and the Blackman-Harris window, which are the usual ones.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from tsbench.records import FloatArray

_WINDOWS: Mapping[str, tuple[float, ...]] = {   # coefficients of the cosine terms
    "RECT": (1.0,), "HANN": (0.5, 0.5), "FLAT": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
    "BHAR": (0.35875, 0.48829, 0.14128, 0.01168),
}
_SMALLEST = 1e-20  #: [V] stands for zero in decibels


def _divided(first: FloatArray, second: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(second == 0.0, np.nan, first / second))


def _quiet(function: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], FloatArray]:
    """Make what is not defined NaN, without a warning."""
    def quiet(values: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            result = function(values)
        return np.asarray(np.where(np.isfinite(result), result, np.nan))

    return quiet


#: of two records
ARITHMETIC: Mapping[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "ADD": np.add, "SUBT": np.subtract, "MULT": np.multiply, "DIV": _divided,
}
#: of each value of one record
POINTWISE: Mapping[str, Callable[[FloatArray], FloatArray]] = {
    "SQRT": _quiet(np.sqrt), "ABS": np.abs, "SQU": np.square, "LOG": _quiet(np.log10), "LN": _quiet(np.log),
    "EXP": _quiet(np.exp), "TEN": _quiet(lambda values: np.power(10.0, values)), "MAGN": np.asarray,
}


def derivative(values: FloatArray, interval: float) -> FloatArray:
    """Return the slope [V/s] at each point, from the points around it."""
    return np.gradient(values, interval) if len(values) > 1 else np.zeros(len(values))


def integral(values: FloatArray, interval: float, offset: float = 0.0) -> FloatArray:
    """Return the integral [V s] from the left end of the screen on, of the values plus ``offset`` [V]."""
    shifted = np.nan_to_num(values) + offset
    return np.concatenate([[0.0], np.cumsum((shifted[1:] + shifted[:-1]) / 2) * interval])


def window_weights(window: str, count: int) -> FloatArray:
    """Return the weights of a window, shape (count,); "BART" is a triangle."""
    if window == "BART":
        return np.asarray(1.0 - np.abs(2.0 * np.arange(count) / count - 1.0))
    phase = 2 * math.pi * np.arange(count) / count
    weights = np.zeros(count)
    for order, part in enumerate(_WINDOWS[window]):
        weights += (-1) ** order * part * np.cos(order * phase)
    return weights


def noise_bandwidth(window: str) -> float:
    """Return the equivalent noise bandwidth of a window in lines of the spectrum: 1.5 of "HANN"."""
    weights = window_weights(window, 4096)
    return float(len(weights) * np.sum(weights**2) / np.sum(weights) ** 2)


def spectrum(
    values: FloatArray, interval: float, window: str = "HANN", volts: bool = False,
) -> tuple[FloatArray, float]:
    """Return the amplitude spectrum of a record and its resolution [Hz].

    Parameters
    ----------
    values : [V], shape (n,)
    interval : [s]
    window : "RECT", "HANN", "FLAT", "BHAR" or "BART"
    volts : [V rms] instead of [dBV]

    Returns
    -------
    tuple
        Amplitudes from 0 Hz on, shape (n // 2 + 1,), and the step [Hz].
    """
    count = len(values)
    weights = window_weights(window, count)
    lines = np.abs(np.fft.rfft(np.nan_to_num(values) * weights)) / np.sum(weights)
    lines[1:(count + 1) // 2] *= math.sqrt(2.0)   # two halves of the spectrum, rms; 0 Hz and half the rate have one
    found = lines if volts else 20.0 * np.log10(np.maximum(lines, _SMALLEST))
    return np.asarray(found), 1.0 / (count * interval)
