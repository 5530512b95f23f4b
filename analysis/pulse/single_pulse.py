"""Where the one pulse of a record begins and ends, at a device that may switch, oscillate, or sit behind a load."""

import math

import numpy as np
import numpy.typing as npt

from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.lasting_rise import BEFORE
from tsbench.records import FloatArray
from tsbench.samples import noise_of, smoothed

#: the foot of an edge is where a mean over so many samples is above this share of half of its height
_FOOT_WIDTH, _FOOT = 9, 0.1
#: the record begins within an edge where the voltage moves by so many standard deviations, and by so large a share of
#: the pulse, between the first two fiftieths of it, and was on its way from where it is at the end
_MOVES, _MOVED = 10.0, 0.02
#: hundredths of a pulse over which longer means tell whether the voltage falls behind it
_LENGTHS = (2, 4, 8)
_CLEAR, _RETURNS = 8.0, 0.1  #: standard deviations of a clear current; share of the highest voltage that comes back
_NONE = 0.05  #: share of the highest current below which it has ended


def upright(
    voltage: FloatArray, current: FloatArray, facts: PulseFacts
) -> tuple[float, float, FloatArray, FloatArray]:
    """Return base [V] and sign of the pulse, and voltage and current that are positive in it and zero before it.

    Parameters
    ----------
    voltage, current : [V], [A] as recorded, shape (n,); the record begins before the pulse
    facts : accuracy of the scope
    """
    head = max(5, voltage.size // 50)
    base = _base(voltage, head, facts.voltage_resolution)
    sign = 1.0 if float(voltage.max()) - base >= base - float(voltage.min()) else -1.0
    return base, sign, sign * (voltage - base), sign * (current - float(np.median(current[:head])))


def _base(voltage: FloatArray, head: int, resolution: float) -> float:
    """Return the voltage [V] before the pulse, or behind it where the record begins within a slow edge."""
    begin, end = (float(np.median(part)) for part in (voltage[:head], voltage[-head:]))
    later = voltage[head : 2 * head]
    noise = noise_of(voltage[: 2 * head], resolution)
    moved = float(np.median(later)) - begin
    clear = max(_MOVES * noise / math.sqrt(head), _MOVED * float(np.ptp(voltage)))
    return end if abs(moved) > clear and moved * (begin - end) > clear * abs(moved) else begin


def quiet_samples(v: FloatArray, first: int) -> int:
    """Return how many samples from the first on are before the foot of the edge whose half is at ``first``.

    Parameters
    ----------
    v : [V] positive in the pulse, zero before it, shape (n,)
    first : sample where the edge is half way up
    """
    risen = smoothed(v[:first], _FOOT_WIDTH) > _FOOT * float(v[first])
    foot = int(np.argmax(risen)) if risen.any() else first
    return max(math.floor(BEFORE * foot), first // 4)


def pulse_span(v: FloatArray, i: FloatArray, noise: float, i_noise: float) -> tuple[int, int] | None:
    """Return first and last sample of the pulse: from half its height up to where it is over; None: there is none.

    Parameters
    ----------
    v, i : [V], [A], shape (n,), positive in the pulse, zero before it
    noise, i_noise : [V], [A] standard deviations of one sample
    """
    smooth, flowing = smoothed(v, 3), smoothed(i, 3)
    top = float(smooth.max())
    if top < 8.0 * noise or top <= 0.0:
        return None
    first = int(np.flatnonzero(smooth >= 0.5 * top)[0])
    # once switched, the voltage may be low while the current still flows
    present = (smooth > 0.2 * top) | (flowing > 0.5 * float(flowing[first:].max()))
    last = _end(present, first)
    # of a device that oscillates, the voltage may go to zero between the spikes
    spikes = np.flatnonzero(flowing >= 0.5 * float(flowing[first : last + 1].max()))
    if spikes.size and spikes[-1] > last and smooth[last : spikes[-1]].max() >= 0.5 * top:
        last = _end(present, int(spikes[-1]))
    last = _before_return(smooth, flowing, first, last, max(_CLEAR * i_noise, _NONE * float(i[first:].max())))
    last = _foot_of_fall(smooth, i, (first, last), top, (noise, i_noise))
    return (first, last) if last - first >= 8 else None


def _end(present: npt.NDArray[np.bool_], begin: int) -> int:
    """Return the last sample from ``begin`` on up to which the pulse is present."""
    gone = np.flatnonzero(~present[begin:])
    return begin + int(gone[0]) - 1 if gone.size else present.size - 1


def _before_return(v: FloatArray, i: FloatArray, first: int, last: int, least: float) -> int:
    """Return the last sample with more than the least current, where the voltage then comes back; else ``last``.

    A device may switch off while the voltage behind its load falls slowly. Its own voltage then rises once more.
    """
    flows = np.flatnonzero(i[first : last + 1] >= least)
    if flows.size == 0:
        return last
    ended = first + int(flows[-1])
    step = _RETURNS * float(v.max())
    fell = float(v[first : ended + 1].max()) - float(v[ended]) > step
    return ended if fell and float(v[ended : last + 1].max()) - float(v[ended]) > step else last


def _foot_of_fall(v: FloatArray, i: FloatArray, span: tuple[int, int], top: float, noise: tuple[float, float]) -> int:
    """Return the last sample before the falling edge that ends at the last of ``span``.

    It goes back by hundredths of the pulse until the voltage rises no more, so that an edge of any length is left out
    and a device that switched late keeps the short time it was on. The end of a decay is slow: there, longer means
    tell whether the voltage rises, where the current has ended.
    """
    first, last = span
    width = max(2, (last - first) // 100)
    none = _NONE * float(i[first : last + 1].max())
    here = last
    while True:
        falling = _fall(v, here, width, first) >= max(0.004 * top, 6.0 * noise[0] / math.sqrt(width))
        for longer in (times * width for times in _LENGTHS):
            clear = 6.0 / math.sqrt(longer)
            falling = falling or (
                _fall(v, here, longer, first) >= max(0.004 * top, clear * noise[0])
                and float(np.mean(i[here - longer + 1 : here + 1])) < max(none, clear * noise[1]))
        if not falling:
            return here - 2
        here -= width


def _fall(values: FloatArray, here: int, width: int, first: int) -> float:
    """Return by how much a mean before sample ``here`` is lower than the one before that; none near ``first``."""
    if here - 2 * width <= first:
        return -math.inf
    before, now = values[here - 2 * width + 1 : here - width + 1], values[here - width + 1 : here + 1]
    return float(np.mean(before)) - float(np.mean(now))
