"""Records with uneven times on an even time axis, and what the uneven times add to the uncertainty of a delay.

The extractors of pulses count in samples. A simulator with a variable step, a recorder that leaves samples out and a
segmented memory write uneven times. Straight lines between the samples put such a record on an even axis. These lines
know nothing of what was between two samples, so an instant between them is uncertain by that interval, and not by the
step of the new axis.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.statistics import combined
from tsbench.records import Flag, FloatArray
from tsbench.samples import noise_of

#: times are even that are no further than this share of the step from even ones: the sample interval is the error of
#: an instant, and this part of it is small beside that
_EVEN = 0.1
#: samples of the even record: at most so many, or this factor more than it had. A simulator with a variable step takes
#: very short steps at a corner, and not all of the record needs them
_MOST, _FACTOR = 20_000, 4
_FEWEST_ON_EDGE = 3  #: samples on an edge; with fewer, its place is that of the straight line between two of them


@dataclass(frozen=True)
class EvenRecord:
    """A record on an even time axis, and the times [s] of the samples that it was made of."""

    time: FloatArray
    voltage: FloatArray
    current: FloatArray
    sampled: FloatArray
    #: [A], [V] as it was sampled
    sampled_voltage: FloatArray
    sampled_current: FloatArray

    @property
    def changed(self) -> bool:
        """Whether the samples were not even."""
        return self.time is not self.sampled


def is_even(time: FloatArray) -> bool:
    """Return whether times [s], shape (n,), ascending, are those of an even sampling."""
    if time.size < 3:
        return True
    step = float(time[-1] - time[0]) / (time.size - 1)
    even = time[0] + step * np.arange(time.size)
    return bool(np.max(np.abs(time - even)) <= _EVEN * step)


def on_even_times(time: FloatArray, voltage: FloatArray, current: FloatArray) -> EvenRecord:
    """Return a record on an even axis: itself where it is even.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), time rising
    """
    if is_even(time):
        return EvenRecord(time, voltage, current, time, voltage, current)
    length = float(time[-1] - time[0])
    steps = length / float(np.min(np.diff(time)))
    number = math.ceil(min(steps, max(_MOST, _FACTOR * time.size))) + 1
    even = np.linspace(time[0], time[-1], number)
    return EvenRecord(even, np.interp(even, time, voltage), np.interp(even, time, current), time, voltage, current)


def with_noise(facts: PulseFacts, record: EvenRecord) -> PulseFacts:
    """Return the facts with the noise of the samples: straight lines between them have none."""
    if not record.changed:
        return facts
    # the standard deviation of a code is its size / sqrt 12
    voltage, current = (math.sqrt(12.0) * noise_of(part) for part in (record.sampled_voltage, record.sampled_current))
    return replace(facts, voltage_resolution=max(facts.voltage_resolution, voltage),
                   current_resolution=max(facts.current_resolution, current))


def widened_delay(delay: Delay, record: EvenRecord) -> Delay:
    """Return a delay that was found on the even axis, with the uncertainty that the uneven times add.

    The edge and the rise are each anywhere between the two samples beside them, where fewer than three samples show
    them (UNDER_SAMPLED). Where more do, the noise is averaged over these samples, and not over those of the even axis.
    """
    if not record.changed or not math.isfinite(delay.switching_time) or not math.isfinite(delay.edge_time):
        return delay
    new = float(record.time[1] - record.time[0])
    beside = [_interval_at(record.sampled, instant) for instant in (delay.edge_time, delay.switching_time)]
    few = min(
        _samples_on_edge(record.sampled, record.sampled_voltage, delay.edge_time, (delay.base, delay.highest)),
        _samples_on_edge(record.sampled, record.sampled_current, delay.switching_time,
                         (delay.off_current, delay.on_current))) < _FEWEST_ON_EDGE
    fewer = math.sqrt(max(max(beside) / new, 1.0))
    random = combined(delay.random * fewer, *(part / math.sqrt(12.0) for part in beside))
    return replace(delay, random=random, flags=delay.flags | (Flag.UNDER_SAMPLED if few else Flag.NONE))


def _interval_at(time: FloatArray, instant: float) -> float:
    """Return the interval [s] between the samples beside an instant [s]."""
    after = min(max(int(np.searchsorted(time, instant)), 1), time.size - 1)
    return float(time[after] - time[after - 1])


def _samples_on_edge(time: FloatArray, values: FloatArray, instant: float, levels: tuple[float, float]) -> int:
    """Return how many samples around an instant [s] lie between 10 and 90 % of a change between two levels."""
    share = (values - levels[0]) / (levels[1] - levels[0] or 1.0)
    between = (share > 0.1) & (share < 0.9)
    after = min(max(int(np.searchsorted(time, instant)), 1), time.size - 1)
    first, last = after, after - 1
    while first > 0 and between[first - 1]:
        first -= 1
    while last < time.size - 1 and between[last + 1]:
        last += 1
    return max(last - first + 1, 0)
