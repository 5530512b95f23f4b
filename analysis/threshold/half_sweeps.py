"""A current-voltage record and its half-sweeps: up and down again on one side of zero."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tsbench.analysis.signal import OVERFLOW_NUMBER
from tsbench.analysis.threshold.reading_noise import least_seen
from tsbench.analysis.threshold.source_levels import source_levels
from tsbench.analysis.threshold.turning_points import is_closed, least_reversal, sides, turns_up
from tsbench.records import Flag, FloatArray

_BEYOND_NOISE = 3.0  #: times what noise and offset hide: a current of the wrong sign tells nothing of the device
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
    offset: float = 0.0  #: [A] that was subtracted from the currents


@dataclass(frozen=True)
class HalfSweep:
    """One half-sweep, turned to the positive side: 0 -> peak -> 0. Arrays of shape (n,)."""

    cycle: int
    polarity: int
    level: FloatArray  #: magnitude
    voltage: FloatArray
    current: FloatArray
    flags: npt.NDArray[np.uint32]
    turn: int  #: index of the first point at the highest level
    first: int = 0  #: index of the first point in the record it came from
    cycle_name: str = "cycle"
    #: readings whose current was beyond the measuring range: number of readings before each, and its level
    beyond: tuple[tuple[int, float], ...] = ()
    assumed: bool = False  #: whether the levels are not in the record (:func:`.source_levels.source_levels`)
    offset: float = 0.0  #: [A] that was subtracted from the currents, with the sign of the record
    sign: int = 1  #: by which the currents of the record were multiplied: its polarity, or not where they are opposite

    @property
    def rises(self) -> bool:
        """Whether the record has a way up; one reading alone is neither."""
        return self.turn > 0 or len(self.level) == 1

    @property
    def falls(self) -> bool:
        """Whether the record has a way down."""
        return self.down().start + 1 < len(self.level) or len(self.level) == 1

    def up(self) -> slice:
        """Return the way up, the peak included."""
        return slice(0, self.turn + 1)

    def down(self) -> slice:
        """Return the way down, from the last point at the highest level on."""
        peak = float(self.level[self.turn])   # below zero where all levels are on the other side
        at_peak = np.flatnonzero(self.level >= peak - 1e-9 * abs(peak))
        return slice(int(at_peak[-1]), len(self.level))


def split(points: IVPoints) -> Iterator[HalfSweep]:
    """Yield the half-sweeps of a record in order of measurement.

    A half-sweep ends where ``cycle`` or the polarity changes, and where the level turns up again. A ``cycle`` in which
    the level rises more than once on one side of zero does not count half-sweeps: then they are numbered here. Levels
    that were read back turn where their noise cannot (:mod:`tsbench.analysis.threshold.turning_points`);
    a record that ends where it began, in the middle of a half-sweep, is a loop, and that half-sweep is put together.
    Points at zero belong to the half-sweep they end, or begin a cycle with.
    Points whose voltage, current or level is not finite, or a meter's number for overflow, are left out, and so are
    currents of the wrong sign that neither noise nor an offset explains. Currents
    published as magnitudes (positive at negative voltage) are taken as magnitudes.
    """
    voltage = np.asarray(points.voltage, dtype=np.float64)
    current = np.asarray(points.current, dtype=np.float64)
    level = voltage if points.level is None else np.asarray(points.level, dtype=np.float64)
    readings = np.abs([voltage, current, level]) if len(level) else np.empty((3, 0))
    known = np.flatnonzero((readings < OVERFLOW_NUMBER).all(axis=0))
    flags = np.zeros(len(voltage), np.uint32) if points.flags is None else np.asarray(points.flags, np.uint32)
    over = np.flatnonzero((readings[2] < OVERFLOW_NUMBER) & (
        (readings[1] >= OVERFLOW_NUMBER) | (np.isnan(current) & ((flags & int(Flag.OVERFLOW)) != 0))))
    everything = level
    voltage, current, level, flags = voltage[known], current[known], level[known], flags[known]
    cycle = np.zeros(len(level), np.int64) if points.cycle is None else np.asarray(points.cycle, np.int64)[known]
    least = least_reversal(level)
    if points.polarity is None:
        polarity = _sides_by_cycle(level, cycle, least)
    else:
        polarity = _sides_by_cycle(np.asarray(points.polarity, np.float64)[known], cycle, 0.0)
    starts = _starts(level, current, polarity, cycle, least)
    parts = [np.arange(first, last) for first, last in pairwise([*starts, len(level)])]
    free = points.cycle is None and points.polarity is None and len(parts) > 2 and polarity[0] == polarity[-1]
    if free and is_closed(polarity * level, current, starts[1], starts[-1], least):
        parts = [*parts[1:-1], np.concatenate((parts[-1], parts[0]))]
    counted = points.cycle is not None and _rises_once(polarity * level, polarity, cycle, parts)
    for number, whole in enumerate(parts):
        part, side = whole, int(polarity[whole[0]])
        volts = side * voltage[part]
        sign = -1 if float(np.dot(volts, current[part])) < 0 else 1
        amperes = sign * current[part]
        magnitude = side * level[part]
        right = _of_right_sign(amperes, magnitude)
        part, volts, amperes, magnitude = part[right], volts[right], amperes[right], magnitude[right]
        assumed = source_levels(volts, amperes) if points.level is None else None
        magnitude = magnitude if assumed is None else assumed
        yield HalfSweep(
            cycle=int(cycle[whole[0]]) if counted else number,
            polarity=side,
            level=magnitude,
            voltage=volts,
            current=amperes,
            flags=flags[part],
            turn=int(np.argmax(magnitude)),
            first=int(known[part[0]]),
            cycle_name=points.cycle_name if counted else "half_sweep",
            beyond=_beyond(over, everything, known, part, last=number == len(parts) - 1),
            assumed=assumed is not None,
            offset=points.offset,
            sign=sign,
        )


def _beyond(
    over: IntArray, level: FloatArray, known: IntArray, part: IntArray, *, last: bool
) -> tuple[tuple[int, float], ...]:
    """Return place and level of the readings beyond the range within a half-sweep, or behind the ``last``.

    Parameters
    ----------
    over : their indices in the record
    level : of all readings of the record
    known : indices in the record of the readings that are used
    part : those of the half-sweep, as indices of ``known``
    last : whether what follows belongs to it too
    """
    if not over.size or (np.diff(part) < 0).any():   # a loop was put together
        return ()
    where = known[part]
    mine = over[(over > where[0]) & ((over < where[-1]) | last)]
    return tuple(zip(np.searchsorted(where, mine).tolist(), np.abs(level[mine]).tolist(), strict=True))


def _of_right_sign(current: FloatArray, level: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which currents of a half-sweep are not of the wrong sign by more than its noise and its offset."""
    if not (current < 0.0).any():
        return np.ones(current.size, dtype=np.bool_)
    right: npt.NDArray[np.bool_] = current >= -_BEYOND_NOISE * least_seen(current, level)
    return right if right.any() else ~right


def _sides_by_cycle(level: FloatArray, cycle: IntArray, least: float) -> FloatArray:
    """Return the side of each point; at the start of a cycle zeros belong to what follows."""
    begins = [0, *(np.flatnonzero(np.diff(cycle)) + 1).tolist(), len(level)]
    found = [sides(level[first:last], least) for first, last in pairwise(begins)]
    return np.concatenate(found) if found else np.empty(0)


def _rises_once(magnitude: FloatArray, polarity: FloatArray, cycle: IntArray, parts: list[IntArray]) -> bool:
    """Return whether each cycle has at most one half-sweep on a side of zero with a way up, and one with a way down."""
    seen: set[tuple[int, int, str]] = set()
    for part in parts:
        turn = int(np.argmax(magnitude[part]))
        for way in ("up",) * (turn > 0) + ("down",) * (turn + 1 < part.size):
            key = int(cycle[part[0]]), int(polarity[part[0]]), way
            if key in seen:
                return False
            seen.add(key)
    return True


def _starts(
    level: FloatArray, current: FloatArray, polarity: FloatArray, cycle: IntArray, least: float
) -> list[int]:
    """Return the first index of each half-sweep."""
    if len(level) == 0:
        return []
    starts = [0, *(np.flatnonzero((np.diff(polarity) != 0) | (np.diff(cycle) != 0)) + 1).tolist()]
    more = [
        first + turn
        for first, last in pairwise([*starts, len(level)])
        for turn in turns_up(polarity[first] * level[first:last], current[first:last], least)
    ]
    return sorted({*starts, *more})


def worst_flags(half: HalfSweep, *indices: int) -> Flag:
    """Return the union of the flags of some points of a half-sweep.

    Parameters
    ----------
    half : the half-sweep
    *indices : of the points within it; one outside of it has no flags
    """
    joined = 0
    for index in indices:
        if 0 <= index < len(half.flags):
            joined |= int(half.flags[index])
    return Flag(joined)
