"""Where a record stands still at its highest or lowest value although it is noisy: the end of a digitiser's range."""

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: samples at the end of the range, and their share of the record
_FEWEST, _SHARE = 10, 0.01
#: step of the digitiser by its noise: codes of a coarser one repeat anywhere, so they show nothing
_FINE = 0.3


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
    if float(np.diff(different).min()) >= _FINE * noise_of(values):
        return -np.inf, np.inf
    return (float(different[0]) if counts[0] >= least else -np.inf,
            float(different[-1]) if counts[-1] >= least else np.inf)
