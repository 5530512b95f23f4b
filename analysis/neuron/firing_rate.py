"""The firing rate of the spikes that one stimulus makes, by one rule for every form of the stimulus."""

import math

from tsbench.records import FloatArray

#: spikes with which there is a rate: three of them after the first one, as a frequency needs three
FEWEST_SPIKES = 4


def firing_rate(spikes: FloatArray) -> float | None:
    """Return the inverse of the mean inter-spike interval [Hz] from the second spike on; None below four spikes.

    The first spike starts from rest and has another form than those that follow. Its delay is the spike latency.

    Parameters
    ----------
    spikes : [s] times of the spikes in order, shape (n,)
    """
    if spikes.size < FEWEST_SPIKES:
        return None
    return float((spikes.size - 2) / (spikes[-1] - spikes[1]))


def rate_uncertainty(spikes: FloatArray, step: float) -> float:
    """Return the standard uncertainty of the firing rate [Hz]: two spikes are known to a sample interval ``step`` [s]
    each, with an even distribution; 0 where there is no rate.

    Parameters
    ----------
    spikes : [s] times of the spikes in order, shape (n,)
    step : [s]
    """
    rate = firing_rate(spikes)
    return 0.0 if rate is None else rate * step / math.sqrt(6.0) / float(spikes[-1] - spikes[1])
