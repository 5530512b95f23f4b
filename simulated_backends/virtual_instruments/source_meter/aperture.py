"""What a source meter averages while it measures."""

import math

from tsbench.simulated_backends.circuit.engine import Gap, Repetition, Segment, Trajectory


class Aperture:
    """Averages terminal voltage and current over one aperture; an observer of the circuit."""

    def __init__(self, node: str, element: str) -> None:
        self.node, self.element = node, element
        self.start: float | None = None
        self.end = 0.0
        self._volt_seconds = 0.0
        self._coulombs = 0.0

    def observe(self, segment: Segment) -> None:
        """Add one segment."""
        if self.start is None:
            self.start = segment.start
        self.end = segment.end
        if isinstance(segment, Gap):   # it was not computed: there is no number
            self._volt_seconds = self._coulombs = math.nan
        elif isinstance(segment, Repetition):
            self._add(segment.period, segment.count)
        else:
            self._add(segment, 1)

    def _add(self, trajectory: Trajectory, count: int) -> None:
        first, last = trajectory.start, trajectory.end
        self._volt_seconds += count * trajectory.integral("voltage", self.node, first, last)
        self._coulombs += count * trajectory.integral("current", self.element, first, last)

    @property
    def length(self) -> float:
        """Return how long it has been open [s]."""
        return 0.0 if self.start is None else self.end - self.start

    def means(self) -> dict[str, float]:
        """Return the mean voltage [V] ("VOLT") and the mean current [A] out of the instrument ("CURR")."""
        length = self.length
        return {"VOLT": self._volt_seconds / length, "CURR": self._coulombs / length}
