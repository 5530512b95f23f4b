"""An observer that keeps all a circuit did, to be read afterwards; for circuits that skip nothing."""

from typing import Literal

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory


class KeptSegments:
    """Keeps every segment of ``circuit`` from now on."""

    def __init__(self, circuit: Circuit) -> None:
        self.segments: list[RecordedTrajectory] = []
        circuit.add_observer(self)

    def observe(self, segment: Segment) -> None:
        """See a segment."""
        assert isinstance(segment, RecordedTrajectory), "advance with skip=False"
        self.segments.append(segment)

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the voltage of a node [V] at ``times`` [s], NaN where nothing was seen."""
        out = np.full(times.shape, np.nan)
        for s in self.segments:
            inside = (times >= s.start) & (times <= s.end)
            out[inside] = s.voltage(node, times[inside])
        return out

    def integral(self, kind: Literal["voltage", "current"], name: str) -> float:
        """Return the integral over all of a node voltage [V s] or element current [A s]."""
        return sum(s.integral(kind, name, s.start, s.end) for s in self.segments)

    def energy(self, a: str, b: str, element: str) -> float:
        """Return what went into an element between two nodes [J]."""
        return sum(s.energy(a, b, element, s.start, s.end) for s in self.segments)
