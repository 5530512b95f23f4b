"""Units that the numbers themselves contradict: a table whose row of units is wrong gives a question, not a result."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.samples import noise_of

#: [C] elementary charge (CODATA 2018, exact)
ELECTRON = 1.602176634e-19
#: the largest voltage [V] and current [A] that a column may reach without a question: those of usual source meters
#: (210 V and 3 A, as the Keithley 2450, 2636B and Keysight B2902A by their data sheets). More is often mV or uA
_MOST: Mapping[str, float] = {"voltage": 210.0, "current": 3.1}
_ENOUGH = 50  #: samples
#: the fast noise is at least this share of all that remains beside a straight line; of a smooth curve it is almost zero
_ROUGH = 0.3
_FEWEST_VALUES = 8  #: different readings in a part of a record
_RESOLVED = 3.0  #: noise below so many smallest differences of two readings may be the rounding of printed numbers
_PARTS, _FEWEST_PARTS = 10, 2


class Contradiction(NamedTuple):
    """Why the units of a table cannot be right."""

    why: str
    roles: tuple[str, ...]  #: whose units are in doubt


def contradiction(columns: Mapping[str, FloatArray]) -> Contradiction | None:
    """Return why the units of a table cannot be right, None where nothing speaks against them.

    Two facts count. A voltage or a current beyond what usual source meters reach. And a current whose noise, times
    the time over which the meter averages, is less than one electron: such a meter would resolve a fraction of an
    electron. The correlation of the noise shows over how many samples the meter averages. A smooth record (a simulated
    one) has no noise and shows nothing.

    Parameters
    ----------
    columns : role -> values [V], [A], [s]
    """
    for role, most in _MOST.items():
        values = columns.get(role)
        if values is not None and (reached := float(np.abs(values).max(initial=0.0))) > most:
            unit = "V" if role == "voltage" else "A"
            return Contradiction(f"the {role} would reach {format_quantity(reached, unit, 3)}", (role,))
    time, current = columns.get("time"), columns.get("current")
    if time is None or current is None or time.size < _ENOUGH or not bool(np.all(np.diff(time) > 0)):
        return None
    interval = float(np.median(np.diff(time)))
    found = [charge for part in np.array_split(current, _PARTS) if (charge := _noise_charge(part)) > 0.0]
    if len(found) < _FEWEST_PARTS or (charge := float(np.median(found)) * interval) >= ELECTRON:
        return None
    why = (f"the noise of the current, at one sample every {format_quantity(interval, 's', 2)}, would resolve "
           f"{charge / ELECTRON:.1g} of an electron")
    return Contradiction(why, ("time", "current"))


def _noise_charge(current: FloatArray) -> float:
    """Return the noise of a current times the number of samples that a filter averages [A]; 0 where there is no noise.

    The number of samples is that over which the noise keeps its sign: twice the lag at which its autocorrelation falls
    below one half, and one. A part in which the current drifts or steps more than it fluctuates does not count.
    """
    values = np.unique(current)
    noise = noise_of(current)
    if current.size < _ENOUGH // 5 or values.size < _FEWEST_VALUES or noise < _RESOLVED * float(np.diff(values).min()):
        return 0.0
    place = np.arange(current.size, dtype=np.float64)
    rest = current - np.polyval(np.polyfit(place, current, 1), place)
    spread = float(np.std(rest))
    if spread == 0.0 or noise < _ROUGH * spread:
        return 0.0
    lags = np.correlate(rest, rest, "full")[current.size - 1 :] / float(np.dot(rest, rest))
    lag = int(np.flatnonzero(lags < 0.5)[0])
    return spread * (2 * lag + 1)
