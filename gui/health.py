"""What the health strip counts and computes: rates of a run, how long the disk lasts, jumps of the clock."""

import shutil
from collections import deque
from pathlib import Path

from tsbench.quantities import format_quantity

JUMP = 0.5  #: [s] by which the clock time moves against the time that passes, before it is called a jump
_WINDOW = 10.0  #: [s] over which rates are averaged
_LOW_SPACE, _LOW_TIME = 1e9, 3600.0  #: [bytes], [s] below which the disk is a warning


class RateMeter:
    """How much is added a second, over the last seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, float]] = deque()  # time [s], sum

    def begin(self) -> None:
        """Count anew."""
        self._counts.clear()

    def note(self, now: float, total: float) -> None:
        """Note the sum until ``now`` [s]."""
        self._counts.append((now, total))
        while len(self._counts) > 2 and now - self._counts[1][0] >= _WINDOW:
            self._counts.popleft()

    def rate(self) -> float | None:
        """Return how much was added a second; None before there are two counts."""
        if len(self._counts) < 2:
            return None
        (first, before), (last, after) = self._counts[0], self._counts[-1]
        return (after - before) / (last - first) if last > first else None


class ClockWatch:
    """Compares the clock time with the time that passes: a run file keeps clock times."""

    def __init__(self) -> None:
        self._offset: float | None = None

    def look(self, wall: float, monotonic: float) -> float:
        """Return by how much the clock has jumped since the last look [s]; 0.0 if it has not.

        Parameters
        ----------
        wall, monotonic : float
            [s] of both clocks, read at once.
        """
        offset = wall - monotonic
        before, self._offset = self._offset, offset
        return 0.0 if before is None or abs(offset - before) < JUMP else offset - before


def free_space(folder: Path) -> int:
    """Return what is free [bytes] on the disk of a folder, also of one that is not there yet.

    Raises
    ------
    OSError
        The disk cannot be asked.
    """
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    return shutil.disk_usage(there).free


def disk_in_words(free: float, rate: float | None) -> tuple[str, bool]:
    """Return what is left of the disk in words, and whether it is little.

    Parameters
    ----------
    free : float
        [bytes]
    rate : float or None
        [bytes/s] that the run writes now.
    """
    words = f"{format_quantity(free, 'B', 3)} free"
    lasts = free / rate if rate else None
    if lasts is not None:
        words += f", lasts {_long_time(lasts)} at this rate"
    return words, free < _LOW_SPACE or (lasts is not None and lasts < _LOW_TIME)


def _long_time(seconds: float) -> str:
    for unit, length in (("years", 365.25 * 86400.0), ("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}" if seconds < 1e3 * length else f"over 1000 {unit}"
    return f"{seconds:.0f} s"
