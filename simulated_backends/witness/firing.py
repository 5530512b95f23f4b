"""Whether pulses fired: by the conductance of a device as a pulse begins, and at its end.

The events of :mod:`.events` are those of one device; whether it was off when a pulse began is a question of that pulse,
which the witness of a bench does not know. So the pulses of a simulated circuit are asked for here, one by one.
"""

import bisect
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment, Trajectory
from tsbench.simulated_backends.devices.switching_levels import SwitchingLevels

#: a device is off as a pulse begins whose conductance exceeds that of the rested device by less than this share of the
#: excess at the end of the pulse
OFF_SHARE = 0.1
LEAST_VOLTAGE = 0.01  #: [V] below it, no conductance is read


class ConductanceWatch:
    """Observer of a circuit: reads current over voltage of one device at instants that are asked for beforehand.

    Parameters
    ----------
    element : name of the device element
    nodes : its two nodes
    """

    def __init__(self, element: str, nodes: tuple[str, str]) -> None:
        self._element, self._nodes = element, nodes
        self._asked: list[float] = []
        self._read: list[float] = []
        self._next = 0

    def ask(self, times: Iterable[float]) -> None:
        """Ask for the conductance at ``times`` [s], in order; the circuit has not reached them yet."""
        self._asked += [float(time) for time in times]

    def conductances(self) -> FloatArray:
        """Return the conductance [S] at the instants reached so far, in order; NaN where it cannot be read."""
        return np.array(self._read, dtype=np.float64)

    def observe(self, segment: Segment) -> None:
        """Take one segment of the circuit's course."""
        if isinstance(segment, Gap):
            self._read += [np.nan] * self._until(segment.end).size
        elif isinstance(segment, Repetition):
            at = segment.period.start + (self._until(segment.end) - segment.start) % segment.length
            self._take(segment.period, at)
        else:
            self._take(segment, self._until(float(segment.times[-1])))

    def _until(self, end: float) -> FloatArray:
        """Return the next instants that are not after ``end`` [s]."""
        first = self._next
        self._next = bisect.bisect_right(self._asked, end, lo=first)
        return np.array(self._asked[first : self._next])

    def _take(self, trajectory: Trajectory, at: FloatArray) -> None:
        if not at.size:
            return
        first, second = self._nodes
        voltage = trajectory.voltage(first, at) - (trajectory.voltage(second, at) if second != "0" else 0.0)
        current = trajectory.current(self._element, at)
        seen = np.abs(voltage) >= LEAST_VOLTAGE
        self._read += np.where(seen, np.abs(current) / np.where(seen, np.abs(voltage), 1.0), np.nan).tolist()


def pulses_fired(
    before: FloatArray, at_end: FloatArray, rested: FloatArray, levels: SwitchingLevels
) -> npt.NDArray[np.bool_]:
    """Return which pulses fired: the device was off as they began, and on at their end.

    Parameters
    ----------
    before : [S] conductance at the base level as each pulse begins to rise, shape (n,). NaN: no voltage. If the rested
        device has one, the device conducts so well that none of the base level is left across it, so it is on. Else
        nothing is known, and it is taken for off
    at_end : [S] conductance as each pulse begins to fall, shape (n,)
    rested : [S] conductance at the base level of the rested device, shape (n,)
    levels : of the device
    """
    on_before = (before - rested >= OFF_SHARE * (at_end - rested)) | (np.isnan(before) & ~np.isnan(rested))
    return np.asarray((at_end > levels.on) & ~on_before)
