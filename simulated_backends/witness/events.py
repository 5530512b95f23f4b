"""Finding switching events in the voltage and current of a device of any mechanism.

The device counts as on when its conductance is nearer to that of its hold point than to that of its fold
(geometric mean, with hysteresis). That is robust for staircase sweeps, pulses and relaxation oscillations
alike; the instant of switching is then located at the steepest rise (or fall) of the current around the
crossing, by definition.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels
from tsbench.simulated_backends.witness.slopes import first_rise, slopes_between, steepest_instant
from tsbench.simulated_backends.witness.spans import SMALLEST_VOLTAGE, WhileOff, WhileOn, last, next_beyond

LONGEST_TAIL = 4000  #: samples kept of what came before
RISE = 50e-6  #: [s] in which the current of a stochastic device that switches on is taken to be established
_WINDOW = 256  #: samples looked at first in a search ahead


Emit = Callable[[dict[str, Any]], None]


class SwitchingDetector:
    """Follows one device; ``emit`` gets a record per switching instant.

    Feed it with ``see(times, voltages, currents, limited)``, in order and without gaps. Give conductances either always
    or never; they are needed for a device that may be on without a voltage.

    Parameters
    ----------
    levels : Levels or None
        Conductances that separate on from off; None: the device does not switch.
    emit : callable
        Takes each record, see :mod:`.witness_file`.
    calm : bool
        Whether the current of a device with conductances of its own rises without noise, and so has a steepest rise.
    """

    def __init__(self, levels: SwitchingLevels | None, emit: Emit, calm: bool = False) -> None:
        self.levels = levels
        self.emit = emit
        self.calm = calm
        self.on = False
        self._t = np.empty(0)
        self._v = np.empty(0)
        self._i = np.empty(0)
        self._limited = np.empty(0)
        self._g: FloatArray | None = None
        self._done = 0  #: samples of the tail that are behind us
        self._last_event = -math.inf  #: [s] when the switching before was over
        self._while_off = WhileOff()
        self._while_on = WhileOn()

    # ------------------------------------------------------------------------------------- time shift

    def shift(self, seconds: float, copies: int = 0, charge: float = 0.0, energy: float = 0.0) -> None:
        """Move everything remembered by ``seconds``: periods that were skipped, or a time of which nothing is known.

        Where a device is on through ``copies`` of a period without an event, it goes on for so long, and each adds
        ``charge`` [C] and ``energy`` [J].
        """
        self._t = self._t + seconds
        self._last_event += seconds
        self._while_off.shift(seconds)
        if copies and self.on:
            self._while_on.charge += copies * charge
            self._while_on.energy += copies * energy
            return
        self._while_on.since += seconds
        self._while_off.energy += copies * energy

    @property
    def sums(self) -> tuple[float, float]:
        """Return charge [C] since it switched on, and energy [J] since it last switched."""
        return self._while_on.charge, self._while_on.energy if self.on else self._while_off.energy

    # ---------------------------------------------------------------------------------------- samples

    def is_quiet(self, v: FloatArray, i: FloatArray, g: FloatArray | None = None) -> bool:
        """Return whether the next samples hold no switching instant, and do not follow one that is not over.

        Arguments as of :meth:`see`.
        """
        if self.levels is None:
            return True
        if self._done < self._t.size:
            return False
        if g is not None:
            return bool((g >= self.levels.off).all() if self.on else (g <= self.levels.on).all())
        if self.on:
            return bool((np.abs(i) >= self.levels.off * np.abs(v)).all())
        return bool((np.abs(i) <= self.levels.on * np.abs(v)).all())

    def see(
        self, t: FloatArray, v: FloatArray, i: FloatArray, limited: FloatArray | None = None,
        g: FloatArray | None = None,
    ) -> None:
        """Take samples; those at the seam of two segments may come twice.

        Parameters
        ----------
        t, v, i : times [s], terminal voltages [V], currents [A], shape (n,)
        limited : 1 where the limit of a source meter sets the voltage, else 0, shape (n,); None: nowhere
        g : conductances [S] by the device's states, shape (n,)
        """
        limited = np.zeros(t.shape) if limited is None else limited
        if self._t.size:
            fresh = int(np.searchsorted(t, self._t[-1], side="right"))
            t, v, i, limited = t[fresh:], v[fresh:], i[fresh:], limited[fresh:]
            if not t.size:
                return
            if g is not None and self._g is not None:
                self._g = np.concatenate([self._g, g[fresh:]])
            self._t = np.concatenate([self._t, t])
            self._v = np.concatenate([self._v, v])
            self._i = np.concatenate([self._i, i])
            self._limited = np.concatenate([self._limited, limited])
        else:
            self._t, self._v, self._i, self._limited, self._g = t, v, i, limited, g
        self._work(final=False)

    def finish(self) -> None:
        """Record a switching that is not over yet, as far as it is known."""
        self._work(final=True)

    def _work(self, final: bool) -> None:
        size = self._t.size
        if self.levels is None or size < 2:
            self._passed(size)
            self._forget(size)
            return
        g = self._conductance(slice(None))
        while True:
            crossing = self._next_crossing(g, self.levels)
            if crossing is None:
                self._passed(size)
                break
            at = self._steepest(crossing, g, final)
            if at is None:
                break  # not over yet: once more when there is more to see
            self._switched(*at)
        self._forget(size)

    def _next_crossing(self, g: FloatArray, levels: SwitchingLevels) -> int | None:
        """Return the next sample on the other side."""
        found = next_beyond(g, self._done, levels.off if self.on else levels.on, self.on)
        return found if found < g.size else None

    def _steepest(self, crossing: int, g: FloatArray, final: bool) -> tuple[int, int, float, float] | None:
        """Return (index before which it happened, index where it is over, instant, slope)."""
        assert self.levels is not None
        if self._g is not None and (self.on or not self.calm):
            return self._half_way(crossing, final)
        sign = -1.0 if self.on else 1.0
        begin, reach, first = crossing + 1, _WINDOW, -1
        while first < 0 and begin > 0:
            begin = max(crossing + 1 - reach, 0)
            back = g[begin : crossing + 1]
            first = last(back >= self.levels.hold if self.on else back <= self.levels.fold)
            reach *= 4
        first = max(begin + first - 1, 0) if first >= 0 else 0
        # a small oscillation stays between the levels of fold and hold: what switched before is not seen once more
        first = min(max(first, int(np.searchsorted(self._t, self._last_event))), crossing - 1)
        first = max(first, 0)
        inside, width = crossing - first, _WINDOW
        while True:
            part = slice(first, first + inside + width)
            slope = slopes_between(self._t[part], self._i[part], sign)
            peak, best, over = first_rise(slope, inside)
            whole = first + slope.size + 1 >= self._t.size
            if over or whole:
                break
            width *= 4
        if not over and not final and slope.size < LONGEST_TAIL:
            return None
        return first + peak, max(first + peak + 1, crossing), steepest_instant(self._t[first:], peak, slope), best

    def _half_way(self, crossing: int, final: bool) -> tuple[int, int, float, float] | None:
        """Return the instant as ``_steepest`` does, of a filament: noise has no steepest slope.

        On: the current first rises through half of what it reaches within :data:`RISE`. Off: the conductance falls
        through its level, for a filament may dissolve without a current.
        """
        before = max(crossing - 1, 0)
        if self.on:
            return before, crossing, float(self._t[crossing]), 0.0
        end = int(np.searchsorted(self._t, self._t[crossing] + RISE))
        if end == self._t.size and not final:
            return None
        size = np.abs(self._i)
        half = 0.5 * float(size[before:end].max())
        k = before + int(np.argmax(size[before:end] >= half))
        if k == 0 or size[k - 1] >= half:   # it was there before: by the conductance
            return before, crossing, float(self._t[crossing]), 0.0
        slope = (size[k] - size[k - 1]) / (self._t[k] - self._t[k - 1])
        instant = float(self._t[k - 1] + (half - size[k - 1]) / slope)
        return k - 1, max(k, crossing), instant, float(slope)

    def _switched(self, before: int, over: int, instant: float, slope: float) -> None:
        self._passed(before + 1)
        off, on = self._while_off, self._while_on
        polarity = int(math.copysign(1, self._v[before])) if self._v[before] else off.polarity
        if not self.on:
            peak, current, when = off.peak
            self.emit(
                {
                    "kind": "on",
                    "t": instant,
                    "polarity": polarity,
                    "threshold": peak,
                    "current": current,
                    "t_peak": when,
                    "t_half": off.edge(),
                    "slope": slope,
                    "energy": off.energy,
                }
            )
            # a filament that dissolves behind a resistance raises its own voltage: there only a voltage above the
            # threshold shows that it goes up again
            self._while_on = WhileOn(instant)
            if self._g is not None and self.levels is not None:
                self._while_on = WhileOn(instant, peak, off=self.levels.off)
            elif self.levels is not None:
                self._while_on = WhileOn(instant, hold=self.levels.hold)
        else:
            lowest, current = on.lowest
            self.emit(
                {
                    "kind": "off",
                    "t": instant,
                    "polarity": polarity,
                    "hold": lowest if math.isfinite(lowest) else abs(float(self._v[before])),
                    "current": current,
                    "duration": instant - on.since,
                    "charge": on.charge,
                    "energy": on.energy,
                    "max_current": on.max_current,
                    "max_power": on.max_power,
                    "slope": slope,
                }
            )
            self._while_off = WhileOff(instant, off.polarity)
        self.on = not self.on
        self._passed(min(over, self._t.size))
        self._done = max(self._done, over)
        self._last_event = float(self._t[min(over, self._t.size - 1)])

    def _passed(self, end: int) -> None:
        """Add up charge, energy and extremes from the last sample examined to sample ``end``."""
        begin = self._done
        if end <= begin:
            return
        joined = slice(max(begin - 1, 0), end)   # with the last sample before: what lies between counts
        t, v, i = self._t[joined], self._v[joined], self._i[joined]
        if self.on:
            g, limited = self._conductance(joined), self._limited[joined] > 0
            fully_on = np.asarray(~limited & (g >= (self.levels.hold if self.levels is not None else 0.0)))
            self._while_on.add(t, v, i, g, begin - joined.start, limited, fully_on)
        else:
            self._while_off.add(self._t[begin:end], self._v[begin:end], self._i[begin:end])
            self._while_off.take(t, v, i)
        self._done = end

    def _conductance(self, where: slice) -> FloatArray:
        """Return the conductances [S] of samples: by the device's states, or by current and voltage."""
        if self._g is not None:
            return self._g[where]
        size = np.abs(self._v[where])
        seen = size > SMALLEST_VOLTAGE
        return np.where(seen, np.abs(self._i[where]) / np.where(seen, size, 1.0), 0.0)

    def _forget(self, size: int) -> None:
        """Keep only what a later event may still need."""
        assert self._done <= size
        keep = max(self._done - 32, 0)
        if self.levels is not None and keep < size:
            g = self._conductance(slice(0, self._done))
            outside = np.flatnonzero(~((g > self.levels.fold) & (g < self.levels.hold)))
            if outside.size:
                keep = min(keep, int(outside[-1]))
            elif self._done:
                keep = 0
        # what has not been looked at stays, however long it is: a fast filament takes many steps in RISE
        keep = min(max(keep, size - 2 * LONGEST_TAIL, 0), self._done)
        if keep:
            self._t, self._v, self._i = self._t[keep:], self._v[keep:], self._i[keep:]
            self._limited = self._limited[keep:]
            self._g = None if self._g is None else self._g[keep:]
            self._done -= keep
