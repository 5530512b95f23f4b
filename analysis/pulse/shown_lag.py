"""By how much the channel of the current is late, as the end of a pulse shows it.

No device conducts without a voltage, so the current falls together with the voltage. If the current falls later, and
equally late at all levels, its channel or its sensor is late by this time. The cause may be a longer cable whose skew
was not measured. A device that switched on after the edge shows no lag at the end.
"""

import math
from dataclasses import replace

import numpy as np

from tsbench.analysis.pulse.seen_rise import SeenRise, seen_rise
from tsbench.analysis.pulse.shown import Shown
from tsbench.records import Flag, FloatArray

_LEVELS = (0.8, 0.65, 0.5, 0.35)  #: of the level at the end of the pulse, where the falls are compared
_CLEAR = 5.0  #: standard deviations of the noise by which the lowest of them is clear of zero
FEWEST = 2.0  #: [samples] a lag that is less is within what lies between the samples
#: a lag of a channel is the same at all levels. Where a current falls less than in proportion to its voltage,
#: it also falls late, but unevenly: the lags of a power of the voltage below 1 differ by more than this share
_UNEVEN = 0.2
_LEFT = 8  #: samples of a pulse behind the lag, at least: no shorter pulse is looked at
_BETWEEN = 0.5  #: [samples] by which lags may differ in any case
_TAIL = 0.25  #: share of the pulse whose medians are its level


def lag_of_fall(v: FloatArray, i: FloatArray, span: tuple[int, int], noise: tuple[float, float]) -> float:
    """Return by how many samples the current falls later than the voltage at the end of a pulse; 0: it shows none.

    Parameters
    ----------
    v, i : [V], [A], shape (n,), evenly sampled, positive in the pulse, zero before it
    span : sample where the edge is half way up, and the last one of the pulse
    noise : [V], [A] standard deviations of one sample
    """
    first, last = span
    tail = slice(max(first, last - math.ceil(_TAIL * (last - first))), last + 1)
    falls = []
    for values, sigma in ((v, noise[0]), (i, noise[1])):
        level = float(np.median(values[tail]))
        if level * _LEVELS[-1] <= _CLEAR * sigma:
            return 0.0
        falls.append([_falls_below(values, share * level, tail.start) for share in _LEVELS])
    lags = np.subtract(falls[1], falls[0])
    least, most = float(lags.min()), float(lags.max())
    if not math.isfinite(least + most) or least < FEWEST or most - least > max(_UNEVEN * least, _BETWEEN):
        return 0.0
    return float(lags.mean())


def behind_lag(
    found: SeenRise, v: FloatArray, i: FloatArray, span: tuple[int, int], lag: float, noise: tuple[float, float],
) -> SeenRise:
    """Return what a record shows whose current is late by some samples: no switching where that explains the rise.

    Both are compared at the samples beside the lag, because an edge may pass between two samples. A lag that leaves
    hardly a sample of the pulse explains nothing: ``found`` stays.

    Parameters
    ----------
    found : what it shows if the current is not late
    v, i, span, noise : as :func:`lag_of_fall` takes them
    lag : [samples] as it returns it
    """
    for shift in (math.floor(lag), math.ceil(lag), math.ceil(lag) + 1):
        if span[1] - span[0] - shift < _LEFT:
            break
        late = np.concatenate([v[:1].repeat(shift), v[: v.size - shift]])
        again = seen_rise(late, i, (span[0] + shift, span[1]), (0.0,), noise, math.nan)
        if again.nothing:
            return replace(found, rise=None, shown=Shown(Flag.NO_EVENT))
    return found


def _falls_below(values: FloatArray, level: float, start: int) -> float:
    """Return the place, in samples, at which values fall below a level for good; NaN: they do not."""
    above = np.flatnonzero(values[start:] >= level)
    if above.size == 0 or start + int(above[-1]) >= values.size - 1:
        return math.nan
    at = start + int(above[-1])
    return at + float((values[at] - level) / max(values[at] - values[at + 1], 1e-300))
