"""Set-points of a source of which a record has only the voltage at the device.

Behind a load, or where the source meter limits the current, the voltage of a device falls all at once, or stands still,
as it switches on, while the source goes on. Then the highest voltage is not where the source turned. While the device
is off, its voltage follows the source in even steps, before it switches on and after it switches off. Both straight
lines are continued, and the source turned where they meet.
"""

import numpy as np

from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: the voltage falls at once by so many of the usual steps, and so many standard deviations of its noise
_FALL, _FALL_SIGMAS = 2.0, 10.0
#: or it changes over so many steps by less than this share of a usual one
_STANDS, _FOLLOWS = 3, 0.5
_MORE_CURRENT = 1.1  #: while the current grows by this factor, at two readings at least
_FEWEST_BEFORE, _FEWEST_AFTER = 6, 3  #: readings in even steps before and after
#: a reading is on a line within so many steps and standard deviations of the noise
_OFF_LINE, _OFF_LINE_SIGMAS = 0.4, 5.0
_TOP = 0.02  #: share of the highest current within which it is the top of a way up and down


def last_at_source(voltage: FloatArray, current: FloatArray) -> int | None:
    """Return the last reading before the voltage no longer follows the source; None: it always does.

    There the current rises at once, and the voltage falls, or stands still over some readings.

    Parameters
    ----------
    voltage, current : magnitudes [V], [A] of one half-sweep, shape (n,), in order of measurement
    """
    places = np.arange(1, voltage.size - _STANDS)
    usual = (voltage[places] - voltage[0]) / places   # mean step so far
    rise = voltage[places + 1] - voltage[places]
    jumps = np.minimum(current[places + 1], current[places + 2]) > _MORE_CURRENT * np.maximum(current[places], 0.0)
    follows = voltage[places] - voltage[places - 1] > _FOLLOWS * usual   # else a set-point is held there
    for k in places[jumps & follows & (usual > 0.0) & (rise < _FOLLOWS * usual)].tolist():
        step, noise = float(usual[k - 1]), noise_of(voltage[: k + 1])
        after = voltage[k + 1 : k + 2 + _STANDS] - voltage[k]
        falls = float(after[:2].max()) < -max(_FALL * step, _FALL_SIGMAS * noise)
        stands = float(np.abs(np.diff(after)).sum()) < _FOLLOWS * step and _FALL_SIGMAS * noise < step
        if k + 1 >= _FEWEST_BEFORE and (falls or stands):
            return int(k)
    return None


def source_levels(voltage: FloatArray, current: FloatArray) -> FloatArray | None:
    """Return the set-points of the source [V], shape (n,), up to a factor next to 1; None where the record tells none.

    Between source and device is a load that is small against the resistance of the device that is off.

    Parameters
    ----------
    voltage, current : as :func:`last_at_source` takes them
    """
    last = last_at_source(voltage, current)
    if last is None:
        return None
    places = np.arange(voltage.size, dtype=np.float64)
    before = slice(0, last + 1)
    step, start = np.polyfit(places[before], voltage[before], 1)
    least = _OFF_LINE * step + _OFF_LINE_SIGMAS * noise_of(voltage[before])
    up = start + step * places
    if step <= 0.0 or float(np.abs(up - voltage)[before].max()) > least:
        return None
    levels: FloatArray = np.minimum(up, _way_down(voltage, current, up, float(step), float(least)))
    return levels if int(np.argmax(levels)) > last else None


def _way_down(voltage: FloatArray, current: FloatArray, up: FloatArray, step: float, least: float) -> FloatArray:
    """Return the line of the way down; infinite where the record has none.

    Parameters
    ----------
    up : line of the way up [V], shape (n,)
    step, least : of the levels, and by which a reading may be off the line [V]
    """
    places = np.arange(voltage.size, dtype=np.float64)
    backwards = voltage[::-1]
    off = np.abs(backwards - backwards[0] - step * places) > least
    count = int(np.argmax(off)) if off.any() else voltage.size
    if count >= _FEWEST_AFTER:   # the device is off again, so its voltage follows the source
        end = float(np.mean(backwards[:count] - step * places[:count]))
        return end + step * places[::-1]
    high = np.flatnonzero(current >= (1.0 - _TOP) * float(current.max()))
    if high[-1] == voltage.size - 1:
        return np.full(voltage.size, np.inf)
    turn = 0.5 * float(high[0] + high[-1])   # the on state has the same current at the same level on both ways
    return np.asarray(up[0] + step * (2.0 * turn - places))
