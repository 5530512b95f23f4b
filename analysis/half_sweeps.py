"""A current-voltage record and its half-cycles: up and down again on one side of zero."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.records import Flag, FloatArray

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class IVPoints:
    """Readings in order of measurement, each array of shape (n,)."""

    voltage: FloatArray  #: [V] across the device
    current: FloatArray  #: [A] through the device
    level: FloatArray | None = (
        None  #: [V or A] set-points of the source; None: the voltages are the set-points
    )
    flags: npt.NDArray[np.uint32] | None = None
    cycle: IntArray | None = None  #: None: split where the voltage returns to zero or changes sign
    polarity: IntArray | None = None  #: +1 or -1; None: sign of the level
    cycle_name: str = "cycle"  #: what ``cycle`` counts, as the results' conditions name it


@dataclass(frozen=True)
class HalfSweep:
    """One half-cycle, turned to the positive side: 0 -> peak -> 0. Arrays of shape (n,)."""

    cycle: int
    polarity: int
    level: FloatArray  #: magnitude
    voltage: FloatArray
    current: FloatArray
    flags: npt.NDArray[np.uint32]
    turn: int  #: index of the first point at the highest level
    first: int = 0  #: index of the first point in the record it came from
    cycle_name: str = "cycle"

    def up(self) -> slice:
        """Return the way up, the peak included."""
        return slice(0, self.turn + 1)

    def down(self) -> slice:
        """Return the way down, from the last point at the highest level on."""
        at_peak = np.flatnonzero(self.level >= self.level[self.turn] * (1 - 1e-9))
        return slice(int(at_peak[-1]), len(self.level))


def split(points: IVPoints) -> Iterator[HalfSweep]:
    """Yield the half-cycles of a record in order of measurement.

    A half-cycle ends where ``cycle`` or the polarity changes; without ``cycle`` also where the level turns up
    again. Points at zero belong to the half-cycle they end, or begin a cycle with. Points whose voltage or
    current is NaN are left out. Currents published as magnitudes (positive at negative voltage) are taken as
    magnitudes.
    """
    voltage = np.asarray(points.voltage, dtype=np.float64)
    current = np.asarray(points.current, dtype=np.float64)
    level = voltage if points.level is None else np.asarray(points.level, dtype=np.float64)
    flags = np.zeros(len(voltage), np.uint32) if points.flags is None else np.asarray(points.flags, np.uint32)
    # steps added up in floating point end at 1e-16 V on either side of zero
    signed = np.where(np.abs(level) > 1e-9 * float(np.max(np.abs(level), initial=0.0)), level, 0.0)
    polarity = np.sign(signed if points.polarity is None else np.asarray(points.polarity, np.float64))
    cycle = np.zeros(len(voltage), np.int64) if points.cycle is None else np.asarray(points.cycle, np.int64)
    polarity = _fill_zeros(polarity, cycle)
    starts = _starts(level, polarity, cycle, given=points.cycle is not None)
    for number, (first, last) in enumerate(zip(starts, [*starts[1:], len(voltage)], strict=True)):
        keep = first + np.flatnonzero(np.isfinite(voltage[first:last]) & np.isfinite(current[first:last]))
        if keep.size == 0:
            continue
        side = int(polarity[first])
        volts, amperes = side * voltage[keep], current[keep]
        if float(np.dot(volts, amperes)) < 0:
            amperes = -amperes
        magnitude = side * level[keep]
        yield HalfSweep(
            cycle=int(cycle[first]) if points.cycle is not None else number,
            polarity=side,
            level=magnitude,
            voltage=volts,
            current=amperes,
            flags=flags[keep],
            turn=int(np.argmax(magnitude)),
            first=int(first),
            cycle_name=points.cycle_name if points.cycle is not None else "half_sweep",
        )


def _fill_zeros(polarity: FloatArray, cycle: IntArray) -> FloatArray:
    """Give points at zero the side of the point before; at the start of a cycle, of the next that has one."""
    filled = polarity.copy()
    for k in range(1, len(filled)):
        if filled[k] == 0 and cycle[k] == cycle[k - 1]:
            filled[k] = filled[k - 1]
    for k in range(len(filled) - 2, -1, -1):
        if filled[k] == 0:
            filled[k] = filled[k + 1]
    filled[filled == 0] = 1.0
    return filled


def _starts(level: FloatArray, polarity: FloatArray, cycle: IntArray, *, given: bool) -> list[int]:
    starts = [0] if len(level) else []
    falling = False
    for k in range(1, len(level)):
        step = abs(level[k]) - abs(level[k - 1])
        changed = polarity[k] != polarity[k - 1] or cycle[k] != cycle[k - 1]
        turned_up = not given and falling and step > 0
        if changed or turned_up:
            starts.append(k)
            falling = False
        elif step != 0:
            falling = bool(step < 0)
    return starts


def worst_flags(half: HalfSweep, *indices: int) -> Flag:
    """Return the union of the flags of some points of a half-cycle."""
    joined = Flag.NONE
    for index in indices:
        if 0 <= index < len(half.flags):
            joined |= Flag(int(half.flags[index]))
    return joined
