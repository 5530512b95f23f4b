"""The levels of an I-V sweep, in order, with what each belongs to: pure arithmetic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.protocols.level_files import read_columns
from tsbench.records import FloatArray


@dataclass(frozen=True)
class SweepPath:
    """Every level of a sweep in order of measurement; arrays of shape (n,)."""

    levels: FloatArray  #: [V or A]
    cycle: FloatArray  #: from 1
    direction: FloatArray  #: +1 away from zero, -1 back
    polarity: FloatArray  #: +1 or -1: the sign of the level; at zero, of the branch it belongs to

    def __len__(self) -> int:
        return len(self.levels)

    @property
    def largest_step(self) -> float:
        """Return the largest distance between two neighbouring levels [V or A]."""
        return float(np.abs(np.diff(self.levels)).max())

    def blocks(self, size: int) -> Iterator[slice]:
        """Yield consecutive slices of at most ``size`` levels that do not run across the end of a cycle."""
        start = 0
        while start < len(self):
            same = np.flatnonzero(self.cycle[start : start + size] == self.cycle[start])
            stop = start + int(same[-1]) + 1
            yield slice(start, stop)
            start = stop


def branch_levels(start: float, stop: float, step: float, points: int | None) -> FloatArray:
    """Return the levels from ``start`` to ``stop``, both included, evenly spaced by at most ``step``.

    Parameters
    ----------
    start, stop : [V], or [A] under current drive
    step : largest distance, above zero, in the same unit; not used where ``points`` is given
    points : number of levels, 2 at least; None: it follows from the step
    """
    count = points if points is not None else int(np.ceil(abs(stop - start) / step * (1 - 1e-9))) + 1
    return np.linspace(start, stop, max(count, 2))


def sweep_path(up: FloatArray, dual: bool, both_polarities: bool, cycles: int) -> SweepPath:
    """Return ``cycles`` times: ``up``, back if ``dual``, and the same mirrored if ``both_polarities``.

    Parameters
    ----------
    up : levels [V] or [A] from start to stop, shape (n,)
    dual, both_polarities : what a cycle consists of
    cycles : how often
    """
    branches = [_branch(sign * up, dual) for sign in ([1.0, -1.0] if both_polarities else [1.0])]
    levels, direction, polarity = (np.concatenate(parts) for parts in zip(*branches, strict=True))
    return SweepPath(
        np.tile(levels, cycles),
        np.repeat(np.arange(1.0, cycles + 1), len(levels)),
        np.tile(direction, cycles),
        np.tile(polarity, cycles),
    )


def levels_of_file(name: str, unit: str) -> tuple[float, ...]:
    """Return the levels of a text file in ``unit`` ("V" or "A"): its last column.

    Raises
    ------
    ValueError
        One line: the file and what is wrong with it.
    """
    path = Path(name)
    try:
        (levels,) = read_columns(path, (-1,), (unit,), "a level")
    except ConfigurationError as error:
        raise ValueError(str(error)) from None
    if len(levels) < 2:
        raise ValueError(f"{path}: {len(levels)} levels were found. A sweep needs two or more")
    return tuple(map(float, levels))


def list_path(levels: Sequence[float], cycles: int) -> SweepPath:
    """Return ``cycles`` times the given levels, in their order.

    Within the list, a cycle ends where the magnitude begins to rise on a side of zero on which this cycle has risen
    already. So every half-sweep of the results is one rise and one fall. Zeros belong to the half-sweep that they end.

    Parameters
    ----------
    levels : [V] or [A] of one time, not all zero
    cycles : how often
    """
    one = np.asarray(levels, dtype=np.float64)
    size = np.abs(one)
    signs = np.sign(one)
    known = np.flatnonzero(signs)
    last = np.maximum.accumulate(np.where(signs != 0, np.arange(one.size), 0))
    polarity = np.where(last >= known[0], signs[np.maximum(last, known[0])], signs[known[0]])
    change = np.sign(np.diff(size))
    direction = np.concatenate([change[:1], change])
    moved = np.maximum.accumulate(np.where(direction != 0, np.arange(one.size), 0))
    direction = np.where(direction[moved] == 0, 1.0, direction[moved])   # a level that is repeated goes on
    cycle, number, risen = np.ones(one.size), 1.0, set[float]()
    for k in range(one.size):
        begins = direction[k] > 0 and (k == 0 or direction[k - 1] < 0 or polarity[k] != polarity[k - 1])
        if begins and polarity[k] in risen:
            number, risen = number + 1, set()
        if begins:
            risen.add(float(polarity[k]))
        cycle[k] = number
    offsets = np.repeat(number * np.arange(cycles), one.size)
    return SweepPath(np.tile(one, cycles), np.tile(cycle, cycles) + offsets, np.tile(direction, cycles),
                     np.tile(polarity, cycles))


def _branch(up: FloatArray, dual: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return levels, directions and polarities of one way up and, if ``dual``, back to its first level."""
    levels = np.concatenate([up, up[-2::-1]]) if dual else up
    change = np.sign(np.diff(np.abs(levels)))
    direction = np.concatenate(
        [change[:1], change]
    )  # of a point: the way it was reached; of the first: the next
    far = levels[np.argmax(np.abs(levels))]
    polarity = np.where(levels == 0, np.sign(far) or 1.0, np.sign(levels))
    return levels, np.where(direction == 0, 1.0, direction), polarity


def soft_steps(start: float, stop: float, step: float) -> FloatArray:
    """Return the levels after ``start`` that lead to ``stop`` by at most ``step`` each; empty if there.

    Parameters
    ----------
    start, stop : [V], or [A] under current drive
    step : above zero, in the same unit
    """
    count = int(np.ceil(abs(stop - start) / step * (1 - 1e-9)))
    return np.linspace(start, stop, count + 1)[1:]
