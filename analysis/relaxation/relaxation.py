"""Relaxation time: from the falling edge of a pulse until the device current at the read level stays below a level.

How the instants are found. docs/definitions.md defines the falling edge by half of the highest current of the pulse.
Here it is the middle of the steep fall at the end of the pulse, between the last current in the pulse and the first at
the read level; both are on this fall unless the current has decayed to less than half within the pulse. A device that
is on hardly shows the edge in its voltage when a resistor is in series. Level: a current, or a share of the current
right after the edge. The current before the pulse, at the same read level and with the device
at rest, is taken for zero, for a scope's offset is larger than these currents.

A device that is still above the level when the record ends gives a lower bound, one that is below it at once an upper
bound: value None, CENSORED. The median over shots and its distribution-free interval take such bounds as they are. An
upper bound needs evidence: the current that would flow at the read level if the device had stayed on (that at the end
of the pulse, as much smaller as the read level is than the pulse) must stand clear of the noise within the time of the
bound. Where it does not, nothing is known of the time: no value, no bound, CENSORED and UNDER_SAMPLED.
"""

import math
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.pulse.clipped_rise import beyond
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.analysis.relaxation.first_current import FIRST_SAMPLES, FirstCurrent, first_current
from tsbench.analysis.relaxation.level_passed import even_mean, falls_evenly, hidden, last_above, passed, time_at
from tsbench.analysis.signal import mute_of, usable_record
from tsbench.analysis.statistics import combined, standard_uncertainty
from tsbench.analysis.statistics.pink_noise import drift_of_pink, pink_variance
from tsbench.records import Flag, FloatArray
from tsbench.samples import TELLS_NOTHING, noise_of, smoothed, step_of_values

#: shares of the record after the edge: most that a running mean may take
_WIDEST_MEAN = 0.02
#: share of the relaxation time that it takes at least
_MEAN_SHARE = 0.03
#: and most of it that noise may ask for: over more, the current bends
_MOST_OF_FALL = 0.3
#: share of the record after the edge, most over which a current is averaged to see that nothing flows
_MOST_TO_SEE = 0.25
#: standard deviations of the noise of one sample, over the root of their number, by which a median may be off: three of
#: its own, which is 1.25 times that of a mean
_DOUBT_OF_MEDIAN = 3.75
#: the current at the edge may be this many times that behind it; above, it has halved before it is seen
_MOST_BEFORE = 2.0
#: a level must stand this many standard deviations of the (smoothed) noise above zero and below the first current
_CLEAR = 5.0
_FEWEST_SAMPLES = 16


@dataclass(frozen=True)
class Relaxed:
    """One shot; ``value`` [s] is None where it has no pulse that fired, or only ``low`` or ``high`` is known."""

    value: float | None
    random: float = 0.0  #: [s] standard uncertainty of this one
    systematic: float = 0.0  #: [s] standard uncertainty common to all
    flags: Flag = Flag.NONE
    level: float = math.nan  #: [A]
    initial: float = math.nan  #: [A] right after the edge
    edge_time: float = math.nan  #: [s] on the waveform's time axis
    low: float | None = None  #: [s] it lasted at least this long
    high: float | None = None  #: [s] or at most this
    zero: float = 0.0  #: [A] current before the pulse

    @property
    def fired(self) -> bool:
        """Whether the pulse switched the device on: without that there is nothing to relax."""
        return Flag.NO_EVENT not in self.flags

    @property
    def told(self) -> bool:
        """Whether the record tells if the pulse switched the device on."""
        return Flag.NO_EVENT | Flag.AMBIGUOUS not in self.flags

    @property
    def bounded(self) -> float | None:
        """Return the time for order statistics: the value, or infinity or 0 for one that is only bounded."""
        if self.value is not None:
            return self.value
        return math.inf if self.low is not None else 0.0 if self.high is not None else None


#: the device voltage at the end of a pulse, as a share of its largest: above, the device does not hold it low
_STILL_HIGH = 0.7
_LATE_EDGE = 0.1  #: of the pulse: the current falls no later after the voltage, if it is the edge that both show


def relaxation_time(
    time: FloatArray, voltage: FloatArray, current: FloatArray, width: float, *, level: float | None = None,
    fraction: float = 0.5, facts: PulseFacts | None = None, flags: Flag = Flag.NONE, start: float | None = None,
    rest: tuple[float, float] | None = None,
) -> Relaxed:
    """Measure the relaxation time in one record that holds a pulse and what follows.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,), from before the pulse on; evenly sampled up to its end
    width : [s] of the pulse
    level : [A] above the current of the device at rest; None: ``fraction`` of the current right after the edge
    facts : accuracy of the scope
    flags : of the acquisition, passed on
    start : [s] when the pulse begins; None: where the device voltage first passes half of its largest change
    rest : [A] current of the device at rest at the read level, its standard uncertainty; None: mean before the pulse
    """
    facts = facts or PulseFacts()
    time, (voltage, current), gaps = usable_record(time, voltage, current)
    mute, flags = mute_of(flags | gaps)
    if time.size < _FEWEST_SAMPLES or width <= 0:
        return Relaxed(None, flags=flags | TELLS_NOTHING | Flag.UNDER_SAMPLED)
    start = _first_edge(time, voltage) if start is None else start
    hair = 1e-3 * float(time[-1] - time[0]) / (time.size - 1)   # rounding of the times must not move a sample
    begin, end = (int(np.searchsorted(time, start + share * width - hair)) for share in (-0.02, 0.95))
    if begin < 8 or end - begin < 16 or end > time.size - 2 * FIRST_SAMPLES:
        return Relaxed(None, flags=flags | TELLS_NOTHING | Flag.UNDER_SAMPLED)
    switched = switching_delay(time[:end], voltage[:end], current[:end], facts)
    if not switched.fired:
        return Relaxed(None, flags=flags | (TELLS_NOTHING if mute or not switched.shown else Flag.NO_EVENT))
    zero = float(np.mean(current[:begin])) if rest is None else rest[0]
    top = float(np.median(current[end - max((end - begin) // 20, 3) : end])) - zero
    sign = 1.0 if top >= 0 else -1.0
    i = sign * (current - zero)
    fall = _end_edge(voltage, i, begin, end, sign * top)
    if (why_none := _why_no_fall(current, end, fall, facts)) or fall is None:
        return Relaxed(None, flags=flags | why_none, zero=zero)
    edge, settled = fall
    edge_time = time_at(time, edge)
    noise = noise_of(i, facts.current_resolution)
    tail = i[settled:]
    first = first_current(tail, settled - edge, noise, _CLEAR)
    initial, visible = first.at_edge, first.behind >= _CLEAR * noise / math.sqrt(FIRST_SAMPLES)
    stayed_on = initial if visible else abs(top) * _read_share(voltage, begin, end, settled, switched.highest)
    wanted = level if level is not None else fraction * stayed_on
    found = {"level": wanted, "initial": initial, "edge_time": edge_time, "zero": zero}
    if not visible:
        if (samples := _samples_to_see(tail, wanted, stayed_on, noise)) is None:
            return Relaxed(None, flags=flags | Flag.CENSORED | Flag.UNDER_SAMPLED, **found)
        return Relaxed(None, flags=flags | Flag.CENSORED, high=time_at(time, settled + samples) - edge_time, **found)
    mean, widest = _samples_of_mean(tail.size, noise, min(wanted, abs(initial - wanted) if level is None else wanted))
    flags |= Flag.UNDER_SAMPLED if mean > widest else Flag.NONE  # the level is lost in the noise
    mean = min(max(mean, 3), widest)
    _, last = last_above(tail, mean, wanted, -1)
    if last < 0:
        high = time_at(time, settled + max(FIRST_SAMPLES, mean)) - edge_time
        return Relaxed(None, flags=flags | Flag.CENSORED, high=high, **found)
    # noise makes the last crossing late where the current falls slowly: a mean over a small share of the time is even
    mean = min(max(mean, round(_MEAN_SHARE * last)), widest)
    smooth, last = last_above(tail, mean, wanted, last)
    if (bounds := hidden(time, settled + last, mean, ends=last >= smooth.size - 1 - mean)) is not None:
        least, most, why = bounds
        return Relaxed(None, flags=flags | why, low=max(least - edge_time, 0.0),
                       high=None if most is None else most - edge_time, **found)
    code = facts.current_resolution or step_of_values(current)
    longest = min(max(widest, round(_MOST_OF_FALL * last)), (tail.size - last) // 2)
    pink = pink_variance((current[:begin], tail[tail.size // 2 :]))
    beside = drift_of_pink(pink, 2.0, 1, 1)   # of means that are two lengths apart, whatever the length
    smooth, last, mean = even_mean(tail, (smooth, last, mean), wanted, (noise, code, beside), longest)
    # otherwise, the last crossing is late by more than the interval tells
    flags |= Flag.NONE if falls_evenly(smooth, last, mean, noise, 0.0, beside) else Flag.UNDER_SAMPLED
    at_rest = combined(noise / math.sqrt(begin) if rest is None else rest[1],
                       drift_of_pink(pink, settled + last - 0.5 * begin, mean, begin))
    value, random, slope, dt = passed(time, smooth, edge, settled, last, mean, wanted, (noise, code, at_rest))
    unseen, doubt = (0.0, Flag.NONE) if level is not None else _unseen(smooth, first, fraction, last)
    # a share of the current does not depend on the gain, a level in amperes does
    by_gain = 0.0 if level is None else standard_uncertainty(min(wanted * facts.current_gain / slope * dt, value))
    by_time = standard_uncertainty(facts.timebase_accuracy) * value
    systematic = combined(by_time, by_gain, standard_uncertainty(unseen * dt))
    return Relaxed(value, random, systematic, flags | doubt, **found)


def _unseen(smooth: FloatArray, first: FirstCurrent, fraction: float, last: int) -> tuple[float, Flag]:
    """Return how many samples later a level by the samples behind the edge alone is passed, and a flag.

    The samples do not show whether the current falls at the edge as it does behind the edge.
    """
    above = np.flatnonzero(smooth >= fraction * first.behind)
    later = float(above[-1] - last) if above.size and above[-1] > last else 0.0
    return later, Flag.UNDER_SAMPLED if first.at_edge > _MOST_BEFORE * first.behind else Flag.NONE


def _samples_of_mean(size: int, noise: float, clear: float) -> tuple[int, int]:
    """Return how many samples a mean needs to show a difference of ``clear`` [A] in the noise, and the most of them."""
    return math.ceil((_CLEAR * noise / clear) ** 2) if clear > 0 else size, max(int(_WIDEST_MEAN * size), 3)


def _read_share(voltage: FloatArray, begin: int, end: int, settled: int, highest: float) -> float:
    """Return the current of a device that stays on at the read level, as a share of that at the end of the pulse.

    The smaller of two estimates: read level over pulse while the device is off (before the pulse, and before it
    switches: exact behind a resistance), and device voltage after the pulse over that at its end (exact without one).
    The read level may be as much lower as the noise allows.
    """
    noise = noise_of(voltage)
    before, after = (
        max(abs(float(np.median(part))) - _DOUBT_OF_MEDIAN * noise / math.sqrt(part.size), 0.0)
        for part in (voltage[:begin], voltage[settled:]))
    during = abs(float(np.median(voltage[end - max((end - begin) // 20, 3) : end])))
    return min(before / abs(highest) if highest else 0.0, after / during if during else 0.0, 1.0)


def _samples_to_see(tail: FloatArray, wanted: float, stayed_on: float, noise: float) -> int | None:
    """Return after how many samples the record shows that the current is below ``wanted``; None where it cannot.

    ``wanted`` and the current of a device that stayed on must both stand clear of the noise of a mean over as many
    samples as that takes, and the mean must lie below ``wanted`` by two of its standard deviations.
    """
    least = min(wanted, stayed_on)
    if least <= 0.0:
        return None
    samples = max(math.ceil((_CLEAR * noise / least) ** 2), FIRST_SAMPLES)
    if samples > _MOST_TO_SEE * tail.size:
        return None
    return samples if float(np.mean(tail[:samples])) < wanted - 2.0 * noise / math.sqrt(samples) else None


def _first_edge(time: FloatArray, voltage: FloatArray) -> float:
    """Return when [s] the device voltage first passes half of its largest change from where it begins."""
    change = np.abs(smoothed(voltage, 3) - np.median(voltage[: max(5, voltage.size // 50)]))
    return float(time[int(np.argmax(change >= 0.5 * change.max()))])


def _end_edge(
    voltage: FloatArray, i: FloatArray, begin: int, end: int, top: float
) -> tuple[float, int] | None:
    """Return (fractional index of the middle of the pulse's last edge, index at which it is over).

    The current shows the edge and how long the amplifier takes. But if the current does not fall with the voltage (it
    is clipped, or read at another level), its first fall is already the relaxation.
    """
    by_current, by_voltage = _falling_edge(i, end, top), _fall_of_voltage(voltage, begin, end)
    if by_voltage is None:
        return by_current
    latest = by_voltage[0] + _LATE_EDGE * (end - begin) + FIRST_SAMPLES
    return by_voltage if by_current is None or by_current[0] > latest else by_current


def _fall_of_voltage(voltage: FloatArray, begin: int, end: int) -> tuple[float, int] | None:
    """Return (fractional index of the middle of the voltage's fall after ``end``, index at which the fall is over).

    None where the device voltage is low at the end of the pulse already, because the device holds it low behind a
    resistance. There, only the current shows the fall.
    """
    rest = float(np.median(voltage[:begin]))
    change = np.abs(voltage - rest)
    length = max((end - begin) // 20, 3)
    height = float(np.median(change[end - length : end]))
    if height < _STILL_HIGH * float(change[begin:end].max()) or height < _CLEAR * noise_of(voltage):
        return None
    low = np.flatnonzero(change[end:] < 0.5 * height)
    if low.size == 0 or low[0] == 0 or low[0] > 2 * (end - begin):
        return None
    k = end + int(low[0]) - 1
    place = k + (change[k] - 0.5 * height) / (change[k] - change[k + 1])
    over = np.flatnonzero(change[k:] < 0.1 * height)
    settled = k + int(over[0]) if over.size else k + 1
    return float(place), min(settled + max(2 * (settled - k - 1), 1), voltage.size - 2)


def _falling_edge(i: FloatArray, end: int, top: float) -> tuple[float, int] | None:
    """Return (fractional index of the middle of the fall after ``end``, index at which the fall is over)."""
    # the fall is steep beside all that follows: look for it within what the pulse's end may be late
    stretch = i[end : min(i.size, end + max(2 * (end // 5), 50))]
    drop = stretch[:-4] - stretch[4:]
    if drop.size < 8:
        return None
    at = int(np.argmax(drop))
    if drop[at] <= 0:
        return None
    going = drop[at:] > 0.1 * drop[at]
    over = at + (int(np.argmin(going)) if not going.all() else going.size - 1)
    over = min(over + max(2 * (over - at), 4), stretch.size - 1)  # the tail of the edge is slower than its middle
    rest = float(np.median(stretch[over : over + FIRST_SAMPLES]))
    middle = 0.5 * (top + rest)
    below = np.flatnonzero(stretch[: over + 1] < middle)
    if below.size == 0 or below[0] == 0:
        return None
    k = int(below[0]) - 1
    return float(end + k + (stretch[k] - middle) / (stretch[k] - stretch[k + 1])), end + over


def _why_no_fall(current: FloatArray, end: int, fall: tuple[float, int] | None, facts: PulseFacts) -> Flag:
    """Return why the current after the edge is not known: clipped, or there is no fall; NONE where it is known."""
    after = end if fall is None else fall[1]
    if beyond(current[after : after + FIRST_SAMPLES], facts.current_window).size:
        return Flag.CENSORED | Flag.CLIPPED
    return Flag.NO_EVENT if fall is None else Flag.NONE
