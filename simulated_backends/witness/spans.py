"""What a device sees between two switching instants: highest voltage and way up while off, extremes while on."""

import math

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled

BoolArray = npt.NDArray[np.bool_]

LONGEST_HISTORY = 20_000
SMALLEST_VOLTAGE = 1e-3  #: [V] below this no polarity is seen
#: share of its highest below which a voltage has gone back: what comes then is another way up
_BACK = 0.1
_FOOT = 10.0  #: times from a quarter to a half of an edge that reach back to where it began


def last(condition: npt.NDArray[np.bool_]) -> int:
    """Return the index of the last true value, shape (n,), n > 0; -1 where there is none."""
    place = condition.size - 1 - int(np.argmax(condition[::-1]))
    return place if condition[place] else -1


@compiled
def next_beyond(values: FloatArray, start: int, level: float, below: bool) -> int:
    """Return the index of the next value beyond a level, from ``start`` on; how many there are where there is none."""
    sign = -1.0 if below else 1.0
    for k in range(start, values.size):
        if sign * values[k] > sign * level:
            return k
    return values.size


@compiled
def _polarities(v: FloatArray) -> tuple[int, int, int]:
    """Return the first and the last polarity that voltages show (0: none), and the sample where the last begins."""
    first = latest = start = 0
    for k in range(v.size):
        sign = 1 if v[k] > SMALLEST_VOLTAGE else -1 if v[k] < -SMALLEST_VOLTAGE else 0
        if sign != 0:
            first = sign if first == 0 else first
            start = k if latest == -sign else start
            latest = sign
    if start > 0:   # it begins behind the last sample of the other one
        while -SMALLEST_VOLTAGE <= v[start - 1] <= SMALLEST_VOLTAGE:
            start -= 1
    return first, latest, start


@compiled
def _highest(v: FloatArray, start: int, peak: float, back: bool) -> tuple[int, bool]:
    """Return the sample with the highest voltage of the last way up, from ``start`` on, and whether it is over.

    -1: ``peak`` stays the highest. ``back``: the voltage has gone back since. Then it begins anew as it rises again.
    """
    top = -1
    for k in range(start, v.size):
        size = abs(v[k])
        if size > peak or (back and size >= _BACK * peak):
            peak, top, back = size, k, False
        elif size < _BACK * peak:
            back = True
    return top, back


@compiled
def _added(t: FloatArray, v: FloatArray, i: FloatArray) -> tuple[float, float, float, float]:
    """Return charge [C] and energy [J] between samples, and the highest current [A] and power [W] of all."""
    charge = energy = current = power = most_current = most_power = 0.0
    for k in range(t.size):
        before, power_before = current, power
        current, power = abs(i[k]), abs(i[k] * v[k])
        if k > 0:
            charge += (t[k] - t[k - 1]) * 0.5 * (current + before)
            energy += (t[k] - t[k - 1]) * 0.5 * (power + power_before)
        most_current, most_power = max(most_current, current), max(most_power, power)
    return charge, energy, most_current, most_power


@compiled
def _either_way(values: FloatArray, keep: BoolArray) -> None:
    """Mark in ``keep`` the values that rises of both polarities need; both of shape (n,).

    Of the last visit below each level, and of the last one above it, they are the two around its end. A later change of
    the polarity turns the history round.
    """
    if values.size == 0:
        return
    keep[values.size - 1] = True
    lowest = highest = values[values.size - 1]
    for k in range(values.size - 2, -1, -1):
        if values[k] < lowest or values[k] > highest:
            keep[k] = keep[k + 1] = True
        lowest, highest = min(lowest, values[k]), max(highest, values[k])


class WhileOff:
    """From one switching off to the next switching on.

    Parameters
    ----------
    since : float
        When it switched off [s].
    polarity : int
        Sign of the voltage before that; 0: none was seen.
    """

    def __init__(self, since: float = 0.0, polarity: int = 0) -> None:
        self.polarity = polarity
        self.energy = 0.0  #: [J] that it took since then
        #: highest voltage [V] since then, since the polarity changed, or since it last rose again; current there [A],
        #: when [s]
        self.peak = (0.0, 0.0, since)
        self._back = False  #: whether the voltage has gone back from its highest
        self._history: list[tuple[FloatArray, FloatArray]] = []  #: times [s], voltages times the present polarity [V]
        self._history_size = 0

    def shift(self, seconds: float) -> None:
        """Move everything remembered by ``seconds``."""
        self._history = [(t + seconds, v) for t, v in self._history]
        self.peak = (self.peak[0], self.peak[1], self.peak[2] + seconds)

    def add(self, t: FloatArray, v: FloatArray, i: FloatArray) -> None:
        """Take the samples that come next: times [s], voltages [V], currents [A], shape (n,)."""
        first, latest, start = _polarities(v)
        if latest:
            if first != self.polarity or start > 0:
                self.peak, self._back = (0.0, 0.0, float(t[start])), False
            if latest != (self.polarity or 1):
                self._history = [(times, -values) for times, values in self._history]
            self.polarity = latest
        top, self._back = _highest(v, start, self.peak[0], self._back)
        if top >= 0:
            self.peak = (abs(float(v[top])), float(i[top]), float(t[top]))
        self._remember(t, v * (self.polarity or 1))

    def take(self, t: FloatArray, v: FloatArray, i: FloatArray) -> None:
        """Add the energy between samples: times [s], voltages [V], currents [A], shape (n,)."""
        self.energy += _added(t, v, i)[1]

    def _remember(self, t: FloatArray, along: FloatArray) -> None:
        self._history.append((t, along))
        self._history_size += t.size
        if self._history_size > LONGEST_HISTORY:
            times, values = self._whole_history()
            keep, peak = np.zeros(values.size, np.bool_), int(np.searchsorted(times, self.peak[2], side="right"))
            for part in (values.size, peak):   # the edge is looked for before the peak
                _either_way(values[:part], keep[:part])
            self._history, self._history_size = [(times[keep], values[keep])], 0

    def _whole_history(self) -> tuple[FloatArray, FloatArray]:
        return (np.concatenate([t for t, _ in self._history]), np.concatenate([v for _, v in self._history]))

    def edge(self) -> float | None:
        """Return when [s] the voltage last rose half way from where it stood to its highest; None: it did not rise.

        Where it stood: the lowest since ten times as long before as it took from a quarter to a half of the highest, so
        that a pulse may begin at any level, also at one of the other sign.
        """
        top, _, when = self.peak
        half, quarter = self.last_rise(0.5 * top, when), self.last_rise(0.25 * top, when)
        if half is None:
            return None
        times, values = self._whole_history()
        since = half - _FOOT * (half - quarter) if quarter is not None else float(times[0])
        before = values[(times >= since) & (times <= half)]
        stood = min(float(before.min()) if before.size else 0.5 * top, float(np.interp(since, times, values)))
        return self.last_rise(0.5 * (stood + top), when)

    def last_rise(self, level: float, before: float) -> float | None:
        """Return the last upward crossing of ``level`` [V] before an instant [s]; None: never below it."""
        if not self._history:
            return None
        times, values = self._whole_history()
        below = np.flatnonzero((values < level) & (times < before))
        if not below.size:
            return None
        k = int(below[-1])
        if k + 1 >= times.size:
            return float(times[k])
        rise = values[k + 1] - values[k]   # of samples that are left out, the next may be below the level, too
        share = min((level - values[k]) / rise, 1.0) if rise > 0.0 else 1.0
        return min(float(times[k] + share * (times[k + 1] - times[k])), before)


class WhileOn:
    """From one switching on to the next switching off.

    The way down, on which the hold voltage is the lowest, begins at the highest voltage above ``top`` while fully on;
    or, where a source meter limited the current, when the limit last let go.

    Parameters
    ----------
    since : float
        When it switched on [s].
    top : float
        Voltage [V] that a way up exceeds.
    off : float
        Conductance [S] of a filament that counts as switched off; 0: of a device whose current falls at an instant. A
        filament dissolves by degrees: what it holds down to is the lowest voltage while its conductance is nearer to
        that at which the way down began than to ``off`` (geometric mean).
    hold : float
        Conductance [S] at the fold of the on state of a device without ``off``; 0: not known. Below it, the device has
        left the on state: what it does from there until it is off, a growing oscillation too, is the switching off.
    """

    def __init__(self, since: float = 0.0, top: float = 0.0, off: float = 0.0, hold: float = 0.0) -> None:
        self.since = since
        self.charge = self.energy = 0.0  #: [C], [J]
        self.max_current = self.max_power = 0.0  #: [A], [W]
        self.lowest = (math.inf, 0.0)  #: lowest voltage [V] on the way down so far, current there [A]
        self._top = top  #: highest voltage [V] while fully on
        self._off, self._whole = off, 0.0  #: [S] of the filament when the way down began
        self._hold, self._was_on, self._left = hold, False, False  #: on the way down: at the hold conductance, below it

    def add(
        self, t: FloatArray, v: FloatArray, i: FloatArray, g: FloatArray, new: int, limited: BoolArray,
        fully_on: BoolArray,
    ) -> None:
        """Take the samples that come next: times [s], voltages [V], currents [A], conductances [S], shape (n,).

        Parameters
        ----------
        new : 1 where the last sample taken before stands in front of them, else 0
        limited : where the limit of a source meter sets the voltage, shape (n,)
        fully_on : where a higher voltage belongs to the way up and not to the switching off, shape (n,)
        """
        charge, energy, current, power = _added(t, v, i)
        self.charge += charge
        self.energy += energy
        self.max_current, self.max_power = max(self.max_current, current), max(self.max_power, power)
        self._follow(np.abs(v[new:]), i[new:], g[new:], limited[new:], fully_on[new:])

    def _follow(
        self, size: FloatArray, i: FloatArray, g: FloatArray, limited: BoolArray, fully_on: BoolArray,
    ) -> None:
        """Keep the lowest voltage of the way down."""
        up = np.where(fully_on, size, 0.0)
        highest = int(np.argmax(up))
        begin = 0
        if up[highest] > 0.0 and up[highest] >= self._top:
            self._top, begin, self._whole = float(up[highest]), highest, 0.0
            self._again()
        end = last(limited)
        if end >= 0:   # what the limit left of the voltage is not what the device holds down to
            begin, self._top, self._whole = end + 1, math.inf, float(g[end])
            self._again()
        size, i, g = size[begin:], i[begin:], g[begin:]
        if self._hold:
            left = self._leaves(g)
            size, i = size[:left], i[:left]
        elif self._off and size.size:
            self._whole = max(self._whole, float(g.max()))
            whole = g >= math.sqrt(self._whole * self._off)
            size, i = size[whole], i[whole]
        if size.size and (lowest := float(size.min())) < self.lowest[0]:
            self.lowest = (lowest, float(i[np.argmin(size)]))

    def _again(self) -> None:
        """Begin the way down once more."""
        self.lowest = (math.inf, 0.0)
        self._was_on = self._left = False

    def _leaves(self, g: FloatArray) -> int:
        """Return how many of the next samples come before the device leaves the on state."""
        if self._left:
            return 0
        fully = np.flatnonzero(g >= self._hold)
        if not (self._was_on or fully.size):
            return g.size
        begin = 0 if self._was_on else int(fully[0])
        below = np.flatnonzero(g[begin:] < self._hold)
        self._was_on, self._left = True, bool(below.size)
        return begin + int(below[0]) if below.size else g.size
