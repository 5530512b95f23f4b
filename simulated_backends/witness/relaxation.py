"""Following how a filament dissolves: when its conductance has fallen below each of many levels for good."""

from typing import Any

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels
from tsbench.simulated_backends.witness.events import Emit

LADDER = np.geomspace(1e-3, 1e-9, 61)  #: [S], ten levels a decade


class RelaxationDetector:
    """Follows one device whose states set its conductance; ``emit`` gets a record when a filament has dissolved.

    Feed it with ``see(times, currents, conductances)``, in order, without gaps.
    """

    def __init__(self, levels: SwitchingLevels, emit: Emit) -> None:
        self._levels = levels
        self._emit = emit
        self._last: tuple[float, float, float] | None = None   # the sample before
        self._active = False
        self._highest = 0.0   # [A] of this event
        self._edge: tuple[float, float] | None = None   # when the current last fell through half of that; conductance
        # since when the conductance is below each level, and the current there
        self._below: list[tuple[float, float] | None] = [None] * LADDER.size

    def see(self, t: FloatArray, i: FloatArray, g: FloatArray) -> None:
        """Take samples; those at the seam of two segments may come twice."""
        if self._last is not None:
            fresh = int(np.searchsorted(t, self._last[0], side="right"))
            t, i, g = (np.concatenate([[old], new[fresh:]]) for old, new in zip(self._last, (t, i, g), strict=True))
        if t.size < 2:
            return
        self._last = (float(t[-1]), float(i[-1]), float(g[-1]))
        while t.size > 1:
            begin = 0   # from here on it is on
            if not self._active:
                start = int(np.argmax(g > self._levels.on))
                if g[start] <= self._levels.on:
                    return
                self._active, self._highest, self._edge = True, 0.0, None
                self._below = [None] * LADDER.size
                t, i, g = t[max(start - 1, 0):], i[max(start - 1, 0):], g[max(start - 1, 0):]
                begin = min(start, 1)
            bottom = min(self._levels.fold, float(LADDER[-1]))
            gone = np.flatnonzero(g[begin:] < bottom)
            end = begin + int(gone[0]) + 1 if gone.size else t.size
            self._follow(t[:end], np.abs(i[:end]), g[:end])
            if not gone.size:
                return
            self.finish()
            t, i, g = t[end - 1:], i[end - 1:], g[end - 1:]

    def _follow(self, t: FloatArray, i: FloatArray, g: FloatArray) -> None:
        """Note the last falls through half of the highest current and through each level."""
        top = float(i.max())
        self._highest = max(self._highest, top)
        fall = _last_fall(t, i, 0.5 * self._highest)
        if i[-1] >= 0.5 * self._highest:
            self._edge = None
        elif fall is not None:
            self._edge = fall, float(np.interp(fall, t, g))
        with np.errstate(divide="ignore"):
            logarithm = np.log(g)
        highest = float(g.max())
        for k, level in enumerate(LADDER):
            if g[-1] >= level:
                self._below[k] = None
                continue
            fall = _last_fall(t, logarithm, float(np.log(level))) if highest >= level else None
            if fall is not None:
                self._below[k] = fall, float(np.interp(fall, t, i))

    def finish(self) -> None:
        """Record a filament that has dissolved, if one has."""
        levels = [[float(g), *below] for g, below in zip(LADDER, self._below, strict=True) if below is not None]
        off = [t for g, t, _ in levels if g <= self._levels.off]
        if self._active and off:
            edge, conductance = self._edge or (None, None)
            record: dict[str, Any] = {"kind": "relaxed", "t": off[0], "t_edge": edge, "g_edge": conductance,
                                      "levels": levels, "current": self._highest}
            record["duration"] = None if edge is None else off[0] - edge
            self._emit(record)
        self._active = False


def _last_fall(t: FloatArray, x: FloatArray, level: float) -> float | None:
    """Return the last instant at which x fell through ``level``, by linear interpolation; None: it never did."""
    falls = np.flatnonzero((x[:-1] >= level) & (x[1:] < level))
    if not falls.size:
        return None
    k = int(falls[-1])
    return float(t[k] + (level - x[k]) / (x[k + 1] - x[k]) * (t[k + 1] - t[k]))
