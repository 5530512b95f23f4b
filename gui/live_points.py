"""The points of a run as far as the window keeps them: for both voltage axes, by cycle."""

from array import array
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

#: a longer run shows at least its latest this many points; all of them are in its file
SHOWN_POINTS = 20_000
_OFFSET = 2e-3  #: [V]


def _empty() -> "array[float]":
    return array("d")


@dataclass
class LivePoints:
    """Points in the order in which they came; NaN where a reading is none."""

    x: "array[float]" = field(default_factory=_empty)
    y: "array[float]" = field(default_factory=_empty)
    source: "array[float]" = field(default_factory=_empty)  #: [V] at the source, of the same points
    cycle: "array[float]" = field(default_factory=_empty)
    count: int = 0  #: of all points that came

    def add(self, x: float, y: float, source: float, cycle: float) -> None:
        """Take one point; the oldest are forgotten."""
        for values, value in zip(self._columns(), (x, y, source, cycle), strict=True):
            values.append(value)
        self.count += 1
        if len(self.x) > 2 * SHOWN_POINTS:
            for values in self._columns():
                del values[:-SHOWN_POINTS]

    def clear(self) -> None:
        """Forget all points."""
        for values in self._columns():
            del values[:]
        self.count = 0

    def ages(self) -> list[tuple[npt.NDArray[np.intp], int]]:
        """Return which points belong to the latest cycle, to the one before, and to all earlier ones.

        Returns
        -------
        list of (numbers of the points, age)
            Age 0: the latest cycle, 1: the one before, 2: earlier ones. Without cycles, all points are of the latest.
        """
        cycle = np.array(self.cycle)
        if cycle.size == 0 or np.isnan(cycle[-1]):
            return [(np.arange(cycle.size), 0)]
        age = np.clip(cycle[-1] - cycle, 0, 2)
        return [(np.flatnonzero(age == wanted), wanted) for wanted in range(3)]

    def load_line(self) -> tuple[float, float, float, float] | None:
        """Return the load line through the latest point: (source voltage, 0, device voltage, current).

        It is known only where the voltage at the source and that of the device differ by more than a hundredth, and by
        more than a source meter's offset.
        """
        if not self.x:
            return None
        device, current, source = self.x[-1], self.y[-1], self.source[-1]
        if not np.isfinite([device, current, source]).all() or abs(source - device) <= max(0.01 * abs(source), _OFFSET):
            return None
        return source, 0.0, device, current

    def _columns(self) -> "tuple[array[float], ...]":
        return self.x, self.y, self.source, self.cycle
