"""The current at zero voltage of one half-sweep: by readings at zero, or by a straight off state, in doubt.

A stored run knows the limit of the offset from the data sheet, and a table does not. Where no reading at zero shows an
offset, only a straight off state may point to one, in doubt: a bent curve may pass through zero.
"""

import math
from collections.abc import Sequence

import numpy as np

from tsbench.analysis.statistics import NORMAL_95, combined, t_quantile_95
from tsbench.analysis.threshold.current_offset import (
    BEYOND,
    NO_CURRENT,
    ZeroCurrent,
    ZeroReading,
    of_ways,
    ways_at_zero,
)
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.records import FloatArray

_STRAIGHT = 8  #: readings that tell whether a curve is straight
#: share of the current of which an offset does not matter: tables have six digits or fewer
_LITTLE = 1e-6


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
    ways = ways_at_zero(at_zero, half.sign, half.polarity, beside)
    if (found := of_ways(*ways)) is not None:
        return found
    line = _of_line(half.voltage, half.current, mine, at)
    known = [way for way in ways if way is not None]
    if line.value and all(abs(mean - line.value) <= BEYOND * combined(wide, line.uncertainty) for mean, wide in known):
        return line
    if len(known) < len(ways):
        return NO_CURRENT
    # noise explains the current at zero, and an offset within this noise would not show
    mean, wide = (0.5 * sum(each) for each in zip(*known, strict=True))
    return ZeroCurrent(0.0, combined(mean, wide / math.sqrt(2.0)))


def _of_line(voltage: FloatArray, current: FloatArray, mine: IntArray, at: float) -> ZeroCurrent:
    """Return the current at zero voltage to which a straight off state points, in doubt; 0 where it is bent or noisy.

    A line and a parabola have to agree that it is not zero, and the parabola must not be bent.

    Parameters
    ----------
    voltage, current : [V], [A], shape (n,)
    mine : readings of the off state
    at : [V] up to which they count, if these are enough
    """
    below = mine[voltage[mine] <= at]
    if below.size < _STRAIGHT:   # few steps up to there
        below = mine
    if below.size < _STRAIGHT or not float(np.ptp(voltage[below])) > 0.0:
        return NO_CURRENT
    x, y = voltage[below] / at, current[below]
    fits = [_fit(x, y, degree) for degree in (1, 2)]
    (line, of_line), (parabola, of_parabola) = fits
    bent = abs(parabola[2]) > BEYOND * of_parabola[2]
    told = all(abs(found[0]) > BEYOND * deviation[0] for found, deviation in fits)
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
