"""Where a record stands still at its highest or lowest value although it is noisy: the end of a digitiser's range."""

import math

import numpy as np

from tsbench.analysis.tables.printed_digits import printed_digits
from tsbench.records import FloatArray
from tsbench.samples import noise_of, spread

#: samples at the end of the range, and their share of the record
_FEWEST, _SHARE = 10, 0.01
#: step of the digitiser by its noise: codes of a coarser one repeat anywhere, so they show nothing
FINE = 0.3
#: step of the digitiser by its noise up to which a level is spread over several codes, of which the outermost has the
#: fewest samples
_SPREAD = 2.0
_CLEAR = 4.0  #: standard deviations of a count
#: samples in a row between both ends of a record, and how many such rows, that show noise (chosen)
_ROW, _ROWS = 9, 20
#: noise by sixth differences over that by fourth ones: 1 if samples do not depend on each other, and 0.3 for a spike
#: that is five samples wide at half of its height (least chosen)
_WHITE = 0.65


def apparent_ends(values: FloatArray) -> tuple[float, float]:
    """Return the values at which a record is clipped, infinite where it shows no end.

    The samples of a noisy record differ. If many of them have exactly the highest (or the lowest) value, the digitiser
    cannot show more. The noise must be resolved; a digitiser of 8 bits seldom does so, and then nothing is said.

    Parameters
    ----------
    values : shape (n,), finite
    """
    different, counts = np.unique(values, return_counts=True)
    least = max(_FEWEST, _SHARE * values.size)
    if different.size < 2 or max(counts[0], counts[-1]) < least:
        return -np.inf, np.inf
    if float(np.diff(different).min()) >= FINE * shown_noise(values):
        return -np.inf, np.inf
    return (float(different[0]) if counts[0] >= least else -np.inf,
            float(different[-1]) if counts[-1] >= least else np.inf)


def stands_at_end(values: FloatArray, noise: float, step: float = np.inf, digit: float = 0.0) -> bool:
    """Return whether the readings of a pulse stand at one largest magnitude, as those of a meter at its end do.

    If the steps are much finer than the noise, no value repeats by chance. If they are about as large as the noise, a
    level is spread over several codes, and its outermost code has fewer samples than the next one.

    Parameters
    ----------
    values : of the pulse, shape (n,), finite
    noise : standard deviation of a reading of the whole record, in the unit of the values
    step : of the whole record; a pulse that is nearly all at the end does not show it
    digit : one unit of the last digit at the largest value. Smaller values may have finer steps
    """
    different, counts = np.unique(np.abs(values), return_counts=True)
    if different.size < 2 or counts[-1] < max(_FEWEST, _SHARE * values.size):
        return False
    below = float(different[-1] - different[-2])
    step = max(min(float(np.diff(np.unique(values)).min()), step), digit)
    if step < FINE * noise:
        return True
    beside = float(counts[-2]) if below < 1.5 * step else 0.0
    return step < _SPREAD * noise and counts[-1] - beside > _CLEAR * math.sqrt(counts[-1] + beside)


def shown_noise(values: FloatArray) -> float:
    """Return the standard deviation of the noise on a record of which many samples may be at an end of the range.

    Samples at an end do not vary. If they are more than half, the median of all deviations is zero, and only samples
    between the ends show the noise.

    Parameters
    ----------
    values : shape (n,), finite

    Returns
    -------
    In the unit of the values; 0 if no noise is seen.
    """
    return max(noise_of(values), _noise_between_ends(values))


def shown_step(values: FloatArray) -> float:
    """Return the step of a record's digitiser, no less than one unit of the last digit at its largest value.

    Parameters
    ----------
    values : shape (n,), n > 0, finite

    Returns
    -------
    In the unit of the values; infinite if no noise between the ends of the record shows that its steps are fine.
    """
    step = max(float(np.diff(np.unique(values)).min(initial=np.inf)), _last_digit(values))
    return step if step < FINE * _noise_between_ends(values) else np.inf


def _noise_between_ends(values: FloatArray) -> float:
    """Return the noise by samples in a row of which none has the highest or the lowest value; 0 if it is not clear.

    A signal that changes from sample to sample is no noise. Smooth ones vanish in differences of higher order, so only
    what is as large in sixth differences as in fourth ones counts. A table without noise has errors of rounding only.
    Limit: peaks of fewer than nine samples above a clipped rest, and noise alone around an end, show nothing.
    """
    if values.size < _ROW:
        return 0.0
    count = np.concatenate(([0], np.cumsum((values > values.min()) & (values < values.max()))))
    rows = np.flatnonzero(count[_ROW:] - count[:-_ROW] == _ROW)
    if rows.size < _ROWS:
        return 0.0
    fourth, sixth = (spread(np.diff(values, order)[rows + (_ROW - order) // 2]) / math.sqrt(math.comb(2 * order, order))
                     for order in (4, 6))
    return fourth if sixth >= _WHITE * fourth and FINE * fourth > _last_digit(values) else 0.0


def _last_digit(values: FloatArray) -> float:
    """Return one unit of the last digit of the largest number of a record."""
    return printed_digits(values).step(float(np.abs(values).max()))
