"""By how much one channel of a scope is late against another, from records of one edge in both.

The phase of the cross spectrum of both edges tells it, whatever the form of the edge is: the later channel is the
earlier one behind a delay and, where the edge comes through a resistor into a capacitance, behind one pole. No record
is interpolated, and noise turns the phase in neither direction. Records that share a trigger may be averaged, because
its jitter moves both channels alike.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from tsbench.analysis.statistics import NORMAL_95, combined, summarise
from tsbench.records import FloatArray

_GROUPS = 8  #: into which the records are divided; their scatter tells the uncertainty
_FEWEST = 16  #: records, at least two in each group
_HEAD = 12  #: the first such part of a record is before the edge, and shows its noise
_CLEAR = 5.0  #: standard deviations of the noise by which an edge is higher
_NOISE = 0.3  #: [rad] of a phase that is still used
#: share of the highest frequency that is used: beyond, the edge of a coarse record is folded back. What is left of that
#: in the delay, in samples (tests/analysis/test_channel_lag.py)
_FREQUENCIES, _FOLDED = 0.4, 0.02
_FEWEST_FREQUENCIES = 3


@dataclass(frozen=True)
class ChannelLag:
    """What two channels tell together: standard uncertainties by the scatter of groups of records."""

    delay: float  #: [s] the second channel is late by it, without the pole
    pole: float  #: [s] time constant between the two; 0 where it was not asked for
    uncertainty: float  #: [s] standard uncertainty of what was found: of the pole where it was asked for
    ratio: float  #: height of the edge in the second channel / in the first


def channel_lag(first: FloatArray, second: FloatArray, dt: float, delay: float | None = None) -> ChannelLag | None:
    """Return by how much the second channel is late against the first.

    Parameters
    ----------
    first, second : records that begin before one edge and end after it has settled, shape (records, samples), [V]
    dt : [s] between samples
    delay : [s] of the channels, where it is known: then the rest is a pole, whose time constant is found. None: there
        is no pole, and the delay is found

    Returns
    -------
    ChannelLag or None
        None where there are fewer than 16 records, or where no frequency shows the edge above the noise.
    """
    count = first.shape[0] // _GROUPS
    if first.shape[0] < _FEWEST:
        return None
    found, ratios = [], []
    for group in range(_GROUPS):
        mine = slice(group * count, (group + 1) * count)
        one = _lag_of_mean(first[mine].mean(axis=0), second[mine].mean(axis=0), dt, delay)
        if one is None:
            return None
        found.append(one[0])
        ratios.append(one[1])
    summary = summarise(np.array(found))
    uncertainty = combined((summary.high - summary.mean) / NORMAL_95, _FOLDED * dt)
    ratio = float(np.mean(ratios))
    if delay is None:
        return ChannelLag(summary.mean, 0.0, uncertainty, ratio)
    return ChannelLag(delay, summary.mean, uncertainty, ratio)


def _lag_of_mean(
    first: FloatArray, second: FloatArray, dt: float, delay: float | None,
) -> tuple[float, float] | None:
    """Return the delay, or the pole behind a known one [s], and the ratio of the heights; None without an edge."""
    one, two = np.fft.rfft(np.diff(first)), np.fft.rfft(np.diff(second))
    turn = 2.0 * math.pi * np.fft.rfftfreq(first.size - 1, dt)
    shape = 2.0 * np.sin(0.5 * turn * dt) * math.sqrt(first.size)   # of the difference of white noise
    ends = max(first.size // _HEAD, 4)
    noise = [float(np.std(record[:ends])) for record in (first, second)]
    heights = [float(record[-ends:].mean() - record[:ends].mean()) for record in (first, second)]
    if any(abs(height) <= _CLEAR * sigma for height, sigma in zip(heights, noise, strict=True)):
        return None
    doubt = np.hypot(*(
        sigma * shape / np.maximum(np.abs(spectrum), 1e-300)
        for sigma, spectrum in zip(noise, (one, two), strict=True)))
    used = _unbroken((doubt < _NOISE) & (turn <= _FREQUENCIES * turn[-1]))
    if np.count_nonzero(used) < _FEWEST_FREQUENCIES:
        return None
    phase = np.unwrap(-np.angle(two[used] * np.conj(one[used])))
    angle, weight = turn[used], 1.0 / np.maximum(doubt[used], 1e-6)**2
    ratio = abs(heights[1] / heights[0])
    if delay is None:
        return float(weight @ (angle * phase) / (weight @ angle**2)), ratio

    def misfit(pole: float) -> float:
        # derivative of the weighted squares of phase - angle * delay - atan(angle * pole)
        lag = angle * pole
        return float(weight @ ((phase - angle * delay - np.arctan(lag)) * angle / (1.0 + lag**2)))

    longest = 1.0 / float(angle[0])
    if misfit(-longest) * misfit(longest) >= 0.0:
        return None
    return float(brentq(misfit, -longest, longest, xtol=1e-16)), ratio


def _unbroken(clear: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the frequencies from the lowest one on that are clear, up to the first that is not, without zero."""
    ends = np.flatnonzero(~clear[1:])
    kept = np.zeros_like(clear)
    kept[1 : 1 + (int(ends[0]) if ends.size else clear.size - 1)] = True
    return kept
