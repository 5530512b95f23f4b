"""The course of voltage and current at a terminal, and its means behind one pole, which are exact for that pole."""

import math

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment


class TerminalCourse:
    """Records voltage and current of a terminal while a waveform plays; an observer of the circuit.

    Parameters
    ----------
    node : of the terminal
    element : through which its current flows
    """

    def __init__(self, node: str, element: str) -> None:
        self._node, self._element = node, element
        self.times: list[FloatArray] = []
        self.volts: list[FloatArray] = []
        self.amperes: list[FloatArray] = []

    def observe(self, segment: Segment) -> None:
        """Add a piece of the circuit's course."""
        if isinstance(segment, Gap):
            times = np.array([segment.start, segment.end])
            volts = amperes = np.full(2, math.nan)
        else:
            trajectory = segment.period if isinstance(segment, Repetition) else segment
            ends = trajectory.times
            parts = np.linspace(0.0, 1.0, 4, endpoint=False)
            times = np.append((ends[:-1, None] + np.diff(ends)[:, None] * parts).ravel(), ends[-1])
            volts = trajectory.voltage(self._node, times)
            amperes = trajectory.current(self._element, times)
        self.times.append(times)
        self.volts.append(volts)
        self.amperes.append(amperes)


def filtered_means(
    times: FloatArray, values: FloatArray, time_constant: float, starts: FloatArray, averages: FloatArray,
) -> FloatArray:
    """Return the means of ``values`` behind one pole, over apertures.

    Between two times, the values are a straight line, for which pole and integral are exact.

    Parameters
    ----------
    times : [s], ascending, shape (n,)
    values : shape (n,)
    time_constant : [s]
    starts, averages : [s] of the apertures, shape (m,)
    """
    edges = np.unique(np.concatenate([times, starts, starts + averages]))
    edges = edges[(edges >= times[0]) & (edges <= times[-1])]
    lines = np.interp(edges, times, values)
    steps = np.diff(edges)
    decays = np.exp(-steps / time_constant)
    behind = np.empty_like(lines)
    behind[0] = lines[0]
    slopes = np.diff(lines) / np.where(steps > 0, steps, 1.0)
    for k, (step, decay, slope) in enumerate(zip(steps, decays, slopes, strict=True)):
        # y' = (x - y)/tau for x = x0 + slope t:  y = x - slope tau + (y0 - x0 + slope tau) exp(-t/tau)
        lag = slope * time_constant
        behind[k + 1] = lines[k] + slope * step - lag + (behind[k] - lines[k] + lag) * decay
    # the integral of y is that of x less tau (y1 - y0)
    integral = np.concatenate([[0.0], np.cumsum(0.5 * (lines[1:] + lines[:-1]) * steps)])
    integral -= time_constant * (behind - behind[0])
    first, last = np.interp(starts, edges, integral), np.interp(starts + averages, edges, integral)
    single = np.interp(starts, edges, behind)
    found: FloatArray = np.where(averages > 0, (last - first) / np.where(averages > 0, averages, 1.0), single)
    return found
